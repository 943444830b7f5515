//! RSA with SHA-256 (`RS256`), for software of shops that checks ID tokens with nothing else. Only the gateway signs
//! with it; nothing else is ever accepted under it.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{
        AlgorithmParameters, CommonParameters, Jwk, KeyAlgorithm, PublicKeyUse, RSAKeyParameters,
    },
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Compact, KeyError, encode};

/// A private key, with its public half.
pub struct RsaKey {
    private: EncodingKey,
    public: RSAKeyParameters,
    kid: String,
}

impl RsaKey {
    /// The key in this PKCS#8.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let base64 = Zeroizing::new(BASE64.encode(der));
        let pem = ["-----BEGIN PRIVATE KEY-----\n", &base64, "\n-----END PRIVATE KEY-----\n"];
        let pem = Zeroizing::new(pem.concat());
        let private =
            EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| KeyError::RsaPrivateKey)?;
        let jwk = Jwk::from_encoding_key(&private, Algorithm::RS256);
        let AlgorithmParameters::RSA(public) = jwk.map_err(|_| KeyError::RsaPrivateKey)?.algorithm
        else {
            return Err(KeyError::RsaPrivateKey);
        };
        // Members in lexical order without blanks, as RFC 7638, section 3.3, wants them.
        let members = format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, public.e, public.n);
        let kid = BASE64URL_NOPAD.encode(&Sha256::digest(members));
        Ok(Self { private, public, kid })
    }

    /// The name of the key: its thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key as the key set publishes it.
    pub fn jwk(&self) -> Jwk {
        Jwk {
            common: CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: Some(KeyAlgorithm::RS256),
                key_id: Some(self.kid.clone()),
                ..CommonParameters::default()
            },
            algorithm: AlgorithmParameters::RSA(self.public.clone()),
        }
    }

    /// Signs claims as a compact JWS of this type.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        encode(Algorithm::RS256, typ, &self.kid, claims, &self.private)
    }

    /// Whether it signed the token.
    pub(crate) fn has_signed(&self, token: &Compact<'_>) -> bool {
        let public = DecodingKey::from_rsa_components(&self.public.n, &self.public.e);
        token.kid == self.kid
            && public.is_ok_and(|public| token.is_signed_by(&public, Algorithm::RS256))
    }
}
