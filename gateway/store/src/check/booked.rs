//! What was made of a record in the journal: one entry, with exactly the legs that the core says.

use std::collections::HashMap;

use purser_core::{
    entry::{Entry, EntryKind, Posting},
    money::MoneyError,
};

use crate::{Connection, StoreError, read::entry::entries_of_all};

/// The entries that were made for some objects.
pub(super) struct Booked(HashMap<String, Vec<Entry>>);

impl Booked {
    /// Reads them, with one query for all.
    pub(super) fn of(conn: &mut Connection, objects: &[String]) -> Result<Self, StoreError> {
        let mut by_object: HashMap<String, Vec<Entry>> = HashMap::new();
        for entry in entries_of_all(conn, objects)? {
            by_object.entry(entry.object().to_owned()).or_default().push(entry);
        }
        Ok(Self(by_object))
    }

    /// All entries that were made for an object.
    pub(super) fn all(&self, object: &str) -> &[Entry] {
        self.0.get(object).map_or(&[], Vec::as_slice)
    }

    /// The entry that books an object, if there is one and no other.
    pub(super) fn one(&self, object: &str, kind: EntryKind) -> Option<&Entry> {
        match self.0.get(object).map(Vec::as_slice) {
            Some([entry]) if entry.kind() == kind => Some(entry),
            Some(_) | None => None,
        }
    }
}

/// Whether an entry has these legs. It leaves legs of nothing out.
pub(super) fn has_legs(entry: &Entry, legs: Result<Vec<Posting>, MoneyError>) -> bool {
    legs.is_ok_and(|legs| legs.iter().filter(|leg| !leg.amount.is_zero()).eq(entry.postings()))
}
