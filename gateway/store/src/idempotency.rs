//! The answers that idempotency keys got.

use diesel::prelude::*;
use purser_core::command::Outcome;

use crate::{Connection, StoreError, read::row::Row, schema::idempotency};

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

pub(crate) fn answered(
    scope: &str,
    fingerprint: &[u8],
    outcome: &str,
) -> Result<Answered, StoreError> {
    let row = Row::new("idempotency", scope);
    Ok((row.bytes("fingerprint", fingerprint)?, row.json("outcome", outcome)?))
}
