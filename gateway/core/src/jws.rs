//! Compact JSON Web Signatures: reading strictly, signing and checking with one algorithm per key.
//!
//! What a token says about its own key is never believed: the key is looked up by `kid` among known
//! ones, and the key says which algorithm checks it, so that `alg: none` and a public key used as
//! an HMAC secret get nowhere. Names that occur twice in an object, base64 with stray bits and
//! trailing bytes are refused, since two readers would see two different tokens. Times are the
//! caller's to judge: by the gateway's clock, not the system's.

use aws_lc_rs::{
    digest,
    signature::{Ed25519KeyPair, KeyPair},
};
use curve25519_dalek::edwards::CompressedEdwardsY;
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header,
    crypto::{aws_lc, verify},
    jwk::{
        AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm,
        OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse,
    },
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::secret::Secret;

mod rsa;
mod strict;

pub use self::rsa::RsaKey;
pub use jsonwebtoken::jwk::JwkSet;
pub(crate) use strict::from_json;

/// A receipt of 50 items with the longest titles and several taxes each stays below it.
const TOKEN_BYTES_MAX: usize = 256 * 1024;
/// Thumbprints have 43 characters; merchants' libraries may use longer names.
const KID_BYTES_MAX: usize = 128;
/// More than any of the forms that a public key is registered in.
const PUBLIC_KEY_TEXT_BYTES_MAX: usize = 2048;

/// A token that is not genuine: malformed, of another type, by an unknown key, or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not genuine")]
pub struct NotGenuine;

/// Key material that is none, or a signature that could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a private Ed25519 key.
    #[error("not an Ed25519 private key in PKCS#8")]
    PrivateKey,
    /// Not a private RSA key.
    #[error("not an RSA private key in PKCS#8")]
    RsaPrivateKey,
    /// Not a public Ed25519 key.
    #[error(
        "not an Ed25519 public key; send it as PEM (BEGIN PUBLIC KEY), as a JWK with kty OKP, \
         or its 32 bytes in base64url"
    )]
    PublicKey,
    /// An HMAC secret below the size that its hash deserves, or a flood.
    #[error("a secret has 32 to 1024 bytes")]
    SecretLength,
    /// The cryptography library refused to work.
    #[error("signing failed; run `purser doctor`")]
    Signing,
}

/// A compact JWS taken apart. Nothing in it is trusted before [`Compact::is_signed_by`] says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compact<'a> {
    signed: &'a str,
    signature: &'a str,
    alg: String,
    pub(crate) kid: String,
    pub(crate) payload: Vec<u8>,
}

/// The header parameters that matter. `jku`, `jwk`, `x5u` and the like name keys of the sender's
/// choice and are ignored.
#[derive(Deserialize)]
struct Protected {
    alg: String,
    typ: String,
    kid: String,
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

/// Whatever it says, `null` as well.
fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(from).map(|_| true)
}

impl<'a> Compact<'a> {
    /// Takes a token of at most `bytes_max` and exactly this type apart.
    pub(crate) fn parse(token: &'a str, typ: &str, bytes_max: usize) -> Result<Self, NotGenuine> {
        if token.len() > bytes_max {
            return Err(NotGenuine);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(NotGenuine)?;
        let (protected, payload) = signed.split_once('.').ok_or(NotGenuine)?;
        let header: Protected = from_json(&decode(protected)?).ok_or(NotGenuine)?;
        let Protected { alg, typ: claimed, kid, crit } = header;
        let kid_fits = (1..=KID_BYTES_MAX).contains(&kid.len())
            && kid.bytes().all(|byte| byte.is_ascii_graphic());
        // We understand no extension, and a critical one must be understood (RFC 7515, section
        // 4.1.11).
        if claimed != typ || !kid_fits || crit {
            return Err(NotGenuine);
        }
        decode(signature)?;
        Ok(Self { signed, signature, alg, kid, payload: decode(payload)? })
    }

    /// Whether the key signed it, with the key's own algorithm.
    pub(crate) fn is_signed_by(&self, key: &DecodingKey, algorithm: Algorithm) -> bool {
        let named = match algorithm {
            Algorithm::HS256 => "HS256",
            Algorithm::EdDSA => "EdDSA",
            Algorithm::RS256 => "RS256",
            _ => return false,
        };
        self.alg == named
            && verify(self.signature, self.signed.as_bytes(), key, algorithm) == Ok(true)
    }
}

/// A public Ed25519 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key with these bytes, as RFC 8032 encodes it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what tools export: PEM of a SubjectPublicKeyInfo, a JWK (RFC 8037), or the 32 bytes in
    /// base64url. A private key is refused: it has no business here.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.len() > PUBLIC_KEY_TEXT_BYTES_MAX {
            return Err(KeyError::PublicKey);
        }
        let bytes = if text.starts_with("-----BEGIN PUBLIC KEY-----") {
            let key = DecodingKey::from_ed_pem(text.as_bytes()).map_err(|_| KeyError::PublicKey)?;
            key.try_get_as_bytes().map_err(|_| KeyError::PublicKey)?.to_vec()
        } else if text.starts_with('{') {
            public_key_of_jwk(text)?
        } else {
            BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| KeyError::PublicKey)?
        };
        let bytes = bytes.try_into().map_err(|_| KeyError::PublicKey)?;
        if is_strong(bytes) { Ok(Self(bytes)) } else { Err(KeyError::PublicKey) }
    }

    /// The RFC 7638 thumbprint: the `kid` of the gateway's own keys.
    pub fn thumbprint(&self) -> String {
        // Members in lexical order without blanks, as section 3.3 wants them.
        let members =
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, BASE64URL_NOPAD.encode(&self.0));
        BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, members.as_bytes()).as_ref())
    }

    /// The key as the key set publishes it (RFC 8037).
    fn jwk(&self) -> Jwk {
        Jwk {
            common: CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: Some(KeyAlgorithm::EdDSA),
                key_id: Some(self.thumbprint()),
                ..CommonParameters::default()
            },
            algorithm: AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                key_type: OctetKeyPairType::OctetKeyPair,
                curve: EllipticCurve::Ed25519,
                x: BASE64URL_NOPAD.encode(&self.0),
            }),
        }
    }

    pub(crate) fn decoding_key(&self) -> DecodingKey {
        DecodingKey::from_ed_der(&self.0)
    }
}

