//! Money that is exact: integers of minor units, decimals with a named rounding, no binary floating point.
//!
//! ```
//! use purser_money::{Currency, Leg, Money, Percent, Rounding, convert};
//!
//! let price = Money::parse("10.00", Currency::parse("EUR")?)?;
//! let vat = Percent::parse("19")?.of(price, Rounding::HalfUp)?;
//! assert_eq!(vat.to_string(), "1.90 EUR");
//!
//! // One rounding at the end, however many legs a conversion has.
//! let usd = convert(price, Currency::parse("USD")?, &[Leg::multiply("1.0705".parse()?)], Rounding::Down)?;
//! assert_eq!(usd.to_string(), "10.70 USD");
//! # Ok::<(), purser_money::MoneyError>(())
//! ```

mod allot;
mod convert;
mod currency;
mod money;
mod rate;
mod round;

pub use allot::{allot, allot_exact, round_parts};
pub use convert::{Leg, LegRounding, Operation, convert, display_rate};
pub use currency::Currency;
pub use money::{Money, MoneyError};
pub use rate::{Percent, Rate};
pub use round::{Ratio, Rounding};
pub use rust_decimal::Decimal;
