//! The steps from one currency to another.

use purser_sdk::{
    Conversion, Currency, Date, Error, Leg, LegRounding, Money, Problem, Rate, RateTable, Rounding,
    convert as along, currency::Policy,
};

use crate::fixed;

/// Reg. (EC) 1103/97 art. 4(4): between two units of the euro, the intermediate euro amount has at
/// least three decimals; art. 5 rounds a half up. It must not be done with any other currency.
const BETWEEN_UNITS: LegRounding = LegRounding { decimals: 3, mode: Rounding::HalfUp };

/// Longer than any policy could mean, short of where days overflow.
const AGE_DAYS_MAX: u32 = 366;

pub(crate) fn convert(
    amount: Money,
    to: Currency,
    table: &RateTable,
    policy: &Policy,
) -> Result<Conversion, Error> {
    if table.base.code() != "EUR" {
        let text = "the European Central Bank publishes rates of the euro";
        return Err(Error::new(Problem::CurrencyUnsupported, text).at("table.base"));
    }
    let from = amount.currency();
    let steps = steps(from, to, table, policy.today)?;
    let last_day = last_day(table.as_of, policy)?;
    if steps.published {
        fresh(table.as_of, last_day, policy.today)?;
    }
    Ok(Conversion {
        converted: along(amount, to, &steps.legs, policy.mode)?,
        legs: steps.legs,
        source: table.source.clone(),
        as_of: table.as_of,
        // Without a published rate there is nothing to become too old.
        valid_until: last_day.max(policy.today),
    })
}

struct Steps {
    legs: Vec<Leg>,
    /// Whether any leg uses a rate of the table.
    published: bool,
}

enum Quote {
    Euro,
    Unit(Rate),
    Published(Rate),
}

impl Quote {
    fn is_published(&self) -> bool {
        matches!(self, Self::Published(_))
    }
}

fn steps(from: Currency, to: Currency, table: &RateTable, today: Date) -> Result<Steps, Error> {
    if from == to {
        return Ok(Steps { legs: Vec::new(), published: false });
    }
    let from = quote(from, table, today).map_err(|error| error.at("amount"))?;
    let to = quote(to, table, today).map_err(|error| error.at("to"))?;
    let published = from.is_published() || to.is_published();
    let legs = match (from, to) {
        (Quote::Euro, Quote::Euro) => Vec::new(),
        (Quote::Euro, Quote::Unit(rate) | Quote::Published(rate)) => vec![Leg::multiply(rate)],
        (Quote::Unit(rate) | Quote::Published(rate), Quote::Euro) => vec![Leg::divide(rate)],
        (Quote::Unit(from), Quote::Unit(to)) => {
            vec![Leg { then_round: Some(BETWEEN_UNITS), ..Leg::divide(from) }, Leg::multiply(to)]
        }
        (Quote::Unit(from) | Quote::Published(from), Quote::Unit(to) | Quote::Published(to)) => {
            vec![Leg::divide(from), Leg::multiply(to)]
        }
    };
    Ok(Steps { legs, published })
}

/// From the day on which a currency became a unit of the euro only the fixed rate may be used (Reg. (EC) 1103/97
/// art. 4(3)), also while the last table that quoted it is still fresh.
fn quote(currency: Currency, table: &RateTable, today: Date) -> Result<Quote, Error> {
    if currency == table.base {
        return Ok(Quote::Euro);
    }
    let fixed = fixed::rate(currency, today).map(Quote::Unit);
    fixed.or_else(|| table.rate(currency).map(Quote::Published)).ok_or_else(|| {
        let text = format!("the rates of {} have no {currency}", table.as_of);
        Error::new(Problem::CurrencyUnsupported, text)
    })
}

fn last_day(as_of: Date, policy: &Policy) -> Result<Date, Error> {
    let days = i32::try_from(policy.max_age_days.min(AGE_DAYS_MAX)).unwrap_or(0);
    let step = purser_sdk::Span::new().days(days);
    as_of.checked_add(step).map_err(|_| {
        Error::new(Problem::MalformedRequest, "the table is of an impossible day").at("table.as-of")
    })
}

