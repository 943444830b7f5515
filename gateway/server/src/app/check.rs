//! Proving the books, and remembering how that went.

use std::sync::{Mutex, MutexGuard, PoisonError};

use purser_core::Timestamp;
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

/// A check that runs behind an answer.
#[derive(Debug, Clone)]
pub struct Run {
    /// When it began.
    pub begun_at: Timestamp,
    /// What has been checked so far.
    pub checks: Vec<Check>,
    /// How it ended; nothing while it runs.
    pub ended: Option<Ended>,
}

/// How a check that ran behind an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The books are proved.
    Proved,
    /// They are not.
    NotProved,
    /// The database did not answer.
    Interrupted,
}

/// The check of this process that runs behind an answer, or ran last.
#[derive(Default)]
pub struct Checks(Mutex<Option<Run>>);

impl Checks {
    /// The run that goes on, or ended last.
    pub fn last(&self) -> Option<Run> {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, Option<Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Run)) {
        if let Some(run) = self.locked().as_mut() {
            change(run);
        }
    }
}

/// Begins a check that nobody waits for, unless one goes on.
pub fn begin(gateway: &Gateway) {
    {
        let mut last = gateway.checks.locked();
        if last.as_ref().is_some_and(|run| run.ended.is_none()) {
            return;
        }
        *last = Some(Run { begun_at: gateway.now(), checks: Vec::new(), ended: None });
    }
    let (gateway, watched) = (gateway.clone(), gateway.clone());
    tokio::spawn(async move {
        let watch = move |check: &Check| {
            watched.checks.change(|run| run.checks.push(check.clone()));
        };
        let ended = match check(&gateway, watch).await {
            Ok(Proof { ok: true, .. }) => Ended::Proved,
            Ok(Proof { ok: false, .. }) => Ended::NotProved,
            Err(error) => {
                tracing::warn!(%error, "a check of the books was interrupted");
                Ended::Interrupted
            }
        };
        gateway.checks.change(|run| run.ended = Some(ended));
    });
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
