//! `cargo xtask bench`: complete purchases over HTTP, held against pgbench on the same PostgreSQL.
//!
//! A ratio says more than a rate: the machine's disk and processor are in both figures. pgbench's
//! TPC-B moves money between three balances and writes one history row; a purchase here checks two
//! signatures, asks two plugins, and writes six postings, an idempotency key and events.

mod alone;
mod plugins;
mod webhooks;

use std::path::Path;
use std::time::Duration;

use crate::gateway::{Database, House, Subject};
use crate::load::{self, Load, Measured};
use crate::postgres::Cluster;
use crate::shop::{Operator, buyers};
use crate::step;
use anyhow::{Context, Result};

const MERCHANTS: usize = 50;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask bench
  cargo xtask bench --seconds 30 --buyers 500
  cargo xtask bench plugins                   only plugins: memory of 200, swaps under load, one call
  cargo xtask bench webhooks                  only deliveries to good, slow, failing and dead endpoints
  cargo xtask bench --quick                   shows that it runs; the figures mean little")]
pub(crate) struct Arguments {
    /// Only this part
    #[arg(value_enum)]
    part: Option<Part>,
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// How long each measurement takes
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Kept-alive connections, each with one purchase under way
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Vaults to draw from (each costs a few password hashes to set up)
    #[arg(long, default_value_t = 128)]
    buyers: usize,
    /// Only this database
    #[arg(long, value_enum)]
    database: Option<Database>,
    /// How many deliveries `bench webhooks` makes
    #[arg(long, default_value_t = 10_000)]
    deliveries: usize,
    /// A short run for CI
    #[arg(long, conflicts_with_all = ["seconds", "buyers"])]
    pub(crate) quick: bool,
}

/// A part that may be measured alone.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Part {
    /// Many plugins installed, versions swapped under load, and one call
    Plugins,
    /// Deliveries to a mix of good, slow, failing and dead endpoints, with a restart in the middle
    Webhooks,
}