fn fresh(as_of: Date, last_day: Date, today: Date) -> Result<(), Error> {
    let text = if as_of > today {
        format!("the rates are of {as_of}, which is after {today}")
    } else if last_day < today {
        format!("the rates are of {as_of} and were good until {last_day}; today is {today}")
    } else {
        return Ok(());
    };
    Err(Error::new(Problem::RatesTooOld, text).at("table.as-of"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::{Quoted, date};

    fn table() -> RateTable {
        let quoted = |code: &str, rate: &str| Quoted {
            currency: Currency::parse(code).unwrap(),
            rate: rate.parse().unwrap(),
        };
        RateTable {
            source: "ECB".into(),
            as_of: date(2024, 6, 28),
            base: Currency::parse("EUR").unwrap(),
            rates: vec![quoted("USD", "1.0705"), quoted("JPY", "171.94"), quoted("BGN", "1.9558")],
            attributes: vec![],
        }
    }

    fn policy(today: Date, mode: Rounding) -> Policy {
        Policy { today, max_age_days: 5, mode }
    }

    fn converted(amount: &str, to: &str, today: Date, mode: Rounding) -> Result<String, Problem> {
        let (number, code) = amount.split_once(' ').unwrap();
        let amount = Money::parse(number, Currency::parse(code).unwrap()).unwrap();
        let to = Currency::parse(to).unwrap();
        convert(amount, to, &table(), &policy(today, mode))
            .map(|conversion| {
                let legs = conversion.legs.iter().map(|leg| {
                    let round = leg.then_round.map_or("", |_| " ~3");
                    format!(" {:?} {}{round};", leg.operation, leg.rate)
                });
                format!("{}:{}", conversion.converted, legs.collect::<String>())
            })
            .map_err(|error| error.problem())
    }

    #[test]
    fn directions_are_never_inverted() {
        let check = |amount, to, mode, expected: &str| {
            assert_eq!(converted(amount, to, date(2024, 6, 28), mode), Ok(expected.to_owned()));
        };
        check("50.00 EUR", "USD", Rounding::Down, "53.52 USD: Multiply 1.0705;");
        check("11.90 EUR", "USD", Rounding::Up, "12.74 USD: Multiply 1.0705;");
        check("100.00 USD", "EUR", Rounding::HalfUp, "93.41 EUR: Divide 1.0705;");
        check("100.00 USD", "JPY", Rounding::HalfUp, "16062 JPY: Divide 1.0705; Multiply 171.94;");
        check("5.00 CHF", "CHF", Rounding::Down, "5.00 CHF:");
        check("100 BEF", "EUR", Rounding::HalfUp, "2.48 EUR: Divide 40.3399;");
        check(
            "1000 BEF",
            "FRF",
            Rounding::HalfUp,
            "162.61 FRF: Divide 40.3399 ~3; Multiply 6.55957;",
        );
        check("100 BEF", "USD", Rounding::HalfUp, "2.65 USD: Divide 40.3399; Multiply 1.0705;");
        // Published until the lev became a unit of the euro, and then what counts is what was published.
        check("100.00 BGN", "EUR", Rounding::HalfUp, "51.13 EUR: Divide 1.9558;");
    }

    #[test]
    fn the_last_table_that_quotes_a_unit_of_the_euro_is_not_used_for_it() {
        let of_the_last_day = RateTable { as_of: date(2025, 12, 31), ..table() };
        let amount = Money::new(10_000_000, Currency::parse("BGN").unwrap());
        let eur = Currency::parse("EUR").unwrap();
        let converted = |today| {
            let policy = policy(today, Rounding::HalfUp);
            convert(amount, eur, &of_the_last_day, &policy).unwrap().converted.amount()
        };
        assert_eq!(converted(date(2025, 12, 31)), "51129.97", "1.9558, as published");
        assert_eq!(converted(date(2026, 1, 1)), "51129.19", "1.95583, as fixed");
    }

    #[test]
    fn only_units_of_the_euro_are_rounded_on_the_way() {
        // Through a rounded euro amount this would be 5271.34.
        let rate = |code: &str, rate: &str| Quoted {
            currency: Currency::parse(code).unwrap(),
            rate: rate.parse().unwrap(),
        };
        let rates = vec![rate("GBP", "0.84638"), rate("INR", "89.2495")];
        let table = RateTable { rates, ..table() };
        let amount = Money::new(4999, Currency::parse("GBP").unwrap());
        let inr = Currency::parse("INR").unwrap();
        let policy = policy(date(2024, 6, 28), Rounding::HalfUp);
        let found = convert(amount, inr, &table, &policy).unwrap();
        assert_eq!(found.converted.amount(), "5271.37");
        assert!(found.legs.iter().all(|leg| leg.then_round.is_none()));
    }

    #[test]
    fn what_is_not_published_is_not_converted() {
        let check = |amount, to| {
            let problem = converted(amount, to, date(2024, 6, 28), Rounding::Down).unwrap_err();
            assert_eq!(problem, Problem::CurrencyUnsupported);
        };
        check("1.00 EUR", "KES");
        check("1.00 KES", "EUR");
        check("1.00 AED", "SAR");
    }

    #[test]
    fn rates_age_and_are_never_of_tomorrow() {
        let check = |today, expected| {
            let found = converted("1.00 EUR", "USD", today, Rounding::Down);
            assert_eq!(found.err(), expected, "{today}");
        };
        check(date(2024, 6, 27), Some(Problem::RatesTooOld));
        check(date(2024, 6, 28), None);
        check(date(2024, 7, 3), None);
        check(date(2024, 7, 4), Some(Problem::RatesTooOld));
        // Nothing that was published is used here.
        let late = date(2030, 1, 1);
        assert!(converted("1.00 EUR", "DEM", late, Rounding::Down).is_ok());
        assert!(converted("1.00 USD", "USD", late, Rounding::Down).is_ok());
    }

    #[test]
    fn a_conversion_says_how_long_it_is_good() {
        let amount = Money::new(100, Currency::parse("EUR").unwrap());
        let to = Currency::parse("USD").unwrap();
        let policy = policy(date(2024, 7, 1), Rounding::Down);
        let conversion = convert(amount, to, &table(), &policy).unwrap();
        assert_eq!(conversion.valid_until, date(2024, 7, 3));
        assert_eq!(conversion.as_of, date(2024, 6, 28));
    }
}
