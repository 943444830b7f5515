//! Keys that sign ID tokens besides those of receipts: one for each algorithm, which all processes share.

use diesel::prelude::*;
use purser_core::{Timestamp, login::client::IdTokenAlg};

use super::insert_if_new;
use crate::{Connection, StoreError, schema::login_key};

/// The encrypted private key of an algorithm.
pub fn login_key_get(
    conn: &mut Connection,
    alg: IdTokenAlg,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found = login_key::table.find(alg.name()).select(login_key::secret);
    Ok(found.first(conn).optional()?)
}

/// Keeps an encrypted private key, unless another process was first; gives the one that is kept.
pub fn login_key_settle(
    conn: &mut Connection,
    alg: IdTokenAlg,
    secret: Vec<u8>,
    at: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let row = (
        login_key::alg.eq(alg.name()),
        login_key::secret.eq(&secret),
        login_key::created_at.eq(at.as_microsecond()),
    );
    if insert_if_new!(conn, login_key::table, row)? > 0 {
        return Ok(secret);
    }
    let kept = login_key_get(conn, alg)?;
    kept.ok_or_else(|| StoreError::corrupt("login_key", alg.name()))
}
