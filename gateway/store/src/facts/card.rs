//! Cards that are printed or registered. They are worth nothing until the teller sells them.

use diesel::prelude::*;
use purser_core::{
    Timestamp, ids::BatchId, money::Money, place::Place, record::CardRecord, secret::KeyedHash,
};

use crate::{
    Connection, StoreError,
    schema::{card, card_batch, meta_read_key},
};

/// PostgreSQL takes at most 65,535 values in a statement, and a card has thirteen.
const CARDS_PER_STATEMENT: usize = 1_000;

/// A batch that is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBatch {
    /// Its name.
    pub id: BatchId,
    /// What each card is sold for.
    pub face: Money,
    /// The country it is sold in, whose limits hold.
    pub country: Option<Place>,
    /// After this its cards cannot be loaded from.
    pub expires_at: Option<Timestamp>,
    /// When.
    pub created_at: Timestamp,
}

/// The chip of a smart card.
#[derive(Debug, Clone, Copy)]
pub struct Chip<'a> {
    /// A keyed function of its UID, which is not kept.
    pub smart_id: &'a [u8],
    /// Its encrypted `SDMFileReadKey`, if it was personalised elsewhere.
    pub file_read_key: Option<&'a [u8]>,
}

#[derive(Insertable)]
#[diesel(table_name = card, treat_none_as_default_value = false)]
struct CardRow<'a> {
    id: String,
    serial: &'a str,
    code_hash: &'a [u8],
    kind: &'static str,
    status: &'static str,
    face: i64,
    currency: &'static str,
    country: Option<String>,
    batch: Option<String>,
    expires_at: Option<i64>,
    smart_id: Option<&'a [u8]>,
    tap_counter: Option<i64>,
    file_read_key: Option<&'a [u8]>,
}

impl<'a> CardRow<'a> {
    fn of(record: &'a CardRecord, country: Option<&Place>, chip: Option<Chip<'a>>) -> Self {
        Self {
            id: record.id.to_string(),
            serial: &record.serial,
            code_hash: &record.code_hash,
            kind: record.kind.name(),
            status: record.status.name(),
            face: record.face.minor(),
            currency: record.currency.code(),
            country: country.map(Place::to_string),
            batch: record.batch.map(|batch| batch.to_string()),
            expires_at: record.expires_at.map(Timestamp::as_microsecond),
            smart_id: chip.map(|chip| chip.smart_id),
            tap_counter: None,
            file_read_key: chip.and_then(|chip| chip.file_read_key),
        }
    }
}

/// Keeps a batch that was printed, with its cards. `watch` hears how many cards are written, now and then.
pub fn batch_insert(
    conn: &mut Connection,
    new: &NewBatch,
    cards: &[CardRecord],
    mut watch: impl FnMut(usize),
) -> Result<(), StoreError> {
    let row = (
        card_batch::id.eq(new.id.to_string()),
        card_batch::count.eq(i64::try_from(cards.len()).unwrap_or(i64::MAX)),
        card_batch::face.eq(new.face.minor()),
        card_batch::currency.eq(new.face.currency().code()),
        card_batch::country.eq(new.country.as_ref().map(Place::to_string)),
        card_batch::expires_at.eq(new.expires_at.map(Timestamp::as_microsecond)),
        card_batch::active.eq(false),
        card_batch::created_at.eq(new.created_at.as_microsecond()),
    );
    diesel::insert_into(card_batch::table).values(row).execute(conn)?;
    let rows: Vec<CardRow<'_>> =
        cards.iter().map(|card| CardRow::of(card, new.country.as_ref(), None)).collect();
    let mut written = 0_usize;
    for rows in rows.chunks(CARDS_PER_STATEMENT) {
        cards_insert(conn, rows)?;
        written = written.saturating_add(rows.len());
        watch(written);
    }
    Ok(())
}

/// A batch is sold, with all its cards that are not blocked. Part of the teller's turn that posts the float.
pub(crate) fn batch_sell(conn: &mut Connection, batch: BatchId) -> QueryResult<()> {
    let batch = batch.to_string();
    diesel::update(card_batch::table.find(&batch))
        .set(card_batch::active.eq(true))
        .execute(conn)?;
    let unsold = card::table.filter(card::batch.eq(&batch).and(card::status.eq("inactive")));
    diesel::update(unsold).set(card::status.eq("active")).execute(conn)?;
    Ok(())
}

/// A cached statement for each row is SQLite's fast way, one statement for many rows PostgreSQL's.
fn cards_insert(conn: &mut Connection, rows: &[CardRow<'_>]) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(conn) => {
            for row in rows {
                diesel::insert_into(card::table).values(row).execute(conn)?;
            }
        }
        Connection::Postgres(conn) => {
            diesel::insert_into(card::table).values(rows).execute(conn)?;
        }
    }
    Ok(())
}

/// Registers a smart card. A chip that is registered already is a conflict ([`StoreError::is_conflict`]).
pub fn smart_card_insert(
    conn: &mut Connection,
    new: &CardRecord,
    country: Option<&Place>,
    chip: Chip<'_>,
) -> Result<(), StoreError> {
    cards_insert(conn, &[CardRow::of(new, country, Some(chip))])
}

/// Whether cards that encrypt their number under the key with this hash were registered before.
pub fn meta_read_key_known(conn: &mut Connection, hash: &KeyedHash) -> Result<bool, StoreError> {
    let found = meta_read_key::table.find(hash.as_bytes().as_slice());
    let found: Option<Vec<u8>> = found.select(meta_read_key::hash).first(conn).optional()?;
    Ok(found.is_some())
}

/// Keeps a further key that cards encrypt their number under.
pub fn meta_read_key_insert(
    conn: &mut Connection,
    hash: &KeyedHash,
    wrapped: &[u8],
) -> Result<(), StoreError> {
    let row =
        (meta_read_key::hash.eq(hash.as_bytes().as_slice()), meta_read_key::wrapped.eq(wrapped));
    diesel::insert_into(meta_read_key::table).values(row).execute(conn)?;
    Ok(())
}
