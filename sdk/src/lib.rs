//! All that the author of a Purser plugin needs.
//!
//! A plugin is a pure function in a WebAssembly component: it is given values and returns values. An
//! author implements one trait and writes one macro line:
//!
//! ```
//! use purser_sdk::{
//!     Assessment, Description, Document, Error, Filing, Levy, PeriodTotals, Policy, Problem, Reason, Sale, Tax, date,
//! };
//!
//! /// Ten percent on everything.
//! struct Tithe;
//!
//! impl Tax for Tithe {
//!     fn describe() -> Description {
//!         Description {
//!             name: "tithe",
//!             version: "1.0.0",
//!             covers: vec!["AU"],
//!             valid_from: date(2000, 7, 1),
//!             valid_to: None,
//!             sources: vec!["A New Tax System (Goods and Services Tax) Act 1999"],
//!         }
//!     }
//!
//!     fn assess(sale: &Sale) -> Result<Assessment, Error> {
//!         let mut document = Document::new(Policy::per_rate(sale.currency), sale.currency);
//!         for line in &sale.lines {
//!             document.add(line, &[Levy {
//!                 name: "GST",
//!                 jurisdiction: "AU",
//!                 authority: "AU",
//!                 reason: Reason::Standard,
//!                 rate: purser_sdk::Percent::parse("10")?,
//!             }])?;
//!         }
//!         document.assess("s 9-70".to_owned())
//!     }
//!
//!     fn file_return(_: &PeriodTotals) -> Result<Filing, Error> {
//!         Err(Error::new(Problem::TaxCountryUnsupported, "file this one by hand"))
//!     }
//! }
//!
//! purser_sdk::register_tax!(Tithe);
//! # fn main() {}
//! ```
//!
//! Built natively, as in unit tests, the same code runs without a gateway.

#[allow(unsafe_code, missing_docs, unreachable_pub, clippy::all)]
pub mod bindings;
mod category;
pub mod currency;
mod date;
mod document;
mod error;
pub mod log;
mod place;
pub mod rounding;
pub mod s10;
pub mod tax;
pub mod tax_id;
mod wire;

pub use category::{Category, Reason};
pub use currency::{Conversion, Feed, Quoted, RateTable, Rates};
pub use date::{Date, Span, date, parse_date};
pub use document::{Document, Levy};
pub use error::{Error, Problem};
pub use place::{Country, Place};
pub use purser_money::*;
pub use rounding::{Level, Policy};
pub use tax::{Assessed, Assessment, Filing, Line, PeriodLine, PeriodTotals, Sale, Tax, Verdict};
pub use wire::Description;
