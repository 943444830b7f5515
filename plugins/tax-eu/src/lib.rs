//! Value added tax of the European Union, the United Kingdom, Switzerland, Liechtenstein, Norway and Iceland.
//!
//! Every rate is a row with its days and its source (`rates`); where no row says what the tax is, there
//! is no sale. What this plugin decides:
//!
//! - The tax is that of the country where the buyer consumes, wherever the seller is: a seller
//!   that is not registered there files it through the one-stop shop (Directive 2006/112/EC, arts. 33 and 58).
//!   Lodging, meals and journeys are taxed where they happen, which is the seller's country
//!   (arts. 47, 48, 55). Below the threshold of art. 59c nothing is different: it is not modelled.
//! - A business with a valid number in one member state that buys from another owes the tax itself (arts. 138
//!   and 196), and so does a business anywhere that buys an electronic service from abroad. For goods from beyond a
//!   border the rules depend on the consignment's value and on registrations that a sale does not show, so
//!   the tax is charged there, as to anybody.
//! - What leaves for a country whose tax is not known here bears none (art. 146, and what its neighbours have like it). Parts of
//!   member states outside of the tax (arts. 6 and 104 to 105) have taxes of their own, and are refused.
//! - Stamps at face value are exempt (art. 135(1)(h)), in the country whose post will carry the letter.

mod assess;
mod countries;
mod file_return;
mod rates;
mod shop;

use std::collections::BTreeMap;

use purser_sdk::{
    Assessment, Description, Error, Filing, PeriodTotals, Sale, Tax, config, filing::Format,
};
use serde::Deserialize;

/// The plugin.
pub struct Vat;

/// What the operator may choose.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Whether sellers with a registration of the scheme `oss` owe the taxes of other member states to their one-stop shop,
    /// `OSS-DE`, which one return then lists, and not to each state.
    one_stop_shop: bool,
    /// The rates of categories that a law splits, by names like `IT food`.
    rates: rates::Choices,
    /// What becomes of fractions of a penny on invoices within the United Kingdom.
    british_invoices: BritishInvoices,
    /// HMRC's keys of periods, where they are not those of calendar months and quarters.
    period_keys: BTreeMap<String, String>,
    /// The form of returns that have none of their own.
    filing: Format,
}

/// What becomes of fractions of a penny.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BritishInvoices {
    /// Half a penny and more is one, once for each rate: what retailers must do, and everybody may.
    #[default]
    Nearest,
    /// The whole tax of the invoice is rounded down, which those may do who issue invoices (VAT Notice 700 para. 17.5).
    Down,
}

impl Tax for Vat {
    fn describe() -> Description {
        Description {
            name: "tax-eu",
            version: env!("CARGO_PKG_VERSION"),
            covers: countries::codes(),
            valid_from: rates::COVERED_FROM,
            valid_to: Some(rates::COVERED_TO),
            sources: rates::sources(),
        }
    }

    fn assess(sale: &Sale) -> Result<Assessment, Error> {
        assess::assess(sale, &config(&sale.attributes)?)
    }

    fn file_return(totals: &PeriodTotals) -> Result<Filing, Error> {
        file_return::file_return(totals, &config(&totals.attributes)?)
    }
}

purser_sdk::register_tax!(Vat);
