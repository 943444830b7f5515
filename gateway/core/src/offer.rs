//! Offers: a merchant's signed price, so that it cannot change between shop and till.
//!
//! An offer is a compact JWS of type `offer+jwt`, made by any JWT library with the merchant's offer
//! secret (HS256) or a private key whose public half is registered (EdDSA). It is opened in two
//! steps, because keys are in a database:
//!
//! 1. [`Sealed::parse`] takes it apart and tells which key it claims; nothing of it is believed.
//! 2. [`Sealed::open`] checks, in this order, the MAC with that key's algorithm and that the key is
//!    the issuer's, the audience, the times, and the content. The first failure is the answer.
//!
//! ```
//! use purser_core::{
//!     ids::MerchantId,
//!     offer::{ItemClaims, OfferClaims, OfferKey, OfferSecret, Sealed},
//! };
//! # use purser_core::{money::{Currency, Money}, secret::Secret, tax::Category};
//!
//! let (merchant, gateway) = (MerchantId::from_random(1), "https://pay.example");
//! let now_s = 1_719_570_000;
//! let claims = OfferClaims {
//!     iss: merchant,
//!     aud: gateway.into(),
//!     jti: "offer-1".into(),
//!     iat: now_s,
//!     exp: now_s + 600,
//!     item: ItemClaims {
//!         id: "sku-1".into(),
//!         title: "A book".into(),
//!         category: Category::Book,
//!         url: None,
//!     },
//!     price: Money::parse("10.00", Currency::parse("EUR")?)?,
//!     tax_inclusive: false,
//!     single_use: true,
//!     refund_window_days: None,
//!     return_url: None,
//! };
//! let secret = OfferSecret::from_random(&Secret::new([7; 32]));
//! let offer = claims.sign_hs256("key_1", &secret)?;
//!
//! let sealed = Sealed::parse(&offer)?;
//! assert_eq!((sealed.kid(), sealed.issuer()), ("key_1", merchant));
//! let opened = sealed.open(&OfferKey::Hs256(secret), merchant, gateway, now_s)?;
//! assert_eq!(opened.price, claims.price);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use purser_money::{Money, MoneyError};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    ids::MerchantId,
    jws::{Compact, KeyError, NotGenuine, PublicKey, encode, from_json},
    secret::{Secret, SecretText},
    tax::Category,
};

mod content;

/// The type of the JWS.
pub const OFFER_TYP: &str = "offer+jwt";
/// Several times what the longest claims need; 50 of them still are a small request.
const OFFER_BYTES_MAX: usize = 8 * 1024;
/// Clocks of shops drift; a minute is more than any that is kept at all.
const ISSUED_AHEAD_S_MAX: i64 = 60;
/// RFC 7518, section 3.2: an HMAC key has at least the size of the hash.
const SECRET_BYTES_MIN: usize = 32;
/// HMAC hashes longer secrets anyway.
const SECRET_BYTES_MAX: usize = 1024;
/// A token for several gateways may name a few of them.
const AUDIENCES_MAX: usize = 8;

/// Why an offer is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// It cannot be read, the key is not the issuer's, or the signature is wrong: deliberately all
    /// alike.
    #[error("the offer is not as the merchant signed it; ask the shop for a new one")]
    Tampered,
    /// It was made for another gateway.
    #[error("the offer's aud is not this gateway's issuer")]
    NotForThisGateway,
    /// It is not valid now.
    #[error("{0}")]
    Expired(TimeFault),
    /// It is genuine, but says something that cannot be sold.
    #[error("the offer's {field} {fault}")]
    Content {
        /// The claim, such as `item.title`.
        field: &'static str,
        /// What is wrong with it.
        fault: ContentFault,
    },
}

impl From<NotGenuine> for OfferError {
    fn from(_: NotGenuine) -> Self {
        Self::Tampered
    }
}

/// What is wrong with the times of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    /// `exp` is reached.
    #[error("the offer has expired; ask the shop for a new one")]
    Past,
    /// `nbf` is not reached.
    #[error("the offer is not valid yet")]
    NotYet,
    /// `iat` is more than a minute ahead.
    #[error("the offer was issued in the future; set the clock of the shop")]
    IssuedAhead,
    /// A time that is missing, or is no whole number.
    #[error("the offer's {0} is missing or no whole number of seconds since 1970")]
    Malformed(&'static str),
}

