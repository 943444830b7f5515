//! All that the author of a Purser plugin needs.
//!
//! A plugin is a pure function in a WebAssembly component: it is given values and returns values. It reaches nothing
//! but a log, so that the gateway can record, replay and compare what it decides. An author implements one trait,
//! writes one macro line, and ships one file.
//!
//! # A plugin from beginning to end
//!
//! The crate is a library that is also a dynamic one (`Cargo.toml`), with its name and role beside it (`plugin.toml`):
//!
//! ```toml
//! [lib]
//! crate-type = ["cdylib", "rlib"]
//!
//! [dependencies]
//! purser-sdk = { path = "../purser/sdk" }
//! ```
//!
//! ```toml
//! name = "gst-au"
//! role = "tax"
//! countries = ["AU"]
//! ```
//!
//! `src/lib.rs` says what is taxed and at which rate. [`Document`] does the rest: it takes the tax out of prices that
//! include it, rounds where the law rounds ([`Policy`]), and sees to it that net and tax of each line are its price.
//!
//! ```
//! use purser_sdk::{
//!     Assessment, Category, Description, Document, Error, Filing, Levy, Percent, PeriodTotals, Policy, Problem,
//!     Reason, Sale, Tax, date,
//! };
//!
//! /// Goods and services tax of Australia.
//! struct Gst;
//!
//! impl Tax for Gst {
//!     fn describe() -> Description {
//!         Description {
//!             name: "gst-au",
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
//!         for (index, line) in sale.lines.iter().enumerate() {
//!             // What this plugin has no rule for is refused, never guessed.
//!             if !matches!(line.category, Category::General | Category::DigitalService) {
//!                 let text = format!("no rule for {}", line.category);
//!                 let error = Error::new(Problem::TaxCategoryUnsupported, text);
//!                 return Err(error.at(format!("lines[{index}].category")));
//!             }
//!             document.add(line, &[Levy {
//!                 name: "GST",
//!                 jurisdiction: "AU",
//!                 authority: "AU",
//!                 reason: Reason::Standard,
//!                 rate: Percent::parse("10")?,
//!             }])?;
//!         }
//!         document.assess("s 9-70; rounded by s 9-90".to_owned())
//!     }
//!
//!     fn file_return(_: &PeriodTotals) -> Result<Filing, Error> {
//!         Err(Error::new(Problem::TaxCountryUnsupported, "file this one by hand"))
//!     }
//! }
//!
//! purser_sdk::register_tax!(Gst);
//!
//! // Built natively, as in unit tests, the same code runs without a gateway.
//! # fn main() -> Result<(), Error> {
//! use purser_sdk::{Country, Currency, Line, Money, Place};
//!
//! let aud = Currency::parse("AUD")?;
//! let australia = Place::of(Country::parse("AU")?);
//! let line = Line {
//!     id: 1,
//!     category: Category::General,
//!     quantity: 1,
//!     amount: Money::parse("11.00", aud)?,
//!     tax_inclusive: true,
//!     attributes: vec![],
//! };
//! let sale = Sale {
//!     date: date(2026, 1, 15),
//!     currency: aud,
//!     seller: australia.clone(),
//!     registrations: vec![],
//!     buyer: australia,
//!     buyer_tax_id: None,
//!     lines: vec![line],
//!     attributes: vec![],
//! };
//! let assessment = Gst::assess(&sale)?;
//! let gst = assessment.taxes.first().map(|gst| (gst.base.amount(), gst.tax.amount()));
//! assert_eq!(gst, Some(("10.00".to_owned(), "1.00".to_owned())));
//! # Ok(())
//! # }
//! ```
//!
//! Worked examples with answers from somebody else go into `tests/*.json`, in the contract's JSON: names as in WIT,
//! amounts in minor units, decimals as strings. They are run in the sandbox that the gateway has:
//!
//! ```json
//! [{
//!   "name": "an eleventh of 11.00", "source": "ato.gov.au, How GST works",
//!   "function": "assess",
//!   "input": {
//!     "date": "2026-01-15", "currency": "AUD", "seller": {"country": "AU"}, "registrations": [],
//!     "buyer": {"country": "AU"}, "attributes": [],
//!     "lines": [{"id": 1, "category": "general", "quantity": 1, "tax-inclusive": true, "attributes": [],
//!                "amount": {"minor": 1100, "currency": "AUD"}}]
//!   },
//!   "output": {"taxes": [{"tax": {"minor": 100, "currency": "AUD"}}]}
//! }]
//! ```
//!
//! Then, in the crate's folder:
//!
//! ```sh
//! purser plugin test       # unit tests, vectors in the sandbox, the rules that all plugins keep
//! purser plugin build      # gst-au-1.0.0.wasm
//! purser plugin call gst-au-1.0.0.wasm assess < sale.json
//! purser plugin install gst-au-1.0.0.wasm --enable AU --from 2026-07-01
//! ```
//!
//! # What a plugin keeps to
//!
//! - The same input has the same answer, for ever: no clock, no randomness, no state, no order of hash maps.
//! - What is unknown (a country, a category, a day, a stale rate) is an [`Error`] that names its [`Problem`] and field.
//! - Nothing it is given makes it panic. A panic stops the sale; its text is in the gateway's log.
//! - A call has 32 MiB of memory, 50 million instructions and 100 milliseconds.
//!
//! The other roles are [`Rates`]: feeds of exchange rates, and conversions that name every step; [`Stamps`]: what postage
//! there is to buy, and the marks that are printed; and [`Webhook`]: what a merchant's endpoint is told of an event.

#[allow(unsafe_code, missing_docs, unreachable_pub, clippy::all)]
pub mod bindings;
mod category;
mod config;
pub mod currency;
mod date;
mod document;
mod error;
pub mod filing;
pub mod http;
pub mod indicium;
pub mod log;
mod place;
pub mod rounding;
pub mod s10;
pub mod stamps;
mod supply;
pub mod tax;
pub mod tax_id;
pub mod webhook;
mod wire;

/// For calls that are short: the standard library's allocator, made for programs that run for long, was a third of what a
/// plugin itself did in one.
#[cfg(all(target_arch = "wasm32", feature = "allocator"))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

pub use category::{Category, Reason};
pub use config::{config, misconfigured};
pub use currency::{Conversion, Feed, Quoted, RateTable, Rates};
pub use date::{Date, Span, date, parse_date};
pub use document::{Document, Levy};
pub use error::{Error, Problem};
pub use place::{Country, Place};
pub use purser_money::*;
pub use rounding::{Extraction, Level, Policy, Together};
pub use stamps::Stamps;
pub use supply::{Crossing, LowValue, Supply};
pub use tax::{Assessed, Assessment, Filing, Line, PeriodLine, PeriodTotals, Sale, Tax, Verdict};
pub use webhook::Webhook;
pub use wire::Description;
