//! Passkeys: what an authenticator proves, beside a buyer's credentials or in the place of a desk's key; and the
//! challenges that browsers were given.

use data_encoding::BASE64URL_NOPAD;
use diesel::prelude::*;
use purser_core::{Timestamp, ids::AccountId, secret::KeyedHash};

use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{passkey, passkey_ceremony},
};

/// Whose a passkey is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyOwner {
    /// A buyer's: one more thing to show when signing in.
    Account(AccountId),
    /// Of whoever has the API key with this hash: it opens the desk that the key opens.
    Key(KeyedHash),
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The id that the authenticator gave it.
    pub id: Vec<u8>,
    /// Whose.
    pub owner: PasskeyOwner,
    /// What its owner calls it.
    pub name: String,
    /// What the authenticator calls its user by.
    pub handle: Vec<u8>,
    /// The public key and its counter, as JSON.
    pub credential: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last shown, if it was.
    pub used_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = passkey)]
struct Found {
    id: Vec<u8>,
    account: Option<String>,
    key_hash: Option<Vec<u8>>,
    name: String,
    handle: Vec<u8>,
    credential: String,
    created_at: i64,
    used_at: Option<i64>,
}

impl PasskeyOwner {
    fn account(&self) -> Option<String> {
        match self {
            Self::Account(account) => Some(account.to_string()),
            Self::Key(_) => None,
        }
    }

    const fn key(&self) -> Option<&KeyedHash> {
        match self {
            Self::Account(_) => None,
            Self::Key(key) => Some(key),
        }
    }
}

impl Found {
    fn read(self) -> Result<PasskeyRow, StoreError> {
        let id = BASE64URL_NOPAD.encode(&self.id);
        let row = Row::new("passkey", &id);
        let owner = match (&self.account, &self.key_hash) {
            (Some(account), None) => PasskeyOwner::Account(row.parse("account", account)?),
            (None, Some(key)) => {
                PasskeyOwner::Key(KeyedHash::from_bytes(row.bytes("key_hash", key)?))
            }
            _ => return Err(StoreError::corrupt("passkey", "it has no owner, or two")),
        };
        Ok(PasskeyRow {
            owner,
            created_at: row.time("created_at", self.created_at)?,
            used_at: self.used_at.map(|at| row.time("used_at", at)).transpose()?,
            id: self.id,
            name: self.name,
            handle: self.handle,
            credential: self.credential,
        })
    }
}

/// Keeps a passkey; tells whether its id was new.
pub fn passkey_insert(conn: &mut Connection, new: &PasskeyRow) -> Result<bool, StoreError> {
    let row = (
        passkey::id.eq(&new.id),
        passkey::account.eq(new.owner.account()),
        passkey::key_hash.eq(new.owner.key().map(|key| key.as_bytes().as_slice())),
        passkey::name.eq(&new.name),
        passkey::handle.eq(&new.handle),
        passkey::credential.eq(&new.credential),
        passkey::created_at.eq(new.created_at.as_microsecond()),
        passkey::used_at.eq(new.used_at.map(Timestamp::as_microsecond)),
    );
    Ok(super::insert_if_new!(conn, passkey::table, row)? > 0)
}

/// The passkeys of an owner, the oldest first.
pub fn passkey_list(
    conn: &mut Connection,
    owner: PasskeyOwner,
) -> Result<Vec<PasskeyRow>, StoreError> {
    let all = passkey::table.select(Found::as_select()).order((passkey::created_at, passkey::id));
    let found: Vec<Found> = match owner {
        PasskeyOwner::Account(account) => {
            all.filter(passkey::account.eq(account.to_string())).load(conn)?
        }
        PasskeyOwner::Key(key) => {
            all.filter(passkey::key_hash.eq(key.as_bytes().as_slice())).load(conn)?
        }
    };
    found.into_iter().map(Found::read).collect()
}

/// The passkey with this id.
pub fn passkey_get(conn: &mut Connection, id: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
    let found = passkey::table.find(id).select(Found::as_select()).first(conn).optional()?;
    found.map(Found::read).transpose()
}

/// Remembers that a passkey was shown, and what its authenticator told; says whether it is still as it was read.
pub fn passkey_used(
    conn: &mut Connection,
    was: &PasskeyRow,
    credential: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let unchanged = passkey::table.find(&was.id).filter(passkey::credential.eq(&was.credential));
    let shown = (passkey::credential.eq(credential), passkey::used_at.eq(now.as_microsecond()));
    Ok(diesel::update(unchanged).set(shown).execute(conn)? > 0)
}

/// Takes a passkey of an owner away; tells whether it was there.
pub fn passkey_delete(
    conn: &mut Connection,
    owner: PasskeyOwner,
    id: &[u8],
) -> Result<bool, StoreError> {
    let deleted = match owner {
        PasskeyOwner::Account(account) => {
            let of_owner = passkey::table.find(id).filter(passkey::account.eq(account.to_string()));
            diesel::delete(of_owner).execute(conn)?
        }
        PasskeyOwner::Key(key) => {
            let of_key = passkey::key_hash.eq(key.as_bytes().as_slice());
            diesel::delete(passkey::table.find(id).filter(of_key)).execute(conn)?
        }
    };
    Ok(deleted > 0)
}

/// Takes every passkey of an account away: the owner has lost them, or leaves.
pub fn passkeys_of_account_delete(
    conn: &mut Connection,
    account: AccountId,
) -> Result<(), StoreError> {
    let of_account = passkey::account.eq(account.to_string());
    diesel::delete(passkey::table.filter(of_account)).execute(conn)?;
    Ok(())
}

/// Takes every passkey away that stands for a key: it stands for nothing any more.
pub(crate) fn passkeys_of_key_delete(
    conn: &mut Connection,
    key_hash: &[u8],
) -> Result<(), StoreError> {
    diesel::delete(passkey::table.filter(passkey::key_hash.eq(key_hash))).execute(conn)?;
    Ok(())
}

/// Keeps the state of a challenge until it is answered.
pub fn passkey_ceremony_insert(
    conn: &mut Connection,
    hash: &KeyedHash,
    state: &str,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let row = (
        passkey_ceremony::hash.eq(hash.as_bytes().as_slice()),
        passkey_ceremony::state.eq(state),
        passkey_ceremony::expires_at.eq(expires_at.as_microsecond()),
    );
    diesel::insert_into(passkey_ceremony::table).values(row).execute(conn)?;
    Ok(())
}

/// The state of a challenge that is answered now, and never again.
pub fn passkey_ceremony_take(
    conn: &mut Connection,
    hash: &KeyedHash,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let this = || passkey_ceremony::table.find(hash.as_bytes().as_slice());
    let alive = passkey_ceremony::expires_at.gt(now.as_microsecond());
    let state: Option<String> =
        this().filter(alive).select(passkey_ceremony::state).first(conn).optional()?;
    // Of two answers at once, one finds it gone.
    let mine = diesel::delete(this()).execute(conn)? > 0;
    Ok(state.filter(|_| mine))
}

/// Forgets challenges that nobody answered in time; tells how many.
pub fn passkey_ceremonies_expired_delete(
    conn: &mut Connection,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let over = passkey_ceremony::expires_at.le(now.as_microsecond());
    Ok(diesel::delete(passkey_ceremony::table.filter(over)).execute(conn)?)
}
