//! Lists in pages, newest first.

use diesel::QueryResult;

use crate::StoreError;

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    after: Option<String>,
    limit: usize,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The rows, newest first.
    pub rows: Vec<T>,
    /// The id to ask for the next page with; nothing when this is the last page.
    pub next: Option<String>,
}

impl Page {
    /// The most rows of a page: an answer of a few hundred kilobytes at worst.
    pub const LIMIT_MAX: usize = 100;

    /// The `limit` rows (1 to 100) behind the row with the id `after`, or the newest ones.
    pub fn new(after: Option<String>, limit: usize) -> Option<Self> {
        (1..=Self::LIMIT_MAX).contains(&limit).then_some(Self { after, limit })
    }

    /// Time and id of the last row that was seen; behind every row, where the list starts. `None` when there
    /// is no such row.
    pub(crate) fn start(
        &self,
        at_of: impl FnOnce(&str) -> QueryResult<Option<i64>>,
    ) -> Result<Option<(i64, &str)>, StoreError> {
        match &self.after {
            None => Ok(Some((i64::MAX, ""))),
            Some(id) => Ok(at_of(id)?.map(|at| (at, id.as_str()))),
        }
    }

    /// How many rows to fetch: one more than is shown tells whether there is a next page.
    pub(crate) fn fetch(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// The page, of the rows that were fetched.
    pub(crate) fn of<T>(&self, mut rows: Vec<T>, id: impl FnOnce(&T) -> String) -> Paged<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = if more { rows.last().map(id) } else { None };
        Paged { rows, next }
    }
}

impl<T> Paged<T> {
    /// The page behind a row that is not there.
    pub(crate) const fn empty() -> Self {
        Self { rows: Vec::new(), next: None }
    }

    /// The page with its rows read.
    pub(crate) fn try_map<U>(
        self,
        read: impl FnMut(T) -> Result<U, StoreError>,
    ) -> Result<Paged<U>, StoreError> {
        let rows = self.rows.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Paged { rows, next: self.next })
    }
}
