//! Why a command stops.

use crate::{books::PostError, entry::EntryError, refusal::Refusal};

/// Why a command stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    Refused(Refusal),
    Stale,
    TooLarge,
    Broken(String),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<EntryError> for Stop {
    fn from(error: EntryError) -> Self {
        match error {
            EntryError::Overflow => Self::TooLarge,
            error => Self::Broken(error.to_string()),
        }
    }
}

impl From<purser_money::MoneyError> for Stop {
    fn from(error: purser_money::MoneyError) -> Self {
        match error {
            purser_money::MoneyError::Overflow => Self::TooLarge,
            error => Self::Broken(error.to_string()),
        }
    }
}

impl From<PostError> for Stop {
    fn from(error: PostError) -> Self {
        match error {
            PostError::BelowFloor(_) => Self::Refused(Refusal::InsufficientFunds),
            PostError::HoldsLess(account, holds) => {
                Self::Refused(Refusal::HoldsLess { account: account.to_string(), holds })
            }
            PostError::Overflow => Self::TooLarge,
            PostError::NotLocked(_) | PostError::Currency(..) => Self::Broken(error.to_string()),
        }
    }
}
