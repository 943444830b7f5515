//! Which rate a state has on a category on a day.

use purser_sdk::{
    Category::{self, General},
    Date, Error, Percent, Problem, Reason, date,
};

use crate::states::State;

mod rows;

/// The first day of which the rows speak.
pub(crate) const COVERED_FROM: Date = date(2024, 1, 1);
/// The last day for which the rows may be trusted: after it, a newer release knows more.
pub(crate) const COVERED_TO: Date = date(2027, 12, 31);

/// One rate of a state. It is what the source says, no more.
#[derive(Debug)]
pub(crate) struct Row {
    /// Letters of states, separated by spaces.
    states: &'static str,
    categories: &'static [Category],
    from: Date,
    to: Option<Date>,
    /// Thousandths of a percent.
    milli_percent: i64,
    pub(crate) reason: Reason,
    pub(crate) source: &'static str,
}

impl Row {
    const fn new(
        states: &'static str,
        categories: &'static [Category],
        (milli_percent, reason): (i64, Reason),
        source: &'static str,
    ) -> Self {
        Self { states, categories, from: COVERED_FROM, to: None, milli_percent, reason, source }
    }

    const fn since(self, day: Date) -> Self {
        Self { from: day, ..self }
    }

    const fn until(self, day: Date) -> Self {
        Self { to: Some(day), ..self }
    }

    /// The percentage.
    pub(crate) fn rate(&self) -> Result<Percent, Error> {
        Ok(Percent::from_parts(self.milli_percent, 3)?)
    }

    fn is_for(&self, state: &State, category: Category, day: Date) -> bool {
        self.categories.contains(&category)
            && self.from <= day
            && self.to.is_none_or(|to| day <= to)
            && self.states.split(' ').any(|part| part == state.part)
    }
}

/// What a state does with a category.
pub(crate) struct Treatment {
    pub(crate) rate: Percent,
    pub(crate) reason: Reason,
    pub(crate) source: &'static str,
    /// The rule that puts the category under the general rate.
    pub(crate) as_general: Option<&'static str>,
}

/// The rate on `category` in `state` on `day`.
pub(crate) fn find(state: &State, category: Category, day: Date) -> Result<Treatment, Error> {
    let named = |category| rows::ROWS.iter().find(|row| row.is_for(state, category, day));
    if let Some(row) = named(category) {
        return Ok(Treatment {
            rate: row.rate()?,
            reason: row.reason,
            source: row.source,
            as_general: None,
        });
    }
    let taxed = rows::GENERAL.iter().find(|(states, categories, _)| {
        categories.contains(&category) && states.split(' ').any(|part| part == state.part)
    });
    match (taxed, named(General)) {
        (Some((.., law)), Some(row)) => Ok(Treatment {
            rate: row.rate()?,
            reason: row.reason,
            source: row.source,
            as_general: Some(law),
        }),
        _ => Err(Error::new(
            Problem::TaxCategoryUnsupported,
            format!("this plugin has no sourced rate of {category} in {} on {day}", state.code),
        )),
    }
}

/// Refuses a day of which the rows do not speak.
pub(crate) fn check_day(day: Date) -> Result<(), Error> {
    if (COVERED_FROM..=COVERED_TO).contains(&day) {
        return Ok(());
    }
    let text = format!(
        "the rates of this release are those of {COVERED_FROM} to {COVERED_TO}; install one that knows {day}"
    );
    Err(Error::new(Problem::TaxCategoryUnsupported, text).at("date"))
}

