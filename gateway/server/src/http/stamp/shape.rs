//! Stamps as clients see them.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use purser_core::{
    Date, Timestamp,
    ids::{ItemId, MerchantId, RefundId, StampId},
    stamp::{self, StampState, Use},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::stamp::{quote::Quoted, void::Voided},
    http::answer::{Money, Tax},
};

/// What a piece can be sent by, the cheapest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct StampQuotes {
    /// Each service that carries it.
    pub data: Vec<StampQuote>,
}

/// One service, and what it would cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct StampQuote {
    /// What to ask for.
    pub service: String,
    /// What it is.
    pub title: String,
    /// The face value.
    pub price: Money,
    /// The taxes within it: postage is exempt.
    pub taxes: Vec<Tax>,
    /// The price with tax.
    pub gross: Money,
    /// What would leave the vault.
    pub charged: Money,
    /// The upper end of the weight step that is priced, in grams.
    pub weight_step_g: u32,
    /// For how many days a stamp is good, the first included.
    pub valid_days: u16,
    /// `full`: anyone verifies it with the vendor's public key. `lite`: a smaller mark that the gateway verifies.
    #[schema(value_type = String, example = "full")]
    pub symbol: &'static str,
}

impl StampQuote {
    /// The quote; a basket of one item always gives one.
    pub fn of(quoted: &Quoted) -> Option<Self> {
        let item = quoted.basket.items.first()?;
        let product = &quoted.product;
        Some(Self {
            service: product.service.to_string(),
            title: product.title.clone(),
            price: product.price.into(),
            taxes: item.taxed.taxes.iter().map(Into::into).collect(),
            gross: item.price.gross.into(),
            charged: item.price.charged.into(),
            weight_step_g: product.weight_step_g,
            valid_days: product.valid_days,
            symbol: product.symbol.name(),
        })
    }
}

/// A stamp.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stamp {
    /// Its name.
    #[schema(value_type = String)]
    pub id: StampId,
    /// The item of its purchase: what a refund asks for.
    #[schema(value_type = String)]
    pub item: ItemId,
    /// The merchant that sold it.
    #[schema(value_type = String)]
    pub vendor: MerchantId,
    /// What it is good for.
    pub service: String,
    /// What people call it by; null while it is being issued.
    #[schema(required = true)]
    pub serial: Option<String>,
    /// What the symbol holds, in standard base64; null while it is being issued.
    #[schema(required = true)]
    pub indicium: Option<String>,
    /// `full` or `lite`; null while it is being issued.
    #[schema(required = true)]
    pub symbol: Option<String>,
    /// The item number of the Universal Postal Union; null where the service has none, and while it is being issued.
    #[schema(required = true)]
    pub s10: Option<String>,
    /// Its number in the vendor's register of this currency.
    pub piece: u64,
    /// The face value.
    pub price: Money,
    /// The last day on which it is good.
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
    /// `issuing`, `issued`, `used`, `void-pending` or `void`.
    #[schema(value_type = String, example = "issued")]
    pub status: &'static str,
    /// When it was paid.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was scanned first, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_scanned_at: Option<Timestamp>,
    /// When the money for it comes back, if it was given back and its vendor waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub void_due_at: Option<Timestamp>,
}

impl From<&stamp::Stamp> for Stamp {
    fn from(stamp: &stamp::Stamp) -> Self {
        let record = &stamp.record;
        let (issue, used) = match &stamp.state {
            StampState::Issued(issue, used) => (Some(issue), Some(used)),
            StampState::Issuing | StampState::Failed(_) => (None, None),
        };
        Self {
            id: record.id,
            item: record.item,
            vendor: record.vendor,
            service: record.service.clone(),
            serial: issue.map(|issue| issue.serial.clone()),
            indicium: issue.map(|issue| BASE64.encode(&issue.indicium)),
            symbol: issue.map(|issue| issue.symbol.clone()),
            s10: issue.and_then(|issue| issue.s10.clone()),
            piece: record.piece,
            price: record.price.into(),
            valid_until: record.expires_on,
            status: stamp.status(),
            created_at: record.at,
            first_scanned_at: match used {
                Some(Use::Used(seen)) => Some(seen.at),
                Some(Use::Unused | Use::VoidPending { .. } | Use::Void) | None => None,
            },
            void_due_at: match used {
                Some(Use::VoidPending { due_at, .. }) => Some(*due_at),
                Some(Use::Unused | Use::Used(_) | Use::Void) | None => None,
            },
        }
    }
}

/// A stamp that was given back.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoidedStamp {
    /// The stamp: `void`, or `void-pending` while its vendor waits for scans that come late.
    #[serde(flatten)]
    pub stamp: Stamp,
    /// The refund; null while the vendor waits.
    #[schema(required = true)]
    pub refund: Option<VoidRefund>,
}

/// What came back for a stamp.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoidRefund {
    /// Its name.
    #[schema(value_type = String)]
    pub id: RefundId,
    /// What came back.
    pub credited: Money,
}

impl From<Voided> for VoidedStamp {
    fn from(voided: Voided) -> Self {
        let refund = voided.credited;
        Self {
            stamp: Stamp::from(&voided.stamp),
            refund: refund.map(|(id, credited)| VoidRefund { id, credited: credited.into() }),
        }
    }
}

/// The public keys of all vendors.
#[derive(Debug, Serialize, ToSchema)]
pub struct StampKeys {
    /// The oldest first. The newest of a vendor signs, all of them verify.
    pub keys: Vec<StampKey>,
}

/// A public key of a vendor, as a JWK (RFC 8037).
#[derive(Debug, Serialize, ToSchema)]
pub struct StampKey {
    /// `OKP`.
    kty: &'static str,
    /// `Ed25519`.
    crv: &'static str,
    /// `sig`.
    #[serde(rename = "use")]
    usage: &'static str,
    /// `EdDSA`.
    alg: &'static str,
    /// `key_id` as text.
    kid: String,
    /// The 32 bytes of the key, in base64url.
    x: String,
    /// What stamps name the key by.
    key_id: u32,
    /// What stamps name the vendor by.
    vendor: u32,
    /// The vendor.
    #[schema(value_type = String)]
    merchant: MerchantId,
    /// From when on it signs.
    #[schema(value_type = String, format = DateTime)]
    valid_from: Timestamp,
}

impl From<purser_store::facts::stamp_key::StampKey> for StampKey {
    fn from(key: purser_store::facts::stamp_key::StampKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: key.id.to_string(),
            x: BASE64URL_NOPAD.encode(&key.public),
            key_id: key.id,
            vendor: key.vendor_number,
            merchant: key.vendor,
            valid_from: key.created_at,
        }
    }
}
