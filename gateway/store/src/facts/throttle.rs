//! Failures that slow a guesser down, and the addresses where somebody signed in. The key is a keyed hash of an e-mail
//! or an address, or names a vault; a row is forgotten with its window.

use diesel::prelude::*;
use purser_core::Timestamp;

use super::insert_if_new;
use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{familiar_address, throttle},
};

/// Failures so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// The first failure.
    pub window_started_at: Timestamp,
    /// How many there were since.
    pub failures: u32,
}

/// The failures of a window that started after `since`.
pub fn throttle_get(
    conn: &mut Connection,
    key: &[u8],
    since: Timestamp,
) -> Result<Option<Throttle>, StoreError> {
    let found: Option<(i64, i64)> = throttle::table
        .find(key)
        .filter(throttle::window_started_at.gt(since.as_microsecond()))
        .select((throttle::window_started_at, throttle::failures))
        .first(conn)
        .optional()?;
    let Some((started_at, failures)) = found else { return Ok(None) };
    let row = Row::new("throttle", "a key");
    let window_started_at = row.time("window_started_at", started_at)?;
    Ok(Some(Throttle { window_started_at, failures: row.number("failures", failures)? }))
}

/// Counts a failure at `now`, in the window that started after `since` or in a new one. Tells how many there are.
pub fn throttle_fail(
    conn: &mut Connection,
    key: &[u8],
    since: Timestamp,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let (since_micros, now) = (since.as_microsecond(), now.as_microsecond());
    let begun = (throttle::window_started_at.eq(now), throttle::failures.eq(1));
    if insert_if_new!(conn, throttle::table, (throttle::key.eq(key), begun))? > 0 {
        return Ok(1);
    }
    // Each step is one conditional update, so that failures at once are all counted: whoever finds that the window
    // was begun anew by somebody else counts in that one.
    if count_in_window(conn, key, since_micros)? == 0 {
        let over = throttle::window_started_at.le(since_micros);
        let begun_anew =
            diesel::update(throttle::table.find(key).filter(over)).set(begun).execute(conn)?;
        if begun_anew == 0 {
            count_in_window(conn, key, since_micros)?;
        }
    }
    Ok(throttle_get(conn, key, since)?.map_or(1, |throttle| throttle.failures))
}

fn count_in_window(conn: &mut Connection, key: &[u8], since: i64) -> QueryResult<usize> {
    let running = throttle::table.find(key).filter(throttle::window_started_at.gt(since));
    diesel::update(running).set(throttle::failures.eq(throttle::failures + 1)).execute(conn)
}

/// Forgets the windows that started at `until` or before; tells how many.
pub fn throttles_expired_delete(
    conn: &mut Connection,
    until: Timestamp,
) -> Result<usize, StoreError> {
    let expired = throttle::table.filter(throttle::window_started_at.le(until.as_microsecond()));
    Ok(diesel::delete(expired).execute(conn)?)
}

/// Whether somebody signed in there lately. The key is a keyed hash of e-mail and address.
pub fn address_is_familiar(
    conn: &mut Connection,
    key: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = familiar_address::table.find(key);
    let alive = row.filter(familiar_address::expires_at.gt(now.as_microsecond()));
    Ok(diesel::select(diesel::dsl::exists(alive)).get_result(conn)?)
}

/// Remembers, until `expires_at`, that somebody signed in there.
pub fn address_familiar_set(
    conn: &mut Connection,
    key: &[u8],
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let until = familiar_address::expires_at.eq(expires_at.as_microsecond());
    if insert_if_new!(conn, familiar_address::table, (familiar_address::key.eq(key), until))? == 0 {
        diesel::update(familiar_address::table.find(key)).set(until).execute(conn)?;
    }
    Ok(())
}

/// Forgets the addresses where nobody signed in any more; tells how many.
pub fn familiar_addresses_expired_delete(
    conn: &mut Connection,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let expired =
        familiar_address::table.filter(familiar_address::expires_at.le(now.as_microsecond()));
    Ok(diesel::delete(expired).execute(conn)?)
}
