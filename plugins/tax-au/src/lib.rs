//! Goods and services tax of Australia, for sellers there and abroad.
//!
//! - Ten per cent; what Division 38 makes GST-free bears none: food for people, and medicines that need a prescription
//!   or a pharmacist. Prepared food, sweets and other medicines are `general`.
//! - Rounded by s 9-90, a half cent up: the sum of the invoice, or each supply and then the sum, as the seller chooses:
//!   `{"rounding": "taxable-supply"}`.
//! - Services over the network from abroad are taxed to consumers (s 9-25(5)(d)), and so are goods of up to
//!   1000 dollars each (s 84-75), which for sales in other currencies the operator states: `{"low_value": {"USD": "650.00"}}`.
//!   Customs taxes what is worth more. Who gives an Australian Business Number is no consumer, and is not charged.
//! - What leaves Australia is GST-free (ss 38-185 and 38-190).

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
    /// A thousand Australian dollars in other currencies.
    low_value: LowValue,
    /// The form of the return.
    filing: filing::Format,
}

/// The seller's choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rounding {
    /// The unrounded amounts of the invoice are summed, and the sum is rounded: s 9-90(2)(a).
    #[default]
    TotalInvoice,
    /// The amount of each supply is rounded to the cent: s 9-90(2)(b), for an accounting system of two decimals.
    TaxableSupply,
}

impl Tax for Gst {
    fn describe() -> Description {
        Description {
            name: "tax-au",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec!["AU"],
            valid_from: assess::COVERED_FROM,
            valid_to: Some(assess::COVERED_TO),
            sources: vec![
                "A New Tax System (Goods and Services Tax) Act 1999",
                "ATO LCR 2018/1, GST on low value imported goods",
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
