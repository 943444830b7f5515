//! Why the teller refuses a command: data, not an error. Kept with the idempotency key, so that the same key
//! gets the same answer.

use purser_money::Money;
use serde::{Deserialize, Serialize};

use crate::{ids::RefundId, outgoing::Settled};

/// A decided refusal. Nothing moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "name", content = "with")]
pub enum Refusal {
    /// The vault, or the card, holds less.
    InsufficientFunds,
    /// An open account holds less than is to be taken from it. Only who may see it takes from it.
    HoldsLess {
        /// Its name in the chart.
        account: String,
        /// What it holds.
        holds: Money,
    },
    /// The vault was closed.
    VaultInactive,
    /// No such thing that the caller may see.
    NotFound,
    /// The item went back before.
    AlreadyRefunded {
        /// The refund that was made.
        refund: RefundId,
    },
    /// As many refunds as the policy allows were made in the period.
    RefundLimitExceeded,
    /// Too late, or a final sale.
    RefundWindowClosed,
    /// Not an item that this buyer purchased.
    NotPurchased,
    /// A single-use offer was bought before.
    OfferAlreadyUsed {
        /// The offer, by the merchant's own id, if it was the only one of its kind.
        offer: Option<String>,
    },
    /// The stamp was used.
    StampAlreadyScanned,
    /// The stamp's vendor holds the money back for some days, so the stamp is voided and not refunded.
    StampHeld {
        /// For how many.
        days: u32,
    },
    /// The card is right, and empty.
    CardAlreadyUsed,
    /// The card is not right: unknown, inactive, expired, blocked, replayed, all alike.
    CardRefused,
    /// The remittance or payout was paid, or came back, before.
    AlreadySettled {
        /// What became of it.
        settled: Settled,
    },
    /// A limit of the buyer's country.
    LimitExceeded {
        /// Which.
        limit: Limit,
        /// How much is allowed.
        most: Money,
    },
    /// A limit of somebody else's country, of whom nothing is told: not which limit, and not how far it is.
    LimitOfOtherExceeded,
}

/// A limit that a country's law sets on anonymous stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// One load.
    Load,
    /// What a vault holds.
    Balance,
    /// One payment.
    Payment,
}

impl Refusal {
    /// The problem's name, as clients see it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InsufficientFunds | Self::HoldsLess { .. } => "insufficient-funds",
            Self::VaultInactive => "vault-inactive",
            Self::NotFound => "not-found",
            Self::AlreadyRefunded { .. } => "already-refunded",
            Self::RefundLimitExceeded => "refund-limit-exceeded",
            Self::RefundWindowClosed => "refund-window-closed",
            Self::NotPurchased => "not-purchased",
            Self::OfferAlreadyUsed { .. } => "offer-already-used",
            Self::StampAlreadyScanned => "stamp-already-scanned",
            Self::StampHeld { .. } => "stamp-held",
            Self::CardAlreadyUsed => "card-already-used",
            Self::CardRefused => "card-refused",
            Self::AlreadySettled { .. } => "already-settled",
            Self::LimitExceeded { .. } | Self::LimitOfOtherExceeded => "limit-exceeded",
        }
    }
}
