//! India: the goods and services tax.
//!
//! Every rate is a row with its days and its source (`rates`); where no row says what the tax is, there is
//! no sale. What this plugin decides:
//!
//! - Within a state half of the tax is the centre's (CGST) and half the state's (SGST) or the union territory's (UTGST); between
//!   states all of it is integrated tax (IGST). The state of supply is the one that goods go to or where the
//!   buyer of a service is; where the buyer names none, it is the seller's (IGST Act ss 10(1)(ca) and 12(2)(b)). A meal is
//!   taxed where it is served.
//! - A category has a rate where all that it means has one. For the rest (food, above all) the tariff code decides: a
//!   line's attribute `hsn`, or what the operator configures for a category.
//! - Exports are zero-rated. A business that buys a digital service from abroad owes the tax itself; anybody else
//!   is charged by the seller (OIDAR). Goods from abroad are taxed by customs.
//! - The tax payable is in rupees (CGST Act s 170): each tax at each rate of a document is rounded to the rupee, 50
//!   paise up. Invoices in paise, which the tax portal takes too and rounds in the return, are the operator's choice.
//!
//! The operator configures `{"rounding": "rupee" | "paise", "hsn": {"food": "1905"}, "filing": "csv" | "json"}`.

mod assess;
mod rates;
mod states;

use std::collections::BTreeMap;

use purser_sdk::{Assessment, Description, Error, Filing, PeriodTotals, Sale, Tax, config, filing};
use serde::Deserialize;

/// The plugin.
pub struct India;

/// What the operator chooses.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    rounding: Rounding,
    /// The tariff code of what is sold in a category.
    hsn: BTreeMap<String, String>,
    filing: filing::Format,
}

/// To what each tax of a document is rounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rounding {
    /// CGST Act s 170.
    #[default]
    Rupee,
    /// Left to the return.
    Paise,
}

impl Tax for India {
    fn describe() -> Description {
        Description {
            name: "tax-in",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec!["IN"],
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

purser_sdk::register_tax!(India);
