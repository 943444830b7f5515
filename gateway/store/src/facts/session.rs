//! Login sessions. A session is a family of refresh tokens, of which only the youngest may be used: an older one
//! that comes again was copied, and ends the family.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{AccountId, SessionId},
    secret::KeyedHash,
};

use super::login_grant::login_grant_end_all;
use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{refresh_token, session},
};

/// Wrong PINs in a row: six digits cannot be guessed in five.
pub const PIN_FAILURES_MAX: u32 = 5;

/// A session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Wrong PINs in a row.
    pub pin_failures: u32,
}

/// A refresh token, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its keyed hash.
    pub hash: KeyedHash,
    /// After this it is as unknown as any other.
    pub expires_at: Timestamp,
}

/// What came of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// The session goes on with the new token.
    Rotated(Session),
    /// The token was used before: its session has ended.
    Reused(SessionId),
    /// No token of a session that lives.
    Unknown,
}

/// What came of a wrong PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinFailure {
    /// So many more may be wrong.
    Left(u32),
    /// The session has ended.
    Ended,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = session)]
struct SessionRow {
    id: String,
    account: String,
    created_at: i64,
    expires_at: i64,
    pin_failures: i64,
}

impl SessionRow {
    fn read(self) -> Result<Session, StoreError> {
        let row = Row::new("session", &self.id);
        Ok(Session {
            id: row.parse("id", &self.id)?,
            account: row.parse("account", &self.account)?,
            created_at: row.time("created_at", self.created_at)?,
            expires_at: row.time("expires_at", self.expires_at)?,
            pin_failures: row.number("pin_failures", self.pin_failures)?,
        })
    }
}

/// Begins a session with its first refresh token.
pub fn session_insert(
    conn: &mut Connection,
    new: &Session,
    token: &RefreshToken,
) -> Result<(), StoreError> {
    session_insert_bare(conn, new)?;
    token_insert(conn, new.id, token)
}

/// Begins a session without tokens: that of a browser, which shows its cookie.
pub fn session_insert_bare(conn: &mut Connection, new: &Session) -> Result<(), StoreError> {
    let row = (
        session::id.eq(new.id.to_string()),
        session::account.eq(new.account.to_string()),
        session::created_at.eq(new.created_at.as_microsecond()),
        session::expires_at.eq(new.expires_at.as_microsecond()),
        session::pin_failures.eq(i64::from(new.pin_failures)),
    );
    diesel::insert_into(session::table).values(row).execute(conn)?;
    Ok(())
}

fn token_insert(
    conn: &mut Connection,
    of: SessionId,
    token: &RefreshToken,
) -> Result<(), StoreError> {
    let row = (
        refresh_token::hash.eq(token.hash.as_bytes().as_slice()),
        refresh_token::session.eq(of.to_string()),
        refresh_token::used.eq(false),
        refresh_token::expires_at.eq(token.expires_at.as_microsecond()),
    );
    diesel::insert_into(refresh_token::table).values(row).execute(conn)?;
    Ok(())
}

/// A session that lives.
pub fn session_get(
    conn: &mut Connection,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let alive = session::expires_at.gt(now.as_microsecond());
    let found = session::table.find(id.to_string()).filter(alive).select(SessionRow::as_select());
    found.first(conn).optional()?.map(SessionRow::read).transpose()
}

/// Exchanges a refresh token for the next one of its session.
pub fn session_refresh(
    conn: &mut Connection,
    old: &KeyedHash,
    new: &RefreshToken,
    now: Timestamp,
) -> Result<Refresh, StoreError> {
    let token = || refresh_token::table.find(old.as_bytes().as_slice());
    let found: Option<(String, i64)> = token()
        .select((refresh_token::session, refresh_token::expires_at))
        .first(conn)
        .optional()?;
    let Some((of, expires_at)) = found else { return Ok(Refresh::Unknown) };
    let id: SessionId = Row::new("refresh_token", &of).parse("session", &of)?;
    // The session before its tokens, as whoever ends it does.
    if !session_hold(conn, id, now)? {
        return Ok(Refresh::Unknown);
    }
    // Marked first and judged afterwards, so that of two at once only one finds it unused.
    let unused = refresh_token::used.eq(false);
    let was_unused =
        diesel::update(token().filter(unused)).set(refresh_token::used.eq(true)).execute(conn)? > 0;
    if !was_unused {
        session_end(conn, id)?;
        return Ok(Refresh::Reused(id));
    }
    match session_get(conn, id, now)? {
        Some(session) if expires_at > now.as_microsecond() => {
            token_insert(conn, id, new)?;
            Ok(Refresh::Rotated(session))
        }
        _ => Ok(Refresh::Unknown),
    }
}

