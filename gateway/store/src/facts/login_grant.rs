//! What clients may do since buyers logged in. A grant begins as a code; whoever exchanges the code, once, gets tokens
//! that live as long as the grant. A code or a refresh token that comes a second time was copied, and ends the grant.
//!
//! What ends all grants of a buyer ends those at each merchant in their own time (docs/decisions/0030): shops whose tokens
//! died at one moment could tell that they were the same buyer's.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{AccountId, GrantId, LoginClientId, MerchantId, SessionId},
    login::{pkce::Challenge, scope::Scopes},
    secret::KeyedHash,
};

use super::session::{RefreshToken, session_hold};
use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{login_client, login_grant, login_refresh},
};

/// What a client was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its name.
    pub id: GrantId,
    /// Whose.
    pub client: LoginClientId,
    /// On whom.
    pub account: AccountId,
    /// In which session the buyer agreed.
    pub session: SessionId,
    /// What may be seen.
    pub scopes: Scopes,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// Whose secret exchanges the code.
    pub challenge: Option<Challenge>,
    /// What the client wants to find in the ID token.
    pub nonce: Option<String>,
    /// When the buyer signed in, in seconds by the machine's clock, if the client asked.
    pub auth_time_s: Option<i64>,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// How long it may outlive what ends all grants of the buyer, in microseconds.
    pub ends_after_us: i64,
}

/// What came of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeUse {
    /// It was used now, and is good.
    First(Box<Grant>),
    /// It was used before: what it gave has ended.
    Reused(GrantId),
    /// No code of this client, or one that is over.
    Unknown,
}

/// What came of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantRefresh {
    /// The grant goes on with the new token.
    Rotated(Box<Grant>),
    /// The token was used before: its grant has ended.
    Reused(GrantId),
    /// No token of a grant of this client that lives.
    Unknown,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = login_grant)]
struct GrantRow {
    id: String,
    client: String,
    account: String,
    session: String,
    scopes: String,
    redirect_uri: String,
    challenge: Option<Vec<u8>>,
    nonce: Option<String>,
    auth_time: Option<i64>,
    created_at: i64,
    expires_at: i64,
    ends_after: i64,
}

impl GrantRow {
    fn read(self) -> Result<Grant, StoreError> {
        let row = Row::new("login_grant", &self.id);
        let challenge = self.challenge.as_deref().map(|bytes| row.bytes("challenge", bytes));
        Ok(Grant {
            id: row.parse("id", &self.id)?,
            client: row.parse("client", &self.client)?,
            account: row.parse("account", &self.account)?,
            session: row.parse("session", &self.session)?,
            scopes: row.parse("scopes", &self.scopes)?,
            challenge: challenge.transpose()?.map(Challenge::from_bytes),
            created_at: row.time("created_at", self.created_at)?,
            expires_at: row.time("expires_at", self.expires_at)?,
            ends_after_us: self.ends_after,
            redirect_uri: self.redirect_uri,
            nonce: self.nonce,
            auth_time_s: self.auth_time,
        })
    }
}

/// Gives a grant, which is worth nothing until its code is used; false if its session has ended. The session before the
/// grant, as whoever ends both does: who was later knows of who was earlier.
pub fn login_grant_insert(
    conn: &mut Connection,
    new: &Grant,
    code: &KeyedHash,
) -> Result<bool, StoreError> {
    if !session_hold(conn, new.session, new.created_at)? {
        return Ok(false);
    }
    let row = (
        login_grant::id.eq(new.id.to_string()),
        login_grant::client.eq(new.client.to_string()),
        login_grant::account.eq(new.account.to_string()),
        login_grant::session.eq(new.session.to_string()),
        login_grant::scopes.eq(new.scopes.to_string()),
        login_grant::code_hash.eq(code.as_bytes().as_slice()),
        login_grant::redirect_uri.eq(&new.redirect_uri),
        login_grant::challenge.eq(new.challenge.map(|challenge| challenge.as_bytes().to_vec())),
        login_grant::nonce.eq(&new.nonce),
        login_grant::auth_time.eq(new.auth_time_s),
        login_grant::used.eq(false),
        login_grant::created_at.eq(new.created_at.as_microsecond()),
        login_grant::expires_at.eq(new.expires_at.as_microsecond()),
        login_grant::ends_after.eq(new.ends_after_us),
    );
    diesel::insert_into(login_grant::table).values(row).execute(conn)?;
    Ok(true)
}

