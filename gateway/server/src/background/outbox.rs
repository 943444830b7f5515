//! Gives committed events their place in the stream, right behind the commits.

use std::time::Duration;

use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::timeout,
};

use super::{failed, wait};
use crate::{gateway::Gateway, problem::Problem};

/// How soon behind a commit its events get their place: soon enough to be called live, and late enough that a burst
/// is done together.
const BEHIND: Duration = Duration::from_millis(50);
/// How often it looks by itself, for what other processes left.
const LOOK: Duration = Duration::from_secs(2);
/// Rounds of 500 events before it hears of commits again.
const ROUNDS_MAX: usize = 20;

pub(super) async fn run(gateway: Gateway, mut stopped: watch::Receiver<bool>) {
    let mut commits = gateway.store.committed();
    loop {
        let look = match round(&gateway).await {
            Ok(next) => next.map_or(LOOK, |next| next.min(LOOK)),
            Err(problem) => {
                failed(&gateway, "outbox", &problem);
                LOOK
            }
        };
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            heard = timeout(look, commits.recv()) => if matches!(heard, Ok(Err(RecvError::Closed))) { return },
        }
        if wait(&mut stopped, BEHIND).await {
            return;
        }
        // What was committed meanwhile is done in the same round.
        while commits.try_recv().is_ok() {}
    }
}

/// Says when the next event is to be told of that waits for its time.
async fn round(gateway: &Gateway) -> Result<Option<Duration>, Problem> {
    for _ in 0..ROUNDS_MAX {
        if gateway.store.place_events().await? == 0 {
            break;
        }
    }
    Ok(gateway.store.untold_for().await?)
}
