//! Goods and services tax of New Zealand, for sellers there and abroad.
//!
//! - Fifteen per cent on everything: food, books and medicines too, and stamps when they are sold (s 5(11I)).
//! - Half a cent and less is dropped, more is a cent (s 19O): of the total, or of each amount, as the seller
//!   chooses for a period: `{"rounding": "line"}`.
//! - Remote services and goods of up to 1000 dollars each from abroad are taxed to consumers (ss 8(3) and 10B); a registered
//!   buyer, who gives an IRD number, is not charged. Customs taxes what is worth more. What 1000 dollars are in other
//!   currencies the operator states: `{"low_value": {"USD": "580.00"}}`.
//! - What leaves New Zealand is zero-rated (ss 11 and 11A).

mod assess;

use purser_sdk::{
    Assessment, Description, Error, Filing, LowValue, PeriodTotals, Sale, Tax, config, filing,
};
use serde::Deserialize;

/// The plugin.
pub struct Gst;

/// What the operator may choose.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    rounding: Rounding,
    /// A thousand New Zealand dollars in other currencies.
    low_value: LowValue,
    /// The form of the return.
    filing: filing::Format,
}

/// The seller's choice in s 19O(2), the same throughout a period (s 19O(3)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rounding {
    /// The total of a supply's amounts.
    #[default]
    Total,
    /// Each amount.
    Line,
}

impl Tax for Gst {
    fn describe() -> Description {
        Description {
            name: "tax-nz",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec!["NZ"],
            valid_from: assess::COVERED_FROM,
            valid_to: Some(assess::COVERED_TO),
            sources: vec![
                "Goods and Services Tax Act 1985",
                "Inland Revenue, GST on low-value imported goods: a special report, August 2019",
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

purser_sdk::register_tax!(Gst);
