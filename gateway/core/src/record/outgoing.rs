//! Money that left the gateway, and the returns that were written for it.

use jiff::Timestamp;
use purser_money::Money;
use sha2::{Digest, Sha256};

use super::EvidenceId;
use crate::{
    ids::{MerchantId, PayoutId, RemittanceId},
    liability::{Lines, TaxAccount},
    outgoing::{Outgoing, Settled},
    period::{Month, Period},
};

/// A remittance. What is in it can be recomputed: all that the journal holds up to `position` of `months`, less what
/// the remittances that it `counted` told of them before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemittanceRecord {
    /// Its name.
    pub id: RemittanceId,
    /// When.
    pub at: Timestamp,
    /// Who owes to whom.
    pub account: TaxAccount,
    /// What for.
    pub period: Period,
    /// How many remittances, and ends of remittances, the account had before: of two at once only one has the next.
    pub number: i64,
    /// The position of the last entry of the journal that was looked at.
    pub position: i64,
    /// The months that it tells of: those of the period and, where they were told of before, those of the one before.
    pub months: Vec<Month>,
    /// The remittances that were not failed when it was prepared.
    pub counted: Vec<RemittanceId>,
    /// What it tells.
    pub lines: Lines,
    /// The net of all lines, corrections included.
    pub base: Money,
    /// The tax of all lines, corrections included; below zero if more went back than was sold.
    pub tax: Money,
    /// What the remittances before left: below zero for what is still to be taken off.
    pub carried: Money,
    /// What is paid.
    pub paid: Money,
    /// The plugin call that wrote the return.
    pub evidence: EvidenceId,
}

/// A return, as the plugin wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingRecord {
    /// The remittance that it is for.
    pub remittance: RemittanceId,
    /// SHA-256 of the body.
    pub hash: [u8; 32],
    /// What the body is.
    pub media_type: String,
    /// What to call it.
    pub file_name: String,
    /// The file.
    pub body: Vec<u8>,
}

/// A payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRecord {
    /// Its name.
    pub id: PayoutId,
    /// To whom.
    pub merchant: MerchantId,
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
}

/// What became of money that was to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementRecord {
    /// Of what.
    pub of: Outgoing,
    /// When.
    pub at: Timestamp,
    /// What.
    pub settled: Settled,
    /// How many remittances, and ends of remittances, the tax account had before; 0 for a payout.
    pub number: i64,
}

impl FilingRecord {
    /// A return, with its hash.
    pub fn new(
        remittance: RemittanceId,
        media_type: String,
        file_name: String,
        body: Vec<u8>,
    ) -> Self {
        Self { remittance, hash: Self::hash(&body), media_type, file_name, body }
    }

    /// The hash of a body.
    pub fn hash(body: &[u8]) -> [u8; 32] {
        Sha256::digest(body).into()
    }
}