/// Every source, once.
pub(crate) fn sources() -> Vec<&'static str> {
    let mut sources = Vec::new();
    let laws = rows::GENERAL.iter().map(|(.., law)| *law);
    for source in rows::ROWS.iter().map(|row| row.source).chain(laws) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::states::{STATES, of};
    use Category::{Book, DigitalService, Ebook, Food, Medicine, Restaurant};

    fn rate(part: &str, category: Category, day: Date) -> Option<String> {
        find(of(part).unwrap(), category, day).ok().map(|found| found.rate.to_string())
    }

    #[test]
    fn a_day_has_one_rate_and_goods_always_have_one() {
        let mut days = vec![COVERED_FROM, COVERED_TO];
        days.extend(rows::ROWS.iter().map(|row| row.from));
        days.extend(rows::ROWS.iter().filter_map(|row| row.to));
        for state in STATES {
            for day in &days {
                for category in Category::ALL {
                    let on = |row: &&Row| row.is_for(state, *category, *day);
                    let count = rows::ROWS.iter().filter(on).count();
                    // What the District of Columbia takes since October 2025 is not settled by any source here.
                    let known = state.part != "DC" || *day < date(2025, 10, 1);
                    let needed = usize::from(*category == General && known);
                    assert!((needed..=1).contains(&count), "{category} in {} on {day}", state.part);
                }
            }
        }
    }

    #[test]
    fn every_row_is_of_states_that_there_are() {
        let named = rows::ROWS.iter().map(|row| row.states);
        for part in named.chain(rows::GENERAL.iter().map(|(states, ..)| *states)) {
            assert!(part.split(' ').all(|part| of(part).is_some()), "{part}");
        }
        for row in rows::ROWS {
            assert!(row.source.len() > 10, "{row:?}");
            let free = matches!(row.reason, Reason::Exempt | Reason::OutsideScope);
            assert_eq!(row.milli_percent == 0, free, "{row:?}");
        }
    }

    /// A second list, of the trade's (federalstatelaw.com, 2025-12-15), against which the rows are held.
    #[test]
    fn general_rates_are_those_of_the_trades_list() {
        let list = "CA 7.25, TX 6.25, NY 4, FL 6, IL 6.25, PA 6, OH 5.75, GA 4, NC 4.75, MI 6, NJ 6.625, WA 6.5, CO 2.9, CT 6.35, \
                    MA 6.25, MN 6.875, MO 4.225, NV 6.85, IN 7, TN 7, MS 7, DE 0, MT 0, NH 0, OR 0, AK 0";
        for row in list.split(", ") {
            let (part, percent) = row.trim().split_once(' ').unwrap();
            assert_eq!(rate(part, General, date(2025, 12, 15)).as_deref(), Some(percent), "{part}");
        }
    }

    #[test]
    fn rates_change_on_their_day() {
        let check = |part, category, day, expected: Option<&str>| {
            assert_eq!(rate(part, category, day).as_deref(), expected, "{category} {part} {day}");
        };
        check("LA", General, date(2024, 12, 31), Some("4.45"));
        check("LA", General, date(2025, 1, 1), Some("5"));
        check("KS", Food, date(2024, 12, 31), Some("2"));
        check("KS", Food, date(2025, 1, 1), Some("0"));
        check("AR", Food, date(2025, 12, 31), Some("0.125"));
        check("AR", Food, date(2026, 1, 1), Some("0"));
        check("IL", Food, date(2025, 12, 31), Some("1"));
        check("IL", Food, date(2026, 1, 1), Some("0"));
        check("MS", Food, date(2025, 6, 30), Some("7"));
        check("MS", Food, date(2025, 7, 1), Some("5"));
        check("OK", Food, date(2024, 8, 28), Some("4.5"));
        check("OK", Food, date(2024, 8, 29), Some("0"));
        check("CA", DigitalService, date(2026, 1, 1), Some("0"));
        check("WA", Ebook, date(2026, 1, 1), Some("6.5"));
        check("NY", DigitalService, date(2026, 1, 1), None);
        check("TX", Book, date(2026, 1, 1), Some("6.25"));
        check("VT", Book, date(2026, 1, 1), None);
        check("NY", Restaurant, date(2026, 1, 1), Some("4"));
        check("OR", Book, date(2026, 1, 1), Some("0"));
        check("IL", Medicine, date(2026, 1, 1), None);
    }
}
