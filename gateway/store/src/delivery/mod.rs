//! Events on their way to endpoints: made from the stream of placed events (`Store::deliveries_make`), taken by one
//! process at a time (`Store::deliveries_claim`), and written down with what came of them
//! (`Store::deliveries_settle`).
//!
//! Each endpoint has its own position in the stream and its own deliveries, so that none waits for another. A
//! delivery is claimed until a time, by an update that only one can make: a process that dies leaves its claims to
//! whoever looks after that time. So each is tried at least once, also over a restart.

mod claim;
mod make;
mod settle;

pub use self::{
    claim::{Claim, Claimed, Hold},
    settle::{Attempt, Outcome, Settled, Then},
};
use crate::{StoreError, read::row::Row};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried now, or will be.
    Waiting,
    /// The endpoint took it.
    Delivered,
    /// The endpoint's plugin had nothing to say of it.
    Skipped,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Skipped, Self::Failed];

    /// The name in the database and in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn read(row: Row<'_>, name: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| row.fault("state"))
    }
}
