//! Money, decimals and roundings across the border.
//!
//! The types of both sides are foreign to each other, so the conversions live here, once.

use purser_money::{Currency, Money, Percent, Rate, Rounding};

use crate::{Date, Error, bindings::wire};

/// What a plugin says of itself. The gateway compares it with the manifest of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The plugin's name, as in its manifest.
    pub name: &'static str,
    /// Its version: `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// Countries (tax, stamps) or currencies (currency) it answers for; empty: it decides call by call.
    pub covers: Vec<&'static str>,
    /// The first day its rules are good for.
    pub valid_from: Date,
    /// The last, if it is known.
    pub valid_to: Option<Date>,
    /// Where its rules and rates come from, for people.
    pub sources: Vec<&'static str>,
}

impl From<Description> for wire::Description {
    fn from(description: Description) -> Self {
        let owned = |texts: Vec<&'static str>| texts.into_iter().map(str::to_owned).collect();
        Self {
            name: description.name.to_owned(),
            version: description.version.to_owned(),
            covers: owned(description.covers),
            valid_from: description.valid_from.to_string(),
            valid_to: description.valid_to.map(|date| date.to_string()),
            sources: owned(description.sources),
        }
    }
}

impl From<Money> for wire::Money {
    fn from(money: Money) -> Self {
        Self { minor: money.minor(), currency: money.currency().code().to_owned() }
    }
}

impl TryFrom<wire::Money> for Money {
    type Error = Error;

    fn try_from(money: wire::Money) -> Result<Self, Error> {
        Ok(Self::new(money.minor, Currency::parse(&money.currency)?))
    }
}

impl From<Percent> for wire::Decimal {
    fn from(percent: Percent) -> Self {
        let (mantissa, scale) = percent.parts();
        Self { mantissa, scale }
    }
}

impl TryFrom<wire::Decimal> for Percent {
    type Error = Error;

    fn try_from(decimal: wire::Decimal) -> Result<Self, Error> {
        Ok(Self::from_parts(decimal.mantissa, decimal.scale)?)
    }
}

impl From<Rate> for wire::Decimal {
    fn from(rate: Rate) -> Self {
        let (mantissa, scale) = rate.parts();
        Self { mantissa, scale }
    }
}

impl TryFrom<wire::Decimal> for Rate {
    type Error = Error;

    fn try_from(decimal: wire::Decimal) -> Result<Self, Error> {
        Ok(Self::from_parts(decimal.mantissa, decimal.scale)?)
    }
}

impl From<Rounding> for wire::RoundingMode {
    fn from(rounding: Rounding) -> Self {
        match rounding {
            Rounding::HalfUp => Self::HalfUp,
            Rounding::HalfEven => Self::HalfEven,
            Rounding::HalfDown => Self::HalfDown,
            Rounding::Down => Self::Down,
            Rounding::Up => Self::Up,
        }
    }
}

impl From<wire::RoundingMode> for Rounding {
    fn from(mode: wire::RoundingMode) -> Self {
        match mode {
            wire::RoundingMode::HalfUp => Self::HalfUp,
            wire::RoundingMode::HalfEven => Self::HalfEven,
            wire::RoundingMode::HalfDown => Self::HalfDown,
            wire::RoundingMode::Down => Self::Down,
            wire::RoundingMode::Up => Self::Up,
        }
    }
}
