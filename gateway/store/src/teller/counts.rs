//! What the teller counts of itself, for whoever watches the gateway.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the teller of this process has done since it started, and what waits for it now. Commands for each turn tell
/// how well the price of a commit is shared; a queue that stays long tells that the database is the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TellerCounts {
    /// Turns that were committed.
    pub turns: u64,
    /// Commands that were decided in them.
    pub commands: u64,
    /// Commands and small changes in the queue.
    pub waiting: u64,
}

/// The same, while it is counted.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    turns: AtomicU64,
    commands: AtomicU64,
    waiting: AtomicU64,
}

impl Counting {
    pub(super) fn queued(&self) {
        self.waiting.fetch_add(1, Relaxed);
    }

    pub(super) fn left_queue(&self) {
        self.waiting.fetch_sub(1, Relaxed);
    }

    pub(super) fn committed(&self, commands: usize) {
        self.turns.fetch_add(1, Relaxed);
        self.commands.fetch_add(u64::try_from(commands).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn now(&self) -> TellerCounts {
        TellerCounts {
            turns: self.turns.load(Relaxed),
            commands: self.commands.load(Relaxed),
            waiting: self.waiting.load(Relaxed),
        }
    }
}
