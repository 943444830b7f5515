//! Seals committed entries: whoever changes one of them afterwards breaks the chain.

use std::time::Duration;

use crate::{gateway::Gateway, problem::Problem};

/// How long an entry may stay unsealed.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// Seals of 500 entries in a round: more than a second leaves, and an end.
const ROUNDS_MAX: usize = 50;

pub(super) async fn round(gateway: Gateway) -> Result<(), Problem> {
    for _ in 0..ROUNDS_MAX {
        if gateway.store.seal(&gateway.keys.signing, gateway.now()).await? == 0 {
            break;
        }
    }
    Ok(())
}
