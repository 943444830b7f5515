//! Batches of cards, without their cards.

use diesel::prelude::*;
use purser_core::{Timestamp, ids::BatchId, money::Money, place::Place};

use super::{
    page::{Page, Paged},
    row::Row,
};
use crate::{Connection, StoreError, schema::card_batch};

/// A batch of cards in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSummary {
    /// Its name.
    pub id: BatchId,
    /// How many cards were printed.
    pub count: u64,
    /// What each is sold for.
    pub face: Money,
    /// The country it is sold in.
    pub country: Option<Place>,
    /// After this its cards cannot be loaded from.
    pub expires_at: Option<Timestamp>,
    /// Whether it was sold.
    pub active: bool,
    /// When it was printed.
    pub created_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = card_batch)]
struct BatchRow {
    id: String,
    count: i64,
    face: i64,
    currency: String,
    country: Option<String>,
    expires_at: Option<i64>,
    active: bool,
    created_at: i64,
}

impl BatchRow {
    fn read(self) -> Result<BatchSummary, StoreError> {
        let row = Row::new("card_batch", &self.id);
        let country = self.country.as_deref().map(|country| row.place("country", country));
        Ok(BatchSummary {
            id: row.parse("id", &self.id)?,
            count: row.number("count", self.count)?,
            face: row.money("currency", self.face, &self.currency)?,
            country: country.transpose()?,
            expires_at: row.time_if("expires_at", self.expires_at)?,
            active: self.active,
            created_at: row.time("created_at", self.created_at)?,
        })
    }
}

/// Batches, newest first.
pub fn batches_page(conn: &mut Connection, page: &Page) -> Result<Paged<BatchSummary>, StoreError> {
    let seen =
        |id: &str| card_batch::table.find(id).select(card_batch::created_at).first(conn).optional();
    let Some((at, id)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let older = card_batch::created_at.lt(at).or(card_batch::id.lt(id));
    let rows: Vec<BatchRow> = card_batch::table
        .filter(card_batch::created_at.le(at).and(older))
        .order((card_batch::created_at.desc(), card_batch::id.desc()))
        .limit(page.fetch())
        .select(BatchRow::as_select())
        .load(conn)?;
    page.of(rows, |row| row.id.clone()).try_map(BatchRow::read)
}
