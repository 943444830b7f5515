//! The answers that idempotency keys got.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    command::{Answer, KeyClaim, Outcome},
};

use crate::{
    Connection, StoreError,
    read::row::{Row, json_text},
    schema::idempotency,
};

/// What a key was used for, and what it answered.
pub type Answered = ([u8; 32], Outcome);

/// The fingerprint of the request that used a key first, and what was decided.
pub fn idempotency_find(
    conn: &mut Connection,
    scope: &str,
    key: &str,
) -> Result<Option<Answered>, StoreError> {
    let found: Option<(Vec<u8>, String)> = idempotency::table
        .find((scope, key))
        .select((idempotency::fingerprint, idempotency::outcome))
        .first(conn)
        .optional()?;
    found.map(|(fingerprint, outcome)| answered(scope, &fingerprint, &outcome)).transpose()
}

/// Keeps what a key answers where no teller decides it, in the transaction that does it. A key that was used is a conflict
/// ([`StoreError::is_conflict`]), and of two at once the second waits for it.
pub fn idempotency_insert(
    conn: &mut Connection,
    claim: &KeyClaim,
    answer: Answer,
    at: Timestamp,
) -> Result<(), StoreError> {
    let outcome: Outcome = Ok(answer);
    let row = (
        idempotency::scope.eq(&claim.scope),
        idempotency::key.eq(&claim.key),
        idempotency::fingerprint.eq(claim.fingerprint.as_slice()),
        idempotency::outcome.eq(json_text(&outcome)?),
        idempotency::at.eq(at.as_microsecond()),
    );
    diesel::insert_into(idempotency::table).values(row).execute(conn)?;
    Ok(())
}

pub(crate) fn answered(
    scope: &str,
    fingerprint: &[u8],
    outcome: &str,
) -> Result<Answered, StoreError> {
    let row = Row::new("idempotency", scope);
    Ok((row.bytes("fingerprint", fingerprint)?, row.json("outcome", outcome)?))
}
