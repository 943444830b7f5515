//! Commands that work on a gateway's data: they open what is there and make nothing.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use purser_store::has_books;

use super::config::PlaceFlags;
use crate::{gateway::Gateway, http::server, settings::Settings};

/// Opens the gateway that the flags name. It must have been started once, or a mistyped path would make another.
pub async fn open(place: &PlaceFlags) -> anyhow::Result<Gateway> {
    let settings = place.settings()?;
    if let Some(file) = sqlite_file(&settings)
        && !file.exists()
    {
        bail!(
            "there is no database at {}; name it with --data or --database, or make one with `purser serve`",
            file.display()
        );
    }
    if !settings.data.is_dir() {
        bail!("there is no data directory at {}; name it with --data", settings.data.display());
    }
    if let Some(url) = &settings.database
        && !has_books(url)?
    {
        bail!(
            "there are no books of Purser in that database; name another with --database, or make them with `purser serve`"
        );
    }
    let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    server::open(settings, nowhere).await
}

/// The file of a SQLite database.
pub fn sqlite_file(settings: &Settings) -> Option<PathBuf> {
    match settings.database.as_deref() {
        None => Some(settings.data.join("purser.db")),
        Some(url) if url.starts_with("postgres") => None,
        Some(url) => Some(Path::new(url.strip_prefix("sqlite:").unwrap_or(url)).to_path_buf()),
    }
}

/// Runs asynchronous work to its end.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start")?.block_on(work)
}