/// What is wrong with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentFault {
    /// A required claim that is not there.
    #[error("is missing")]
    Missing,
    /// A claim of another kind.
    #[error("is not {0}")]
    Not(&'static str),
    /// An amount or a currency that is none, or one above what can be held.
    #[error("cannot be used: {0}")]
    Amount(#[from] MoneyError),
    /// An amount of zero.
    #[error("is not above zero")]
    NotPositive,
}

/// A merchant's offer secret: text of at least 32 bytes, whose UTF-8 bytes are the HMAC key.
#[derive(Clone)]
pub struct OfferSecret(SecretText);

impl OfferSecret {
    /// A new secret: 32 random bytes in base64url, 43 characters.
    pub fn from_random(random: &Secret<32>) -> Self {
        Self(SecretText::new(BASE64URL_NOPAD.encode(random.expose())))
    }

    /// A secret as it was stored or shown.
    pub fn new(text: SecretText) -> Result<Self, KeyError> {
        match text.expose().len() {
            SECRET_BYTES_MIN..=SECRET_BYTES_MAX => Ok(Self(text)),
            _ => Err(KeyError::SecretLength),
        }
    }

    /// The text, to be shown once or encrypted for storage.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// What an offer is checked with. The key says which algorithm, never the offer.
#[derive(Clone)]
pub enum OfferKey {
    /// HMAC-SHA-256 with the merchant's offer secret.
    Hs256(OfferSecret),
    /// An Ed25519 key that the merchant registered.
    EdDsa(PublicKey),
}

impl OfferKey {
    /// The name of the algorithm.
    pub const fn alg(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::EdDsa(_) => "EdDSA",
        }
    }
}

/// An offer that was taken apart and not yet checked.
pub struct Sealed<'a> {
    token: Compact<'a>,
    issuer: MerchantId,
    claims: Map<String, Value>,
}

/// A genuine offer that is valid now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The merchant's id for it, 1 to 128 characters.
    pub id: String,
    /// When it was issued, in seconds since 1970.
    pub issued_at_s: i64,
    /// When it ends to be valid, in seconds since 1970.
    pub expires_at_s: i64,
    /// What is sold.
    pub item: OfferedItem,
    /// For how much; above zero.
    pub price: Money,
    /// Whether the price contains the taxes.
    pub tax_inclusive: bool,
    /// Whether it can be bought only once.
    pub single_use: bool,
    /// The merchant's own refund window; 0 is a final sale.
    pub refund_window_days: Option<u32>,
    /// Where the buyer goes after paying. Whether the merchant registered its origin is checked
    /// elsewhere.
    pub return_url: Option<Url>,
}

/// What is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedItem {
    /// The merchant's id for it, 1 to 128 characters.
    pub id: String,
    /// What people read, 1 to 200 characters.
    pub title: String,
    /// What it is to the tax law.
    pub category: Category,
    /// Where it is shown; http or https.
    pub url: Option<Url>,
}

impl<'a> Sealed<'a> {
    /// Takes an offer apart. Whatever cannot be read, or names no merchant, is
    /// [`OfferError::Tampered`].
    pub fn parse(offer: &'a str) -> Result<Self, OfferError> {
        let token = Compact::parse(offer, OFFER_TYP, OFFER_BYTES_MAX)?;
        let claims: Map<String, Value> = from_json(&token.payload).ok_or(OfferError::Tampered)?;
        let issuer = claims.get("iss").and_then(Value::as_str).ok_or(OfferError::Tampered)?;
        let issuer = issuer.parse().map_err(|_| OfferError::Tampered)?;
        Ok(Self { token, issuer, claims })
    }

    /// The key it claims to be signed with: 1 to 128 visible ASCII characters.
    pub fn kid(&self) -> &str {
        &self.token.kid
    }

    /// The merchant it claims to come from.
    pub const fn issuer(&self) -> MerchantId {
        self.issuer
    }

    /// Checks it with the key of that `kid`, which belongs to `merchant`, for the gateway whose
    /// issuer is `audience`, at `now_s` seconds since 1970.
    pub fn open(
        &self,
        key: &OfferKey,
        merchant: MerchantId,
        audience: &str,
        now_s: i64,
    ) -> Result<Offer, OfferError> {
        self.check_mac(key)?;
        if self.issuer != merchant {
            return Err(OfferError::Tampered);
        }
        self.check_audience(audience)?;
        let (issued_at_s, expires_at_s) = self.check_times(now_s).map_err(OfferError::Expired)?;
        content::read(&self.claims, (issued_at_s, expires_at_s), now_s)
    }