/// Uses a code. Nobody uses it again, whatever becomes of it now.
pub fn login_code_use(
    conn: &mut Connection,
    code: &KeyedHash,
    client: LoginClientId,
    now: Timestamp,
) -> Result<CodeUse, StoreError> {
    let of_client = || {
        let of_code =
            login_grant::table.filter(login_grant::code_hash.eq(code.as_bytes().as_slice()));
        of_code.filter(login_grant::client.eq(client.to_string()))
    };
    // Marked first and judged afterwards, so that of two at once only one finds it unused.
    let unused = of_client().filter(login_grant::used.eq(false));
    let was_unused = diesel::update(unused).set(login_grant::used.eq(true)).execute(conn)? > 0;
    let found = of_client().select((GrantRow::as_select(), login_grant::ends_at));
    let found: Option<(GrantRow, Option<i64>)> = found.first(conn).optional()?;
    let Some((row, ends_at)) = found else { return Ok(CodeUse::Unknown) };
    let grant = row.read()?;
    if !was_unused {
        login_grant_end(conn, grant.id)?;
        return Ok(CodeUse::Reused(grant.id));
    }
    // Not whether its session goes on: that it does not, two shops would hear at one moment.
    let ended = ends_at.is_some_and(|ends_at| ends_at <= now.as_microsecond());
    if grant.expires_at <= now || ended {
        login_grant_end(conn, grant.id)?;
        return Ok(CodeUse::Unknown);
    }
    Ok(CodeUse::First(Box::new(grant)))
}

/// Lets a grant live on after its code was used, with its first refresh token if it has any.
pub fn login_grant_begin(
    conn: &mut Connection,
    id: GrantId,
    until: Timestamp,
    token: Option<&RefreshToken>,
) -> Result<(), StoreError> {
    let expires_at = login_grant::expires_at.eq(until.as_microsecond());
    diesel::update(login_grant::table.find(id.to_string())).set(expires_at).execute(conn)?;
    token.map_or(Ok(()), |token| refresh_insert(conn, id, token))
}

fn refresh_insert(
    conn: &mut Connection,
    of: GrantId,
    token: &RefreshToken,
) -> Result<(), StoreError> {
    let row = (
        login_refresh::hash.eq(token.hash.as_bytes().as_slice()),
        login_refresh::of_grant.eq(of.to_string()),
        login_refresh::used.eq(false),
        login_refresh::expires_at.eq(token.expires_at.as_microsecond()),
    );
    diesel::insert_into(login_refresh::table).values(row).execute(conn)?;
    Ok(())
}

/// A grant that lives: its code was used, its client is still registered, and its end is not told yet.
pub fn login_grant_get(
    conn: &mut Connection,
    id: GrantId,
    now: Timestamp,
) -> Result<Option<(Grant, MerchantId)>, StoreError> {
    let found: Option<(GrantRow, String)> = login_grant::table
        .inner_join(login_client::table.on(login_client::id.eq(login_grant::client)))
        .filter(login_grant::id.eq(id.to_string()).and(login_grant::used.eq(true)))
        .filter(login_grant::expires_at.gt(now.as_microsecond()))
        .filter(login_grant::ends_at.is_null().or(login_grant::ends_at.gt(now.as_microsecond())))
        .select((GrantRow::as_select(), login_client::merchant))
        .first(conn)
        .optional()?;
    let Some((row, merchant)) = found else { return Ok(None) };
    let merchant = Row::new("login_client", &row.client).parse("merchant", &merchant)?;
    Ok(Some((row.read()?, merchant)))
}

/// The grant of a client that a refresh token, used or not, belongs to.
pub fn login_grant_of_refresh(
    conn: &mut Connection,
    token: &KeyedHash,
    client: LoginClientId,
) -> Result<Option<GrantId>, StoreError> {
    let found: Option<String> = login_refresh::table
        .inner_join(login_grant::table.on(login_grant::id.eq(login_refresh::of_grant)))
        .filter(login_refresh::hash.eq(token.as_bytes().as_slice()))
        .filter(login_grant::client.eq(client.to_string()))
        .select(login_grant::id)
        .first(conn)
        .optional()?;
    found.map(|id| Row::new("login_grant", &id).parse("id", &id)).transpose()
}

