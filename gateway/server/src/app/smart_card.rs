//! The keys of smart cards that were personalised elsewhere, as they are kept: encrypted, each for its purpose.

use purser_core::{
    card::sun::{FileReadKey, MetaReadKey},
    secret::{KeyedHash, Secret, keyed_hash},
};

use crate::{gateway::Gateway, problem::Problem};

/// What each wrapping is for, so that no other secret can be put in its place.
const META_READ: &str = "meta-read-key";
const FILE_READ: &str = "file-read-key";

/// The two keys by which a tap is read and checked.
pub struct SmartKeys {
    /// Opens the PICC data; not diversified, so it may serve many cards.
    pub meta_read: MetaReadKey,
    /// Makes the MAC: the card's own.
    pub file_read: FileReadKey,
}

impl SmartKeys {
    /// What the key of many cards is recognised by.
    pub fn meta_read_hash(&self, gateway: &Gateway) -> KeyedHash {
        keyed_hash(&gateway.keys.hash, META_READ, self.meta_read.secret().expose())
    }

    /// The key of many cards, encrypted.
    pub fn wrap_meta_read(&self, gateway: &Gateway) -> Vec<u8> {
        gateway.keys.wrap(META_READ, self.meta_read.secret().expose())
    }

    /// The card's own key, encrypted.
    pub fn wrap_file_read(&self, gateway: &Gateway) -> Vec<u8> {
        gateway.keys.wrap(FILE_READ, self.file_read.secret().expose())
    }
}

/// The key of many cards, of what [`SmartKeys::wrap_meta_read`] gave.
pub fn unwrap_meta_read(gateway: &Gateway, wrapped: &[u8]) -> Result<MetaReadKey, Problem> {
    unwrap(gateway, META_READ, wrapped).map(MetaReadKey::new)
}

/// A card's own key, of what [`SmartKeys::wrap_file_read`] gave.
pub fn unwrap_file_read(gateway: &Gateway, wrapped: &[u8]) -> Result<FileReadKey, Problem> {
    unwrap(gateway, FILE_READ, wrapped).map(FileReadKey::new)
}

fn unwrap(gateway: &Gateway, purpose: &str, wrapped: &[u8]) -> Result<Secret<16>, Problem> {
    let key = gateway.keys.unwrap(purpose, wrapped).map_err(Problem::internal)?;
    let key = key.try_into().map_err(|_| Problem::internal("a key of smart cards is not 16 bytes"));
    key.map(Secret::new)
}
