//! `cargo xtask kill`: `kill -9` under load, restart, and proof that nothing was lost or half done; `cargo xtask kill steps`
//! kills at every step of one purchase instead.
//!
//! Buyers load, buy, refund, transfer, buy stamps, give them back and are erased over HTTP, merchants give money back
//! and the operator sells cards and scans stamps, each command under its own idempotency key, while the process is killed at a random moment. Then the
//! database alone must pass `purser check`, and a new process on it must
//! - give every acknowledged command's answer again when asked with the same key;
//! - do each command whose answer was lost either not at all or wholly, and when asked again, once;
//! - hold in every vault exactly what the answers add up to;
//! - have every stamp that was acknowledged once, and no other.

mod command;
mod stamps;
pub(crate) mod steps;
mod world;

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use fastrand::Rng;
use indicatif::{ProgressBar, ProgressStyle};

use self::command::{Answered, Command};
use self::world::World;
use crate::gateway::{Database, Gateway, House, Subject};
use crate::postgres::Cluster;

/// How long the load runs before the kill: from hardly begun to in full swing.
const ALIVE_MS: std::ops::RangeInclusive<u64> = 20..=900;
/// Answers kept of each run, to be asked for again when all runs are over.
const KEPT_PER_RUN: usize = 20;

const CALLERS: u16 = 16;

/// How often a log, which shows no progress bar, gets a line.
const LINES_EVERY: u64 = 10;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  cargo xtask kill                                  100 kills on SQLite
  cargo xtask kill --database postgres --runs 30
  cargo xtask kill --runs 5 --seed 42               the same moments again
  cargo xtask kill steps                            every step of buying a stamp, one after the other")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    instead: Option<Instead>,
    #[command(flatten)]
    subject: Subject,
    /// How often the gateway is killed
    #[arg(long, default_value_t = 100)]
    runs: u64,
    /// The database under the gateway
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    database: Database,
    /// Parallel callers; two share a buyer
    #[arg(long, default_value_t = CALLERS, value_parser = clap::value_parser!(u16).range(2..=256))]
    callers: u16,
    /// Repeats the draws of an earlier run
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(clap::Subcommand)]
enum Instead {
    /// Kills at every step of buying a stamp, instead of at random moments under load
    Steps(steps::Arguments),
}

impl Arguments {
    /// So many kills on this database, with whatever this repository builds.
    pub(crate) fn of(database: Database, runs: u64) -> Self {
        let (subject, callers) = (Subject::default(), CALLERS);
        Self { instead: None, subject, runs, database, callers, seed: None }
    }
}

/// What all runs found.
#[derive(Default)]
struct Tally {
    acknowledged: usize,
    lost_but_done: usize,
    lost_and_not_done: usize,
    kept: Vec<Answered>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if let Some(Instead::Steps(arguments)) = &arguments.instead {
        return steps::run(arguments);
    }
    let binary = arguments.subject.binary()?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    eprintln!("seed {seed}");
    match arguments.database {
        Database::Sqlite => kill(arguments, seed, &binary, None),
        Database::Postgres => {
            let cluster = Cluster::start()?;
            kill(arguments, seed, &binary, Some(cluster.database("purser")?))
        }
    }
}

fn kill(arguments: &Arguments, seed: u64, binary: &Path, database: Option<String>) -> Result<()> {
    let house = House::new(binary, database)?;
    let mut random = Rng::with_seed(seed);
    let mut gateway = house.open()?;
    let mut world = World::begin(&house, &gateway, arguments.callers)?;
    let mut tally = Tally::default();
    let progress = ProgressBar::new(arguments.runs).with_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} kills, {elapsed} of {duration}, {msg}",
    )?);
    for run in 1..=arguments.runs {
        let (answered, lost) = trade_until_killed(gateway, &world, &mut random)
            .with_context(|| format!("run {run}; the gateway logged:\n{}", house.log_end()))?;
        house.check_books().with_context(|| format!("after kill {run}"))?;
        gateway = house.open().with_context(|| format!("restart after kill {run}"))?;
        world.sign_in_where_due(&gateway)?;
        prove(&gateway, &world, &mut tally, answered, lost, &mut random)
            .with_context(|| format!("after kill {run} (seed {seed})"))?;
        progress.set_message(tally.to_string());
        progress.inc(1);
        if progress.is_hidden() && run % LINES_EVERY == 0 {
            eprintln!("{run} of {} kills: {tally}", arguments.runs);
        }
    }
    let kept = std::mem::take(&mut tally.kept);
    world.ask_again(&gateway, &kept).context("when all runs were over")?;
    world.sign_in_where_due(&gateway)?;
    let stamps = world.every_stamp_is_there(&gateway).context("when all runs were over")?;
    gateway.stop()?;
    house.check_books()?;
    progress.finish_and_clear();
    println!(
        "{} kills: {tally}; every answer stands, {stamps} stamps are there once each, `purser check` clean",
        arguments.runs
    );
    Ok(())
}

impl std::fmt::Display for Tally {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acknowledged, lost_but_done, lost_and_not_done, .. } = self;
        let lost = lost_but_done + lost_and_not_done;
        write!(formatter, "{acknowledged} commands acknowledged, {lost} answers lost ")?;
        write!(formatter, "({lost_but_done} of them done, {lost_and_not_done} not)")
    }
}

/// Lets every caller trade, kills the gateway meanwhile, and gives what was answered and what was not.
fn trade_until_killed(
    gateway: Gateway<'_>,
    world: &World,
    random: &mut Rng,
) -> Result<(Vec<Answered>, Vec<Command>)> {
    let alive = Duration::from_millis(random.u64(ALIVE_MS));
    thread::scope(|scope| {
        let callers: Vec<_> = (0..world.callers)
            .map(|caller| {
                let (client, random) = (gateway.client(), random.fork());
                scope.spawn(move || world.trade(client, caller, random))
            })
            .collect();
        thread::sleep(alive);
        gateway.kill()?;
        let (mut answered, mut lost) = (Vec::new(), Vec::new());
        for caller in callers {
            let (done, unknown) = caller.join().map_err(|_| anyhow!("a caller fell"))??;
            answered.extend(done);
            lost.extend(unknown);
        }
        Ok((answered, lost))
    })
}

/// Holds the restarted gateway against what the callers saw.
fn prove(
    gateway: &Gateway<'_>,
    world: &World,
    tally: &mut Tally,
    mut answered: Vec<Answered>,
    lost: Vec<Command>,
    random: &mut Rng,
) -> Result<()> {
    tally.acknowledged += answered.len();
    for command in lost {
        let (done_before, answer) = world.settle(gateway, command)?;
        if done_before {
            tally.lost_but_done += 1;
        } else {
            tally.lost_and_not_done += 1;
        }
        answered.push(answer);
    }
    world.agrees_with(gateway)?;
    world.ask_again(gateway, &answered)?;
    // Whoever is erased has no token that lives until all runs are over.
    answered.retain(|answer| !matches!(answer.command.kind, command::Kind::Erasure));
    random.shuffle(&mut answered);
    answered.truncate(KEPT_PER_RUN);
    tally.kept.append(&mut answered);
    Ok(())
}
