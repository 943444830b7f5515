//! How a merchant's sales went lately.

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use purser_core::{Timestamp, ids::MerchantId};
use purser_money::{Currency, Money, MoneyError};
use purser_store::read::turnover::{DayTurnover, turnover_by_day};

use crate::{gateway::Gateway, problem::Problem};

/// Days that are looked back, today among them.
pub const DAYS: i64 = 30;

/// What was sold and went back in some days, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// Items that were sold.
    pub sales: i64,
    /// What buyers paid for them, with tax.
    pub gross: Money,
    /// The taxes of what was sold, less those of what went back.
    pub taxes: Money,
    /// Items that went back.
    pub refunds: i64,
    /// What went back for them, with tax.
    pub refunded: Money,
}

/// What was sold on each of the last days, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// The currency.
    pub currency: Currency,
    /// Each day, oldest first, with what buyers paid on it.
    pub gross: Vec<(Date, Money)>,
}

/// How sales went lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turnover {
    /// Today, in UTC, by currency.
    pub today: Vec<Sum>,
    /// The last [`DAYS`] days, by currency.
    pub lately: Vec<Sum>,
    /// The same day by day.
    pub days: Vec<Days>,
}

/// A merchant's turnover today and in the last [`DAYS`] days.
pub async fn turnover(gateway: &Gateway, merchant: MerchantId) -> Result<Turnover, Problem> {
    let today = gateway.clock.today();
    let days: Vec<Date> = (0..DAYS).rev().filter_map(|back| before(today, back)).collect();
    let first = days.first().copied().unwrap_or(today);
    let range = (start(first)?, start(before(today, -1).unwrap_or(today))?);
    let found = gateway.store.read(move |db| turnover_by_day(db, merchant, range)).await?;
    let of_today: Vec<DayTurnover> = found.iter().filter(|of| of.day == today).cloned().collect();
    Ok(Turnover {
        today: sums(&of_today).map_err(Problem::internal)?,
        lately: sums(&found).map_err(Problem::internal)?,
        days: by_currency(&days, &found),
    })
}

fn before(day: Date, days: i64) -> Option<Date> {
    day.checked_sub(SignedDuration::from_hours(days.saturating_mul(24))).ok()
}

fn start(day: Date) -> Result<Timestamp, Problem> {
    Ok(day.to_zoned(TimeZone::UTC).map_err(Problem::internal)?.timestamp())
}

fn sums(days: &[DayTurnover]) -> Result<Vec<Sum>, MoneyError> {
    let mut sums: BTreeMap<&'static str, Sum> = BTreeMap::new();
    for day in days {
        let zero = Money::zero(day.currency);
        let sum = sums.entry(day.currency.code()).or_insert(Sum {
            sales: 0,
            gross: zero,
            taxes: zero,
            refunds: 0,
            refunded: zero,
        });
        *sum = Sum {
            sales: sum.sales.saturating_add(day.sales),
            gross: sum.gross.plus(day.gross)?,
            taxes: sum.taxes.plus(day.taxes)?,
            refunds: sum.refunds.saturating_add(day.refunds),
            refunded: sum.refunded.plus(day.refunded)?,
        };
    }
    Ok(sums.into_values().collect())
}

/// Days without a sale are days too.
fn by_currency(days: &[Date], found: &[DayTurnover]) -> Vec<Days> {
    let mut currencies: Vec<Currency> = found.iter().map(|of| of.currency).collect();
    currencies.sort_by_key(|currency| currency.code());
    currencies.dedup();
    let of = |currency: Currency| {
        let gross = |day: &Date| {
            let there = found.iter().find(|of| of.day == *day && of.currency == currency);
            (*day, there.map_or(Money::zero(currency), |of| of.gross))
        };
        Days { currency, gross: days.iter().map(gross).collect() }
    };
    currencies.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: &str, code: &str, gross: i64) -> DayTurnover {
        let currency = Currency::parse(code).unwrap();
        let money = |minor| Money::new(minor, currency);
        DayTurnover {
            day: day.parse().unwrap(),
            currency,
            sales: 1,
            gross: money(gross),
            taxes: money(gross / 10),
            refunds: 0,
            refunded: money(0),
        }
    }

    #[test]
    fn days_add_up_by_currency_and_a_day_without_a_sale_is_shown() {
        let found = [
            day("2024-06-26", "USD", 100),
            day("2024-06-28", "EUR", 500),
            day("2024-06-28", "USD", 200),
        ];
        let lately = sums(&found).unwrap();
        let shown = |sum: &Sum| (sum.gross.to_string(), sum.sales);
        assert_eq!(
            lately.iter().map(shown).collect::<Vec<_>>(),
            [("5.00 EUR".to_owned(), 1), ("3.00 USD".to_owned(), 2)]
        );
        let days: Vec<Date> =
            ["2024-06-26", "2024-06-27", "2024-06-28"].map(|day| day.parse().unwrap()).into();
        let by = by_currency(&days, &found);
        let minor =
            |days: &Days| days.gross.iter().map(|(_, gross)| gross.minor()).collect::<Vec<_>>();
        assert_eq!(by.iter().map(minor).collect::<Vec<_>>(), [[0, 0, 500], [100, 0, 200]]);
    }
}
