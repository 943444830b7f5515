//! `cargo xtask ci`: what must pass before a change lands, in the order that finds mistakes soonest.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::gateway::{Database, Subject};
use crate::{bench, e2e, kill, languages, needs, readme, schemathesis, step};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask ci             everything, as CI does
  cargo xtask ci --lints     formatting, clippy, documentation and dependencies only

Every step runs with the release profile and one target directory, so that what one step has
compiled the next one uses.")]
pub(crate) struct Arguments {
    /// Stops before anything is run
    #[arg(long)]
    lints: bool,
}

type Step = (&'static str, fn() -> Result<()>);

const LINTS: &[Step] = &[
    ("Formatting", formatting),
    ("Clippy", clippy),
    ("Documentation", documentation),
    ("Dependencies", dependencies),
];

/// The README's own commands come first: the tests and the demo are among them. The others are short here; each
/// is a command by itself, which runs for as long as one likes.
const RUNS: &[Step] = &[
    ("README commands", readme_commands),
    ("Other languages", other_languages),
    ("Schemathesis", schemathesis_short),
    ("End to end", end_to_end),
    ("Kill, SQLite", kill_sqlite),
    ("Kill, PostgreSQL", kill_postgres),
    ("Kill steps, SQLite", kill_steps_sqlite),
    ("Kill steps, PostgreSQL", kill_steps_postgres),
    ("Bench", bench_quick),
];

const SCHEMATHESIS_EXAMPLES: u32 = 15;
const KILLS_SQLITE: u64 = 20;
const KILLS_POSTGRES: u64 = 10;

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    needs::wasm_target()?;
    let runs = if arguments.lints { &[] } else { RUNS };
    let mut durations = Vec::new();
    for (title, work) in LINTS.iter().chain(runs) {
        let started = Instant::now();
        step::timed(title, work)?;
        durations.push((*title, started.elapsed()));
    }
    summarise(&durations);
    Ok(())
}

fn summarise(durations: &[(&str, Duration)]) {
    eprintln!();
    for (title, duration) in durations {
        eprintln!("{title:<24}{:>6} s", duration.as_secs());
    }
    let total: Duration = durations.iter().map(|(_, duration)| *duration).sum();
    eprintln!("{:<24}{:>6} s", "all of it", total.as_secs());
}

fn formatting() -> Result<()> {
    step::run(&mut step::cargo(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    let lint =
        ["clippy", "--quiet", "--release", "--workspace", "--all-targets", "--", "-Dwarnings"];
    step::run(&mut step::cargo(lint))
}

fn documentation() -> Result<()> {
    let mut doc = step::cargo(["doc", "--quiet", "--release", "--workspace", "--no-deps"]);
    step::run(doc.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// Licences, bans and sources always; advisories where their database can be fetched.
fn dependencies() -> Result<()> {
    if step::output(&mut step::cargo(["deny", "--version"])).is_err() {
        // Without optimising: it is compiled for minutes then, and runs for seconds either way.
        step::run(&mut step::cargo(["install", "--quiet", "--locked", "--debug", "cargo-deny"]))?;
    }
    let rules = ["deny", "--log-level", "error", "check", "bans", "licenses", "sources"];
    step::run(&mut step::cargo(rules))?;
    let fetched = step::output(&mut step::cargo(["deny", "fetch", "db"]));
    match fetched {
        Ok(_) => {
            step::run(&mut step::cargo(["deny", "--log-level", "error", "check", "advisories"]))
        }
        Err(error) => {
            eprintln!("WARNING: security advisories were NOT checked: {error:#}");
            Ok(())
        }
    }
}

fn other_languages() -> Result<()> {
    languages::run(&languages::Arguments { subject: Subject::default() })
}

fn schemathesis_short() -> Result<()> {
    let examples = SCHEMATHESIS_EXAMPLES;
    schemathesis::run(&schemathesis::Arguments { subject: Subject::default(), examples, seed: 1 })
}

fn end_to_end() -> Result<()> {
    e2e::run(&e2e::Arguments::default())
}

fn kill_sqlite() -> Result<()> {
    kill::run(&kill::Arguments::of(Database::Sqlite, KILLS_SQLITE))
}

fn kill_postgres() -> Result<()> {
    kill::run(&kill::Arguments::of(Database::Postgres, KILLS_POSTGRES))
}

fn kill_steps_sqlite() -> Result<()> {
    kill::steps::run(&kill::steps::Arguments::of(Database::Sqlite))
}

fn kill_steps_postgres() -> Result<()> {
    kill::steps::run(&kill::steps::Arguments::of(Database::Postgres))
}

fn bench_quick() -> Result<()> {
    bench::run(&bench::Arguments::quick())
}

/// Runs what the README tells people to run, word for word; only the demo is told to end by itself.
fn readme_commands() -> Result<()> {
    for command in readme::commands()? {
        let ending = if command.ends_with("-- demo") { " --once" } else { "" };
        let words = format!("{command}{ending}");
        let mut words = words.split_whitespace();
        if words.next() != Some("cargo") {
            bail!("the README has the command `{command}`, which CI does not know how to run");
        }
        let mut cargo = step::cargo([]);
        step::run(cargo.args(words)).with_context(|| format!("the README's `{command}`"))?;
    }
    Ok(())
}
