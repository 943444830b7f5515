//! What merchants are told. An event is read once it has its position in the stream, which it gets right behind
//! the commit: so nobody who follows the positions ever skips one.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{EventId, MerchantId},
};

use super::{
    page::{Page, Paged},
    row::Row,
};
use crate::{Connection, StoreError, schema::event};

/// An event with its position in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its name, stable over all deliveries.
    pub id: EventId,
    /// Who is told.
    pub merchant: MerchantId,
    /// `purchase.paid`, `refund.made`, ...
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// JSON.
    pub data: String,
    /// Its place in the stream.
    pub position: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = event)]
struct EventRow {
    id: String,
    merchant: String,
    kind: String,
    at: i64,
    data: String,
    position: Option<i64>,
}

impl EventRow {
    fn read(self) -> Result<StoredEvent, StoreError> {
        let row = Row::new("event", &self.id);
        Ok(StoredEvent {
            id: row.parse("id", &self.id)?,
            merchant: row.parse("merchant", &self.merchant)?,
            at: row.time("at", self.at)?,
            position: self.position.ok_or_else(|| row.fault("position"))?,
            kind: self.kind,
            data: self.data,
        })
    }
}

/// A merchant's events, newest first.
pub fn events_page(
    conn: &mut Connection,
    merchant: MerchantId,
    page: &Page,
) -> Result<Paged<StoredEvent>, StoreError> {
    let merchant = merchant.to_string();
    let seen = |id: &str| position_of(conn, &merchant, id);
    let Some((position, _)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let rows: Vec<EventRow> = event::table
        .filter(event::merchant.eq(&merchant).and(event::position.lt(position)))
        .order(event::position.desc())
        .limit(page.fetch())
        .select(EventRow::as_select())
        .load(conn)?;
    page.of(rows, |row| row.id.clone()).try_map(EventRow::read)
}

/// A merchant's events behind a position, oldest first.
pub fn events_after(
    conn: &mut Connection,
    merchant: MerchantId,
    position: i64,
    limit: usize,
) -> Result<Vec<StoredEvent>, StoreError> {
    let rows: Vec<EventRow> = event::table
        .filter(event::merchant.eq(merchant.to_string()).and(event::position.gt(position)))
        .order(event::position)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(EventRow::as_select())
        .load(conn)?;
    rows.into_iter().map(EventRow::read).collect()
}

/// Where a merchant's event is in the stream.
pub fn event_position(
    conn: &mut Connection,
    merchant: MerchantId,
    id: EventId,
) -> Result<Option<i64>, StoreError> {
    Ok(position_of(conn, &merchant.to_string(), &id.to_string())?)
}

/// The position of a merchant's newest event: where somebody starts who wants only what is to come.
pub fn event_position_last(
    conn: &mut Connection,
    merchant: MerchantId,
) -> Result<Option<i64>, StoreError> {
    let of_merchant = event::merchant.eq(merchant.to_string()).and(event::position.is_not_null());
    let position: Option<Option<i64>> = event::table
        .filter(of_merchant)
        .order(event::position.desc())
        .select(event::position)
        .first(conn)
        .optional()?;
    Ok(position.flatten())
}

fn position_of(conn: &mut Connection, merchant: &str, id: &str) -> QueryResult<Option<i64>> {
    let of_merchant = event::table.find(id).filter(event::merchant.eq(merchant));
    let position: Option<Option<i64>> =
        of_merchant.select(event::position).first(conn).optional()?;
    Ok(position.flatten())
}
