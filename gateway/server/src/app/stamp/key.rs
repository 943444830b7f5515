//! Vendors' keys: made, replaced, and read by whoever signs or checks.

use purser_core::{ids::MerchantId, secret::Secret, stamp::keys::VendorSecret};
use purser_store::{
    Connection, StoreError,
    facts::stamp_key::{
        StampKey, stamp_key_count, stamp_key_get, stamp_key_insert, stamp_key_list,
    },
};
use zeroize::Zeroizing;

use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random,
};

/// What the wrapping of a vendor's secrets is for.
const PURPOSE: &str = "stamp-key";
/// All keys of all vendors are published: a rotation a month for ten years.
const KEYS_MAX: i64 = 120;

/// A new key, not stored yet.
pub struct NewKey {
    public: [u8; 32],
    secret: Vec<u8>,
    at: purser_core::Timestamp,
}

impl NewKey {
    /// Makes one.
    pub fn new(gateway: &Gateway) -> Result<Self, Problem> {
        let [seed, mac] = [random::bytes::<32>(), random::bytes::<32>()];
        let both = Zeroizing::new([seed, mac].concat());
        let secret = VendorSecret { seed: Secret::new(seed), mac: Secret::new(mac) };
        let public = *secret.public().map_err(Problem::internal)?.as_bytes();
        Ok(Self { public, secret: gateway.keys.wrap(PURPOSE, &both), at: gateway.now() })
    }

    /// Stores it for a vendor, and tells its name.
    pub fn store(&self, db: &mut Connection, vendor: MerchantId) -> Result<u32, StoreError> {
        stamp_key_insert(db, vendor, (&self.public, &self.secret), self.at)
    }
}

/// The secrets of a key.
pub(super) fn secret(gateway: &Gateway, key: &StampKey) -> Result<VendorSecret, Problem> {
    let both =
        Zeroizing::new(gateway.keys.unwrap(PURPOSE, &key.secret).map_err(Problem::internal)?);
    let halves = both.split_first_chunk::<32>().and_then(|(seed, mac)| {
        let mac: [u8; 32] = mac.try_into().ok()?;
        Some(VendorSecret { seed: Secret::new(*seed), mac: Secret::new(mac) })
    });
    halves.ok_or_else(|| Problem::internal("a vendor's secrets are not 64 bytes"))
}

/// Gives a vendor a new key, which signs from now on. Its old ones go on verifying.
pub async fn rotate(gateway: &Gateway, vendor: MerchantId) -> Result<StampKey, Problem> {
    let merchant = gateway.facts.at(gateway.store.facts_version_recent().await?);
    let merchant = merchant.merchant(gateway, vendor).await?;
    if merchant.is_none_or(|merchant| merchant.stamps.is_none()) {
        let detail = "there is no merchant of that id that sells postage";
        return Err(Problem::new(problem::NOT_FOUND).field("vendor").detail(detail));
    }
    let key = NewKey::new(gateway)?;
    let stored = gateway.store.change_facts(move |db| {
        if stamp_key_count(db, vendor)? >= KEYS_MAX {
            return Ok(None);
        }
        let id = key.store(db, vendor)?;
        stamp_key_get(db, id)
    });
    let too_many = format!("a vendor has at most {KEYS_MAX} keys");
    stored.await?.ok_or_else(|| Problem::malformed("vendor", too_many))
}

/// Every public key, for whoever checks stamps offline.
pub async fn all(gateway: &Gateway) -> Result<Vec<StampKey>, Problem> {
    Ok(gateway.store.read(stamp_key_list).await?)
}
