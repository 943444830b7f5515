//! How an account is found, and nothing of whom: no e-mail, no password, no PIN is kept.

use diesel::prelude::*;
use purser_core::{
    Timestamp, account::Account, ids::AccountId, money::Currency, place::Place, secret::KeyedHash,
};

use super::{
    insert_if_new, login_consent::login_consent_forget, passkey::passkeys_of_account_delete,
    session::session_end_all,
};
use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{gateway, identity, ledger_account, vault},
};

/// A buyer who signs up.
pub struct NewIdentity<'a> {
    /// The account, if these credentials are new.
    pub account: AccountId,
    /// What others send value to.
    pub handle: &'a str,
    /// What the account is found by: a slow hash of e-mail, password and PIN together.
    pub lookup: &'a [u8],
    /// The slow hash that the PIN alone is checked against.
    pub pin_verifier: &'a [u8],
    /// The keyed hash of the recovery code.
    pub recovery_hash: KeyedHash,
    /// Where the buyer consumes, if the buyer said so.
    pub country: Option<Place>,
    /// When.
    pub created_at: Timestamp,
}

/// What came of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// A new account with an empty vault.
    New,
    /// The same credentials again are the same account. Nothing was changed.
    Known(AccountId),
}

/// An account, as a login finds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// The slow hash that the PIN alone is checked against.
    pub pin_verifier: Vec<u8>,
    /// Where the buyer consumes.
    pub country: Option<Place>,
    /// When the account was opened.
    pub created_at: Timestamp,
}

/// Credentials that replace others.
pub struct NewCredentials<'a> {
    /// What the account is found by from now on.
    pub lookup: &'a [u8],
    /// The slow hash of the PIN.
    pub pin_verifier: &'a [u8],
    /// What becomes of the recovery code.
    pub recovery: RecoveryChange,
}

/// What becomes of a recovery code; codes are their keyed hashes.
#[derive(Debug, Clone, Copy)]
pub enum RecoveryChange {
    /// It stays, and nothing is changed if the account is not found by these credentials any more.
    Kept {
        /// What the account was found by when they were shown.
        lookup: [u8; 32],
    },
    /// There is a new one.
    New(KeyedHash),
    /// The old one is used up, and nothing is changed if it was before.
    Exchanged {
        /// The code that was shown.
        old: KeyedHash,
        /// The one in its place.
        new: KeyedHash,
    },
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = identity)]
struct IdentityRow {
    account: String,
    pin_verifier: Vec<u8>,
    country: Option<String>,
    created_at: i64,
}

impl IdentityRow {
    fn read(self) -> Result<Identity, StoreError> {
        let row = Row::new("identity", &self.account);
        Ok(Identity {
            account: row.parse("account", &self.account)?,
            country: self
                .country
                .as_deref()
                .map(|country| row.place("country", country))
                .transpose()?,
            created_at: row.time("created_at", self.created_at)?,
            pin_verifier: self.pin_verifier,
        })
    }
}

/// Opens an account with its vault and refund account, unless these credentials have one.
pub fn identity_insert(conn: &mut Connection, new: &NewIdentity<'_>) -> Result<SignUp, StoreError> {
    let account = new.account.to_string();
    let row = (
        identity::account.eq(&account),
        identity::lookup.eq(new.lookup),
        identity::pin_verifier.eq(new.pin_verifier),
        identity::recovery_hash.eq(new.recovery_hash.as_bytes().as_slice()),
        identity::country.eq(new.country.as_ref().map(Place::to_string)),
        identity::created_at.eq(new.created_at.as_microsecond()),
    );
    if insert_if_new!(conn, identity::table, row)? == 0 {
        // Not the credentials were taken but another key: random ids do not meet by chance.
        let known = identity_find(conn, new.lookup)?;
        let known =
            known.ok_or_else(|| StoreError::corrupt("identity", "an id that is not random"))?;
        return Ok(SignUp::Known(known.account));
    }
    let row = (
        vault::account.eq(&account),
        vault::handle.eq(new.handle),
        vault::active.eq(true),
        vault::refund_count.eq(0),
    );
    diesel::insert_into(vault::table).values(row).execute(conn)?;
    let unit = unit_of_account(conn)?;
    for name in [Account::Vault(new.account), Account::Refund(new.account)] {
        let row = (
            ledger_account::name.eq(name.to_string()),
            ledger_account::currency.eq(unit.code()),
            ledger_account::guarded.eq(true),
            ledger_account::balance.eq(0),
        );
        diesel::insert_into(ledger_account::table).values(row).execute(conn)?;
    }
    Ok(SignUp::New)
}

