//! What merchants are answered.

use purser_core::{
    Timestamp,
    account::Taxpayer,
    ids::{EventId, ItemId, KeyId, MerchantId, RefundId, SaleId},
    secret::SecretText,
    tax::Registration,
};
use purser_store::{
    facts::{api_key, merchant::Merchant, offer_key::StoredOfferKey},
    read::{event::StoredEvent, purchase::StoredItem},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{app::merchant::NewOfferKey, http::answer};

/// A signed offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferMade {
    /// A compact JWS: what the buyer's purchase names.
    pub offer: String,
    /// Where a buyer can pay it.
    #[schema(format = "uri")]
    pub pay_url: String,
}

/// A key that offers are checked with.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferKeyOut {
    /// What offers name in their header.
    pub kid: String,
    /// `HS256` or `EdDSA`.
    #[schema(pattern = "^(HS256|EdDSA)$")]
    pub alg: &'static str,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<StoredOfferKey> for OfferKeyOut {
    fn from(row: StoredOfferKey) -> Self {
        Self { kid: row.kid, alg: row.alg.name(), created_at: row.created_at }
    }
}

/// A new key for offers.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferKeyMade {
    /// What offers name in their header.
    pub kid: String,
    /// `HS256` or `EdDSA`.
    #[schema(pattern = "^(HS256|EdDSA)$")]
    pub alg: &'static str,
    /// With `HS256`: the secret, whose UTF-8 bytes are the HMAC key. Shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<NewOfferKey> for OfferKeyMade {
    fn from(NewOfferKey { row, secret }: NewOfferKey) -> Self {
        let secret = secret.map(|secret| secret.expose().to_owned());
        Self { kid: row.kid, alg: row.alg.name(), secret, created_at: row.created_at }
    }
}

/// A key for the API, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKey {
    /// Its name.
    #[schema(value_type = String)]
    pub id: KeyId,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends; null if never.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

