//! Which rate a category has in a country on a day.

use std::collections::BTreeMap;

use purser_sdk::{Category, Country, Date, Error, Percent, Problem, Reason, date, misconfigured};

use crate::countries::Spot;

mod chosen;
mod reduced;
mod standard;

/// The first day of which the rows speak.
pub(crate) const COVERED_FROM: Date = date(2024, 1, 1);
/// The last day for which the rows may be trusted: after it, a newer release knows more.
pub(crate) const COVERED_TO: Date = date(2027, 12, 31);

/// One rate of one country. It is what the source says, no more.
#[derive(Debug)]
pub(crate) struct Row {
    country: Country,
    /// The part of it, where that has its own rates.
    part: Option<&'static str>,
    categories: &'static [Category],
    from: Date,
    to: Option<Date>,
    /// Mantissa and scale of the percentage.
    percent: (i64, u8),
    pub(crate) reason: Reason,
    pub(crate) source: &'static str,
}

impl Row {
    /// A row for all days that this release speaks of.
    const fn new(
        country: &[u8; 2],
        reason: Reason,
        percent: (i64, u8),
        categories: &'static [Category],
        source: &'static str,
    ) -> Self {
        let country = Country::literal(country);
        Self {
            country,
            part: None,
            categories,
            from: COVERED_FROM,
            to: None,
            percent,
            reason,
            source,
        }
    }

    /// The same from `day` on.
    const fn since(self, day: Date) -> Self {
        Self { from: day, ..self }
    }

    /// The same up to and with `day`.
    const fn until(self, day: Date) -> Self {
        Self { to: Some(day), ..self }
    }

    /// The same of a part of the country.
    const fn within(self, part: &'static str) -> Self {
        Self { part: Some(part), ..self }
    }

    /// The percentage.
    pub(crate) fn rate(&self) -> Result<Percent, Error> {
        Ok(Percent::from_parts(self.percent.0, self.percent.1)?)
    }

    fn is_on(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// The row for `category` in `spot` on `day`. Where the law splits a category, it is the one that the operator chose.
pub(crate) fn find(
    spot: Spot,
    category: Category,
    day: Date,
    choices: &Choices,
) -> Result<&'static Row, Error> {
    let fits = |row: &&Row| {
        row.country == spot.land.country
            && row.part == spot.part()
            && row.categories.contains(&category)
            && row.is_on(day)
    };
    if let Some(row) = rows().find(fits) {
        return Ok(row);
    }
    let unsupported = |text: String| Error::new(Problem::TaxCategoryUnsupported, text);
    let split: Vec<&Row> = chosen::ROWS.iter().filter(fits).collect();
    if split.is_empty() {
        return Err(unsupported(format!(
            "this plugin has no sourced rate of {category} in {} on {day}",
            spot.code()
        )));
    }
    let key = format!("{} {category}", spot.code());
    let Some(choice) = choices.get(&key) else {
        let rates = listed(&split)?;
        return Err(unsupported(format!(
            "the law of {} splits {category} ({rates}): let the operator choose at config.rates, under {key:?}",
            spot.code()
        )));
    };
    for row in &split {
        if row.rate()? == *choice {
            return Ok(row);
        }
    }
    let text = format!("on {day} it is one of {}", listed(&split)?);
    Err(misconfigured(&format!("config.rates.{key}"), &text))
}

/// Which rate a category has with this gateway's merchants, by names like `IT food`.
pub(crate) type Choices = BTreeMap<String, Percent>;

fn listed(rows: &[&Row]) -> Result<String, Error> {
    let rates = rows.iter().map(|row| Ok(row.rate()?.to_string()));
    Ok(rates.collect::<Result<Vec<_>, Error>>()?.join(", "))
}

/// Every source, once.
pub(crate) fn sources() -> Vec<&'static str> {
    let mut sources = Vec::new();
    for row in rows().chain(chosen::ROWS) {
        if !sources.contains(&row.source) {
            sources.push(row.source);
        }
    }
    sources
}

