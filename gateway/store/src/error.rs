//! What can go wrong, by what the caller can do about it.

use diesel::result::{DatabaseErrorKind, Error};

/// Why a read or a small change failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or is busy. It may work again in a moment.
    #[error("the database cannot be reached or is busy; try again in a moment")]
    Unavailable,
    /// A row that the gateway did not write.
    #[error("a row of {table} cannot be read: {what}; run `purser check` and restore a backup")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// Which row, and what is wrong with it.
        what: String,
    },
    /// Anything else that the database said.
    #[error("the database refused: {0}")]
    Database(#[source] Error),
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be reached, or is no database.
    #[error("cannot open the database: {0}")]
    Connect(String),
    /// The same of a file.
    #[error(
        "cannot open the database {path}: {error}; it is a file that this user may read and write; if it is damaged, restore it from a backup"
    )]
    File {
        /// Which.
        path: String,
        /// What SQLite said.
        error: String,
    },
    /// Its URL.
    #[error("{0}")]
    Url(String),
    /// The library has the WAL-reset bug.
    #[error("SQLite {0} is too old: 3.51.3 or newer is needed")]
    SqliteTooOld(String),
    /// A migration failed.
    #[error("cannot migrate the database: {0}")]
    Migrate(String),
    /// It was made with another unit of account.
    #[error(
        "this database keeps its vaults in {database}, not in {asked}; start with `--unit-of-account {database}`"
    )]
    UnitOfAccount {
        /// In the database.
        database: String,
        /// In the configuration.
        asked: String,
    },
    /// It was made with other keys.
    #[error(
        "this database belongs to other keys; start with the data directory that it was made with"
    )]
    Keys,
    /// It was reached, and then failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreError {
    /// A row of `table` that cannot be read.
    pub fn corrupt(table: &'static str, what: impl std::fmt::Display) -> Self {
        Self::Corrupt { table, what: what.to_string() }
    }

    /// Whether a row with that key was there already.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if is_retryable(&error) { Self::Unavailable } else { Self::Database(error) }
    }
}

/// Whether the same statement may work when it is tried again. diesel has no kind for a deadlock, and says it
/// with the database's text only.
pub(crate) fn is_retryable(error: &Error) -> bool {
    match error {
        Error::BrokenTransactionManager => true,
        Error::DatabaseError(kind, info) => match kind {
            DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ClosedConnection => true,
            DatabaseErrorKind::UnableToSendCommand => true,
            _ => is_retryable_text(info.message()),
        },
        _ => false,
    }
}

fn is_retryable_text(text: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "deadlock detected",
        "could not serialize access",
        "database is locked",
        "database table is locked",
        "server closed the connection",
        "terminating connection",
        "the database system is",
        "connection to server",
        "no connection to the server",
        "lock timeout",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}
