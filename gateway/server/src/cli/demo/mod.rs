//! `purser demo`: a throw-away gateway that plays the whole story over HTTP.

mod bookshop;
mod client;
mod print;
mod story;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use jiff::SignedDuration;
use purser_money::{Currency, Percent};

use crate::{
    http::server,
    settings::{LOGINS_END_WITHIN, Settings, Signatures, Throttle},
};

/// The day of the rates that the story is played with.
const DAY: &str = "2024-06-28T12:00:00Z";

/// Flags of `purser demo`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  purser demo           play the story, then open a shop and the pages in the browser until Ctrl-C\n  purser demo --once    play the story and exit: 0 if everything went as it should"
)]
pub struct DemoFlags {
    /// Exit when the story is told
    #[arg(long)]
    once: bool,
    /// Show the gateway's log lines too
    #[arg(long)]
    verbose: bool,
}

/// Plays the story.
pub fn run(flags: DemoFlags) -> Result<()> {
    if flags.verbose {
        super::log::start(false);
    }
    let data = Throwaway::new()?;
    let settings = settings(data.0.clone())?;
    super::runtime()?.block_on(async {
        let running = server::start(settings).await?;
        let gateway = running.gateway.clone();
        // The story blocks on its own requests, so it has a thread of its own.
        let told = actix_web::rt::task::spawn_blocking(move || story::tell(gateway)).await?;
        if told.is_ok() && !flags.once {
            let gateway = running.gateway.clone();
            let open = actix_web::rt::task::spawn_blocking(move || bookshop::open(&gateway));
            let open = open.await??;
            open.show();
            super::serve::told_to_stop().await?;
        }
        running.stop().await?;
        told
    })
}

/// Nobody watches a demo for a minute.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_secs(3);

fn settings(data: PathBuf) -> Result<Settings> {
    Ok(Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        base_url: None,
        trusted_proxies: Vec::new(),
        database: None,
        data,
        unit_of_account: Currency::parse("USD")?,
        fx_spread: Percent::parse("0.5")?,
        sandbox: true,
        clock: Some(DAY.parse()?),
        rates_max_age_days: 5,
        shops_told_within: TOLD_WITHIN,
        logins_end_within: LOGINS_END_WITHIN,
        step_up_limit: None,
        tap_limits: Default::default(),
        limits: Default::default(),
        limits_elsewhere: Default::default(),
        throttle: Throttle::default(),
        log_json: false,
        plugin_signatures: Signatures::Optional,
    })
}

/// A directory that is gone when the demo is.
struct Throwaway(PathBuf);

impl Throwaway {
    fn new() -> Result<Self> {
        let name = format!("purser-demo-{:032x}", crate::random::id_bits());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("purser: {} could not be removed: {error}", self.0.display());
        }
    }
}
