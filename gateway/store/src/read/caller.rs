//! What authentication asks of a buyer, in one statement: every request waits for it.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{AccountId, SessionId},
    place::Place,
};

use super::row::Row;
use crate::{
    Answered, Connection, StoreError,
    idempotency::answered,
    schema::{gateway, idempotency, identity, session},
};

/// A buyer whose session lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The country that the buyer's taxes depend on, if it named one.
    pub country: Option<Place>,
    /// What the idempotency key answered before.
    pub answered: Option<Answered>,
    /// The version of the facts, whichever process changed them.
    pub facts_version: i64,
}

/// The buyer of a session, unless it has ended or is another's.
pub fn caller_find(
    conn: &mut Connection,
    (id, account): (SessionId, AccountId),
    key: Option<&str>,
    now: Timestamp,
) -> Result<Option<Caller>, StoreError> {
    let (id, account) = (id.to_string(), account.to_string());
    // No key is empty, so that none is found for a request without one.
    let asked = idempotency::key.eq(key.unwrap_or_default());
    type Found = (Option<String>, i64, Option<(Vec<u8>, String)>);
    let found: Option<Found> = session::table
        .inner_join(identity::table.on(identity::account.eq(session::account)))
        .inner_join(gateway::table.on(gateway::id.eq(1_i64)))
        .left_join(idempotency::table.on(idempotency::scope.eq(session::account).and(asked)))
        .filter(session::id.eq(&id).and(session::account.eq(&account)))
        .filter(session::expires_at.gt(now.as_microsecond()))
        .select((
            identity::country,
            gateway::facts_version,
            (idempotency::fingerprint, idempotency::outcome).nullable(),
        ))
        .first(conn)
        .optional()?;
    let Some((country, facts_version, stored)) = found else { return Ok(None) };
    let country = country.map(|place| Row::new("identity", &account).place("country", &place));
    let stored = stored.map(|(fingerprint, outcome)| answered(&account, &fingerprint, &outcome));
    Ok(Some(Caller { country: country.transpose()?, answered: stored.transpose()?, facts_version }))
}
