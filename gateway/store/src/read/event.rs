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
use crate::{
    Connection, StoreError,
    schema::{event, event_placed},
};

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
pub(crate) struct EventRow {
    id: String,
    merchant: String,
    kind: String,
    at: i64,
    data: String,
}

/// An event, and its position.
pub(crate) type Found = (EventRow, i64);

pub(crate) fn stored((event, position): Found) -> Result<StoredEvent, StoreError> {
    let row = Row::new("event", &event.id);
    Ok(StoredEvent {
        id: row.parse("id", &event.id)?,
        merchant: row.parse("merchant", &event.merchant)?,
        at: row.time("at", event.at)?,
        position,
        kind: event.kind,
        data: event.data,
    })
}

/// Placed events, as a query to be filtered and ordered.
macro_rules! placed {
    () => {
        event_placed::table
            .inner_join(event::table.on(event::id.eq(event_placed::event)))
            .select((EventRow::as_select(), event_placed::position))
    };
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
    let rows: Vec<Found> = placed!()
        .filter(event_placed::merchant.eq(&merchant).and(event_placed::position.lt(position)))
        .order(event_placed::position.desc())
        .limit(page.fetch())
        .load(conn)?;
    page.of(rows, |(event, _)| event.id.clone()).try_map(stored)
}

/// A merchant's events behind a position, oldest first.
pub fn events_after(
    conn: &mut Connection,
    merchant: MerchantId,
    position: i64,
    limit: usize,
) -> Result<Vec<StoredEvent>, StoreError> {
    let merchant = merchant.to_string();
    let rows: Vec<Found> = placed!()
        .filter(event_placed::merchant.eq(merchant).and(event_placed::position.gt(position)))
        .order(event_placed::position)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(conn)?;
    rows.into_iter().map(stored).collect()
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
    let of_merchant = event_placed::table.filter(event_placed::merchant.eq(merchant.to_string()));
    let newest = of_merchant.order(event_placed::position.desc()).select(event_placed::position);
    Ok(newest.first(conn).optional()?)
}

fn position_of(conn: &mut Connection, merchant: &str, id: &str) -> QueryResult<Option<i64>> {
    let event = event_placed::event.eq(id).and(event_placed::merchant.eq(merchant));
    event_placed::table.filter(event).select(event_placed::position).first(conn).optional()
}
