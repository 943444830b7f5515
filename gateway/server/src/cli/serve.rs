//! `purser serve`.

use anyhow::Result;

use super::config::ServeFlags;
use crate::http::server;

/// Serves until the process is told to stop.
pub fn run(flags: ServeFlags) -> Result<()> {
    let settings = flags.settings()?;
    super::log::start(settings.log_json);
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