fn rows() -> impl Iterator<Item = &'static Row> {
    standard::ROWS.iter().chain(reduced::ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::countries;
    use purser_sdk::Place;

    fn spot(code: &str) -> Spot {
        let (country, part) =
            code.split_once('-').map_or((code, None), |(it, part)| (it, Some(part)));
        let country = Country::parse(country).unwrap();
        countries::find(&Place { country, subdivision: part.map(str::to_owned) }).unwrap()
    }

    fn spots() -> impl Iterator<Item = Spot> {
        countries::codes().into_iter().chain(["PT-20", "PT-30"]).map(spot)
    }

    /// The days on which anything changes, and the ends.
    fn days() -> Vec<Date> {
        let mut days = vec![COVERED_FROM, COVERED_TO];
        days.extend(rows().map(|row| row.from));
        days.extend(rows().filter_map(|row| row.to));
        days.sort_unstable();
        days.dedup();
        days
    }

    #[test]
    fn a_day_has_one_rate_of_a_category() {
        for (spot, day) in spots().flat_map(|spot| days().into_iter().map(move |day| (spot, day))) {
            for category in Category::ALL {
                let on = |row: &&Row| {
                    row.country == spot.land.country
                        && row.part == spot.part()
                        && row.categories.contains(category)
                        && row.is_on(day)
                };
                let found = rows().filter(on).count();
                let needed =
                    usize::from(matches!(category, Category::General | Category::DigitalService));
                assert!((needed..=1).contains(&found), "{category} in {} on {day}", spot.code());
            }
        }
    }

    #[test]
    fn every_row_has_a_source_and_days_in_order() {
        for row in rows() {
            assert!(row.source.len() > 10, "{row:?}");
            assert!(
                row.from >= COVERED_FROM
                    && row.to.is_none_or(|to| row.from < to && to < COVERED_TO),
                "{row:?}"
            );
            assert_eq!(row.rate().unwrap().is_zero(), row.reason == Reason::Zero, "{row:?}");
            assert!(countries::of(row.country).is_some(), "{row:?}");
        }
    }

    /// The rates that a country has had since 2024, the standard ones first: a second list, by country and not by
    /// category, against which the rows are held.
    #[rustfmt::skip]
    const KNOWN: [(&str, &[&str], &[&str]); 34] = [
        ("AT", &["20"], &["13", "10", "4.9"]), ("BE", &["21"], &["12", "6"]), ("BG", &["20"], &["9"]),
        ("CH", &["8.1"], &["3.8", "2.6"]), ("CY", &["19"], &["9", "5", "3"]), ("CZ", &["21"], &["12", "0"]),
        ("DE", &["19"], &["7"]), ("DK", &["25"], &["0"]), ("EE", &["22", "24"], &["13", "9", "5"]),
        ("ES", &["21"], &["10", "4"]), ("FI", &["24", "25.5"], &["14", "13.5", "10"]),
        ("FR", &["20"], &["10", "5.5", "2.1"]), ("GB", &["20"], &["5", "0"]), ("GR", &["24"], &["13", "6"]),
        ("HR", &["25"], &["13", "5"]), ("HU", &["27"], &["18", "5"]), ("IE", &["23"], &["13.5", "9", "4.8", "0"]),
        ("IT", &["22"], &["10", "5", "4"]), ("LI", &["8.1"], &["3.8", "2.6"]), ("LT", &["21"], &["12", "9", "5"]),
        ("LU", &["17"], &["14", "8", "3"]), ("LV", &["21"], &["12", "5"]), ("MT", &["18"], &["12", "7", "5"]),
        ("NL", &["21"], &["9"]), ("NO", &["25"], &["15", "12", "0"]), ("PL", &["23"], &["8", "5"]),
        ("PT", &["23"], &["13", "6"]), ("PT-20", &["16"], &["9", "4"]), ("PT-30", &["22"], &["12", "5", "4"]),
        ("IS", &["24"], &["11"]), ("RO", &["19", "21"], &["11", "9", "5"]), ("SE", &["25"], &["12", "6"]),
        ("SI", &["22"], &["9.5", "5"]), ("SK", &["20", "23"], &["19", "10", "5"]),
    ];

    fn code_of(row: &Row) -> String {
        row.part.map_or_else(|| row.country.to_string(), |part| format!("{}-{part}", row.country))
    }

    #[test]
    fn rows_have_rates_that_their_country_has() {
        for row in rows() {
            let code = code_of(row);
            let (_, standard, reduced) = KNOWN.iter().find(|(known, ..)| *known == code).unwrap();
            let rates = if row.reason == Reason::Standard { standard } else { reduced };
            let rate = row.rate().unwrap().to_string();
            assert!(rates.contains(&rate.as_str()), "{code} has no {} rate of {rate}", row.reason);
        }
        for (code, standard, _) in KNOWN {
            let general =
                |row: &&Row| code_of(row) == code && row.categories.contains(&Category::General);
            let found: Vec<String> =
                rows().filter(general).map(|row| row.rate().unwrap().to_string()).collect();
            assert_eq!(found, standard, "{code}");
        }
    }

    #[test]
    fn books_and_food_have_the_rates_of_the_trades_list() {
        let books = "DE 7, FR 5.5, IT 4, ES 4, NL 9, BE 6, AT 10, PL 5, SE 6, PT 6, CZ 0, CH 2.6, GB 0, IE 0, NO 0, DK 25";
        let food = "DE 7, FR 5.5, NL 9, GB 0, NO 15, CH 2.6";
        for (category, list) in [(Category::Book, books), (Category::Food, food)] {
            for (code, percent) in list.split(", ").map(|pair| pair.split_once(' ').unwrap()) {
                let row = find(spot(code), category, date(2024, 6, 28), &Choices::new()).unwrap();
                assert_eq!(row.rate().unwrap().to_string(), percent, "{category} in {code}");
            }
        }
    }

    #[test]
    fn rates_change_on_their_day() {
        let check = |code: &str, category, day, percent: Option<&str>| {
            let found = find(spot(code), category, day, &Choices::new())
                .ok()
                .map(|row| row.rate().unwrap().to_string());
            assert_eq!(found.as_deref(), percent, "{category} in {code} on {day}");
        };
        use Category::{
            Accommodation, Book, Ebook, Food, General, Medicine, Newspaper, Restaurant,
        };
        check("FI", General, date(2024, 1, 1), Some("24"));
        check("FI", General, date(2024, 8, 31), Some("24"));
        check("FI", General, date(2024, 9, 1), Some("25.5"));
        check("FI", Book, date(2024, 12, 31), Some("10"));
        check("FI", Book, date(2025, 1, 1), Some("14"));
        check("FI", Book, date(2026, 1, 1), Some("13.5"));
        check("FI", Newspaper, date(2026, 1, 1), Some("10"));
        check("FI", Restaurant, date(2025, 12, 31), Some("14"));
        check("FI", Restaurant, date(2026, 1, 1), Some("13.5"));
        check("EE", General, date(2025, 6, 30), Some("22"));
        check("EE", General, date(2025, 7, 1), Some("24"));
        check("EE", Accommodation, date(2024, 12, 31), Some("9"));
        check("EE", Accommodation, date(2025, 1, 1), Some("13"));
        check("RO", General, date(2025, 7, 31), Some("19"));
        check("RO", Book, date(2025, 7, 31), Some("5"));
        check("RO", Book, date(2025, 8, 1), Some("11"));
        check("RO", General, date(2025, 8, 1), Some("21"));
        check("SK", General, date(2024, 12, 31), Some("20"));
        check("SK", General, date(2025, 1, 1), Some("23"));
        check("SK", Book, date(2024, 12, 31), Some("10"));
        check("SK", Book, date(2025, 1, 1), Some("5"));
        check("DE", Restaurant, date(2025, 12, 31), Some("19"));
        check("DE", Restaurant, date(2026, 1, 1), Some("7"));
        check("DE", Medicine, date(2026, 1, 1), Some("19"));
        check("NL", Accommodation, date(2025, 12, 31), Some("9"));
        check("NL", Accommodation, date(2026, 1, 1), Some("21"));
        check("BE", Accommodation, date(2026, 2, 28), Some("6"));
        check("BE", Accommodation, date(2026, 3, 1), Some("12"));
        check("BG", Restaurant, date(2024, 12, 31), Some("9"));
        check("BG", Restaurant, date(2025, 1, 1), Some("20"));
        check("SE", Food, date(2026, 3, 31), Some("12"));
        check("SE", Food, date(2026, 4, 1), Some("6"));
        check("SE", Food, date(2027, 12, 31), Some("6"));
        check("IE", Restaurant, date(2026, 6, 30), Some("13.5"));
        check("IE", Restaurant, date(2026, 7, 1), Some("9"));
        check("AT", Food, date(2026, 6, 30), Some("10"));
        check("AT", Food, date(2026, 7, 1), None);
        check("IT", Food, date(2026, 7, 1), None);
        check("CZ", Book, date(2024, 1, 1), Some("0"));
        check("CH", Book, date(2024, 1, 1), Some("2.6"));
        check("LT", Ebook, date(2025, 12, 31), Some("9"));
        check("LT", Ebook, date(2026, 1, 1), Some("5"));
        check("LT", Accommodation, date(2025, 12, 31), Some("9"));
        check("LT", Accommodation, date(2026, 1, 1), Some("12"));
        check("PT-20", General, date(2024, 1, 1), Some("16"));
        check("PT-30", General, date(2026, 1, 1), Some("22"));
        check("PT-30", Book, date(2024, 9, 30), Some("5"));
        check("PT-30", Book, date(2024, 10, 1), Some("4"));
        check("IS", General, date(2024, 1, 1), Some("24"));
        check("IS", Food, date(2026, 1, 1), Some("11"));
        check("CZ", Medicine, date(2026, 1, 1), None);
        check("DK", Book, date(2026, 1, 1), None);
    }

    #[test]
    fn what_a_law_splits_is_the_operators_to_choose() {
        use Category::{Food, Medicine};
        let check = |code: &str, category, day, percent: &str, expected: Result<&str, &str>| {
            let key = format!("{code} {category}");
            let choices: Choices = [(key, Percent::parse(percent).unwrap())].into();
            let found = find(spot(code), category, day, &choices);
            let found = found.map(|row| row.rate().unwrap().to_string());
            let found = found.map_err(|error| error.field().unwrap_or_default().to_owned());
            assert_eq!(
                found,
                expected.map(str::to_owned).map_err(str::to_owned),
                "{category} in {code}"
            );
        };
        check("AT", Food, date(2026, 7, 1), "4.9", Ok("4.9"));
        check("AT", Food, date(2026, 7, 1), "10", Ok("10"));
        check("AT", Food, date(2026, 7, 1), "7", Err("config.rates.AT food"));
        check("AT", Food, date(2026, 6, 30), "4.9", Ok("10"));
        check("IT", Food, date(2026, 1, 1), "5", Ok("5"));
        check("ES", Food, date(2025, 1, 1), "10", Ok("10"));
        check("ES", Food, date(2024, 12, 31), "4", Err(""));
        check("GB", Medicine, date(2026, 1, 1), "0", Ok("0"));
        check("CZ", Medicine, date(2026, 1, 1), "12", Err(""));
        let text =
            find(spot("IT"), Food, date(2026, 1, 1), &Choices::new()).unwrap_err().to_string();
        assert!(text.contains("4, 5, 10") && text.contains("\"IT food\""), "{text}");
        // A choice is offered only where no row decides.
        for row in chosen::ROWS {
            assert!(row.source.len() > 10 && row.from >= COVERED_FROM, "{row:?}");
            let decided = rows().find(|other| {
                other.country == row.country
                    && other.part == row.part
                    && other.is_on(row.from)
                    && row.categories.iter().any(|category| other.categories.contains(category))
            });
            assert!(decided.is_none(), "{row:?}");
        }
    }
}
