//! An amount of one currency.

use std::fmt;

use crate::{Currency, round::ten_to};

/// An amount: an integer of the currency's ISO 4217 minor unit. May be negative (a posting, a position).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why an amount, a rate or a currency was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not `(0|[1-9]\d{0,14})(\.\d+)?`.
    #[error(
        "an amount is digits with at most one point, like 12.34, with up to 15 digits before the point"
    )]
    MalformedAmount,
    /// The currency has fewer decimals.
    #[error("{currency} has {allowed} decimals; the amount has more")]
    TooManyDecimals {
        /// The currency of the amount.
        currency: Currency,
        /// The currency's own number of decimals.
        allowed: u8,
    },
    /// Not an ISO 4217 code that amounts can be held in.
    #[error("not a currency of ISO 4217 that has a minor unit")]
    UnknownCurrency,
    /// Two currencies met in one sum.
    #[error("{0} and {1} cannot be added")]
    CurrenciesDiffer(Currency, Currency),
    /// A rate or a percentage that is no plain decimal, or has more than 18 decimals.
    #[error("a rate is a plain decimal like 1.0705, with at most 18 decimals")]
    MalformedDecimal,
    /// A rate of zero or below.
    #[error("a rate is above zero")]
    RateNotPositive,
    /// A percentage below zero or above 1000.
    #[error("a percentage is from 0 to 1000")]
    PercentOutOfRange,
    /// The weights of a split are all zero, or negative.
    #[error("nothing to split by")]
    NoWeights,
    /// The exact value does not fit.
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    /// `minor` minor units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing of `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The amount that clients write: `(0|[1-9]\d{0,14})(\.\d+)?`, at most the currency's decimals.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let whole = text.split('.').next().unwrap_or_default();
        if whole.len() > 15 {
            return Err(MoneyError::MalformedAmount);
        }
        Self::read("", text, currency)
    }

    /// An amount of any size that fits.
    fn read(sign: &str, text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(MoneyError::MalformedAmount),
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leading_zero || !digits(whole) || !digits(fraction) {
            return Err(MoneyError::MalformedAmount);
        }
        let allowed = currency.decimals();
        if fraction.len() > usize::from(allowed) {
            return Err(MoneyError::TooManyDecimals { currency, allowed });
        }
        let padded = format!("{sign}{whole}{fraction:0<width$}", width = usize::from(allowed));
        let minor = padded.parse().map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, currency })
    }

    /// The number of minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether this is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum of two amounts of one currency.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The difference of two amounts of one currency.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(other.negated()?)
    }

    /// The same amount the other way.
    pub fn negated(self) -> Result<Self, MoneyError> {
        Ok(Self { minor: self.minor.checked_neg().ok_or(MoneyError::Overflow)?, ..self })
    }

    /// The sum of amounts of `currency`.
    pub fn sum(
        amounts: impl IntoIterator<Item = Self>,
        currency: Currency,
    ) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// The amount alone, with all decimals of its currency: `12.30`, `500`, `-0.005`.
    pub fn amount(self) -> String {
        let decimals = usize::from(self.currency.decimals());
        let sign = if self.minor < 0 { "-" } else { "" };
        let magnitude = self.minor.unsigned_abs();
        // A currency has at most four decimals, so the power always exists.
        let unit = ten_to(u32::from(self.currency.decimals())).unwrap_or(1).unsigned_abs();
        let whole = u128::from(magnitude) / unit;
        let fraction = u128::from(magnitude) % unit;
        if decimals == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction:0>decimals$}")
        }
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrenciesDiffer(self.currency, other.currency))
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

#[cfg(feature = "serde")]
mod object {
    use super::{Currency, Money};

    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Object<'a> {
        #[serde(borrow)]
        amount: std::borrow::Cow<'a, str>,
        currency: Currency,
    }

    impl serde::Serialize for Money {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            Object { amount: self.amount().into(), currency: self.currency }.serialize(to)
        }
    }

    /// Our own records only: what clients send is read at the edge, which names the field.
    impl<'de> serde::Deserialize<'de> for Money {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let Object { amount, currency } = Object::deserialize(from)?;
            let (sign, digits) = match amount.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", amount.as_ref()),
            };
            Money::read(sign, digits, currency).map_err(serde::de::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn amounts_show_all_decimals_of_their_currency() {
        let check = |minor, code, expected: &str| {
            assert_eq!(Money::new(minor, currency(code)).to_string(), expected);
        };
        check(1234, "EUR", "12.34 EUR");
        check(5, "EUR", "0.05 EUR");
        check(-5, "USD", "-0.05 USD");
        check(500, "JPY", "500 JPY");
        check(1250, "KWD", "1.250 KWD");
        check(i64::MIN, "JPY", "-9223372036854775808 JPY");
    }

    #[test]
    fn only_plain_amounts_are_read() {
        for text in [
            "",
            "-1",
            "+1",
            "01",
            "1.",
            ".5",
            "1e3",
            "NaN",
            "inf",
            "1,00",
            "1 ",
            "\u{661}",
            "1234567890123456",
        ] {
            assert_eq!(
                Money::parse(text, currency("EUR")),
                Err(MoneyError::MalformedAmount),
                "{text:?}"
            );
        }
        assert!(matches!(
            Money::parse("1.005", currency("EUR")),
            Err(MoneyError::TooManyDecimals { allowed: 2, .. })
        ));
        assert!(matches!(
            Money::parse("1.0", currency("JPY")),
            Err(MoneyError::TooManyDecimals { allowed: 0, .. })
        ));
        assert_eq!(
            Money::parse("999999999999999.9999", currency("CLF")),
            Err(MoneyError::Overflow)
        );
        assert_eq!(Money::parse("0.5", currency("EUR")).unwrap().minor(), 50);
    }

    #[test]
    fn sums_are_checked() {
        let most = Money::new(i64::MAX, currency("EUR"));
        assert_eq!(most.plus(Money::new(1, currency("EUR"))), Err(MoneyError::Overflow));
        assert!(matches!(
            most.plus(Money::zero(currency("USD"))),
            Err(MoneyError::CurrenciesDiffer(..))
        ));
        assert_eq!(Money::new(i64::MIN, currency("EUR")).negated(), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(minor in 0_i64..10_i64.pow(17), code in prop::sample::select(vec!["EUR", "JPY", "KWD"])) {
            let money = Money::new(minor, currency(code));
            prop_assume!(money.amount().split('.').next().unwrap().len() <= 15);
            prop_assert_eq!(Money::parse(&money.amount(), money.currency()), Ok(money));
        }

        #[cfg(feature = "serde")]
        #[test]
        fn whatever_is_kept_is_read_back(minor: i64, code in prop::sample::select(vec!["EUR", "JPY", "KWD"])) {
            let money = Money::new(minor, currency(code));
            let kept = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&kept).unwrap(), money);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Money::parse(&text, currency("EUR"));
        }
    }
}
