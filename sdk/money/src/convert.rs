//! Exact conversion by published rates, rounded once.

use crate::{Currency, Money, MoneyError, Rate, Ratio, Rounding};
use rust_decimal::Decimal;

/// What a leg does with its rate. A published rate is never inverted: Reg. (EC) 1103/97 art. 4(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Operation {
    /// Amount times rate.
    Multiply,
    /// Amount divided by rate.
    Divide,
}

/// A rounding between two legs, which only the law on the euro's fixed units asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LegRounding {
    /// Decimals of the major unit that are kept.
    pub decimals: u8,
    /// How.
    pub mode: Rounding,
}

/// One step of a conversion, by one published rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Leg {
    /// Multiply or divide.
    pub operation: Operation,
    /// As published, trailing zeros kept.
    pub rate: Rate,
    /// Reg. (EC) 1103/97 art. 4(4) only: an intermediate euro amount of at least three decimals.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub then_round: Option<LegRounding>,
}

impl Leg {
    /// Multiply by `rate`.
    pub const fn multiply(rate: Rate) -> Self {
        Self { operation: Operation::Multiply, rate, then_round: None }
    }

    /// Divide by `rate`.
    pub const fn divide(rate: Rate) -> Self {
        Self { operation: Operation::Divide, rate, then_round: None }
    }

    fn apply(self, ratio: Ratio) -> Result<Ratio, MoneyError> {
        let rate = self.rate.decimal();
        let scale = i32::try_from(rate.scale()).map_err(|_| MoneyError::Overflow)?;
        let exact = match self.operation {
            Operation::Multiply => {
                ratio.times(rate.mantissa(), 1)?.times_ten_to(scale.saturating_neg())?
            }
            Operation::Divide => ratio.times(1, rate.mantissa())?.times_ten_to(scale)?,
        };
        match self.then_round {
            None => Ok(exact),
            Some(LegRounding { decimals, mode }) => {
                let rounded = exact.times_ten_to(i32::from(decimals))?.round(mode)?;
                Ratio::whole(rounded).times_ten_to(-i32::from(decimals))
            }
        }
    }
}

/// Converts `amount` to `to` along `legs`, exactly, and rounds once to the minor unit of `to`.
/// Without legs the amount keeps its number of major units: a conversion of a currency to itself.
pub fn convert(
    amount: Money,
    to: Currency,
    legs: &[Leg],
    rounding: Rounding,
) -> Result<Money, MoneyError> {
    let decimals = i32::from(amount.currency().decimals());
    let major = Ratio::whole(amount.minor()).times_ten_to(decimals.saturating_neg())?;
    let converted = legs.iter().try_fold(major, |ratio, leg| leg.apply(ratio))?;
    let minor = converted.times_ten_to(i32::from(to.decimals()))?.round(rounding)?;
    Ok(Money::new(minor, to))
}

/// The single rate that people are shown for `legs`: units of the target for one unit of the source,
/// 10 significant digits, half up. For display; nothing is computed with it.
pub fn display_rate(legs: &[Leg]) -> Result<Decimal, MoneyError> {
    let mut rate = Decimal::ONE;
    for leg in legs {
        let next = match leg.operation {
            Operation::Multiply => rate.checked_mul(leg.rate.decimal()),
            Operation::Divide => rate.checked_div(leg.rate.decimal()),
        };
        rate = next.ok_or(MoneyError::Overflow)?;
    }
    let shown =
        rate.round_sf_with_strategy(10, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    Ok(shown.ok_or(MoneyError::Overflow)?.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        let (amount, code) = text.split_once(' ').unwrap();
        Money::parse(amount, Currency::parse(code).unwrap()).unwrap()
    }

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn one_rounding_at_the_end() {
        let check = |from: &str, legs: &[Leg], rounding, to: &str| {
            let to = money(to);
            assert_eq!(convert(money(from), to.currency(), legs, rounding), Ok(to));
        };
        let usd = rate("1.0705");
        check("50.00 EUR", &[Leg::multiply(usd)], Rounding::Down, "53.52 USD");
        check("11.90 EUR", &[Leg::multiply(usd)], Rounding::Up, "12.74 USD");
        check("100.00 USD", &[Leg::divide(usd)], Rounding::HalfUp, "93.41 EUR");
        check(
            "100.00 USD",
            &[Leg::divide(usd), Leg::multiply(rate("171.94"))],
            Rounding::HalfUp,
            "16062 JPY",
        );
        check("7.00 USD", &[], Rounding::Down, "7.00 USD");
    }

    #[test]
    fn the_shown_rate_has_ten_digits() {
        let cross = [Leg::divide(rate("171.94")), Leg::multiply(rate("1.0705"))];
        assert_eq!(display_rate(&cross).unwrap().to_string(), "0.006226009073");
        assert_eq!(display_rate(&[]).unwrap().to_string(), "1");
    }
}