impl From<api_key::ApiKey> for ApiKey {
    fn from(row: api_key::ApiKey) -> Self {
        Self {
            id: row.id,
            scopes: row.scopes,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// A new key for the API.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewApiKey {
    /// Its name.
    #[schema(value_type = String)]
    pub id: KeyId,
    /// The key. Shown this once.
    pub key: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends; null if never.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

impl NewApiKey {
    /// The row and its key.
    pub fn of(row: api_key::ApiKey, key: &SecretText) -> Self {
        let ApiKey { id, scopes, created_at, expires_at } = row.into();
        Self { id, key: key.expose().to_owned(), scopes, created_at, expires_at }
    }
}

/// A merchant's number at a tax authority.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Registration)]
pub struct RegistrationOut {
    /// The authority.
    pub authority: String,
    /// The scheme.
    pub scheme: String,
    /// The number.
    pub number: String,
}

impl From<Registration> for RegistrationOut {
    fn from(registration: Registration) -> Self {
        let Registration { authority, scheme, number } = registration;
        Self { authority, scheme, number }
    }
}

/// How a merchant is taxed.
#[derive(Debug, Serialize, ToSchema)]
pub struct MerchantTax {
    /// Who owes the taxes of its sales.
    #[schema(pattern = "^(merchant|operator)$")]
    pub taxpayer: &'static str,
    /// Where it is registered.
    pub registrations: Vec<RegistrationOut>,
}

impl MerchantTax {
    /// Of a merchant's columns.
    pub fn of(taxpayer: Taxpayer, registrations: Vec<Registration>) -> Self {
        let taxpayer = match taxpayer {
            Taxpayer::Operator => "operator",
            Taxpayer::Merchant(_) => "merchant",
        };
        Self { taxpayer, registrations: registrations.into_iter().map(Into::into).collect() }
    }
}

/// A merchant.
#[derive(Debug, Serialize, ToSchema)]
pub struct MerchantProfile {
    /// Its name in offers.
    #[schema(value_type = String)]
    pub id: MerchantId,
    /// What people read.
    pub name: String,
    /// Where it is.
    #[schema(pattern = "^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
    pub country: String,
    /// What the gateway keeps of each net price, in percent.
    pub fee_percent: String,
    /// Taxes.
    pub tax: MerchantTax,
    /// Where buyers may be sent back to.
    pub return_origins: Vec<String>,
    /// When it was signed up.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What it is owed, in each currency that it sold in; below zero where refunds and payouts exceed the sales that it was
    /// told of.
    pub balances: Vec<answer::Money>,
}

impl MerchantProfile {
    /// A merchant with its balances.
    pub fn of(row: Merchant, balances: Vec<purser_money::Money>) -> Self {
        Self {
            id: row.id,
            name: row.name,
            country: row.country.to_string(),
            fee_percent: row.fee_percent.to_string(),
            tax: MerchantTax::of(row.taxpayer, row.registrations),
            return_origins: row.return_origins,
            created_at: row.created_at,
            balances: balances.into_iter().map(Into::into).collect(),
        }
    }
}

/// One item that was sold. It says nothing of the buyer, the purchase, or what left the vault.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sale {
    /// The item.
    #[schema(value_type = String)]
    pub item: ItemId,
    /// The merchant's part of the purchase: items bought together have the same.
    #[schema(value_type = String)]
    pub sale: SaleId,
    /// The merchant's own id of the offer.
    pub offer_id: String,
    /// What it is.
    pub title: String,
    /// The price as offered.
    pub price: answer::Money,
    /// The taxes.
    pub taxes: Vec<answer::Tax>,
    /// With tax.
    pub gross: answer::Money,
    /// What the gateway kept.
    pub fee: answer::Money,
    /// Without tax.
    pub net: answer::Money,
    /// Whether it went back.
    pub refunded: bool,
    /// When it was sold.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<StoredItem> for Sale {
    fn from(StoredItem { record, refund }: StoredItem) -> Self {
        Self {
            item: record.id,
            sale: record.sale,
            offer_id: record.offer_id,
            title: record.title,
            price: record.price.into(),
            taxes: record.taxes.iter().map(Into::into).collect(),
            gross: record.gross.into(),
            fee: record.fee.into(),
            net: record.net.into(),
            refunded: refund.is_some(),
            created_at: record.at,
        }
    }
}

/// A refund that the merchant gave.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaleRefund {
    /// Its name.
    #[schema(value_type = String)]
    pub id: RefundId,
    /// Of what.
    #[schema(value_type = String)]
    pub item: ItemId,
    /// What the merchant gave back: the item's gross, in the currency it was sold in.
    pub amount: answer::Money,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// Its name, the same in every delivery.
    #[schema(value_type = String)]
    pub id: EventId,
    /// `purchase.paid`, `refund.made`, ...
    pub r#type: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What it is about.
    #[schema(value_type = Object)]
    pub data: Value,
}

impl From<StoredEvent> for Event {
    fn from(event: StoredEvent) -> Self {
        // The gateway wrote it; a row that is no JSON is shown as nothing rather than hiding the others.
        let data = serde_json::from_str(&event.data).unwrap_or(Value::Null);
        Self { id: event.id, r#type: event.kind, created_at: event.at, data }
    }
}

/// The categories of tax laws.
#[derive(ToSchema)]
#[schema(as = Category, rename_all = "kebab-case")]
#[allow(dead_code, missing_docs, reason = "only described here; the core has the type")]
pub(super) enum CategoryName {
    General,
    DigitalService,
    Book,
    Ebook,
    Newspaper,
    Food,
    Medicine,
    Accommodation,
    Restaurant,
    PassengerTransport,
    Postage,
}

/// What a merchant's key may do.
#[derive(ToSchema)]
#[allow(dead_code, missing_docs, reason = "only described here; the list is in `app::merchant`")]
pub(super) enum Scope {
    #[schema(rename = "offers")]
    Offers,
    #[schema(rename = "sales:read")]
    SalesRead,
    #[schema(rename = "sales:refund")]
    SalesRefund,
    #[schema(rename = "webhooks")]
    Webhooks,
    #[schema(rename = "payouts:read")]
    PayoutsRead,
    #[schema(rename = "stamps:scan")]
    StampsScan,
    #[schema(rename = "keys")]
    Keys,
}
