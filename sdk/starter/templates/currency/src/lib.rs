//! Exchange rates of one publisher.

use purser_sdk::{
    Conversion, Currency, Date, Description, Error, Feed, Leg, Money, Problem, Quoted, Rate, RateTable, Rates, Span,
    convert as along, currency::Policy, date, parse_date,
};

/// The name of the only feed.
const DAILY: &str = "__NAME__-daily";
/// What one unit of is priced in the others.
const BASE: &str = "EUR";
/// Made up: put the publisher's name and address in its place.
const SOURCE: &str = "https://rates.example.org/";

struct Plugin;

impl Rates for Plugin {
    fn describe() -> Description {
        Description {
            name: "__NAME__",
            version: env!("CARGO_PKG_VERSION"),
            // None in particular: what a table has is converted.
            covers: Vec::new(),
            valid_from: date(2020, 1, 1),
            valid_to: None,
            sources: vec![SOURCE],
        }
    }

    fn feeds() -> Vec<Feed> {
        vec![Feed {
            id: DAILY.to_owned(),
            // Its host is in plugin.toml.
            url: format!("{SOURCE}daily.csv"),
            media_type: "text/csv".to_owned(),
            every_minutes: 60,
        }]
    }

    fn read_feed(feed: &str, bytes: &[u8]) -> Result<Vec<RateTable>, Error> {
        if feed != DAILY {
            let text = format!("the feed of this plugin is {DAILY}");
            return Err(Error::new(Problem::MalformedRequest, text).at("feed"));
        }
        let text = str::from_utf8(bytes).map_err(|_| unreadable("it is no text".to_owned()))?;
        let mut tables: Vec<RateTable> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let (day, quoted) = row(line).map_err(|why| unreadable(format!("line {}: {why}", index + 1)))?;
            match tables.last_mut().filter(|table| table.as_of == day) {
                Some(table) => table.rates.push(quoted),
                None => tables.push(table(day, quoted)?),
            }
        }
        // The contract wants the newest first.
        tables.sort_by(|one, other| other.as_of.cmp(&one.as_of));
        match tables.is_empty() {
            true => Err(unreadable("it is empty".to_owned())),
            false => Ok(tables),
        }
    }

    fn convert(amount: Money, to: Currency, table: &RateTable, policy: &Policy) -> Result<Conversion, Error> {
        let legs = legs(amount.currency(), to, table)?;
        let last_day = last_day(table, policy)?;
        Ok(Conversion {
            converted: along(amount, to, &legs, policy.mode)?,
            legs,
            source: table.source.clone(),
            as_of: table.as_of,
            valid_until: last_day,
        })
    }
}

/// `2026-01-15,USD,1.1625`: one euro is so many dollars.
fn row(line: &str) -> Result<(Date, Quoted), Error> {
    let mut fields = line.split(',').map(str::trim);
    let mut field = || fields.next().unwrap_or_default();
    let (day, currency) = (parse_date(field())?, Currency::parse(field())?);
    let rate: Rate = field().parse()?;
    Ok((day, Quoted { currency, rate }))
}

fn table(as_of: Date, first: Quoted) -> Result<RateTable, Error> {
    let (source, base) = (SOURCE.to_owned(), Currency::parse(BASE)?);
    Ok(RateTable { source, as_of, base, rates: vec![first], attributes: Vec::new() })
}

fn unreadable(why: String) -> Error {
    Error::new(Problem::MalformedRequest, format!("the feed cannot be read: {why}")).at("bytes")
}

/// From the base a rate multiplies, to the base it divides, and between two others both. A rate is never inverted.
fn legs(from: Currency, to: Currency, table: &RateTable) -> Result<Vec<Leg>, Error> {
    let rate = |currency: Currency| {
        table.rate(currency).ok_or_else(|| {
            let text = format!("the rates of {} have no {currency}", table.as_of);
            Error::new(Problem::CurrencyUnsupported, text)
        })
    };
    let mut legs = Vec::new();
    if from == to {
        return Ok(legs);
    }
    if from != table.base {
        legs.push(Leg::divide(rate(from).map_err(|error| error.at("amount"))?));
    }
    if to != table.base {
        legs.push(Leg::multiply(rate(to).map_err(|error| error.at("to"))?));
    }
    Ok(legs)
}

/// The last day on which a table may be used; an error if that is past.
fn last_day(table: &RateTable, policy: &Policy) -> Result<Date, Error> {
    let days = i32::try_from(policy.max_age_days.min(366)).unwrap_or(366);
    let last = table.as_of.checked_add(Span::new().days(days)).unwrap_or(Date::MAX);
    if table.as_of <= policy.today && policy.today <= last {
        return Ok(last);
    }
    let text = format!("the rates are of {} and today is {}", table.as_of, policy.today);
    Err(Error::new(Problem::RatesTooOld, text).at("table.as-of"))
}

purser_sdk::register_currency!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_day_a_currency_and_a_rate() {
        assert!(row("2026-01-15,USD,1.1625").is_ok());
        for wrong in ["", "2026-01-15,USD", "15.1.2026,USD,1.1625", "2026-01-15,USD,-1"] {
            assert!(row(wrong).is_err(), "{wrong}");
        }
    }
}
