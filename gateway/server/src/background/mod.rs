//! What happens without being asked: loops that start with the gateway and end with it.
//!
//! Each loop does a bounded round at a time, and a round that fails is logged, counted and tried again. None of them
//! is in the way of a command: the teller commits without them.

mod clean;
mod feeds;
mod outbox;
mod plugins;
mod roll;
mod seal;
pub mod stamps;
mod webhooks;

use std::{future::Future, time::Duration};

use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{app::plugin::shadow, gateway::Gateway, problem::Problem};

/// How long a round may take to end when the gateway stops.
const GRACE: Duration = Duration::from_secs(5);

/// The loops of a gateway.
pub struct Background {
    stop: watch::Sender<bool>,
    loops: Vec<JoinHandle<()>>,
}

impl Background {
    /// Starts all loops.
    pub fn start(gateway: &Gateway) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut loops = vec![
            tokio::spawn(outbox::run(gateway.clone(), stopped.clone())),
            tokio::spawn(webhooks::run(gateway.clone(), stopped.clone())),
            tokio::spawn(shadow::run(gateway.clone(), stopped.clone())),
            tokio::spawn(every("seal", seal::EVERY, gateway.clone(), stopped.clone(), seal::round)),
            tokio::spawn(every("roll", roll::EVERY, gateway.clone(), stopped.clone(), roll::round)),
            tokio::spawn(every(
                "clean",
                clean::EVERY,
                gateway.clone(),
                stopped.clone(),
                clean::round,
            )),
            tokio::spawn(stamps_loop(gateway.clone(), stopped.clone())),
            tokio::spawn(every(
                "plugins",
                plugins::EVERY,
                gateway.clone(),
                stopped.clone(),
                plugins::round,
            )),
        ];
        // In the sandbox nothing is fetched: what happens there can be repeated.
        if !gateway.settings.sandbox {
            loops.push(tokio::spawn(feeds::run(gateway.clone(), stopped)));
        }
        Self { stop, loops }
    }

    /// Ends them: the rounds under way are finished, or given up after a while.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for running in self.loops {
            let abort = running.abort_handle();
            if timeout(GRACE, running).await.is_err() {
                abort.abort();
            }
        }
    }
}

/// What another process left is settled first.
async fn stamps_loop(gateway: Gateway, stopped: watch::Receiver<bool>) {
    if let Err(problem) = stamps::first_round(&gateway).await {
        failed(&gateway, "stamps", &problem);
    }
    every("stamps", stamps::EVERY, gateway, stopped, stamps::round).await;
}

/// Does a round, waits, and does the next one, until it is told to stop.
async fn every<F>(
    name: &'static str,
    period: Duration,
    gateway: Gateway,
    mut stopped: watch::Receiver<bool>,
    round: impl Fn(Gateway) -> F,
) where
    F: Future<Output = Result<(), Problem>>,
{
    loop {
        if let Err(problem) = round(gateway.clone()).await {
            failed(&gateway, name, &problem);
        }
        if wait(&mut stopped, period).await {
            return;
        }
    }
}

/// Waits for a while. True when the gateway stops meanwhile.
async fn wait(stopped: &mut watch::Receiver<bool>, period: Duration) -> bool {
    timeout(period, stopped.wait_for(|stop| *stop)).await.is_ok()
}

fn failed(gateway: &Gateway, name: &'static str, problem: &Problem) {
    tracing::warn!(background = name, %problem, "a round of background work failed; it is tried again");
    gateway.metrics.background_failure(name);
}
