//! What the operator decides: how far refunds go, and what a country allows.

use jiff::{SignedDuration, Timestamp};
use purser_money::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::refusal::{Limit, Refusal};

/// How far refunds go. A request is judged by the policy in force when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPolicy {
    /// Refunds in a period.
    pub max_count: u32,
    /// The refund account's total, above which the vault closes. In the unit of account.
    pub max_total: Money,
    /// Days after the sale, unless the offer says otherwise.
    pub window_days: u32,
    /// Days after which the refund account starts anew.
    pub period_days: u32,
}

impl RefundPolicy {
    /// Ten refunds or 500 units of account in 90 days, each within 14 days of the sale.
    pub fn standard(unit_of_account: Currency) -> Self {
        let minor =
            (0..unit_of_account.decimals()).fold(500_i64, |minor, _| minor.saturating_mul(10));
        let max_total = Money::new(minor, unit_of_account);
        Self { max_count: 10, max_total, window_days: 14, period_days: 90 }
    }

    /// Until when something that was bought at `bought_at` may go back, where its offer names a window of its own or
    /// not. Never, if it was a final sale.
    pub fn window_ends_at(&self, bought_at: Timestamp, own_days: Option<u32>) -> Option<Timestamp> {
        let days = own_days.unwrap_or(self.window_days);
        (days > 0).then(|| days_after(bought_at, days))
    }
}

/// What a country allows of anonymous stored value (e.g. Dir. (EU) 2015/849 art. 12). No limit where none is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// One load of a vault.
    pub load_max: Option<Money>,
    /// What a vault holds.
    pub balance_max: Option<Money>,
    /// One payment from a vault.
    pub payment_max: Option<Money>,
}

impl Limits {
    /// Refuses a load that is too large, or makes the vault hold too much.
    pub fn check_load(&self, credited: Money, balance_after: Money) -> Result<(), Refusal> {
        within(credited, self.load_max, Limit::Load)?;
        within(balance_after, self.balance_max, Limit::Balance)
    }

    /// Refuses a payment that is too large.
    pub fn check_payment(&self, total: Money) -> Result<(), Refusal> {
        within(total, self.payment_max, Limit::Payment)
    }
}

fn within(amount: Money, most: Option<Money>, limit: Limit) -> Result<(), Refusal> {
    match most {
        Some(most) if amount.minor() > most.minor() => Err(Refusal::LimitExceeded { limit, most }),
        _ => Ok(()),
    }
}

/// `days` after `start`, or the end of time.
pub(crate) fn days_after(start: Timestamp, days: u32) -> Timestamp {
    let duration = SignedDuration::from_hours(24_i64.saturating_mul(i64::from(days)));
    start.checked_add(duration).unwrap_or(Timestamp::MAX)
}
