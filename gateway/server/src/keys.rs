//! The gateway's secrets: what they are for, and where they come from.
//!
//! There are three. The *master key* never leaves the process; every other symmetric key is derived from it under a
//! label of its own, so that a key for one purpose says nothing about the others. The *signing keys* sign receipts
//! and tokens: the newest signs, all of them verify, so that old receipts stay good after a rotation. The *operator
//! key* is how the operator talks to its own gateway. All are made on the first start and kept in the data directory
//! (`master.key`, `signing.keys`, `operator.key`, each with mode 0600), never in the database.
//!
//! Where a machine gets its secrets from elsewhere, `PURSER_MASTER_KEY` and `PURSER_SIGNING_KEYS` hold what the files
//! would, and the files are neither read nor made.

mod files;

use std::path::Path;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use purser_core::{
    card::keys::IssuerKey,
    jws::{Keyring, SigningKey},
    secret::{HashKey, KeyedHash, Secret, SecretText, keyed_hash},
};
use zeroize::Zeroizing;

pub use self::files::KeysError;
use self::files::Sources;
use crate::random;

/// Bytes of an XChaCha20 nonce: long enough to be random without ever repeating.
const NONCE_BYTES: usize = 24;

/// Everything secret that the gateway works with.
pub struct Keys {
    /// For what is only recognised again: card codes, recovery codes, API keys, refresh tokens, throttled addresses.
    /// The label of each hash keeps them apart.
    pub hash: HashKey,
    /// Turns an e-mail into the salt of its login.
    pub login: HashKey,
    /// What Argon2 mixes in, so that a stolen database alone cannot be searched for passwords.
    pub pepper: Secret<32>,
    /// Turns an account and its PIN into what the PIN's verifier is made of.
    pub pin: HashKey,
    /// Gives a buyer another name at each merchant. It never changes, or every shop would lose its customers.
    pub pairwise: HashKey,
    /// Derives the codes of compensation cards.
    pub codes: HashKey,
    /// Fingerprints requests, so that an idempotency key belongs to one of them.
    pub fingerprint: HashKey,
    /// Derives the keys of smart cards.
    pub issuer_key: IssuerKey,
    /// Signs receipts and tokens.
    pub signing: SigningKey,
    /// The public keys that verify them, old ones too.
    pub ring: Keyring,
    /// Authenticates compiled plugins on disk.
    pub cache: [u8; 32],
    /// What the operator's key is recognised by.
    pub operator_hash: KeyedHash,
    cipher: XChaCha20Poly1305,
    set: String,
    sandbox: bool,
}

/// Bytes that were not encrypted by these keys, or not for this purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored secret cannot be decrypted with the gateway's keys; start with the keys that it was stored under"
)]
pub struct Unreadable;

impl Keys {
    /// The keys in `data`, which are made if there are none yet, and no books that were kept under other keys. Keys of the
    /// sandbox are marked and open no real gateway, nor the other way round.
    pub fn open(data: &Path, sandbox: bool, has_books: bool) -> Result<Self, KeysError> {
        let found = files::open(data, sandbox, has_books, Sources::from_environment())?;
        Ok(Self::new(found, sandbox))
    }

    /// What a database remembers of the keys that it was made with.
    pub fn fingerprint(&self) -> String {
        self.set.clone()
    }

    /// Encrypts a secret that must be read again. `about` says what it is, and must be said again to decrypt it: a
    /// ciphertext that was moved to another place is refused there.
    pub fn wrap(&self, about: &str, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = random::bytes();
        let payload = Payload { msg: plain, aad: about.as_bytes() };
        match self.cipher.encrypt(&XNonce::from(nonce), payload) {
            Ok(encrypted) => [nonce.as_slice(), &encrypted].concat(),
            // The cipher refuses 256 GiB and nothing less, which no process here can hold.
            Err(_) => std::process::abort(),
        }
    }

