//! Who made a plugin file: an Ed25519 signature (RFC 8032) in a custom section at its end.
//!
//! What is signed is the whole file but for that section, so a file is signed after its manifest is in it, and
//! signing it anew replaces the signature. The section holds the public key and the signature, 96 bytes. A signature
//! only says that the file is the key's owner's; whether that owner is trusted is the operator's to decide.
//!
//! Keys are what other tools make and read: a private key is PKCS#8 in PEM (`openssl genpkey -algorithm ed25519`), a
//! public key is PEM too, or its 32 bytes in base64url.

use std::{borrow::Cow, fmt};

use aws_lc_rs::{
    encoding::{AsBigEndian, Curve25519SeedBin},
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use wasm_encoder::{ComponentSectionId, CustomSection, Encode};
use wasmparser::{Parser, Payload};
use zeroize::Zeroizing;

use crate::{PackError, component::check_begin};

/// The custom section that holds the signature.
const SECTION: &str = "purser:signature";
/// Goes before the file in what is signed, so that a signature made for something else is none here.
const DOMAIN: &[u8] = b"purser plugin file 1\0";
const KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;
/// PKCS#8 of an Ed25519 seed (RFC 8410, section 7), before the seed.
const PRIVATE_PREFIX: [u8; 16] =
    [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
/// A SubjectPublicKeyInfo of an Ed25519 key (RFC 8410, section 4), before the key.
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
/// A private key in PEM is some 120 bytes.
const PEM_BYTES_MAX: usize = 4096;

/// Why a file is not signed, or its signature is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The signature is not of this file.
    #[error("the signature is not of this file: it was changed after it was signed")]
    Wrong,
    /// There are several, or it is not where it must be.
    #[error(
        "the signature is not the last part of the file; sign it again with `purser plugin sign`"
    )]
    Misplaced,
    /// A private key that is none.
    #[error(
        "not an Ed25519 private key in PEM (PKCS#8, BEGIN PRIVATE KEY); make one with `purser plugin keygen`"
    )]
    PrivateKey,
    /// The machine gives no randomness, or the cryptography does not work.
    #[error("no key can be made on this machine")]
    NoKey,
}

/// A publisher's private key.
pub struct SigningKey(Ed25519KeyPair);

/// A publisher's public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublisherKey([u8; KEY_BYTES]);

impl SigningKey {
    /// A new key.
    pub fn generate() -> Result<Self, SignatureError> {
        Ed25519KeyPair::generate().map(Self).map_err(|_| SignatureError::NoKey)
    }

    /// Reads PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes it too.
    pub fn from_pem(text: &str) -> Result<Self, SignatureError> {
        if text.len() > PEM_BYTES_MAX {
            return Err(SignatureError::PrivateKey);
        }
        let body = text.trim().strip_prefix("-----BEGIN PRIVATE KEY-----");
        let body = body.and_then(|body| body.strip_suffix("-----END PRIVATE KEY-----"));
        let body = body.ok_or(SignatureError::PrivateKey)?;
        let packed = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
        let der = BASE64.decode(packed.as_bytes()).map_err(|_| SignatureError::PrivateKey)?;
        let der = Zeroizing::new(der);
        Ed25519KeyPair::from_pkcs8(&der).map(Self).map_err(|_| SignatureError::PrivateKey)
    }

    /// The private key in PEM: whoever has it can sign in the publisher's name.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, SignatureError> {
        let seed = self.0.seed().map_err(|_| SignatureError::NoKey)?;
        let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(|_| SignatureError::NoKey)?;
        let der = Zeroizing::new([&PRIVATE_PREFIX[..], seed.as_ref()].concat());
        Ok(Zeroizing::new(pem("PRIVATE KEY", &der)))
    }

    /// Its public part, which operators are told to trust.
    pub fn public(&self) -> PublisherKey {
        let mut bytes = [0; KEY_BYTES];
        for (to, from) in bytes.iter_mut().zip(self.0.public_key().as_ref()) {
            *to = *from;
        }
        PublisherKey(bytes)
    }
}

impl PublisherKey {
    /// The key with these bytes, as RFC 8032 encodes it.
    pub const fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The key in PEM.
    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &[&PUBLIC_PREFIX[..], &self.0].concat())
    }
}

/// The 32 bytes in base64url: what `purser plugin trust` takes on a line.
impl fmt::Display for PublisherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for PublisherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The plugin file `component`, signed with `key` in place of whoever signed it before.
pub fn sign(component: &[u8], key: &SigningKey) -> Result<Vec<u8>, PackError> {
    let unsigned = split(component)?.0;
    let signature = key.0.sign(&message(unsigned));
    let data = [key.public().as_bytes(), signature.as_ref()].concat();
    Ok([unsigned, &section(&data)].concat())
}

