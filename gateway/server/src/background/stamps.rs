//! Settles stamps that nobody waits for any more: those whose purchase was interrupted between its two steps, and voids
//! that are due.

use std::time::Duration;

use purser_core::{
    Timestamp,
    stamp::{Stamp, StampState},
};
use purser_store::read::stamp::stamps_due;

use crate::{
    app::stamp::{complete::complete, void::finish},
    gateway::Gateway,
    problem::Problem,
};

/// Whoever bought a stamp finishes it within seconds; a void is due on a day.
pub const EVERY: Duration = Duration::from_secs(2);
/// Stamps of one round: more than a busy second leaves.
const STAMPS_MAX: i64 = 200;
/// So long the buyer's own request may still be at it.
const OWN_S: i64 = 30;

/// At the start nobody is at it: what is there was left by a process that ended.
pub async fn first_round(gateway: &Gateway) -> Result<(), Problem> {
    settle(gateway, gateway.now()).await
}

/// Settles what nobody is at any more, and voids that are due.
pub async fn round(gateway: Gateway) -> Result<(), Problem> {
    let now = gateway.now();
    let left = Timestamp::from_second(now.as_second().saturating_sub(OWN_S)).unwrap_or(now);
    settle(&gateway, left).await
}

async fn settle(gateway: &Gateway, left: Timestamp) -> Result<(), Problem> {
    let now = gateway.now();
    let due = gateway.store.read(move |db| stamps_due(db, now, STAMPS_MAX)).await?;
    let mut failed = Ok(());
    for stamp in due {
        // One that cannot be settled holds up no other.
        if let Err(problem) = settle_one(gateway, stamp, left).await {
            failed = Err(problem);
        }
    }
    failed
}

async fn settle_one(gateway: &Gateway, stamp: Stamp, left: Timestamp) -> Result<(), Problem> {
    match stamp.state {
        StampState::Issuing if stamp.record.at <= left => {
            complete(gateway, stamp).await?;
        }
        StampState::Issuing => {}
        StampState::Failed(_) | StampState::Issued(..) => finish(gateway, &stamp).await?,
    }
    Ok(())
}