/// Ends a session: its access and refresh tokens work no more. What a shop may see for some minutes since the buyer logged
/// in is over in its time: shops whose tokens died at one moment could tell that they were the same buyer's. False if the
/// session had ended.
pub fn session_end(conn: &mut Connection, id: SessionId) -> Result<bool, StoreError> {
    let id = id.to_string();
    // The session first, which holds off whoever exchanges a code or a token of it.
    let was_there = diesel::delete(session::table.find(&id)).execute(conn)? > 0;
    diesel::delete(refresh_token::table.filter(refresh_token::session.eq(&id))).execute(conn)?;
    Ok(was_there)
}

/// Ends the sessions of an account, and what shops were granted on it.
pub fn session_end_all(
    conn: &mut Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    session_end_others(conn, account, None, now)
}

/// The same but for one session, in which somebody asks for it.
pub fn session_end_others(
    conn: &mut Connection,
    account: AccountId,
    kept: Option<SessionId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let kept = kept.map_or_else(String::new, |id| id.to_string());
    let of_account = session::table
        .filter(session::account.eq(account.to_string()).and(session::id.ne(kept)))
        .select(session::id)
        .order(session::id);
    let ids: Vec<String> = of_account.load(conn)?;
    for id in &ids {
        session_end(conn, Row::new("session", id).parse("id", id)?)?;
    }
    login_grant_end_all(conn, account, now)
}

/// Holds a session that lives: whoever ends it waits until this transaction is over. False if it has ended.
pub(super) fn session_hold(
    conn: &mut Connection,
    id: SessionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let alive = session::expires_at.gt(now.as_microsecond());
    let same = session::pin_failures.eq(session::pin_failures);
    let held = diesel::update(session::table.find(id.to_string()).filter(alive)).set(same);
    Ok(held.execute(conn)? > 0)
}

/// Counts a wrong PIN. The fifth in a row ends the session.
pub fn session_pin_failed(conn: &mut Connection, id: SessionId) -> Result<PinFailure, StoreError> {
    let of_session = || session::table.find(id.to_string());
    diesel::update(of_session())
        .set(session::pin_failures.eq(session::pin_failures + 1))
        .execute(conn)?;
    let failures: Option<i64> =
        of_session().select(session::pin_failures).first(conn).optional()?;
    let left = failures.and_then(|failures| i64::from(PIN_FAILURES_MAX).checked_sub(failures));
    match left.and_then(|left| u32::try_from(left).ok()) {
        Some(left) if left > 0 => Ok(PinFailure::Left(left)),
        _ => {
            session_end(conn, id)?;
            Ok(PinFailure::Ended)
        }
    }
}

/// A right PIN: the row of wrong ones is over.
pub fn session_pin_passed(conn: &mut Connection, id: SessionId) -> Result<(), StoreError> {
    let failed = session::table.find(id.to_string()).filter(session::pin_failures.ne(0));
    diesel::update(failed).set(session::pin_failures.eq(0)).execute(conn)?;
    Ok(())
}

/// Forgets sessions and tokens that have expired; tells how many sessions those were.
pub fn sessions_expired_delete(conn: &mut Connection, now: Timestamp) -> Result<usize, StoreError> {
    let now = now.as_microsecond();
    let ended = || session::table.filter(session::expires_at.le(now));
    let tokens = refresh_token::session.eq_any(ended().select(session::id));
    diesel::delete(refresh_token::table.filter(tokens)).execute(conn)?;
    diesel::delete(refresh_token::table.filter(refresh_token::expires_at.le(now))).execute(conn)?;
    Ok(diesel::delete(ended()).execute(conn)?)
}