/// Who signed the plugin file `component`; nobody, if it has no signature. One that is not good is an error.
pub fn verify(component: &[u8]) -> Result<Option<PublisherKey>, PackError> {
    let (unsigned, Some(data)) = split(component)? else { return Ok(None) };
    let (key, signature) = data.split_at_checked(KEY_BYTES).ok_or(SignatureError::Misplaced)?;
    let verified = UnparsedPublicKey::new(&ED25519, key).verify(&message(unsigned), signature);
    verified.map_err(|_| SignatureError::Wrong)?;
    let key = key.try_into().map_err(|_| SignatureError::Misplaced)?;
    Ok(Some(PublisherKey(key)))
}

fn message(unsigned: &[u8]) -> Vec<u8> {
    [DOMAIN, unsigned].concat()
}

/// The section as it stands in the file.
fn section(data: &[u8]) -> Vec<u8> {
    let mut section = vec![ComponentSectionId::CoreCustom.into()];
    CustomSection { name: Cow::Borrowed(SECTION), data: Cow::Borrowed(data) }.encode(&mut section);
    section
}

/// The file without its signature, and the signature. There is one at most, it is the file's end, and it is encoded
/// in one way only: so nothing can be hidden in what is not signed.
fn split(component: &[u8]) -> Result<(&[u8], Option<&[u8]>), PackError> {
    check_begin(component)?;
    let mut found = Vec::new();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| PackError::NotAComponent(error.to_string()))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth = depth.saturating_add(1);
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name() == SECTION => {
                found.push(section.data());
            }
            _ => {}
        }
    }
    let data = match found.as_slice() {
        [] => return Ok((component, None)),
        [data] if data.len() == KEY_BYTES.saturating_add(SIGNATURE_BYTES) => *data,
        _ => return Err(SignatureError::Misplaced.into()),
    };
    let unsigned = component.strip_suffix(section(data).as_slice());
    Ok((unsigned.ok_or(SignatureError::Misplaced)?, Some(data)))
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn refused(file: &[u8]) -> SignatureError {
        match verify(file) {
            Err(PackError::Signature(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_signed_file_names_who_signed_it() {
        let (one, two) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        assert_eq!(verify(EMPTY).unwrap(), None);
        let signed = sign(EMPTY, &one).unwrap();
        assert_eq!(verify(&signed).unwrap(), Some(one.public()));
        let again = sign(&signed, &two).unwrap();
        assert_eq!(verify(&again).unwrap(), Some(two.public()), "the new one in place of the old");
        assert_eq!(again.len(), signed.len());
    }

    #[test]
    fn a_changed_file_is_not_the_one_that_was_signed() {
        let key = SigningKey::generate().unwrap();
        let mut component = EMPTY.to_vec();
        component.extend([0, 3, 1, b'x', 7]);
        let signed = sign(&component, &key).unwrap();
        for at in EMPTY.len() + 3..component.len() {
            let mut changed = signed.clone();
            changed[at] ^= 1;
            assert_eq!(refused(&changed), SignatureError::Wrong);
        }
        let last = signed.len() - 1;
        for at in [last, last - SIGNATURE_BYTES - 1] {
            let mut changed = signed.clone();
            changed[at] ^= 1;
            assert_eq!(
                refused(&changed),
                SignatureError::Wrong,
                "key and signature belong together"
            );
        }
        let longer = [&signed[..], &[0, 3, 1, b'x', 7]].concat();
        assert_eq!(refused(&longer), SignatureError::Misplaced, "nothing comes after it");
        let twice = [&signed[..], &section(&[0; 96])].concat();
        assert_eq!(refused(&twice), SignatureError::Misplaced);
        let short = [EMPTY, &section(&[0; 95])].concat();
        assert_eq!(refused(&short), SignatureError::Misplaced);
    }

    #[test]
    fn keys_are_read_back_and_are_those_of_openssl() {
        let key = SigningKey::generate().unwrap();
        let read = SigningKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(read.public(), key.public());
        // RFC 8410, section 10.3 and 10.1.
        let key = SigningKey::from_pem(
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n",
        )
        .unwrap();
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        assert_eq!(key.public().to_pem(), public);
        for wrong in ["", "MC4CAQAw", public] {
            assert!(
                matches!(SigningKey::from_pem(wrong), Err(SignatureError::PrivateKey)),
                "{wrong}"
            );
        }
    }
}
