//! Browsers in which somebody is signed in. Their cookie is kept as a keyed hash.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{AccountId, SessionId},
    place::Place,
    secret::KeyedHash,
};

use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{browser_session, gateway, identity, session},
};

/// Who is signed in, as the row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// A buyer, for as long as its session lives.
    Buyer(SessionId),
    /// A merchant, for as long as the key with this hash is good.
    Merchant(KeyedHash),
    /// An operator, for as long as the key with this hash is good.
    Operator(KeyedHash),
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrowserSession {
    /// The keyed hash of its cookie.
    pub hash: KeyedHash,
    /// Who.
    pub who: SignedIn,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A buyer who is signed in in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserBuyer {
    /// In which session.
    pub session: SessionId,
    /// Whose.
    pub account: AccountId,
    /// The country that the buyer's taxes depend on, if it named one.
    pub country: Option<Place>,
    /// The version of the facts, whichever process changed them.
    pub facts_version: i64,
}

impl SignedIn {
    /// The name of the kind.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Buyer(_) => "buyer",
            Self::Merchant(_) => "merchant",
            Self::Operator(_) => "operator",
        }
    }

    /// The key that a desk was opened with.
    const fn key(&self) -> Option<&KeyedHash> {
        match self {
            Self::Buyer(_) => None,
            Self::Merchant(key) | Self::Operator(key) => Some(key),
        }
    }

    fn session(&self) -> Option<String> {
        match self {
            Self::Buyer(session) => Some(session.to_string()),
            Self::Merchant(_) | Self::Operator(_) => None,
        }
    }
}

/// Remembers that somebody signed in.
pub fn browser_session_insert(
    conn: &mut Connection,
    new: &BrowserSession,
) -> Result<(), StoreError> {
    let row = (
        browser_session::hash.eq(new.hash.as_bytes().as_slice()),
        browser_session::kind.eq(new.who.kind()),
        browser_session::session.eq(new.who.session()),
        browser_session::key_hash.eq(new.who.key().map(|key| key.as_bytes().as_slice())),
        browser_session::created_at.eq(new.created_at.as_microsecond()),
        browser_session::expires_at.eq(new.expires_at.as_microsecond()),
    );
    diesel::insert_into(browser_session::table).values(row).execute(conn)?;
    Ok(())
}

/// The buyer of a browser, while its session lives: everything that authentication asks, in one statement.
pub fn browser_buyer_find(
    conn: &mut Connection,
    hash: &KeyedHash,
    now: Timestamp,
) -> Result<Option<BrowserBuyer>, StoreError> {
    let now = now.as_microsecond();
    type Found = (String, String, Option<String>, i64);
    let found: Option<Found> = browser_session::table
        .inner_join(session::table.on(browser_session::session.eq(session::id.nullable())))
        .inner_join(identity::table.on(identity::account.eq(session::account)))
        .inner_join(gateway::table.on(gateway::id.eq(1_i64)))
        .filter(browser_session::hash.eq(hash.as_bytes().as_slice()))
        .filter(browser_session::expires_at.gt(now).and(session::expires_at.gt(now)))
        .select((session::id, session::account, identity::country, gateway::facts_version))
        .first(conn)
        .optional()?;
    let Some((session, account, country, facts_version)) = found else { return Ok(None) };
    let row = Row::new("session", &session);
    let country = country.map(|place| row.place("country", &place)).transpose()?;
    let (session, account) = (row.parse("id", &session)?, row.parse("account", &account)?);
    Ok(Some(BrowserBuyer { session, account, country, facts_version }))
}

/// The keyed hash of the key that the desk in a browser was opened with. Whether that key is still good is to be asked.
pub fn browser_key_find(
    conn: &mut Connection,
    hash: &KeyedHash,
    now: Timestamp,
) -> Result<Option<KeyedHash>, StoreError> {
    let alive = browser_session::expires_at.gt(now.as_microsecond());
    let found: Option<Option<Vec<u8>>> = browser_session::table
        .find(hash.as_bytes().as_slice())
        .filter(alive)
        .select(browser_session::key_hash)
        .first(conn)
        .optional()?;
    let Some(key) = found.flatten() else { return Ok(None) };
    let key = Row::new("browser_session", "a cookie's hash").bytes("key_hash", &key)?;
    Ok(Some(KeyedHash::from_bytes(key)))
}

/// Forgets a browser: its cookie opens nothing any more.
pub fn browser_session_delete(conn: &mut Connection, hash: &KeyedHash) -> Result<(), StoreError> {
    diesel::delete(browser_session::table.find(hash.as_bytes().as_slice())).execute(conn)?;
    Ok(())
}

/// Forgets browsers whose time is over, or whose session has ended; tells how many.
pub fn browser_sessions_expired_delete(
    conn: &mut Connection,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let over = browser_session::expires_at.le(now.as_microsecond());
    let lives = session::table.filter(browser_session::session.eq(session::id.nullable()));
    let ended =
        browser_session::session.is_not_null().and(diesel::dsl::not(diesel::dsl::exists(lives)));
    Ok(diesel::delete(browser_session::table.filter(over.or(ended))).execute(conn)?)
}
