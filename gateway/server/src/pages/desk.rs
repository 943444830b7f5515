//! A merchant's desk: what it sold and is owed, its offers, keys and endpoints. What its key may not do is neither shown
//! nor done.

pub mod keys;
pub mod logins;
pub mod offer_keys;
pub mod offers;
pub mod overview;
pub mod payouts;
pub mod sales;
pub mod statements;
pub mod webhook;
pub mod webhooks;

use purser_store::facts::merchant::{Merchant, merchant_get};

use super::visit::MerchantVisit;
use crate::problem::Problem;

/// The scopes of a merchant's key that parts of its desk need.
mod scope {
    pub(super) const OFFERS: &str = "offers";
    pub(super) const SALES: &str = "sales:read";
    pub(super) const REFUNDS: &str = "sales:refund";
    pub(super) const WEBHOOKS: &str = "webhooks";
    pub(super) const PAYOUTS: &str = "payouts:read";
    pub(super) const KEYS: &str = "keys";
}

impl MerchantVisit {
    /// Whether the key may be used for this.
    pub fn may(&self, scope: &str) -> bool {
        self.require(scope).is_ok()
    }

    /// The merchant as it was signed up.
    async fn profile(&self) -> Result<Merchant, Problem> {
        let id = self.id;
        let row = self.gateway.store.read(move |db| merchant_get(db, id)).await?;
        row.ok_or_else(Problem::not_found)
    }
}
