//! Purchases, and quotes of what they would cost.

use purser_core::{
    Timestamp,
    ids::{ItemId, MerchantId, PurchaseId},
    record::ItemRecord,
};
use purser_store::read::purchase::StoredPurchase;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Money, Tax};
use crate::app::basket::{Basket, BasketItem};

/// What a purchase would cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct Quote {
    /// What would leave the vault.
    pub total: Money,
    /// In request order.
    pub items: Vec<QuotedItem>,
}

/// An item of a quote.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotedItem {
    /// The merchant's own id of the offer.
    pub offer_id: String,
    /// The merchant.
    #[schema(value_type = String)]
    pub merchant: MerchantId,
    /// What it is.
    pub title: String,
    /// The price as offered.
    pub price: Money,
    /// The taxes.
    pub taxes: Vec<Tax>,
    /// The price with tax.
    pub gross: Money,
    /// What would leave the vault for it.
    pub charged: Money,
    /// Units of account for one unit of the price's currency, for display.
    pub rate: String,
}

impl From<&Basket> for Quote {
    fn from(basket: &Basket) -> Self {
        Self { total: basket.total.into(), items: basket.items.iter().map(Into::into).collect() }
    }
}

impl From<&BasketItem> for QuotedItem {
    fn from(item: &BasketItem) -> Self {
        Self {
            offer_id: item.offer.id.clone(),
            merchant: item.merchant.id,
            title: item.offer.item.title.clone(),
            price: item.offer.price.into(),
            taxes: item.taxed.taxes.iter().map(Into::into).collect(),
            gross: item.price.gross.into(),
            charged: item.price.charged.into(),
            rate: item.rate.clone(),
        }
    }
}

/// A purchase.
#[derive(Debug, Serialize, ToSchema)]
pub struct Purchase {
    /// Its name, which no merchant learns.
    #[schema(value_type = String)]
    pub id: PurchaseId,
    /// `paid`.
    pub status: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What left the vault.
    pub total: Money,
    /// In request order.
    pub items: Vec<Item>,
    /// The buyer's signed receipt, a compact JWS.
    pub receipt: String,
    /// Each merchant's own signed receipt.
    pub receipts: Vec<SaleReceipt>,
}

/// One merchant's receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaleReceipt {
    /// Whose.
    #[schema(value_type = String)]
    pub merchant: MerchantId,
    /// A compact JWS.
    pub receipt: String,
}

/// One offer bought within a purchase.
#[derive(Debug, Serialize, ToSchema)]
pub struct Item {
    /// Its name: what a refund asks for.
    #[schema(value_type = String)]
    pub id: ItemId,
    /// The merchant's own id of the offer.
    pub offer_id: String,
    /// The merchant.
    #[schema(value_type = String)]
    pub merchant: MerchantId,
    /// What it is.
    pub title: String,
    /// The price as offered.
    pub price: Money,
    /// The taxes.
    pub taxes: Vec<Tax>,
    /// The price with tax.
    pub gross: Money,
    /// What left the vault for it, and comes back with a refund.
    pub charged: Money,
    /// Units of account for one unit of the price's currency, for display.
    pub rate: String,
    /// Whether it went back.
    pub refunded: bool,
}

impl From<StoredPurchase> for Purchase {
    fn from(StoredPurchase { record, items }: StoredPurchase) -> Self {
        let receipt = |(merchant, receipt)| SaleReceipt { merchant, receipt };
        Self {
            id: record.id,
            status: "paid",
            created_at: record.at,
            total: record.total.into(),
            items: items.iter().map(|item| Item::of(&item.record, item.refund.is_some())).collect(),
            receipt: record.receipt,
            receipts: record.sale_receipts.into_iter().map(receipt).collect(),
        }
    }
}

impl Item {
    fn of(item: &ItemRecord, refunded: bool) -> Self {
        Self {
            id: item.id,
            offer_id: item.offer_id.clone(),
            merchant: item.merchant,
            title: item.title.clone(),
            price: item.price.into(),
            taxes: item.taxes.iter().map(Into::into).collect(),
            gross: item.gross.into(),
            charged: item.charged.into(),
            rate: item.rate.clone(),
            refunded,
        }
    }
}
