//! Proof Key for Code Exchange (RFC 7636), with SHA-256 only: whoever exchanges a code shows that it asked for it.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a verifier may look like: 43 to 128 unreserved characters (RFC 7636, section 4.1).
const VERIFIER_CHARS: std::ops::RangeInclusive<usize> = 43..=128;

/// The hash of a secret that the client keeps until it exchanges the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads `code_challenge`: 43 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The challenge with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The text, as it is sent.
    pub fn text(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// Whether this is the secret behind it.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_verifier =
            VERIFIER_CHARS.contains(&verifier.len()) && verifier.bytes().all(unreserved);
        let hash: [u8; 32] = Sha256::digest(verifier).into();
        is_verifier && hash.ct_eq(&self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_is_met_and_nothing_else_is() {
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(challenge.is_met_by(verifier));
        assert_eq!(Challenge::parse(&challenge.text()), Some(challenge));
        for other in
            [verifier.to_lowercase(), format!("{verifier}a"), String::new(), challenge.text()]
        {
            assert!(!challenge.is_met_by(&other), "{other}");
        }
    }

    #[test]
    fn a_verifier_has_its_length_and_its_letters() {
        let of = |verifier: &str| Challenge(Sha256::digest(verifier).into()).is_met_by(verifier);
        assert!(of(&"a".repeat(43)) && of(&"~".repeat(128)));
        assert!(!of(&"a".repeat(42)) && !of(&"a".repeat(129)) && !of(&" ".repeat(43)));
    }

    #[test]
    fn a_challenge_is_a_sha_256_in_base64url() {
        for text in [
            "",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
            "E9Mel",
            &"A".repeat(44),
            &"B".repeat(43),
        ] {
            assert_eq!(Challenge::parse(text), None, "{text}");
        }
    }
}