/// The currency that vaults are held in.
pub(super) fn unit_of_account(conn: &mut Connection) -> Result<Currency, StoreError> {
    let code: String = gateway::table.select(gateway::unit_of_account).first(conn)?;
    Row::new("gateway", "1").currency("unit_of_account", &code)
}

/// The account with these credentials.
pub fn identity_find(conn: &mut Connection, lookup: &[u8]) -> Result<Option<Identity>, StoreError> {
    let found =
        identity::table.filter(identity::lookup.eq(lookup)).select(IdentityRow::as_select());
    found.first(conn).optional()?.map(IdentityRow::read).transpose()
}

/// The account with this recovery code.
pub fn identity_find_by_recovery(
    conn: &mut Connection,
    hash: &KeyedHash,
) -> Result<Option<Identity>, StoreError> {
    let of_code = identity::recovery_hash.eq(hash.as_bytes().as_slice());
    let found = identity::table.filter(of_code).select(IdentityRow::as_select());
    found.first(conn).optional()?.map(IdentityRow::read).transpose()
}

/// An account that was not erased.
pub fn identity_get(
    conn: &mut Connection,
    account: AccountId,
) -> Result<Option<Identity>, StoreError> {
    let found = identity::table.find(account.to_string()).select(IdentityRow::as_select());
    found.first(conn).optional()?.map(IdentityRow::read).transpose()
}

/// Replaces an account's credentials; false if there is no such account. Credentials that another account has
/// already are a conflict ([`StoreError::is_conflict`]).
pub fn identity_credentials_set(
    conn: &mut Connection,
    account: AccountId,
    new: &NewCredentials<'_>,
) -> Result<bool, StoreError> {
    let of_account = identity::table.find(account.to_string());
    let login = (identity::lookup.eq(new.lookup), identity::pin_verifier.eq(new.pin_verifier));
    let recovery = |hash: KeyedHash| identity::recovery_hash.eq(hash.as_bytes().to_vec());
    let changed = match new.recovery {
        RecoveryChange::Kept { lookup } => {
            let shown = identity::lookup.eq(lookup.to_vec());
            diesel::update(of_account.filter(shown)).set(login).execute(conn)?
        }
        RecoveryChange::New(hash) => {
            diesel::update(of_account).set((login, recovery(hash))).execute(conn)?
        }
        RecoveryChange::Exchanged { old, new } => diesel::update(of_account.filter(recovery(old)))
            .set((login, recovery(new)))
            .execute(conn)?,
    };
    Ok(changed > 0)
}

/// Whether an account is still found by these credentials. They stay as they are until this transaction ends: a change
/// waits, and then sees what this transaction did.
pub fn identity_hold(
    conn: &mut Connection,
    account: AccountId,
    lookup: &[u8],
) -> Result<bool, StoreError> {
    let found = identity::table.find(account.to_string()).filter(identity::lookup.eq(lookup));
    Ok(diesel::update(found).set(identity::lookup.eq(lookup)).execute(conn)? > 0)
}

/// Waits for whoever else changes how this account is found, and holds them up until the transaction ends; false if there
/// is no such account any more.
pub fn identity_lock(conn: &mut Connection, account: AccountId) -> Result<bool, StoreError> {
    let found = identity::table.find(account.to_string());
    Ok(diesel::update(found).set(identity::account.eq(identity::account)).execute(conn)? > 0)
}

/// Gives an account another recovery code. The one before opens nothing any more.
pub fn identity_recovery_set(
    conn: &mut Connection,
    account: AccountId,
    recovery: KeyedHash,
) -> Result<(), StoreError> {
    let hash = recovery.as_bytes().as_slice();
    let found = identity::table.find(account.to_string());
    diesel::update(found).set(identity::recovery_hash.eq(hash)).execute(conn)?;
    Ok(())
}

/// Destroys how an account is found, and ends its sessions. Part of the teller's turn that closes the vault.
pub(crate) fn identity_erase(
    conn: &mut Connection,
    account: AccountId,
    at: Timestamp,
) -> Result<(), StoreError> {
    // The identity first, as whoever changes credentials does: nobody waits crosswise.
    diesel::delete(identity::table.find(account.to_string())).execute(conn)?;
    session_end_all(conn, account, at)?;
    passkeys_of_account_delete(conn, account)?;
    login_consent_forget(conn, account)
}