impl Arguments {
    /// The short run.
    pub(crate) fn quick() -> Self {
        Self {
            part: None,
            subject: Subject::default(),
            seconds: 2,
            connections: 64,
            buyers: 8,
            database: None,
            deliveries: 400,
            quick: true,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = arguments.subject.binary()?;
    let quick = Arguments::quick();
    let part = arguments.part;
    let arguments = if arguments.quick { &quick } else { arguments };
    match part {
        Some(Part::Plugins) => {
            plugins::measure(&binary, arguments)?;
            return alone::plugin();
        }
        Some(Part::Webhooks) => return deliveries(arguments, &binary),
        None => {}
    }
    let cluster = Cluster::start()?;
    let pgbench = step::timed("pgbench TPC-B", || pgbench(&cluster, arguments.seconds))?;
    let postgres = format!("PostgreSQL {}", cluster.version());
    println!("{:<34}{:>9} tps", format!("pgbench TPC-B, {postgres}"), grouped(pgbench));
    if !matches!(arguments.database, Some(Database::Sqlite)) {
        let url = cluster.database("purser")?;
        measure(&postgres, &binary, Some(url), arguments, pgbench)?;
        alone::ledger(&postgres, &cluster.database("ledger")?, arguments, pgbench)?;
    }
    drop(cluster);
    if !matches!(arguments.database, Some(Database::Postgres)) {
        measure("SQLite", &binary, None, arguments, pgbench)?;
        let directory = tempfile::tempdir_in(step::scratch())?;
        let file = directory.path().join("ledger.db").display().to_string();
        alone::ledger("SQLite", &file, arguments, pgbench)?;
    }
    plugins::measure(&binary, arguments)?;
    alone::plugin()?;
    deliveries(arguments, &binary)
}

/// Deliveries to webhooks, on each database.
fn deliveries(arguments: &Arguments, binary: &Path) -> Result<()> {
    if !matches!(arguments.database, Some(Database::Sqlite)) {
        let cluster = Cluster::start()?;
        let (title, url) =
            (format!("PostgreSQL {}", cluster.version()), cluster.database("purser")?);
        webhooks::measure(&title, binary, Some(url), arguments.deliveries)?;
    }
    if !matches!(arguments.database, Some(Database::Postgres)) {
        webhooks::measure("SQLite", binary, None, arguments.deliveries)?;
    }
    Ok(())
}

/// Measures one database and prints its lines.
fn measure(
    title: &str,
    binary: &Path,
    database: Option<String>,
    arguments: &Arguments,
    pgbench: u64,
) -> Result<()> {
    let house = House::new(binary, database)?;
    // The first start compiles the plugins; the second is what a restart costs.
    house.open()?.stop()?;
    let gateway = house.open()?;
    let (mut operator, mut client) = (Operator::of(&house, &gateway)?, gateway.client());
    operator.open_shop()?;
    let merchants = (0..MERCHANTS).map(|number| operator.merchant(&format!("Merchant {number}")));
    let merchants = merchants.collect::<Result<Vec<_>>>()?;
    let buyers = buyers(&mut operator, &mut client, arguments.buyers, "1000000.00")?;
    let hot = merchants.get(..1).context("no merchants")?;
    for (name, merchants) in [("many merchants", merchants.as_slice()), ("one hot merchant", hot)] {
        let load = Load {
            buyers: &buyers,
            merchants,
            connections: arguments.connections,
            warm_up: Duration::from_secs(if arguments.quick { 1 } else { 3 }),
            measured: Duration::from_secs(arguments.seconds),
            name: &name.replace(' ', "-"),
        };
        let measured = load::buy(&gateway, load)
            .with_context(|| format!("the gateway logged:\n{}", house.log_end()))?;
        print(&format!("{title}, {name}"), &measured, pgbench);
    }
    let ready = gateway.ready_after;
    let memory = gateway
        .memory_kib("VmHWM")
        .map_or("unknown".to_owned(), |kib| format!("{} MiB", kib >> 10));
    println!(
        "{:<34}{memory} of memory at most, ready {ready:.0?} after a restart",
        format!("{title}, the process")
    );
    gateway.stop()
}

fn print(title: &str, measured: &Measured, pgbench: u64) {
    let Measured { per_second, p50, p99, .. } = measured;
    let ratio = ratio(*per_second, pgbench);
    let rate = grouped(*per_second);
    println!(
        "{title:<34}{rate:>9} purchases/s  {ratio:>5} x pgbench  p50 {p50:>7.1?}  p99 {p99:>7.1?}"
    );
}

/// In hundredths, because a ratio of two counts needs no floating point.
fn ratio(per_second: u64, pgbench: u64) -> String {
    let hundredths = per_second * 100 / pgbench.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// TPC-B transactions per second with eight clients, on a database of its own.
fn pgbench(cluster: &Cluster, seconds: u64) -> Result<u64> {
    cluster.database("pgbench")?;
    let prepare = ["--initialize", "--quiet", "--scale=10", "pgbench"];
    step::output(cluster.client("pgbench").args(prepare))?;
    let mut run = cluster.client("pgbench");
    run.args(["--client=8", "--jobs=2", "--no-vacuum", &format!("--time={seconds}"), "pgbench"]);
    let printed = step::output(&mut run)?;
    tps(&printed).with_context(|| format!("pgbench printed no rate:\n{printed}"))
}

/// `tps = 1234.567890 (without initial connection time)` -> 1234
fn tps(printed: &str) -> Option<u64> {
    let rate = printed.lines().find_map(|line| line.strip_prefix("tps = "))?;
    rate.split('.').next()?.parse().ok()
}

/// With a comma between thousands.
fn grouped(number: u64) -> String {
    match (number / 1_000, number % 1_000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{},{rest:03}", grouped(thousands)),
    }
}

#[cfg(test)]
mod tests {
    use super::{grouped, tps};

    #[test]
    fn numbers_read_easily() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_007), "1,234,007");
    }

    #[test]
    fn the_rate_of_pgbench_is_found() {
        let printed = "number of clients: 8\ntps = 1234.567890 (without initial connection time)\n";
        assert_eq!(tps(printed), Some(1_234));
    }
}
