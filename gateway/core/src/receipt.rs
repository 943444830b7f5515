//! Receipts: the gateway's signed proof of a purchase, one for the buyer and one for each merchant.
//!
//! The buyer's names no person. A merchant's holds only its own items, not what left the vault, and
//! knows the buyer by a [`pairwise_subject`]: the same at each visit, useless at any other
//! merchant. Either is checked with the published keys, without asking.

use data_encoding::BASE64URL_NOPAD;
use purser_money::Money;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, ItemId, MerchantId, PurchaseId, SaleId},
    jws::{KeyError, Keyring, NotGenuine, SigningKey},
    record::ItemRecord,
    secret::{HashKey, keyed_hash_of},
    tax::ItemTax,
};

/// The type of the JWS.
pub const RECEIPT_TYP: &str = "receipt+jwt";

/// What the buyer gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuyerReceipt {
    /// The gateway.
    pub iss: String,
    /// The purchase.
    #[serde(rename = "jti")]
    pub purchase: PurchaseId,
    /// When, in seconds since 1970.
    pub iat: i64,
    /// What was bought, in request order.
    pub items: Vec<BoughtItem>,
    /// What left the vault.
    pub total: Money,
    /// Whether it is a test: no money moved in the world.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
}

/// What one merchant gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantReceipt {
    /// The gateway.
    pub iss: String,
    /// The merchant.
    pub aud: MerchantId,
    /// The buyer, as this merchant knows it.
    pub sub: String,
    /// The merchant's part of the purchase.
    pub sale: SaleId,
    /// When, in seconds since 1970.
    pub iat: i64,
    /// What was sold, in request order.
    pub items: Vec<SoldItem>,
    /// What the buyer paid for it, in the merchant's currency: one amount for each currency among
    /// the items.
    pub totals: Vec<Money>,
    /// The seller's tax numbers, each with its authority in front, such as `DE 136695976`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seller_tax_numbers: Vec<String>,
    /// Whether it is a test.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
}

/// An item as its merchant sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldItem {
    /// Its name.
    pub id: ItemId,
    /// The offer, by the merchant's own id.
    pub offer_id: String,
    /// What it is.
    pub title: String,
    /// The price as offered.
    pub price: Money,
    /// The taxes.
    pub taxes: Vec<ItemTax>,
    /// The price with tax.
    pub gross: Money,
}

/// An item as its buyer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoughtItem {
    /// Whose it was.
    pub merchant: MerchantId,
    /// What the merchant sees too.
    #[serde(flatten)]
    pub sold: SoldItem,
    /// What left the vault for it.
    pub charged: Money,
    /// Units of account for one unit of the price's currency.
    pub rate: String,
}

impl From<&ItemRecord> for SoldItem {
    fn from(item: &ItemRecord) -> Self {
        Self {
            id: item.id,
            offer_id: item.offer_id.clone(),
            title: item.title.clone(),
            price: item.price,
            taxes: item.taxes.clone(),
            gross: item.gross,
        }
    }
}

impl From<&ItemRecord> for BoughtItem {
    fn from(item: &ItemRecord) -> Self {
        Self {
            merchant: item.merchant,
            sold: item.into(),
            charged: item.charged,
            rate: item.rate.clone(),
        }
    }
}

impl BuyerReceipt {
    /// Signs it.
    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        key.sign(RECEIPT_TYP, self)
    }

    /// Reads a receipt that one of these keys signed.
    pub fn verify(receipt: &str, keys: &Keyring) -> Result<Self, NotGenuine> {
        keys.verify(RECEIPT_TYP, receipt)
    }
}

impl MerchantReceipt {
    /// Signs it.
    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        key.sign(RECEIPT_TYP, self)
    }

    /// Reads a receipt that one of these keys signed.
    pub fn verify(receipt: &str, keys: &Keyring) -> Result<Self, NotGenuine> {
        keys.verify(RECEIPT_TYP, receipt)
    }
}

/// What a merchant knows a buyer by: `base64url(HMAC(key, merchant id || account id))`, each part
/// with its length. The key never changes, or every shop would lose its customers.
pub fn pairwise_subject(key: &HashKey, merchant: MerchantId, account: AccountId) -> String {
    let parts = [merchant.to_string(), account.to_string()];
    let hash =
        keyed_hash_of(key, "pairwise subject", &parts.each_ref().map(|part| part.as_bytes()));
    BASE64URL_NOPAD.encode(hash.as_bytes())
}
