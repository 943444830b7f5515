//! Secrets, and the keyed hashes that are stored in their place.
//!
//! A secret has no `Debug`, so it cannot reach a log by way of a struct that holds it; it compares
//! in constant time and is wiped from memory when dropped. What must only be recognised again (card
//! codes, API keys, refresh tokens) is never stored: its [`KeyedHash`] is, under a key that is not
//! in the database, so that a stolen database can neither be searched for a code nor answer a
//! guess.

use std::fmt;

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes: a key, a seed, random bits that only one person knows.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes the bytes in. The caller's own copy is the caller's to wipe.
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one computation that needs them.
    pub const fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

/// Secret bytes of any length. Comparing takes as long as the bytes are many, whatever they are.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Takes the bytes in.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one computation that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretBytes {}

/// Secret text that is shown to its owner, as a rule once.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the text in.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A key that hashes are keyed by. It is kept outside the database.
#[derive(Clone)]
pub struct HashKey(hmac::Key);

impl HashKey {
    /// The key with these 32 bytes.
    pub fn new(bytes: &Secret<32>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes.expose()))
    }
}

/// HMAC-SHA-256 of something under a [`HashKey`]: what the database holds in place of a secret, and
/// finds it by.
#[derive(Clone, Copy)]
pub struct KeyedHash([u8; 32]);

impl KeyedHash {
    /// A hash as it was stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for KeyedHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeyedHash {}

impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// The keyed hash of `bytes` for one purpose. The label keeps purposes apart: the hash of an API
/// key is never that of a card code, even under one key. The fingerprint of a request is the same
/// function with its own label.
pub fn keyed_hash(key: &HashKey, label: &str, bytes: &[u8]) -> KeyedHash {
    keyed_hash_of(key, label, &[bytes])
}

/// The keyed hash of several parts. Each part is preceded by its length, so that `("ab", "c")` and
/// `("a", "bc")` differ.
pub fn keyed_hash_of(key: &HashKey, label: &str, parts: &[&[u8]]) -> KeyedHash {
    let mut context = hmac::Context::with_key(&key.0);
    for part in [label.as_bytes()].iter().chain(parts) {
        // A slice is never longer than 2^63 bytes.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
    KeyedHash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> HashKey {
        HashKey::new(&Secret::new([byte; 32]))
    }

    #[test]
    fn a_hash_depends_on_key_label_and_every_part() {
        let hash = keyed_hash(&key(1), "card code", b"abc");
        assert_eq!(hash, keyed_hash(&key(1), "card code", b"abc"));
        assert_eq!(hash, KeyedHash::from_bytes(*hash.as_bytes()));
        assert_ne!(hash, keyed_hash(&key(2), "card code", b"abc"));
        assert_ne!(hash, keyed_hash(&key(1), "api key", b"abc"));
        assert_ne!(hash, keyed_hash(&key(1), "card code", b"abd"));
        assert_ne!(hash, keyed_hash(&key(1), "card codea", b"bc"));
        let parts = |one: &[u8], two: &[u8]| keyed_hash_of(&key(1), "pair", &[one, two]);
        assert_ne!(parts(b"ab", b"c"), parts(b"a", b"bc"));
        assert_ne!(parts(b"", b"abc"), parts(b"abc", b""));
    }

    #[test]
    fn a_hash_is_plain_hmac_sha256_over_prefixed_parts() {
        let mut message = 1_u64.to_be_bytes().to_vec();
        message.extend_from_slice(b"l");
        message.extend_from_slice(&3_u64.to_be_bytes());
        message.extend_from_slice(b"abc");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]), &message);
        assert_eq!(keyed_hash(&key(7), "l", b"abc").as_bytes().as_slice(), tag.as_ref());
    }

    #[test]
    fn secrets_compare_by_content() {
        assert!(Secret::new([1, 2]) == Secret::new([1, 2]));
        assert!(Secret::new([1, 2]) != Secret::new([1, 3]));
        assert!(SecretBytes::new(vec![1]) != SecretBytes::new(vec![1, 1]));
        assert_eq!(SecretText::new("x".into()).expose(), "x");
    }
}
