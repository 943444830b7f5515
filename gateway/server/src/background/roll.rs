//! Rolls up what was posted to open accounts, so that a popular merchant's balance stays quick to read.

use std::time::Duration;

use crate::{gateway::Gateway, problem::Problem};

/// A busy second leaves some ten thousand rows; reading a balance adds them up meanwhile.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// Thousands of rows in a round: more than a second leaves, and an end.
const ROUNDS_MAX: usize = 50;

pub(super) async fn round(gateway: Gateway) -> Result<(), Problem> {
    for _ in 0..ROUNDS_MAX {
        if gateway.store.roll().await? == 0 {
            break;
        }
    }
    Ok(())
}
