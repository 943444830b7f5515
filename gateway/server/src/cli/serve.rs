//! `purser serve`.

use std::time::Duration;

use anyhow::Result;

use purser_store::read::untold::tell_behind;

use super::config::ServeFlags;
use crate::http::server;

/// More than a commit takes, and a stream that was woken by one waits: then a sale that is made alone is told as long behind
/// its time as one of several (docs/decisions/0030).
const TOLD_BEHIND: Duration = Duration::from_millis(200);

/// Serves until the process is told to stop.
pub fn run(flags: ServeFlags) -> Result<()> {
    let settings = flags.settings()?;
    super::log::start(settings.log_json);
    if !settings.shops_told_within.is_zero() {
        tell_behind(TOLD_BEHIND);
    }
    super::runtime()?.block_on(async {
        let running = server::start(settings).await?;
        println!("Purser listens on http://{} as {}", running.address, running.gateway.issuer);
        told_to_stop().await?;
        running.stop().await
    })
}

/// Ctrl-C, or the TERM that service managers send.
pub(super) async fn told_to_stop() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