    fn check_mac(&self, key: &OfferKey) -> Result<(), OfferError> {
        let genuine = match key {
            OfferKey::Hs256(secret) => {
                let key = DecodingKey::from_secret(secret.expose().as_bytes());
                self.token.is_signed_by(&key, Algorithm::HS256)
            }
            OfferKey::EdDsa(key) => self.token.is_signed_by(&key.decoding_key(), Algorithm::EdDSA),
        };
        if genuine { Ok(()) } else { Err(OfferError::Tampered) }
    }

    /// One audience or a few, as RFC 7519 allows; this gateway must be among them.
    fn check_audience(&self, audience: &str) -> Result<(), OfferError> {
        let named = match self.claims.get("aud") {
            Some(Value::String(named)) => named == audience,
            Some(Value::Array(named)) => {
                named.len() <= AUDIENCES_MAX
                    && named.iter().all(Value::is_string)
                    && named.iter().any(|named| named.as_str() == Some(audience))
            }
            _ => false,
        };
        if named { Ok(()) } else { Err(OfferError::NotForThisGateway) }
    }

    /// The latest second, up to now, at which it is not over by what it says: for who comes too late, and wants to know whose
    /// it was.
    pub fn not_over_s(&self, now_s: i64) -> i64 {
        let expires_at_s = self.claims.get("exp").and_then(Value::as_i64);
        expires_at_s.map_or(now_s, |expires_at_s| now_s.min(expires_at_s.saturating_sub(1)))
    }

    /// The times of issue and expiry. Valid up to, but not at, `exp` (RFC 7519, section 4.1.4).
    fn check_times(&self, now_s: i64) -> Result<(i64, i64), TimeFault> {
        let time = |claim| {
            let seconds =
                self.claims.get(claim).and_then(Value::as_i64).filter(|seconds| *seconds >= 0);
            seconds.ok_or(TimeFault::Malformed(claim))
        };
        let (issued_at_s, expires_at_s) = (time("iat")?, time("exp")?);
        if now_s >= expires_at_s {
            return Err(TimeFault::Past);
        }
        if issued_at_s > now_s.saturating_add(ISSUED_AHEAD_S_MAX) {
            return Err(TimeFault::IssuedAhead);
        }
        if self.claims.contains_key("nbf") && time("nbf")? > now_s {
            return Err(TimeFault::NotYet);
        }
        Ok((issued_at_s, expires_at_s))
    }
}

/// The claims of an offer that the gateway signs for a merchant. They are not checked here: open
/// the result, as any other offer, to have a wrong field named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfferClaims {
    /// The merchant.
    pub iss: MerchantId,
    /// The gateway's issuer.
    pub aud: String,
    /// The merchant's id for the offer.
    pub jti: String,
    /// When it is issued, in seconds since 1970.
    pub iat: i64,
    /// When it ends to be valid, in seconds since 1970.
    pub exp: i64,
    /// What is sold.
    pub item: ItemClaims,
    /// For how much.
    pub price: Money,
    /// Whether the price contains the taxes.
    #[serde(skip_serializing_if = "is_default")]
    pub tax_inclusive: bool,
    /// Whether it can be bought only once.
    #[serde(skip_serializing_if = "is_default")]
    pub single_use: bool,
    /// The merchant's own refund window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_window_days: Option<u32>,
    /// Where the buyer goes after paying.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

/// The `item` of [`OfferClaims`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemClaims {
    /// The merchant's id for it.
    pub id: String,
    /// What people read.
    pub title: String,
    /// What it is to the tax law.
    #[serde(skip_serializing_if = "is_default")]
    pub category: Category,
    /// Where it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl OfferClaims {
    /// Signs them with the merchant's offer secret.
    pub fn sign_hs256(&self, kid: &str, secret: &OfferSecret) -> Result<String, KeyError> {
        let key = EncodingKey::from_secret(secret.expose().as_bytes());
        encode(Algorithm::HS256, OFFER_TYP, kid, self, &key)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