/// Whether the bytes are the one encoding of a point that is worth signing under: below one of small order, the
/// same signature fits every message.
fn is_strong(bytes: [u8; 32]) -> bool {
    let point = CompressedEdwardsY(bytes).decompress();
    point.is_some_and(|point| !point.is_small_order() && point.compress().to_bytes() == bytes)
}

/// The key that the gateway signs receipts and tokens with.
pub struct SigningKey {
    private: EncodingKey,
    public: PublicKey,
    kid: String,
}

impl SigningKey {
    /// The key that comes from 32 random bytes.
    pub fn from_seed(seed: &Secret<32>) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_seed_unchecked(seed.expose())
            .map_err(|_| KeyError::PrivateKey)
            .and_then(Self::of_pair)
    }

    /// A private key in PKCS#8, version 1 or 2, as `openssl genpkey -algorithm ed25519 -outform
    /// DER` writes it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map_err(|_| KeyError::PrivateKey)
            .and_then(Self::of_pair)
    }

    /// The key that others check with.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// The name of the key: its thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Signs claims as a compact JWS of this type.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        encode(Algorithm::EdDSA, typ, &self.kid, claims, &self.private)
    }

    fn of_pair(pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let bytes = pair.public_key().as_ref().try_into().map_err(|_| KeyError::PrivateKey)?;
        let der = pair.to_pkcs8().map_err(|_| KeyError::PrivateKey)?;
        let public = PublicKey(bytes);
        Ok(Self {
            private: EncodingKey::from_ed_der(der.as_ref()),
            public,
            kid: public.thumbprint(),
        })
    }
}

/// The gateway's public keys: today's, and those of old receipts.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    keys: Vec<(String, PublicKey)>,
}

impl Keyring {
    /// A ring of these keys, each known by its thumbprint.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self { keys: keys.into_iter().map(|key| (key.thumbprint(), key)).collect() }
    }

    /// What `/.well-known/jwks.json` publishes.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.keys.iter().map(|(_, key)| key.jwk()).collect() }
    }

    /// The claims of a token of this type that one of these keys signed. Whether it is still valid,
    /// and for whom, is for the caller to judge.
    pub fn verify<C: DeserializeOwned>(&self, typ: &str, token: &str) -> Result<C, NotGenuine> {
        let token = Compact::parse(token, typ, TOKEN_BYTES_MAX)?;
        if !self.have_signed(&token) {
            return Err(NotGenuine);
        }
        from_json(&token.payload).ok_or(NotGenuine)
    }

    /// Whether one of them signed the token.
    pub(crate) fn have_signed(&self, token: &Compact<'_>) -> bool {
        let key = self.keys.iter().find(|(kid, _)| *kid == token.kid);
        key.is_some_and(|(_, key)| token.is_signed_by(&key.decoding_key(), Algorithm::EdDSA))
    }
}

/// Chooses the cryptography library and signs and checks once with each algorithm. To be called
/// when the process starts: a token library without a provider panics at its first use, which then
/// would be a customer's.
pub fn self_test() -> Result<(), KeyError> {
    // Another provider can only be there if this was called before.
    let _ = aws_lc::DEFAULT_PROVIDER.install_default();
    let key = SigningKey::from_seed(&Secret::new([1; 32]))?;
    let token = key.sign("test+jwt", &[1])?;
    let ring = Keyring::new([key.public()]);
    let read_back = ring.verify::<[u8; 1]>("test+jwt", &token) == Ok([1]);
    let secret = [2; 32];
    let token =
        encode(Algorithm::HS256, "test+jwt", "self", &[1], &EncodingKey::from_secret(&secret))?;
    let compact =
        Compact::parse(&token, "test+jwt", TOKEN_BYTES_MAX).map_err(|_| KeyError::Signing)?;
    let checked = compact.is_signed_by(&DecodingKey::from_secret(&secret), Algorithm::HS256);
    if read_back && checked { Ok(()) } else { Err(KeyError::Signing) }
}

pub(crate) fn encode(
    algorithm: Algorithm,
    typ: &str,
    kid: &str,
    claims: &impl Serialize,
    key: &EncodingKey,
) -> Result<String, KeyError> {
    let header =
        Header { typ: Some(typ.to_owned()), kid: Some(kid.to_owned()), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, key).map_err(|_| KeyError::Signing)
}

fn decode(part: &str) -> Result<Vec<u8>, NotGenuine> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| NotGenuine)
}

fn public_key_of_jwk(text: &str) -> Result<Vec<u8>, KeyError> {
    #[derive(Deserialize)]
    struct Okp {
        kty: String,
        crv: String,
        x: String,
        d: Option<serde::de::IgnoredAny>,
    }
    let key: Okp = from_json(text.as_bytes()).ok_or(KeyError::PublicKey)?;
    if key.kty != "OKP" || key.crv != "Ed25519" || key.d.is_some() {
        return Err(KeyError::PublicKey);
    }
    BASE64URL_NOPAD.decode(key.x.as_bytes()).map_err(|_| KeyError::PublicKey)
}
