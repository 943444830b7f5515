//! A stamp: what was sold, and what became of it.

use jiff::{Timestamp, civil::Date};
use purser_money::Money;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ItemId, MerchantId, ScanId, StampId};

/// A stamp as it was sold. Never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampRecord {
    /// Its name.
    pub id: StampId,
    /// The buyer.
    pub account: AccountId,
    /// The vendor.
    pub vendor: MerchantId,
    /// The vendor's number at this gateway.
    pub vendor_number: u32,
    /// The vendor's key that signs it.
    pub key_id: u32,
    /// The item of the purchase.
    pub item: ItemId,
    /// When it was paid.
    pub at: Timestamp,
    /// Its face value.
    pub price: Money,
    /// What it is good for, as the plugin names it.
    pub service: String,
    /// The last day on which it is good.
    pub expires_on: Date,
    /// Its number in the vendor's register of this currency, from 1 and without gaps.
    pub piece: u64,
    /// The vendor's registers, this stamp included.
    pub ascending: u64,
    /// The vendor's registers, this stamp included.
    pub descending: u64,
    /// Its number among the vendor's stamps of all currencies, for an item number.
    pub item_serial: u32,
    /// JSON: all else that the plugin is told, so that an interrupted purchase is finished with the same words.
    pub order: String,
}

/// A stamp under lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// As it was sold.
    pub record: StampRecord,
    /// What became of it.
    pub state: StampState,
}

/// What became of a stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StampState {
    /// Paid; the indicium is being made.
    Issuing,
    /// No indicium could be made, and the money went back.
    Failed(Failure),
    /// It can be printed, or could be.
    Issued(Box<Issue>, Use),
}

/// What of a stamp that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// Good.
    Unused,
    /// It carried something.
    Used(Seen),
    /// Its buyer gave it back, and the vendor waits for scans that come late.
    VoidPending {
        /// When it was given back.
        asked_at: Timestamp,
        /// When the money goes back.
        due_at: Timestamp,
    },
    /// The money went back.
    Void,
}

/// The printed mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// What the symbol holds.
    #[serde(skip)]
    pub indicium: Vec<u8>,
    /// Which symbol: `full` or `lite`.
    pub symbol: String,
    /// What people call the stamp by.
    pub serial: String,
    /// The item number, where the service has one.
    pub s10: Option<String>,
    /// Pairs of names and values, printed in this order.
    pub printed: Vec<(String, String)>,
}

/// Why a stamp could not be issued: what the key of its purchase answers for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The name of the problem.
    pub problem: String,
    /// For people.
    pub detail: String,
}

/// The first scan of a stamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// Where, if the scanner said so.
    pub place: Option<String>,
}

/// Who scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scanner {
    /// The stamp's vendor.
    Vendor(MerchantId),
    /// The operator.
    Operator,
}

/// A scan that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanRecord {
    /// Its name.
    pub id: ScanId,
    /// Of which stamp.
    pub stamp: StampId,
    /// When the gateway heard of it.
    pub at: Timestamp,
    /// When it was scanned.
    pub scanned_at: Timestamp,
    /// Where.
    pub place: Option<String>,
    /// By whom.
    pub scanner: Scanner,
    /// What it was told.
    pub verdict: super::scan::Verdict,
}

impl Stamp {
    /// The status that its buyer sees.
    pub const fn status(&self) -> &'static str {
        match &self.state {
            StampState::Issuing => "issuing",
            StampState::Failed(_) => "void",
            StampState::Issued(_, status) => status.name(),
        }
    }
}

impl Use {
    /// The name in answers.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unused => "issued",
            Self::Used(_) => "used",
            Self::VoidPending { .. } => "void-pending",
            Self::Void => "void",
        }
    }
}

impl std::fmt::Display for Scanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Vendor(merchant) => merchant.fmt(f),
            Self::Operator => f.write_str("operator"),
        }
    }
}
