//! Rates of exchange and percentages: decimals that cross every border as text or as mantissa and scale.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;

use crate::{Money, MoneyError, Ratio, Rounding, round::ten_to};

/// More decimals than any published rate has; what crosses to plugins has room for no more.
const SCALE_MAX: u32 = 18;

/// How many units of one currency stand for one of another: above zero, at most 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate(Decimal);

/// A percentage: 19 % is `19`. Zero to 1000, at most 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Percent(Decimal);

impl Rate {
    /// A rate above zero whose mantissa fits 63 bits.
    pub fn new(value: Decimal) -> Result<Self, MoneyError> {
        if value <= Decimal::ZERO {
            return Err(MoneyError::RateNotPositive);
        }
        crossing(value).map(Self)
    }

    /// From what crosses the plugin border.
    pub fn from_parts(mantissa: i64, scale: u8) -> Result<Self, MoneyError> {
        Self::new(decimal(mantissa, scale)?)
    }

    /// Mantissa and scale, as published (trailing zeros kept).
    pub fn parts(self) -> (i64, u8) {
        parts(self.0)
    }

    /// The decimal itself.
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl Percent {
    /// No tax, no fee.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// A percentage from zero to 1000.
    pub fn new(value: Decimal) -> Result<Self, MoneyError> {
        if value < Decimal::ZERO || value > Decimal::ONE_THOUSAND {
            return Err(MoneyError::PercentOutOfRange);
        }
        crossing(value.normalize()).map(Self)
    }

    /// A percentage from text, e.g. `"9.975"`.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        Self::new(exact(text)?)
    }

    /// From what crosses the plugin border.
    pub fn from_parts(mantissa: i64, scale: u8) -> Result<Self, MoneyError> {
        Self::new(decimal(mantissa, scale)?)
    }

    /// Mantissa and scale, without trailing zeros.
    pub fn parts(self) -> (i64, u8) {
        parts(self.0)
    }

    /// The decimal itself.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Whether this is zero.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum of two percentages.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Self::new(self.0.checked_add(other.0).ok_or(MoneyError::Overflow)?)
    }

    /// This percentage of `amount`, rounded once: tax on a net price, a fee, a spread.
    pub fn of(self, amount: Money, rounding: Rounding) -> Result<Money, MoneyError> {
        let minor = self.ratio_of(Ratio::whole(amount.minor()))?.round(rounding)?;
        Ok(Money::new(minor, amount.currency()))
    }

    /// The part of a gross `amount` that is this percentage of its net, when all percentages in
    /// `amount` are together `total`: amount x p / (100 + total). Rounded once.
    pub fn within(
        self,
        amount: Money,
        total: Self,
        rounding: Rounding,
    ) -> Result<Money, MoneyError> {
        let minor = self.ratio_within(Ratio::whole(amount.minor()), total)?.round(rounding)?;
        Ok(Money::new(minor, amount.currency()))
    }

    /// This percentage of `ratio`, not rounded.
    pub fn ratio_of(self, ratio: Ratio) -> Result<Ratio, MoneyError> {
        let hundred = ten_to(self.0.scale().saturating_add(2))?;
        ratio.times(self.0.mantissa(), hundred)
    }

    /// See [`Percent::within`]; not rounded.
    pub fn ratio_within(self, ratio: Ratio, total: Self) -> Result<Ratio, MoneyError> {
        let scale = self.0.scale().max(total.0.scale());
        let lift = |value: Decimal| {
            let power = ten_to(scale.saturating_sub(value.scale()))?;
            value.mantissa().checked_mul(power).ok_or(MoneyError::Overflow)
        };
        let gross = ten_to(scale.saturating_add(2))?.checked_add(lift(total.0)?);
        ratio.times(lift(self.0)?, gross.ok_or(MoneyError::Overflow)?)
    }
}

/// A decimal written plainly: digits, at most one point, no sign, exponent or spaces.
fn exact(text: &str) -> Result<Decimal, MoneyError> {
    let plain = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && !text.starts_with('.')
        && !text.ends_with('.');
    let value = plain.then(|| Decimal::from_str_exact(text).ok()).flatten();
    value.ok_or(MoneyError::MalformedDecimal)
}

fn decimal(mantissa: i64, scale: u8) -> Result<Decimal, MoneyError> {
    if u32::from(scale) > SCALE_MAX {
        return Err(MoneyError::MalformedDecimal);
    }
    Decimal::try_from_i128_with_scale(i128::from(mantissa), u32::from(scale))
        .map_err(|_| MoneyError::MalformedDecimal)
}

fn crossing(value: Decimal) -> Result<Decimal, MoneyError> {
    let fits = value.scale() <= SCALE_MAX && i64::try_from(value.mantissa()).is_ok();
    fits.then_some(value).ok_or(MoneyError::MalformedDecimal)
}

/// Both types are built through [`crossing`], so neither fallback is ever taken.
fn parts(value: Decimal) -> (i64, u8) {
    (i64::try_from(value.mantissa()).unwrap_or(0), u8::try_from(value.scale()).unwrap_or(0))
}

impl FromStr for Rate {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::new(exact(text)?)
    }
}

impl FromStr for Percent {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse(text)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "serde")]
mod text {
    use super::{Percent, Rate};

    macro_rules! as_text {
        ($type:ty) => {
            impl serde::Serialize for $type {
                fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    to.collect_str(self)
                }
            }

            impl<'de> serde::Deserialize<'de> for $type {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        };
    }

    as_text!(Rate);
    as_text!(Percent);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    fn eur(text: &str) -> Money {
        Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
    }

    #[test]
    fn tax_on_net_and_within_gross() {
        let check = |percent: &str, net: &str, tax: &str| {
            let percent = Percent::parse(percent).unwrap();
            assert_eq!(percent.of(eur(net), Rounding::HalfUp), Ok(eur(tax)));
            let gross = eur(net).plus(eur(tax)).unwrap();
            assert_eq!(percent.within(gross, percent, Rounding::HalfUp), Ok(eur(tax)));
        };
        check("19", "10.00", "1.90");
        check("25", "1460.50", "365.13");
        check("9.975", "8.69", "0.87");
        check("0", "5.00", "0.00");
    }

    #[test]
    fn only_plain_decimals_are_rates() {
        for text in ["", "1e3", "-1", "+1", " 1", "1.", ".5", "NaN", "1,5", "0", "0.0"] {
            assert!(text.parse::<Rate>().is_err(), "{text:?} is no rate");
        }
        assert!("0.0000000000000000001".parse::<Rate>().is_err(), "19 decimals");
        assert!(Percent::parse("1000.01").is_err());
        assert_eq!("1.5900".parse::<Rate>().unwrap().parts(), (15900, 4));
    }
}
