//! Pre-paid cards: printed to be sold, or made for the rest of a closed vault.

use jiff::Timestamp;
use purser_money::{Currency, Money};

use crate::ids::{BatchId, CardId};

/// A pre-paid card. Its code is kept as a keyed hash, its UID not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRecord {
    /// Its name.
    pub id: CardId,
    /// Printed on it; public.
    pub serial: String,
    /// The currency of its value.
    pub currency: Currency,
    /// The keyed hash of its code.
    pub code_hash: [u8; 32],
    /// Whether it may be loaded from.
    pub status: CardStatus,
    /// Voucher, smart card or compensation.
    pub kind: CardKind,
    /// What it is sold for.
    pub face: Money,
    /// The batch it was printed in.
    pub batch: Option<BatchId>,
    /// From this moment on its value is owed, but not loadable.
    pub expires_at: Option<Timestamp>,
}

/// Whether a card may be loaded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardStatus {
    /// Not sold yet.
    Inactive,
    /// Sold.
    Active,
    /// Lost or stolen.
    Blocked,
}

/// How a card came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKind {
    /// A printed code.
    Voucher,
    /// An NTAG 424 DNA chip.
    Smart,
    /// The rest of a closed vault. Never expires.
    Compensation,
}

impl CardStatus {
    const NAMES: [(Self, &'static str); 3] =
        [(Self::Inactive, "inactive"), (Self::Active, "active"), (Self::Blocked, "blocked")];

    /// The name in the database and in answers.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(status, _)| *status)
    }
}

impl CardKind {
    const NAMES: [(Self, &'static str); 3] =
        [(Self::Voucher, "voucher"), (Self::Smart, "smart"), (Self::Compensation, "compensation")];

    /// The name in the database.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}
