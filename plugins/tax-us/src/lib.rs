//! Sales taxes of the United States.
//!
//! Every rate is a row with its days and its source (`rates`); where no row says what the tax is, there is
//! no sale. What this plugin decides:
//!
//! - The tax is that of the state to which things are sent, which is the buyer's: `US` alone says too little, the
//!   buyer's place is written `US-CA`. A meal is taxed where it is served.
//! - A seller that names registrations (`US-CA`) collects in those states alone: elsewhere it has no nexus (South Dakota v.
//!   Wayfair). One that names none is sold for by the operator, a marketplace that collects everywhere.
//! - Local taxes come from the operator: rows of the rate and boundary files that the states of the Streamlined Sales Tax
//!   Agreement publish (`local`). They are charged where the place within the state is known: the buyer's ZIP code,
//!   which is the sale's attribute `postcode`, or, for a seller in a state that taxes by origin, the
//!   seller's, which the operator configures. Without one only the state's own tax is charged, and the law says so.
//! - Food, medicines on prescription, books, meals and digital products are taxed only where a row says how.
//! - The computation is carried to a third decimal, and a cent is added if that is more than four (s 324 of the
//!   Agreement), for each item or for the invoice, each tax by itself or all together, as the seller chooses.
//! - Exemption by certificate (resale, charities) is not modelled: a sale shows none.
//!
//! The operator configures, all of it optional:
//!
//! ```json
//! {
//!   "rounding": "invoice",
//!   "taxes": "apart",
//!   "origin": { "US-TX": "78701" },
//!   "local": { "US-AR": { "rates": "05,45,05,.065,...", "boundaries": "Z,20240101,..." } },
//!   "filing": "csv"
//! }
//! ```

mod assess;
mod local;
mod rates;
mod states;

use std::collections::BTreeMap;

use purser_sdk::{Assessment, Description, Error, Filing, PeriodTotals, Sale, Tax, config, filing};
use serde::Deserialize;

/// The plugin.
pub struct UnitedStates;

/// What the operator configures.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    rounding: Rounding,
    taxes: Taxes,
    /// The seller's ZIP code by state, such as `US-TX`.
    origin: BTreeMap<String, String>,
    /// Rows of a state's files, by state.
    local: BTreeMap<String, LocalFiles>,
    filing: filing::Format,
}

/// What is rounded once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rounding {
    /// The taxes of the whole sale.
    #[default]
    Invoice,
    /// The taxes of each line.
    Item,
}

/// Whether state and local taxes are rounded as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Taxes {
    /// Each by itself, as Ohio asks.
    #[default]
    Apart,
    /// Summed first.
    Together,
}

/// Rows as they are in the files of a state; trailing empty columns may be left out.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LocalFiles {
    /// Rows of the rate file (`ARR2026Q4AUG26`).
    rates: String,
    /// Rows of the boundary file (`ARB2026Q4AUG26`): those of five-digit ZIP codes.
    boundaries: String,
}

impl Tax for UnitedStates {
    fn describe() -> Description {
        Description {
            name: "tax-us",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec!["US"],
            valid_from: rates::COVERED_FROM,
            valid_to: Some(rates::COVERED_TO),
            sources: rates::sources(),
        }
    }

    fn assess(sale: &Sale) -> Result<Assessment, Error> {
        assess::assess(sale, &config(&sale.attributes)?)
    }

    fn file_return(totals: &PeriodTotals) -> Result<Filing, Error> {
        let config: Config = config(&totals.attributes)?;
        filing::advice(totals, config.filing)
    }
}

purser_sdk::register_tax!(UnitedStates);
