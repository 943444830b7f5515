//! Conversions between currencies: what a currency plugin answers, and the recomputation that makes it true.

use jiff::civil::Date;
use purser_money::{Currency, Decimal, Leg, Money, MoneyError, Rounding, convert, display_rate};
use serde::{Deserialize, Serialize};

/// A conversion crosses at most through the euro, and a plugin may go through one unit more.
const LEGS_MAX: usize = 4;

/// The rates of one moment, as a plugin read them from a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateTable {
    /// Who published them.
    pub source: String,
    /// The day they are of.
    pub as_of: Date,
    /// The currency whose unit they are for.
    pub base: Currency,
    /// One unit of the base is so many units of these.
    pub rates: Vec<(Currency, purser_money::Rate)>,
}

/// What a conversion is asked under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConversionPolicy {
    /// The day of the conversion.
    pub today: Date,
    /// A table older than this is too old.
    pub max_age_days: u32,
    /// The rounding of the end result.
    pub rounding: Rounding,
}

/// What a currency plugin answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Every step by a published rate.
    pub legs: Vec<Leg>,
    /// What the plugin says comes out.
    pub converted: Money,
    /// Who published the rates.
    pub source: String,
    /// The day of the rates.
    pub as_of: Date,
    /// The last day on which the legs may be used.
    pub valid_until: Date,
}

/// A way from one currency to another that was checked, to be used for any amount until `valid_until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    from: Currency,
    to: Currency,
    legs: Vec<Leg>,
    /// Who published the rates; empty when nothing is converted.
    pub source: String,
    /// The day of the rates.
    pub as_of: Date,
    /// The last day of use.
    pub valid_until: Date,
}

/// Why a conversion cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// No legs between two currencies, or too many.
    #[error("a conversion has one to {LEGS_MAX} legs")]
    Legs,
    /// The result is in another currency than asked.
    #[error("the result is not in the currency that was asked for")]
    Currency,
    /// The result is not what the legs give.
    #[error("the result is not what its legs give")]
    Differs,
    /// It does not fit.
    #[error("the amounts are too large")]
    Overflow,
}

impl From<MoneyError> for ConversionError {
    fn from(_: MoneyError) -> Self {
        Self::Overflow
    }
}

impl Route {
    /// No conversion at all.
    pub fn same(currency: Currency, today: Date) -> Self {
        let (source, legs) = (String::new(), Vec::new());
        Self { from: currency, to: currency, legs, source, as_of: today, valid_until: today }
    }

    /// Accepts a plugin's conversion of `amount` to `to` if its legs give exactly what it says.
    pub fn check(
        amount: Money,
        to: Currency,
        conversion: Conversion,
        rounding: Rounding,
    ) -> Result<Self, ConversionError> {
        let Conversion { legs, converted, source, as_of, valid_until } = conversion;
        if legs.is_empty() || legs.len() > LEGS_MAX {
            return Err(ConversionError::Legs);
        }
        if converted.currency() != to {
            return Err(ConversionError::Currency);
        }
        if convert(amount, to, &legs, rounding)? != converted {
            return Err(ConversionError::Differs);
        }
        Ok(Self { from: amount.currency(), to, legs, source, as_of, valid_until })
    }

    /// Converts an amount: exactly, rounded once.
    pub fn convert(&self, amount: Money, rounding: Rounding) -> Result<Money, ConversionError> {
        if amount.currency() != self.from {
            return Err(ConversionError::Currency);
        }
        Ok(convert(amount, self.to, &self.legs, rounding)?)
    }

    /// The steps.
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// From which currency.
    pub fn from(&self) -> Currency {
        self.from
    }

    /// To which currency.
    pub fn to(&self) -> Currency {
        self.to
    }

    /// The single rate that people are shown: units of account for one unit of the other currency.
    pub fn shown(&self) -> Result<Decimal, ConversionError> {
        Ok(display_rate(&self.legs)?)
    }
}
