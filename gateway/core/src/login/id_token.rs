//! ID tokens: the gateway's signed word, to one shop, on who logged in.
//!
//! All that is said of the buyer is made for that shop and nothing else: a pairwise name, and a user name and an
//! e-mail that are derived from it, because software of shops wants such. Neither is the buyer's.

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::{Host, Url};

use super::scope::Scopes;
use crate::jws::{Compact, KeyError, Keyring, NotGenuine, RsaKey, SigningKey, from_json};

/// The type of the JWS: libraries expect no other.
const TYP: &str = "JWT";
/// An ID token has some 800 bytes.
const TOKEN_BYTES_MAX: usize = 4_096;
/// Bits of an alias, in bytes: 120, so that no two are ever the same.
const ALIAS_BYTES: usize = 15;
/// What follows the alias where the gateway has no name of its own. No mail ever gets there (RFC 2606).
const NO_DOMAIN: &str = "purser.invalid";

/// What an ID token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdTokenClaims<'a> {
    /// The gateway.
    pub iss: &'a str,
    /// The client.
    pub aud: String,
    /// When, in seconds since 1970: by the machine's clock, which the shop compares with its own.
    pub iat: i64,
    /// Until when.
    pub exp: i64,
    /// When the buyer signed in, if the shop asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// What the shop wanted to find here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    /// Who.
    #[serde(flatten)]
    pub who: Identity,
}

/// What a shop sees of a buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The buyer, as this shop knows it.
    pub sub: String,
    /// A user name, made from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// An e-mail that nobody reads, made from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Identity {
    /// What these scopes show of a buyer with this name at this shop.
    pub fn new(sub: String, scopes: Scopes, issuer: &str) -> Self {
        let alias = alias(&sub);
        let email = scopes.email.then(|| format!("{alias}@{}", domain(issuer)));
        Self { preferred_username: scopes.profile.then_some(alias), email, sub }
    }
}

/// A name that any software takes: lower case, and a letter first.
fn alias(sub: &str) -> String {
    let hash = Sha256::digest(sub);
    let bytes: Vec<u8> = hash.iter().copied().take(ALIAS_BYTES).collect();
    format!("buyer-{}", BASE32_NOPAD.encode(&bytes).to_lowercase())
}

/// The gateway's own domain, where it has one that can stand in an e-mail.
fn domain(issuer: &str) -> String {
    let url = Url::parse(issuer).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) if name.contains('.') => name.to_owned(),
        Some(Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_)) | None => NO_DOMAIN.to_owned(),
    }
}

impl IdTokenClaims<'_> {
    /// Signs it with the key of receipts.
    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        key.sign(TYP, self)
    }

    /// Signs it with RSA.
    pub fn sign_rs256(&self, key: &RsaKey) -> Result<String, KeyError> {
        key.sign(TYP, self)
    }
}

/// An ID token that comes back as a hint of who is meant. It may have expired: that is when it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Hint {
    /// Who said it.
    pub iss: String,
    /// To which client.
    pub aud: String,
    /// Of whom.
    pub sub: String,
}

impl Hint {
    /// Reads an ID token that this gateway signed.
    pub fn read(token: &str, keys: &Keyring, rsa: Option<&RsaKey>) -> Result<Self, NotGenuine> {
        let token = Compact::parse(token, TYP, TOKEN_BYTES_MAX)?;
        let rsa = rsa.filter(|key| key.kid() == token.kid);
        let genuine = match rsa {
            Some(key) => key.has_signed(&token),
            None => keys.have_signed(&token),
        };
        if genuine { from_json(&token.payload).ok_or(NotGenuine) } else { Err(NotGenuine) }
    }
}
