//! A merchant's signed price, made as any merchant makes one: a compact JWS with HS256.

use anyhow::{Result, anyhow};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::gateway::CLOCK_UNIX;

/// How long our offers hold: longer than any run.
const LIFETIME_S: i64 = 7 * 24 * 60 * 60;

/// Signs offers for one merchant.
#[derive(Clone)]
pub(crate) struct Signer {
    header: String,
    merchant: String,
    audience: String,
    mac: Hmac<Sha256>,
}

impl Signer {
    /// `secret` is the `offer_key.secret` as it was shown: its UTF-8 bytes are the key.
    pub(crate) fn new(merchant: &str, audience: &str, kid: &str, secret: &str) -> Result<Self> {
        let header = format!(r#"{{"typ":"offer+jwt","alg":"HS256","kid":"{kid}"}}"#);
        let mac =
            Hmac::new_from_slice(secret.as_bytes()).map_err(|_| anyhow!("no key for HMAC"))?;
        Ok(Self {
            header: BASE64_URL_SAFE_NO_PAD.encode(header),
            merchant: merchant.to_owned(),
            audience: audience.to_owned(),
            mac,
        })
    }

    /// An offer of one item at a net price in euro cents.
    pub(crate) fn sign(&self, id: &str, price_minor: i64) -> String {
        let Self { merchant, audience, .. } = self;
        let (iat, exp) = (CLOCK_UNIX, CLOCK_UNIX + LIFETIME_S);
        let (euros, cents) = (price_minor / 100, price_minor % 100);
        let claims = format!(
            r#"{{"iss":"{merchant}","aud":"{audience}","jti":"{id}","iat":{iat},"exp":{exp},"item":{{"id":"{id}","title":"A notebook","category":"general"}},"price":{{"amount":"{euros}.{cents:02}","currency":"EUR"}}}}"#
        );
        let mut offer = format!("{}.{}", self.header, BASE64_URL_SAFE_NO_PAD.encode(claims));
        let mut mac = self.mac.clone();
        mac.update(offer.as_bytes());
        offer.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(mac.finalize().into_bytes(), &mut offer);
        offer
    }
}
