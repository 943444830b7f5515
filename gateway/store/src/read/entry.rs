//! The journal.

use std::collections::BTreeMap;

use diesel::prelude::*;
use purser_core::{
    account::Account,
    entry::{Entry, EntryKind, Posting},
    ids::EntryId,
    money::Money,
};

use super::row::Row;
use crate::{
    Connection, StoreError,
    schema::{entry, posting},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = entry)]
struct EntryRow {
    id: String,
    at: i64,
    kind: String,
    object: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = posting)]
struct PostingRow {
    entry: String,
    account: String,
    currency: String,
    amount: i64,
}

impl EntryRow {
    fn read(self, postings: Vec<Posting>) -> Result<Entry, StoreError> {
        let row = Row::new("entry", &self.id);
        let kind = EntryKind::parse(&self.kind).ok_or_else(|| row.fault("kind"))?;
        let (id, at) = (row.parse("id", &self.id)?, row.time("at", self.at)?);
        // Built again, so checked again: what does not balance is no entry.
        Entry::new(id, at, kind, &self.object, postings).map_err(|_| row.fault("balance"))
    }
}

impl PostingRow {
    /// Debits are kept above zero and credits below.
    fn read(&self) -> Result<Posting, StoreError> {
        let row = Row::new("posting", &self.entry);
        let account: Account = row.parse("account", &self.account)?;
        let signed: Money = row.money("currency", self.amount, &self.currency)?;
        if signed.is_positive() {
            return Ok(Posting::debit(account, signed));
        }
        Ok(Posting::credit(account, signed.negated().map_err(|_| row.fault("amount"))?))
    }
}

/// An entry.
pub fn entry_get(conn: &mut Connection, id: EntryId) -> Result<Option<Entry>, StoreError> {
    let found: Vec<EntryRow> =
        entry::table.find(id.to_string()).select(EntryRow::as_select()).load(conn)?;
    Ok(with_postings(conn, found)?.pop())
}

/// The entries of these names, as far as they are there.
pub(crate) fn entries_get(conn: &mut Connection, ids: &[String]) -> Result<Vec<Entry>, StoreError> {
    let found: Vec<EntryRow> =
        entry::table.filter(entry::id.eq_any(ids)).select(EntryRow::as_select()).load(conn)?;
    with_postings(conn, found)
}

/// The entries that were made for an object (a load, a purchase, a refund), oldest first.
pub fn entries_of(conn: &mut Connection, object: &str) -> Result<Vec<Entry>, StoreError> {
    let found: Vec<EntryRow> = entry::table
        .filter(entry::object.eq(object))
        .order((entry::at, entry::id))
        .select(EntryRow::as_select())
        .load(conn)?;
    with_postings(conn, found)
}

/// The entries that were made for any of these objects.
pub(crate) fn entries_of_all(
    conn: &mut Connection,
    objects: &[String],
) -> Result<Vec<Entry>, StoreError> {
    let found: Vec<EntryRow> = entry::table
        .filter(entry::object.eq_any(objects))
        .select(EntryRow::as_select())
        .load(conn)?;
    with_postings(conn, found)
}

fn with_postings(conn: &mut Connection, entries: Vec<EntryRow>) -> Result<Vec<Entry>, StoreError> {
    let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let rows: Vec<PostingRow> = posting::table
        .filter(posting::entry.eq_any(ids))
        .order((posting::entry, posting::n))
        .select(PostingRow::as_select())
        .load(conn)?;
    let mut by_entry: BTreeMap<String, Vec<Posting>> = BTreeMap::new();
    for row in rows {
        let posting = row.read()?;
        by_entry.entry(row.entry).or_default().push(posting);
    }
    let read = |entry: EntryRow| {
        let postings = by_entry.remove(&entry.id).unwrap_or_default();
        entry.read(postings)
    };
    entries.into_iter().map(read).collect()
}
