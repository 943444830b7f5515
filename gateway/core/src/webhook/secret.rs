//! What an endpoint and the gateway share, and the signatures that it makes.

use aws_lc_rs::hmac;
use data_encoding::{BASE64, BASE64_NOPAD};

use crate::secret::{SecretBytes, SecretText};

/// What an endpoint and the gateway share: 24 to 64 bytes, as Standard Webhooks says.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(SecretBytes);

/// Text that is no secret of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook's secret is `whsec_` and the base64 of 24 to 64 bytes")]
pub struct NotASecret;

const PREFIX: &str = "whsec_";

impl WebhookSecret {
    /// A new one, of random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(SecretBytes::new(bytes.to_vec()))
    }

    /// One that was stored.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, NotASecret> {
        let bytes = SecretBytes::new(bytes);
        if (24..=64).contains(&bytes.expose().len()) { Ok(Self(bytes)) } else { Err(NotASecret) }
    }

    /// Reads `whsec_...`, with the padding of its base64 or without.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let text = text.strip_prefix(PREFIX).ok_or(NotASecret)?.trim_end_matches('=');
        Self::from_bytes(BASE64_NOPAD.decode(text.as_bytes()).map_err(|_| NotASecret)?)
    }

    /// The bytes, to be stored encrypted.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// `whsec_...`, to be shown once.
    pub fn text(&self) -> SecretText {
        SecretText::new(format!("{PREFIX}{}", BASE64.encode(self.0.expose())))
    }

    /// The signature of a message that is sent at `timestamp_s`, in seconds since 1970.
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        let mut context = hmac::Context::with_key(&key);
        context.update(format!("{id}.{timestamp_s}.").as_bytes());
        context.update(body);
        format!("v1,{}", BASE64.encode(context.sign().as_ref()))
    }
}

/// The header with the signatures of all secrets that are valid: whoever knows one of them verifies the message.
pub fn signature_header(
    secrets: &[WebhookSecret],
    id: &str,
    timestamp_s: i64,
    body: &[u8],
) -> String {
    let signatures = secrets.iter().map(|secret| secret.sign(id, timestamp_s, body));
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        // The example of the reference libraries.
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(secret.sign(id, 1_614_265_330, body), expected);
        let other = WebhookSecret::from_random([7; 32]);
        let header = signature_header(&[other.clone(), secret], id, 1_614_265_330, body);
        assert_eq!(header, format!("{} {expected}", other.sign(id, 1_614_265_330, body)));
    }

    #[test]
    fn a_secret_is_24_to_64_bytes_of_base64() {
        let secret = WebhookSecret::from_random([9; 32]);
        assert!(WebhookSecret::parse(secret.text().expose()).unwrap() == secret);
        for length in [24, 25, 26, 64] {
            let text = format!("whsec_{}", BASE64.encode(&vec![1; length]));
            assert_eq!(WebhookSecret::parse(&text).unwrap().expose().len(), length);
            assert!(WebhookSecret::parse(text.trim_end_matches('=')).is_ok());
        }
        for text in ["", "whsec_", "whsec_AAAA", "sk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!"] {
            assert!(WebhookSecret::parse(text).is_err(), "{text}");
        }
        let long = format!("whsec_{}", BASE64.encode(&[1; 65]));
        assert!(WebhookSecret::parse(&long).is_err());
    }
}
