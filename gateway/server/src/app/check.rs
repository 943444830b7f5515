//! Proving the books, and remembering how that went.

use purser_store::{Check, StoreError};
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::gateway::Gateway;

/// What a check of the books found.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// Whether the books are proved.
    pub ok: bool,
    /// What was checked.
    pub checks: Vec<Check>,
}

/// Proves the books from nothing but the database. `watch` hears of each check as it ends.
pub async fn check(
    gateway: &Gateway,
    watch: impl FnMut(&Check) + Send + 'static,
) -> Result<Proof, StoreError> {
    let shared = gateway.clone();
    let proving = spawn_blocking(move || shared.store.check_now(&shared.keys.ring, watch));
    let checks = proving.await.map_err(|_| StoreError::Unavailable)??;
    let ok = checks.iter().all(|check| check.ok);
    if let Some(bad) = checks.iter().find(|check| !check.ok) {
        let found = bad.detail.as_deref().unwrap_or_default();
        tracing::error!(
            check.name = bad.name,
            check.found = found,
            alarm = true,
            "the books are not proved"
        );
    }
    gateway.metrics.ledger_checked(ok, gateway.now());
    Ok(Proof { ok, checks })
}
