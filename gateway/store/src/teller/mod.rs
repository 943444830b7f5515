//! The teller: a bounded queue in front of one thread that commits whatever has queued as one transaction.

mod batch;
mod changes;
mod counts;
mod journal;
mod locked;
mod outgoing;
mod postgres;
mod queue;
pub(crate) mod rows;
mod sqlite;
mod stamps;
mod transaction;
mod writer;

use purser_core::command::Outcome;

pub(crate) use counts::Counting;
pub use counts::TellerCounts;
pub(crate) use queue::Teller;
pub(crate) use writer::Writer;

/// What the teller decided, and whether it had decided it before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What the key answers from now on.
    pub outcome: Outcome,
    /// The key was answered before: nothing happened now.
    pub replayed: bool,
}

/// Why the teller decided nothing. The key stays free.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Too much has queued. Nothing happened; come back in a moment.
    #[error("too much is waiting for the teller; try again in a moment")]
    Overloaded,
    /// What the command assumed is no longer so: prepare it again.
    #[error("what the command assumed has changed; prepare it again")]
    Stale,
    /// The amounts do not fit into the books.
    #[error("the amounts are too large for the books")]
    TooLarge,
    /// The key was used for another request.
    #[error("the key was used for another request")]
    KeyReused,
    /// The database cannot be reached. Whether the command happened is known when its key is tried again.
    #[error("the database cannot be reached; try again with the same key")]
    Unavailable,
    /// An invariant would have been broken. The command did not happen, and somebody must look.
    #[error("the command would break the books: {0}")]
    Broken(String),
}
