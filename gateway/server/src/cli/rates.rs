//! `purser rates`: importing exchange rates, and looking at them.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow, ensure};
use clap::Subcommand;
use purser_money::{Currency, Operation};
use purser_store::facts::rate_table::rate_table_list;
use serde::Serialize;
use serde_json::json;

use super::{config::PlaceFlags, place, report::print_json};
use crate::{
    app::{plugin, rates},
    gateway::Gateway,
};

/// As much as a plugin takes.
const FEED_BYTES_MAX: u64 = 1024 * 1024;
/// Tables that are listed.
const LISTED: usize = 30;

/// Import and look at exchange rates.
#[derive(Debug, clap::Args)]
pub struct RatesFlags {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read a feed's file with the plugin that knows the feed
    #[command(after_help = "Examples:\n  purser rates import eurofxref-daily.xml\n  \
                      purser rates import --feed ecb-hist-90d eurofxref-hist-90d.xml")]
    Import {
        /// The file, as published
        file: PathBuf,
        /// The feed's name
        #[arg(long, default_value = "ecb-daily")]
        feed: String,
        #[command(flatten)]
        place: PlaceFlags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the newest tables
    #[command(after_help = "Examples:\n  purser rates list\n  purser rates list --json")]
    List {
        #[command(flatten)]
        place: PlaceFlags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the newest rate between two currencies, and the steps behind it
    #[command(
        after_help = "Examples:\n  purser rates show EUR USD\n  purser rates show --json JPY KWD"
    )]
    Show {
        /// For one unit of this
        #[arg(value_parser = currency)]
        from: Currency,
        /// So many units of this
        #[arg(value_parser = currency)]
        to: Currency,
        #[command(flatten)]
        place: PlaceFlags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn currency(text: &str) -> Result<Currency, String> {
    Currency::parse(text).map_err(|_| "three capital letters of ISO 4217, like EUR".to_owned())
}

/// Does it.
///
/// # Errors
///
/// With what went wrong, for people.
pub fn run(flags: RatesFlags) -> anyhow::Result<ExitCode> {
    match flags.verb {
        Verb::Import { file, feed, place, json } => {
            let bytes = read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            with(&place, async |gateway| import(gateway, &feed, &bytes, json).await)
        }
        Verb::List { place, json } => with(&place, async |gateway| list(gateway, json).await),
        Verb::Show { from, to, place, json } => {
            with(&place, async |gateway| show(gateway, from, to, json).await)
        }
    }
}

/// A feed's file. What is larger than a feed may be is not read.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(FEED_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 <= FEED_BYTES_MAX, "a feed has at most {FEED_BYTES_MAX} bytes");
    Ok(bytes)
}

/// Works on the gateway with its plugins loaded.
fn with(
    place: &PlaceFlags,
    work: impl AsyncFnOnce(&Gateway) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    place::block_on(async {
        let gateway = place::open(place).await?;
        plugin::start(&gateway).await?;
        let done = work(&gateway).await;
        gateway.store.clone().shutdown();
        done.map(|()| ExitCode::SUCCESS)
    })
}

async fn import(gateway: &Gateway, feed: &str, bytes: &[u8], json: bool) -> anyhow::Result<()> {
    let imported =
        rates::import(gateway, feed, bytes).await.map_err(|problem| anyhow!("{problem}"))?;
    let table = &imported.newest.table;
    if json {
        print_json(&json!({
            "id": imported.newest.id, "as_of": table.as_of, "source": table.source, "pairs": table.rates.len(),
            "tables": imported.tables, "new": imported.new, "corrected": imported.corrected,
        }))?;
    } else {
        println!(
            "{} tables, {} of them new; the newest is of {} by {}, with {} currencies",
            imported.tables,
            imported.new,
            table.as_of,
            table.source,
            table.rates.len()
        );
        if imported.corrected > 0 {
            println!(
                "{} of the new ones say something else than a table of the same source and day; they are used from now on",
                imported.corrected
            );
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Listed {
    id: String,
    as_of: jiff::civil::Date,
    source: String,
    feed: String,
    pairs: usize,
    fetched_at: jiff::Timestamp,
}

async fn list(gateway: &Gateway, json: bool) -> anyhow::Result<()> {
    let rows = gateway.store.read(|db| rate_table_list(db, LISTED)).await?;
    let listed = rows.into_iter().map(|row| Listed {
        id: row.id.to_string(),
        as_of: row.table.as_of,
        source: row.table.source,
        feed: row.feed,
        pairs: row.table.rates.len(),
        fetched_at: row.fetched_at,
    });
    let listed: Vec<Listed> = listed.collect();
    if json {
        return Ok(print_json(&listed)?);
    }
    for row in &listed {
        println!(
            "{}  {} currencies  {}  {}  fetched {}",
            row.as_of, row.pairs, row.source, row.feed, row.fetched_at
        );
    }
    if listed.is_empty() {
        println!("no rates yet; import some with `purser rates import FILE`");
    }
    Ok(())
}

async fn show(gateway: &Gateway, from: Currency, to: Currency, json: bool) -> anyhow::Result<()> {
    let shown = rates::show(gateway, from, to).await.map_err(|problem| anyhow!("{problem}"))?;
    if json {
        return Ok(print_json(&json!({
            "from": from, "to": to, "rate": shown.rate, "legs": shown.legs, "source": shown.source,
            "as_of": shown.as_of, "stale": shown.stale,
        }))?);
    }
    println!("1 {from} = {} {to}", shown.rate);
    for leg in &shown.legs {
        let operation = match leg.operation {
            Operation::Multiply => "times",
            Operation::Divide => "divided by",
        };
        println!("    {operation} {}", leg.rate);
    }
    if let (Some(source), Some(as_of)) = (&shown.source, shown.as_of) {
        let stale = if shown.stale { "; too old to convert by" } else { "" };
        println!("    {source}, {as_of}{stale}");
    }
    Ok(())
}
