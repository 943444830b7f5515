//! The keys that merchants sign offers with.

use diesel::prelude::*;
use purser_core::{Timestamp, ids::MerchantId};

use crate::{Connection, StoreError, read::row::Row, schema::offer_key};

/// A key that offers are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOfferKey {
    /// What an offer names it by.
    pub kid: String,
    /// Whose.
    pub merchant: MerchantId,
    /// `HS256` or `EdDSA`.
    pub alg: OfferAlg,
    /// The encrypted secret of an `HS256` key, or a public key as it is.
    pub material: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How offers are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferAlg {
    /// A MAC, with a secret that the gateway knows too.
    Hs256,
    /// A signature, with a key that only the merchant knows.
    EdDsa,
}

impl OfferAlg {
    /// The name in JOSE.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Hs256, Self::EdDsa].into_iter().find(|alg| alg.name() == name)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = offer_key)]
struct KeyRow {
    kid: String,
    merchant: String,
    alg: String,
    material: Vec<u8>,
    created_at: i64,
}

impl KeyRow {
    fn read(self) -> Result<StoredOfferKey, StoreError> {
        let row = Row::new("offer_key", &self.kid);
        Ok(StoredOfferKey {
            merchant: row.parse("merchant", &self.merchant)?,
            alg: OfferAlg::parse(&self.alg).ok_or_else(|| row.fault("alg"))?,
            created_at: row.time("created_at", self.created_at)?,
            kid: self.kid,
            material: self.material,
        })
    }
}

/// Keeps a new key.
pub fn offer_key_insert(conn: &mut Connection, new: &StoredOfferKey) -> Result<(), StoreError> {
    let row = (
        offer_key::kid.eq(&new.kid),
        offer_key::merchant.eq(new.merchant.to_string()),
        offer_key::alg.eq(new.alg.name()),
        offer_key::material.eq(&new.material),
        offer_key::created_at.eq(new.created_at.as_microsecond()),
    );
    diesel::insert_into(offer_key::table).values(row).execute(conn)?;
    Ok(())
}

/// The key of that name.
pub fn offer_key_get(
    conn: &mut Connection,
    kid: &str,
) -> Result<Option<StoredOfferKey>, StoreError> {
    let found: Option<KeyRow> =
        offer_key::table.find(kid).select(KeyRow::as_select()).first(conn).optional()?;
    found.map(KeyRow::read).transpose()
}

/// A merchant's keys, newest first.
pub fn offer_key_list(
    conn: &mut Connection,
    merchant: MerchantId,
) -> Result<Vec<StoredOfferKey>, StoreError> {
    let rows: Vec<KeyRow> = offer_key::table
        .filter(offer_key::merchant.eq(merchant.to_string()))
        .order((offer_key::created_at.desc(), offer_key::kid.desc()))
        .select(KeyRow::as_select())
        .load(conn)?;
    rows.into_iter().map(KeyRow::read).collect()
}

/// Withdraws a merchant's key; false if the merchant has no such key. Offers signed with it are worth nothing now.
pub fn offer_key_delete(
    conn: &mut Connection,
    merchant: MerchantId,
    kid: &str,
) -> Result<bool, StoreError> {
    let own = offer_key::table.find(kid).filter(offer_key::merchant.eq(merchant.to_string()));
    Ok(diesel::delete(own).execute(conn)? > 0)
}
