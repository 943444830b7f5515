//! Canada: the goods and services tax, the harmonized sales tax, Quebec's sales tax and the provinces' own.
//!
//! Every rate is a row with its days and its source (`rates`); where no row says what the tax is, there is
//! no sale. What this plugin decides:
//!
//! - The tax is that of the province to which goods are sent or where a digital service is used, which is the
//!   buyer's (New Harmonized Value-added Tax System Regulations, parts 1 to 3); a meal is taxed where it is served, which
//!   is the seller's. `CA` alone says too little: the buyer's place is written `CA-ON`.
//! - What leaves Canada is zero-rated (Excise Tax Act, Sch. VI part V).
//! - GST and HST go to the Canada Revenue Agency (`CA`), provincial taxes to the province (`CA-QC`, `CA-BC`). A seller that
//!   names registrations collects only for those: a small supplier (s 148) is in none. One that names none
//!   is sold for by the operator, which collects everything.
//! - A half cent is a cent (s 165.2). The operator chooses whether HST is computed as one tax or as its two parts, and
//!   whether each tax is rounded for the document, for each line, or all taxes of a document as one: the CRA
//!   takes either if it is kept to (interpretation 125136).
//! - A price that includes Quebec's taxes is first brought to its net; the cent that is then too many or too few goes
//!   to the net of the last line, and taxes are not computed again.
//! - Only what is paid in cash is rounded to five cents, and only its total: the answer names the step.
//!
//! The operator configures `{"hst": "combined" | "split", "rounding": "rate" | "line" | "document", "filing": "csv" |
//! "json"}`; the first of each is what holds without.

mod assess;
mod provinces;
mod rates;

use purser_sdk::{Assessment, Description, Error, Filing, PeriodTotals, Sale, Tax, config, filing};
use serde::Deserialize;

/// The plugin.
pub struct Canada;

/// What the operator chooses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    hst: Hst,
    rounding: Rounding,
    filing: filing::Format,
}

/// How HST is computed: CRA interpretation 125136.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Hst {
    /// As one tax.
    #[default]
    Combined,
    /// As its federal and its provincial part.
    Split,
}

/// What is rounded once: Excise Tax Act s 165.2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rounding {
    /// Each tax on the document.
    #[default]
    Rate,
    /// Each tax on each line.
    Line,
    /// All taxes on the document as one: a register that computes 14.975 % in one step.
    Document,
}

impl Tax for Canada {
    fn describe() -> Description {
        Description {
            name: "tax-ca",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec!["CA"],
            valid_from: rates::COVERED_FROM,
            valid_to: Some(rates::COVERED_TO),
            sources: rates::sources(),
        }
    }

    fn assess(sale: &Sale) -> Result<Assessment, Error> {
        assess::assess(sale, config(&sale.attributes)?)
    }

    fn file_return(totals: &PeriodTotals) -> Result<Filing, Error> {
        let config: Config = config(&totals.attributes)?;
        filing::advice(totals, config.filing)
    }
}

purser_sdk::register_tax!(Canada);
