//! Consumption tax of Japan, for sellers there and abroad.
//!
//! - Ten per cent, and eight on food and drink for home and on subscribed newspapers (Appended Table 1), which are national and
//!   local tax together. Alcohol and newspapers from the kiosk are `general`; meals that are served bear ten.
//! - A fraction of a yen is rounded once for each rate on an invoice, whichever way the seller chose:
//!   `{"rounding": "half-up"}`; without a choice it is dropped, as is usual.
//! - Services over the network from abroad are taxed to consumers (Art. 4(3)(iii)); a business, which gives the number of a
//!   qualified invoice issuer, owes the tax itself (Art. 5(1)). On goods from abroad customs collects the tax (Art. 5(2)).
//! - Goods that leave Japan are exempt as exports (Art. 7); services to buyers abroad are supplied there.
//! - Stamps are exempt (Appended Table 2).

mod assess;

use purser_sdk::{
    Assessment, Description, Error, Filing, PeriodTotals, Rounding, Sale, Tax, config, filing,
};
use serde::Deserialize;

/// The plugin.
pub struct ConsumptionTax;

/// What the operator may choose.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Which way a fraction of a yen goes.
    rounding: Rounding,
    /// The form of the return.
    filing: filing::Format,
}

impl Default for Config {
    fn default() -> Self {
        Self { rounding: Rounding::Down, filing: filing::Format::default() }
    }
}

impl Tax for ConsumptionTax {
    fn describe() -> Description {
        Description {
            name: "tax-jp",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec!["JP"],
            valid_from: assess::COVERED_FROM,
            valid_to: Some(assess::COVERED_TO),
            sources: vec![
                "Consumption Tax Act (1988 no. 108) with Appended Tables 1 and 2",
                "National Tax Agency, Q&A on the qualified invoice system",
            ],
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

purser_sdk::register_tax!(ConsumptionTax);
