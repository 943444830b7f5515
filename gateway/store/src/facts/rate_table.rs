//! Tables of rates, as plugins read them from feeds. Every one is kept: conversions refer to them.

use diesel::prelude::*;
use purser_core::{
    Date, Timestamp,
    ids::{PluginId, RateTableId},
    rate::RateTable,
};

use crate::{
    Connection, StoreError,
    read::row::{Row, json_text},
    schema::rate_table,
};

/// A table that was read from a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRateTable {
    /// Its name.
    pub id: RateTableId,
    /// Who read it.
    pub plugin: PluginId,
    /// From which feed, e.g. `ecb-daily`.
    pub feed: String,
    /// The rates.
    pub table: RateTable,
    /// When the feed was fetched.
    pub fetched_at: Timestamp,
}

/// What came of keeping a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKept {
    /// It is new.
    New,
    /// The newest table of that source and day said something else, and is used no more.
    Other(RateTableId),
    /// The newest table of that source and day says the same.
    Known(RateTableId),
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rate_table)]
struct TableRow {
    id: String,
    plugin: String,
    feed: String,
    source: String,
    as_of: String,
    document: String,
    fetched_at: i64,
}

impl TableRow {
    fn of(new: &StoredRateTable) -> Result<Self, StoreError> {
        Ok(Self {
            id: new.id.to_string(),
            plugin: new.plugin.to_string(),
            feed: new.feed.clone(),
            source: new.table.source.clone(),
            as_of: new.table.as_of.to_string(),
            document: json_text(&new.table)?,
            fetched_at: new.fetched_at.as_microsecond(),
        })
    }

    fn read(self) -> Result<StoredRateTable, StoreError> {
        let row = Row::new("rate_table", &self.id);
        Ok(StoredRateTable {
            id: row.parse("id", &self.id)?,
            plugin: row.parse("plugin", &self.plugin)?,
            table: row.json("document", &self.document)?,
            fetched_at: row.time("fetched_at", self.fetched_at)?,
            feed: self.feed,
        })
    }
}

/// Keeps a table, unless it says what is known already.
pub fn rate_table_insert(
    conn: &mut Connection,
    new: &StoredRateTable,
) -> Result<TableKept, StoreError> {
    let new = TableRow::of(new)?;
    let newest: Option<(String, String)> = rate_table::table
        .filter(rate_table::source.eq(&new.source).and(rate_table::as_of.eq(&new.as_of)))
        .filter(rate_table::feed.eq(&new.feed))
        .order((rate_table::fetched_at.desc(), rate_table::id.desc()))
        .select((rate_table::id, rate_table::document))
        .first(conn)
        .optional()?;
    let Some((id, document)) = newest else {
        diesel::insert_into(rate_table::table).values(new).execute(conn)?;
        return Ok(TableKept::New);
    };
    let newest = Row::new("rate_table", &id).parse("id", &id)?;
    if document == new.document {
        return Ok(TableKept::Known(newest));
    }
    diesel::insert_into(rate_table::table).values(new).execute(conn)?;
    Ok(TableKept::Other(newest))
}

/// The newest table of these feeds that is of `date` or before: of one day the one fetched last.
pub fn rate_table_newest(
    conn: &mut Connection,
    feeds: &[&str],
    date: Date,
) -> Result<Option<StoredRateTable>, StoreError> {
    let found: Option<TableRow> = rate_table::table
        .filter(rate_table::feed.eq_any(feeds).and(rate_table::as_of.le(date.to_string())))
        .order((rate_table::as_of.desc(), rate_table::fetched_at.desc(), rate_table::id.desc()))
        .select(TableRow::as_select())
        .first(conn)
        .optional()?;
    found.map(TableRow::read).transpose()
}

/// A table.
pub fn rate_table_get(
    conn: &mut Connection,
    id: RateTableId,
) -> Result<Option<StoredRateTable>, StoreError> {
    let found: Option<TableRow> = rate_table::table
        .find(id.to_string())
        .select(TableRow::as_select())
        .first(conn)
        .optional()?;
    found.map(TableRow::read).transpose()
}

/// The `limit` newest tables.
pub fn rate_table_list(
    conn: &mut Connection,
    limit: usize,
) -> Result<Vec<StoredRateTable>, StoreError> {
    let rows: Vec<TableRow> = rate_table::table
        .order((rate_table::as_of.desc(), rate_table::fetched_at.desc(), rate_table::id.desc()))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(TableRow::as_select())
        .load(conn)?;
    rows.into_iter().map(TableRow::read).collect()
}
