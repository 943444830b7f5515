//! The sealer: committed entries get their position, and the next seal of the chain covers them.
//!
//! What is to be sealed is read, hashed and signed outside of the teller's way; only the few rows that say so are
//! written by it. Two sealers at once do the work twice, and the second finds that it was done.

use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::{Array, BigInt, Text},
};
use purser_core::{
    Timestamp,
    entry::Entry,
    jws::{Keyring, SigningKey},
    seal::SealHash,
};
use serde::{Deserialize, Serialize};

use crate::{
    Connection, Store, StoreError,
    duty::Duty,
    read::{entry::entries_get, row::Row},
    schema::{entry_sealed, entry_unsealed, seal},
};

/// So many entries are read again in a few milliseconds, and a seal of more would be slow to check.
const ENTRIES_MAX: i64 = 500;
/// What a seal's signature says it is.
const SEAL_TYPE: &str = "seal+jwt";

/// A link of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The position of its first entry; the first of all is 1.
    pub first_position: i64,
    /// The position of its last entry.
    pub last_position: i64,
    /// The hash over the previous seal and the entries.
    pub hash: SealHash,
    /// The gateway's signature: a JWS of type `seal+jwt`.
    pub signed: String,
    /// When.
    pub at: Timestamp,
}

/// What a seal's signature is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    first_position: i64,
    last_position: i64,
    hash: String,
    iat: i64,
}

/// Entries that wait, and the seal that theirs follows.
struct Waiting {
    after: i64,
    hash: SealHash,
    entries: Vec<Entry>,
}

impl Seal {
    fn claims(&self) -> Claims {
        Claims {
            first_position: self.first_position,
            last_position: self.last_position,
            hash: data_encoding::HEXLOWER.encode(&self.hash.0),
            iat: self.at.as_second(),
        }
    }

    /// Whether one of these keys signed exactly this.
    pub fn is_signed_by(&self, keys: &Keyring) -> bool {
        keys.verify::<Claims>(SEAL_TYPE, &self.signed).is_ok_and(|claims| claims == self.claims())
    }
}

impl Store {
    /// Seals at most 500 entries. Says how many; when it says none, there is nothing left for now.
    pub async fn seal(&self, key: &SigningKey, at: Timestamp) -> Result<usize, StoreError> {
        let Waiting { after, hash, entries } = self.read(waiting).await?;
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        if count == 0 {
            return Ok(0);
        }
        let first_position = after.saturating_add(1);
        let hash = hash.after(first_position, &entries);
        let last_position = after.saturating_add(count);
        let mut new = Seal { first_position, last_position, hash, signed: String::new(), at };
        new.signed = key.sign(SEAL_TYPE, &new.claims()).map_err(|error| {
            StoreError::corrupt("seal", format_args!("it cannot be signed: {error}"))
        })?;
        let ids: Vec<String> = entries.iter().map(|entry| entry.id().to_string()).collect();
        self.write(move |conn| seal_insert(conn, &new, &ids)).await
    }
}

fn waiting(conn: &mut Connection) -> Result<Waiting, StoreError> {
    let last = seal_last(conn)?;
    let (after, hash) = last.map_or((0, SealHash::ORIGIN), |last| (last.last_position, last.hash));
    let ids: Vec<String> = entry_unsealed::table
        .order(entry_unsealed::entry)
        .limit(ENTRIES_MAX)
        .select(entry_unsealed::entry)
        .load(conn)?;
    let mut entries = if ids.is_empty() { Vec::new() } else { entries_get(conn, &ids)? };
    if entries.len() != ids.len() {
        return Err(StoreError::corrupt(
            "entry_unsealed",
            "an entry that waits for its seal is gone",
        ));
    }
    entries.sort_by_key(|entry| (entry.at(), entry.id()));
    Ok(Waiting { after, hash, entries })
}

fn seal_insert(conn: &mut Connection, new: &Seal, entries: &[String]) -> Result<usize, StoreError> {
    Duty::Seal.take(conn)?;
    let last = seal_last(conn)?.map_or(0, |last| last.last_position);
    if last.saturating_add(1) != new.first_position {
        return Ok(0);
    }
    positions_insert(conn, entries, new.first_position)?;
    let row = (
        seal::first_position.eq(new.first_position),
        seal::last_position.eq(new.last_position),
        seal::hash.eq(new.hash.0.as_slice()),
        seal::signed.eq(&new.signed),
        seal::at.eq(new.at.as_microsecond()),
    );
    diesel::insert_into(seal::table).values(row).execute(conn)?;
    diesel::delete(entry_unsealed::table.filter(entry_unsealed::entry.eq_any(entries)))
        .execute(conn)?;
    Ok(entries.len())
}

fn positions_insert(
    conn: &mut Connection,
    entries: &[String],
    first: i64,
) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(conn) => {
            for (position, entry) in (first..).zip(entries) {
                let row = (entry_sealed::position.eq(position), entry_sealed::entry.eq(entry));
                diesel::insert_into(entry_sealed::table).values(row).execute(conn)?;
            }
        }
        Connection::Postgres(conn) => {
            let positions = (first..).take(entries.len()).collect();
            Place { entries, positions }.execute(conn)?;
        }
    }
    Ok(())
}

/// One statement for all of them.
struct Place<'a> {
    entries: &'a [String],
    positions: Vec<i64>,
}

impl QueryFragment<Pg> for Place<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO entry_sealed (position, entry) SELECT * FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.positions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.entries)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for Place<'_> {
    type QueryId = Place<'static>;
}

impl RunQueryDsl<PgConnection> for Place<'_> {}

type SealRow = (i64, i64, Vec<u8>, String, i64);

fn seal_read(
    (first_position, last_position, hash, signed, at): SealRow,
) -> Result<Seal, StoreError> {
    let name = first_position.to_string();
    let row = Row::new("seal", &name);
    let (hash, at) = (SealHash(row.bytes("hash", &hash)?), row.time("at", at)?);
    Ok(Seal { first_position, last_position, hash, signed, at })
}

fn seal_last(conn: &mut Connection) -> Result<Option<Seal>, StoreError> {
    let row = seal::table.order(seal::first_position.desc()).first(conn).optional()?;
    row.map(seal_read).transpose()
}

/// The seals after a position, oldest first: what an auditor exports.
pub fn seals_after(
    conn: &mut Connection,
    position: i64,
    limit: i64,
) -> Result<Vec<Seal>, StoreError> {
    let seals = seal::table.filter(seal::first_position.gt(position)).order(seal::first_position);
    let rows: Vec<SealRow> = seals.limit(limit).load(conn)?;
    rows.into_iter().map(seal_read).collect()
}

/// The names of the entries at these positions, in order.
pub(crate) fn sealed_entries(
    conn: &mut Connection,
    first: i64,
    last: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    let sealed = entry_sealed::table.filter(entry_sealed::position.between(first, last));
    Ok(sealed.order(entry_sealed::position).load(conn)?)
}

/// The hash of the journal up to a position at which a seal ends.
pub fn seal_hash_at(conn: &mut Connection, position: i64) -> Result<Option<SealHash>, StoreError> {
    let seals = seal::table.filter(seal::first_position.le(position));
    let newest = seals.order(seal::first_position.desc()).first(conn).optional()?;
    let newest = newest.map(seal_read).transpose()?;
    Ok(newest.filter(|seal| seal.last_position == position).map(|seal| seal.hash))
}
