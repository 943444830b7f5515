//! A buyer's vault, and the refund account beside it.

use jiff::Timestamp;
use purser_money::Money;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, CardId},
    policy::{RefundPolicy, days_after},
};

/// What is kept of a vault besides its balance, which is an account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vault {
    /// Whose.
    pub account: AccountId,
    /// What others send value to; theirs to know, and unknown once the vault is closed.
    pub handle: String,
    /// Open or closed.
    pub status: VaultStatus,
    /// Refunds made in the running period.
    pub refund_count: u32,
    /// The first refund after a reset.
    pub period_started_at: Option<Timestamp>,
}

/// Open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultStatus {
    /// May do everything.
    Active,
    /// Closed for good. What was left is on the compensation card, if anything was left.
    Closed {
        /// The card that holds it.
        compensation: Option<CardId>,
    },
}

/// A vault as its owner is shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultView {
    /// Whose.
    pub account: AccountId,
    /// What it holds.
    pub balance: Money,
    /// Whether it may still be used.
    pub active: bool,
    /// What others send value to.
    pub handle: String,
    /// The refund account's total in the running period.
    pub refund_total: Money,
    /// Refunds made in the running period.
    pub refund_count: u32,
    /// When the period started.
    pub period_started_at: Option<Timestamp>,
    /// The policy in force.
    pub policy: RefundPolicy,
    /// The card on which the rest of a closed vault is, and what is left on it. Its code is derived when shown.
    pub compensation: Option<(CardId, Money)>,
}

impl VaultView {
    /// When the running refund period ends, if one is running.
    pub fn period_ends_at(&self) -> Option<Timestamp> {
        self.period_started_at.map(|start| days_after(start, self.policy.period_days))
    }

    /// What may still be refunded in this period. A refund of more closes the vault.
    pub fn refund_left(&self) -> Money {
        let left = self.policy.max_total.minus(self.refund_total).ok();
        let left = left.filter(|left| left.is_positive());
        left.unwrap_or(Money::zero(self.refund_total.currency()))
    }

    /// Whether a refund of so much closes the vault for good.
    pub fn is_closed_by(&self, refund: Money) -> bool {
        refund.minor() > self.refund_left().minor()
    }

    /// How many refunds may still be made in this period.
    pub const fn refunds_left(&self) -> u32 {
        self.policy.max_count.saturating_sub(self.refund_count)
    }
}

impl Vault {
    /// Whether the vault may be used.
    pub const fn is_active(&self) -> bool {
        matches!(self.status, VaultStatus::Active)
    }

    /// The compensation card, if there is one.
    pub const fn compensation(&self) -> Option<CardId> {
        match self.status {
            VaultStatus::Active => None,
            VaultStatus::Closed { compensation } => compensation,
        }
    }

    /// Whether the refund period has passed. A closed vault's never does.
    pub fn period_is_over(&self, policy: &RefundPolicy, now: Timestamp) -> bool {
        let end = self.period_started_at.map(|start| days_after(start, policy.period_days));
        self.is_active() && end.is_some_and(|end| now >= end)
    }

    /// What its owner is shown now. A period that has passed is shown as over at once, and posted with
    /// the next refund.
    pub fn view(
        &self,
        balance: Money,
        refund_total: Money,
        compensation_left: Option<Money>,
        policy: &RefundPolicy,
        now: Timestamp,
    ) -> VaultView {
        let over = self.period_is_over(policy, now);
        VaultView {
            account: self.account,
            balance,
            active: self.is_active(),
            handle: self.handle.clone(),
            refund_total: if over { Money::zero(refund_total.currency()) } else { refund_total },
            refund_count: if over { 0 } else { self.refund_count },
            period_started_at: if over { None } else { self.period_started_at },
            policy: *policy,
            compensation: self
                .compensation()
                .zip(compensation_left.filter(|left| left.is_positive())),
        }
    }
}