/// Exchanges a refresh token of a client for the next one of its grant, which then lives until `until`.
pub fn login_grant_refresh(
    conn: &mut Connection,
    (old, new): (&KeyedHash, &RefreshToken),
    client: LoginClientId,
    now: Timestamp,
) -> Result<GrantRefresh, StoreError> {
    let Some(id) = login_grant_of_refresh(conn, old, client)? else {
        return Ok(GrantRefresh::Unknown);
    };
    // The grant first, as whoever ends it does. It is not there any more if somebody was faster.
    let held = login_grant::table.find(id.to_string());
    if diesel::update(held).set(login_grant::used.eq(true)).execute(conn)? == 0 {
        return Ok(GrantRefresh::Unknown);
    }
    let unused =
        login_refresh::table.find(old.as_bytes().as_slice()).filter(login_refresh::used.eq(false));
    if diesel::update(unused).set(login_refresh::used.eq(true)).execute(conn)? == 0 {
        login_grant_end(conn, id)?;
        return Ok(GrantRefresh::Reused(id));
    }
    let Some((grant, _)) = login_grant_get(conn, id, now)? else {
        return Ok(GrantRefresh::Unknown);
    };
    let old: i64 = login_refresh::table
        .find(old.as_bytes().as_slice())
        .select(login_refresh::expires_at)
        .first(conn)?;
    if old <= now.as_microsecond() {
        return Ok(GrantRefresh::Unknown);
    }
    login_grant_begin(conn, id, new.expires_at, Some(new))?;
    Ok(GrantRefresh::Rotated(Box::new(grant)))
}

/// Ends a grant: its tokens work no more.
pub fn login_grant_end(conn: &mut Connection, id: GrantId) -> Result<(), StoreError> {
    let id = id.to_string();
    diesel::delete(login_grant::table.find(&id)).execute(conn)?;
    diesel::delete(login_refresh::table.filter(login_refresh::of_grant.eq(&id))).execute(conn)?;
    Ok(())
}

/// Ends all grants on a buyer: what was opened with credentials that are no more. Those of a merchant end at one moment,
/// drawn for the oldest of them: from many it would see when the first of all could have.
pub(super) fn login_grant_end_all(
    conn: &mut Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let account = account.to_string();
    let merchants: Vec<String> = login_grant::table
        .inner_join(login_client::table.on(login_client::id.eq(login_grant::client)))
        .filter(login_grant::account.eq(&account).and(login_grant::ends_at.is_null()))
        .select(login_client::merchant)
        .distinct()
        .order(login_client::merchant)
        .load(conn)?;
    for merchant in &merchants {
        let clients = || login_client::table.filter(login_client::merchant.eq(merchant));
        let at_merchant = || login_grant::client.eq_any(clients().select(login_client::id));
        let open = || {
            let open = login_grant::account.eq(&account).and(login_grant::ends_at.is_null());
            login_grant::table.filter(open.and(at_merchant()))
        };
        let oldest = open().order(login_grant::id).select(login_grant::ends_after);
        let Some(ends_after_us) = oldest.first::<i64>(conn).optional()? else { continue };
        let ends_at = now.as_microsecond().saturating_add(ends_after_us);
        diesel::update(open()).set(login_grant::ends_at.eq(ends_at)).execute(conn)?;
    }
    Ok(())
}

/// Ends all that a merchant was granted on a buyer.
pub(super) fn login_grant_end_at(
    conn: &mut Connection,
    account: AccountId,
    merchant: MerchantId,
) -> Result<(), StoreError> {
    let ids: Vec<String> = login_grant::table
        .inner_join(login_client::table.on(login_client::id.eq(login_grant::client)))
        .filter(login_grant::account.eq(account.to_string()))
        .filter(login_client::merchant.eq(merchant.to_string()))
        .select(login_grant::id)
        .order(login_grant::id)
        .load(conn)?;
    end_each(conn, &ids)
}

fn end_each(conn: &mut Connection, ids: &[String]) -> Result<(), StoreError> {
    for id in ids {
        login_grant_end(conn, Row::new("login_grant", id).parse("id", id)?)?;
    }
    Ok(())
}

/// Ends all that a client was granted. There may be many; their refresh tokens lead nowhere, and are forgotten when they
/// expire.
pub(super) fn login_grant_end_of_client(
    conn: &mut Connection,
    client: LoginClientId,
) -> Result<(), StoreError> {
    let of_client = login_grant::client.eq(client.to_string());
    diesel::delete(login_grant::table.filter(of_client)).execute(conn)?;
    Ok(())
}

/// Forgets codes, grants and refresh tokens that are over; tells how many grants those were.
pub fn login_grants_expired_delete(
    conn: &mut Connection,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let now = now.as_microsecond();
    let over = login_refresh::table.filter(login_refresh::expires_at.le(now));
    diesel::delete(over).execute(conn)?;
    let over = login_grant::expires_at.le(now).or(login_grant::ends_at.le(now));
    let over = login_grant::table.filter(over.assume_not_null());
    Ok(diesel::delete(over).execute(conn)?)
}
