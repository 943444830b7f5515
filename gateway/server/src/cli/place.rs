//! Commands that work on a gateway's data: they open what is there and make nothing.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
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
    let url = settings.database_url();
    if !has_books(&url)? {
        bail!(
            "there are no books of Purser in {}; name another with --database, restore it from a backup, or make new ones with `purser serve`",
            sqlite_file(&settings)
                .map_or("that database".to_owned(), |file| file.display().to_string())
        );
    }
    let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    server::open(settings, nowhere).await
}

/// The file of a SQLite database.
pub fn sqlite_file(settings: &Settings) -> Option<PathBuf> {
    let url = settings.database_url();
    let is_file = !url.starts_with("postgres");
    is_file.then(|| PathBuf::from(url.strip_prefix("sqlite:").unwrap_or(&url)))
}

/// Runs asynchronous work to its end.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start")?.block_on(work)
}
