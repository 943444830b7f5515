//! The keys that merchants and operators call with: kept as keyed hashes, shown once.

use std::{fmt, str::FromStr};

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{IdError, KeyId, MerchantId},
    secret::KeyedHash,
};

use super::passkey::passkeys_of_key_delete;
use crate::{
    Connection, StoreError,
    read::row::{Row, json_text},
    schema::api_key,
};

/// Who calls with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyOwner {
    /// An operator, who may do everything.
    Operator,
    /// A merchant, within the key's scopes.
    Merchant(MerchantId),
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its name.
    pub id: KeyId,
    /// Whose.
    pub owner: KeyOwner,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this it is as unknown as any other.
    pub expires_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_key)]
struct KeyRow {
    id: String,
    owner: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
}

impl fmt::Display for KeyOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Merchant(merchant) => merchant.fmt(f),
        }
    }
}

impl FromStr for KeyOwner {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text == "operator" { Ok(Self::Operator) } else { text.parse().map(Self::Merchant) }
    }
}

impl KeyRow {
    fn read(self) -> Result<ApiKey, StoreError> {
        let row = Row::new("api_key", &self.id);
        Ok(ApiKey {
            id: row.parse("id", &self.id)?,
            owner: row.parse("owner", &self.owner)?,
            scopes: row.json("scopes", &self.scopes)?,
            created_at: row.time("created_at", self.created_at)?,
            expires_at: row.time_if("expires_at", self.expires_at)?,
        })
    }
}

/// Keeps a new key.
pub fn api_key_insert(
    conn: &mut Connection,
    new: &ApiKey,
    hash: &KeyedHash,
) -> Result<(), StoreError> {
    let row = (
        api_key::id.eq(new.id.to_string()),
        api_key::owner.eq(new.owner.to_string()),
        api_key::hash.eq(hash.as_bytes().as_slice()),
        api_key::scopes.eq(json_text(&new.scopes)?),
        api_key::created_at.eq(new.created_at.as_microsecond()),
        api_key::expires_at.eq(new.expires_at.map(Timestamp::as_microsecond)),
    );
    diesel::insert_into(api_key::table).values(row).execute(conn)?;
    Ok(())
}

/// The key with this hash, if it has not expired.
pub fn api_key_find(
    conn: &mut Connection,
    hash: &KeyedHash,
    now: Timestamp,
) -> Result<Option<ApiKey>, StoreError> {
    let of_hash = api_key::table.filter(api_key::hash.eq(hash.as_bytes().as_slice()));
    let found: Option<KeyRow> = of_hash.select(KeyRow::as_select()).first(conn).optional()?;
    let key = found.map(KeyRow::read).transpose()?;
    Ok(key.filter(|key| key.expires_at.is_none_or(|end| now < end)))
}

/// An owner's keys, newest first.
pub fn api_key_list(conn: &mut Connection, owner: KeyOwner) -> Result<Vec<ApiKey>, StoreError> {
    let rows: Vec<KeyRow> = api_key::table
        .filter(api_key::owner.eq(owner.to_string()))
        .order((api_key::created_at.desc(), api_key::id.desc()))
        .select(KeyRow::as_select())
        .load(conn)?;
    rows.into_iter().map(KeyRow::read).collect()
}

/// Withdraws an owner's key, and the passkeys that stand for it; false if the owner has no such key.
pub fn api_key_delete(
    conn: &mut Connection,
    owner: KeyOwner,
    id: KeyId,
) -> Result<bool, StoreError> {
    let own = || api_key::table.find(id.to_string()).filter(api_key::owner.eq(owner.to_string()));
    let hash: Option<Vec<u8>> = own().select(api_key::hash).first(conn).optional()?;
    if let Some(hash) = hash {
        passkeys_of_key_delete(conn, &hash)?;
    }
    Ok(diesel::delete(own()).execute(conn)? > 0)
}
