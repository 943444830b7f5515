//! The keys of smart cards that were personalised elsewhere, as they are kept: together, encrypted.

use purser_core::{
    card::sun::{FileReadKey, MetaReadKey},
    secret::Secret,
};

use crate::{gateway::Gateway, problem::Problem};

/// What the wrapping is for, so that no other secret can be put in its place.
const PURPOSE: &str = "smart-card-keys";

/// The two keys by which a tap is read and checked.
pub struct SmartKeys {
    /// Opens the PICC data; not diversified, so it may serve many cards.
    pub meta_read: MetaReadKey,
    /// Makes the MAC.
    pub file_read: FileReadKey,
}

impl SmartKeys {
    /// The keys, encrypted.
    pub fn wrap(&self, gateway: &Gateway) -> Vec<u8> {
        let both = [*self.meta_read.secret().expose(), *self.file_read.secret().expose()].concat();
        gateway.keys.wrap(PURPOSE, &both)
    }

    /// The keys, of what [`SmartKeys::wrap`] gave.
    pub fn unwrap(gateway: &Gateway, wrapped: &[u8]) -> Result<Self, Problem> {
        let both = gateway.keys.unwrap(PURPOSE, wrapped).map_err(Problem::internal)?;
        let key = |bytes: &[u8]| Some(Secret::new(<[u8; 16]>::try_from(bytes).ok()?));
        let halves = both.split_at_checked(16);
        let keys = halves.and_then(|(meta, file)| Some((key(meta)?, key(file)?)));
        let (meta, file) =
            keys.ok_or_else(|| Problem::internal("the keys of a smart card are not 32 bytes"))?;
        Ok(Self { meta_read: MetaReadKey::new(meta), file_read: FileReadKey::new(file) })
    }
}
