//! What clients are answered: the shapes of the contract, made from the core's own types.
//!
//! Here are those that every audience meets; what only buyers see is in the files beside, what only merchants and
//! operators see is beside their calls.

use purser_core::tax::ItemTax;
use purser_store::read::page::Paged;
use serde::Serialize;
use utoipa::ToSchema;

mod movement;
mod purchase;
mod vault;

pub use movement::{Erased, LegOut, Load, Refund, Transaction, Transfer};
pub use purchase::{Item, Purchase, Quote, QuotedItem, SaleReceipt};
pub use vault::{Compensation, RefundAccount, Vault, VaultStatus};

/// An amount with all decimals of its currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Money {
    /// A decimal string; below zero only where a balance or a correction can be.
    #[schema(pattern = r"^-?(0|[1-9]\d*)(\.\d+)?$", example = "12.34")]
    pub amount: String,
    /// Three capital letters of ISO 4217.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: purser_money::Currency,
}

impl From<purser_money::Money> for Money {
    fn from(money: purser_money::Money) -> Self {
        Self { amount: money.amount(), currency: money.currency() }
    }
}

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// What to give as `after` for the next page; null on the last.
    #[schema(required = true)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page, its rows made into answers.
    pub fn of<R>(page: Paged<R>, answer: impl FnMut(R) -> T) -> Self {
        Self { data: page.rows.into_iter().map(answer).collect(), next: page.next }
    }
}

/// One tax on one item.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tax {
    /// As printed on a receipt in the country.
    pub name: String,
    /// The place whose tax it is.
    pub jurisdiction: String,
    /// The category it was judged by.
    pub category: String,
    /// Why this rate: `standard`, `reduced`, `reverse-charge`, ...
    pub reason: String,
    /// Percent.
    #[schema(example = "19")]
    pub rate: String,
    /// The item's share of the base.
    pub base: Money,
    /// The item's share of the tax.
    pub tax: Money,
}

impl From<&ItemTax> for Tax {
    fn from(tax: &ItemTax) -> Self {
        Self {
            name: tax.name.clone(),
            jurisdiction: tax.jurisdiction.clone(),
            category: tax.category.clone(),
            reason: tax.reason.clone(),
            rate: tax.rate.to_string(),
            base: tax.base.into(),
            tax: tax.tax.into(),
        }
    }
}
