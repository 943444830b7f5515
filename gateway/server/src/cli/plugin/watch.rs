//! What another version would answer: to the sales of today, and to those of the past.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use purser_host::{Limits, Plugin as Loaded};
use purser_money::{Currency, Money};
use purser_store::{facts::plugin_shadow::Tally, read::purchase::purchase_count};
use serde_json::{Value, json};

use super::{
    build::read,
    install::{config, find, granting, on, text},
    operate::{Given, On},
};
use crate::{
    app::plugin::{
        self,
        replay::{self, Asked, Report},
        shadow::{self, Watched},
    },
    cli::report::print_json,
    gateway::Gateway,
    problem::{self, Problem},
};

/// Purchases between two looks at the progress.
const PURCHASES_AT_A_TIME: u64 = 500;

pub(super) fn shadow(
    flags: &On,
    start: Option<Vec<String>>,
    stop: bool,
    given: &Given,
) -> anyhow::Result<ExitCode> {
    let wanted = (config(given)?, granting(given)?);
    let watched = on(&flags.place, async |gateway| {
        let id = find(gateway, &flags.plugin).await?;
        match (start, stop) {
            (Some(countries), _) => {
                shadow::start(gateway, id, (countries, wanted.0, wanted.1)).await
            }
            (None, true) => shadow::stop(gateway, id).await,
            (None, false) => shadow::watched(gateway, id).await,
        }
    })?;
    print_watched(&watched, flags.json)?;
    Ok(ExitCode::SUCCESS)
}

fn print_watched(watched: &Watched, json: bool) -> anyhow::Result<()> {
    let places: Vec<&str> = watched.places.iter().map(|shadow| shadow.place.as_str()).collect();
    if json {
        print_json(&json!({
            "running": !places.is_empty(),
            "countries": places,
            "differences": tallies(watched.tallies.iter()),
        }))?;
        return Ok(());
    }
    match places.as_slice() {
        [] => println!("does not run beside another"),
        places => println!("runs beside the one that answers for {}", places.join(" ")),
    }
    print_tallies(watched.tallies.iter());
    Ok(())
}

/// What is to be made again, as the flags say it.
pub(super) struct Replaying {
    pub(super) with: Option<String>,
    pub(super) config: Option<PathBuf>,
    pub(super) since: Option<Date>,
    pub(super) until: Option<Date>,
}

pub(super) fn replay(flags: &On, asked: &Replaying) -> anyhow::Result<ExitCode> {
    let Replaying { with, config, since, until } = asked;
    let config: Option<Arc<str>> =
        config.as_deref().map(text).transpose()?.map(|config| config.into());
    let file = with.as_deref().map(Path::new).filter(|path| path.is_file());
    let component =
        file.map(|file| read(file, Limits::default().large_component_bytes)).transpose()?;
    let report = on(&flags.place, async |gateway| {
        let of = plugin::get(gateway, find(gateway, &flags.plugin).await?).await?;
        let with = match (component, with) {
            (Some(component), _) => verified(gateway, component).await?,
            (None, Some(meant)) => installed(gateway, meant).await?,
            (None, None) => plugin::load::plugin(gateway, &of).await?,
        };
        let asked = Asked { of, with, config, since: *since, until: *until };
        whole(gateway, &asked).await
    })?;
    print_report(&report, flags.json)?;
    // A script that proves its plugins wants to hear of it.
    Ok(if report.inexact == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn verified(gateway: &Gateway, component: Vec<u8>) -> Result<Loaded, Problem> {
    let bytes_max = gateway.plugins.limits().large_component_bytes;
    let verified = gateway.plugins.verify(component, bytes_max).await;
    verified.map_err(|error| Problem::new(problem::PLUGIN_REFUSED).detail(error.to_string()))
}

async fn installed(gateway: &Gateway, meant: &str) -> Result<Loaded, Problem> {
    let row = plugin::get(gateway, find(gateway, meant).await?).await?;
    plugin::load::plugin(gateway, &row).await
}

/// All purchases, with a bar where somebody looks on.
async fn whole(gateway: &Gateway, asked: &Asked) -> Result<Report, Problem> {
    let count = gateway.store.read(purchase_count).await?;
    let bar = ProgressBar::new(u64::try_from(count).unwrap_or(0));
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} purchases, {eta} to go");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut report = replay::replay(gateway, asked, None, PURCHASES_AT_A_TIME).await?;
    bar.set_position(report.purchases);
    while report.next.is_some() {
        let more = replay::replay(gateway, asked, report.next, PURCHASES_AT_A_TIME).await?;
        report.and(more);
        bar.set_position(report.purchases);
    }
    bar.finish_and_clear();
    Ok(report)
}

fn print_report(report: &Report, json: bool) -> anyhow::Result<()> {
    if json {
        print_json(&json!({
            "purchases": report.purchases,
            "inexact": report.inexact,
            "differences": tallies(report.tallies.values()),
            "examples": report.examples,
        }))?;
        return Ok(());
    }
    println!("{} purchases", report.purchases);
    print_tallies(report.tallies.values());
    if report.inexact > 0 {
        println!(
            "{} decisions of the same file had another output or used other fuel; run `purser check`, and report this with the version of purser",
            report.inexact
        );
    }
    Ok(())
}

fn different(tally: &Tally) -> i64 {
    tally.calls.saturating_sub(tally.equal).saturating_sub(tally.failed)
}

fn difference(tally: &Tally) -> Option<Money> {
    let currency = Currency::parse(&tally.currency).ok()?;
    Some(Money::new(tally.difference_minor, currency))
}

fn tallies<'a>(all: impl Iterator<Item = &'a Tally>) -> Vec<Value> {
    let shown = |tally: &Tally| {
        json!({
            "country": tally.country, "merchant": tally.merchant, "currency": tally.currency, "calls": tally.calls,
            "equal": tally.equal, "different": different(tally), "failed": tally.failed,
            "difference": difference(tally).map(crate::http::answer::Money::from),
        })
    };
    all.map(shown).collect()
}

fn print_tallies<'a>(all: impl Iterator<Item = &'a Tally>) {
    for tally in all {
        let money = difference(tally).map(|money| money.to_string()).unwrap_or_default();
        println!(
            "{}  {}  {} calls, {} equal, {} different, {} failed  difference {money}",
            tally.country,
            tally.merchant,
            tally.calls,
            tally.equal,
            different(tally),
            tally.failed
        );
    }
}