    /// Decrypts what [`Keys::wrap`] encrypted.
    pub fn unwrap(&self, about: &str, wrapped: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let (nonce, encrypted) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or(Unreadable)?;
        let payload = Payload { msg: encrypted, aad: about.as_bytes() };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Unreadable)
    }

    /// A new key for a merchant (`sk_`, in the sandbox `sk_test_`), and what it is recognised by.
    pub fn new_merchant_key(&self) -> (SecretText, KeyedHash) {
        let key = new_key("sk_", self.sandbox);
        let hash = self.api_key_hash(key.expose());
        (key, hash)
    }

    /// What an API key is recognised by.
    pub fn api_key_hash(&self, key: &str) -> KeyedHash {
        api_key_hash(&self.hash, key)
    }

    fn new(found: files::Found, sandbox: bool) -> Self {
        let master = HashKey::new(&found.master);
        let derive = |label: &str| {
            Secret::new(*keyed_hash(&master, "purser key", label.as_bytes()).as_bytes())
        };
        let hash_key = |label: &str| HashKey::new(&derive(label));
        let hash = hash_key("hash");
        let [issuer_key, _] = halves(&derive("smart-card issuer"));
        Self {
            operator_hash: api_key_hash(&hash, found.operator.expose()),
            hash,
            login: hash_key("login"),
            pepper: derive("pepper"),
            pin: hash_key("pin"),
            pairwise: hash_key("pairwise subject"),
            codes: hash_key("compensation code"),
            fingerprint: hash_key("request fingerprint"),
            issuer_key: IssuerKey::new(issuer_key),
            ring: Keyring::new(found.signing.iter().map(SigningKey::public)),
            signing: found.signing.newest,
            cache: *derive("compiled plugins").expose(),
            cipher: XChaCha20Poly1305::new(derive("stored secrets").expose().into()),
            set: HEXLOWER.encode(derive("fingerprint of the keys").expose()),
            sandbox,
        }
    }
}

/// 256 random bits as text, behind a prefix that says what they are.
pub fn random_text(prefix: &str) -> SecretText {
    let random = Zeroizing::new(random::bytes::<32>());
    SecretText::new(format!("{prefix}{}", BASE64URL_NOPAD.encode(random.as_slice())))
}

/// A random key that says whose it is, and whether it is a test's.
fn new_key(prefix: &str, sandbox: bool) -> SecretText {
    let test = if sandbox { "test_" } else { "" };
    random_text(&format!("{prefix}{test}"))
}

fn api_key_hash(key: &HashKey, api_key: &str) -> KeyedHash {
    keyed_hash(key, "api key", api_key.as_bytes())
}

/// AES-128 keys from a derived one.
fn halves(key: &Secret<32>) -> [Secret<16>; 2] {
    let mut halves = [[0; 16]; 2];
    halves.iter_mut().flatten().zip(key.expose()).for_each(|(to, from)| *to = *from);
    halves.map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(data: &Path) -> Keys {
        Keys::new(files::open(data, true, false, Sources::default()).unwrap(), true)
    }

    #[test]
    fn the_next_start_finds_the_same_keys() {
        let data = tempfile::tempdir().unwrap();
        let (first, second) = (keys(data.path()), keys(data.path()));
        assert_eq!(first.fingerprint(), second.fingerprint());
        assert_eq!(first.signing.kid(), second.signing.kid());
        assert_eq!(first.operator_hash, second.operator_hash);
        assert_eq!(second.unwrap("x", &first.wrap("x", b"secret")), Ok(b"secret".to_vec()));
        let elsewhere = tempfile::tempdir().unwrap();
        let other = keys(elsewhere.path());
        assert_ne!(first.fingerprint(), other.fingerprint());
        assert_eq!(other.unwrap("x", &first.wrap("x", b"secret")), Err(Unreadable));
    }

    #[test]
    fn the_operator_key_is_what_the_file_says() {
        let data = tempfile::tempdir().unwrap();
        let keys = keys(data.path());
        let file = std::fs::read_to_string(data.path().join("operator.key")).unwrap();
        assert!(file.starts_with("op_test_"), "marked as a test's");
        assert_eq!(keys.api_key_hash(file.trim_end()), keys.operator_hash);
    }

    #[test]
    fn every_purpose_has_its_own_key() {
        let data = tempfile::tempdir().unwrap();
        let Keys { hash, login, pin, pairwise, codes, fingerprint, .. } = keys(data.path());
        let hashes = [hash, login, pin, pairwise, codes, fingerprint]
            .map(|key| *keyed_hash(&key, "", b"").as_bytes());
        let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
    }

    #[test]
    fn an_encrypted_secret_is_good_in_its_own_place_only() {
        let data = tempfile::tempdir().unwrap();
        let keys = keys(data.path());
        let wrapped = keys.wrap("offer-key", b"secret");
        assert_ne!(wrapped, keys.wrap("offer-key", b"secret"), "the nonce is random");
        assert_eq!(keys.unwrap("smart-card", &wrapped), Err(Unreadable));
        assert_eq!(keys.unwrap("offer-key", wrapped.get(1..).unwrap()), Err(Unreadable));
        assert_eq!(keys.unwrap("offer-key", &[]), Err(Unreadable));
    }
}
