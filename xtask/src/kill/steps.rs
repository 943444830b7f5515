//! `cargo xtask kill steps`: `kill -9` at every step of buying a stamp, one after the other.
//!
//! What a purchase leaves behind it leaves by system calls: those by which the teller's thread writes to its database,
//! and the one by which the answer goes to the client. So one stamp is bought again and again, and the process is killed at the
//! first of these calls, at the second, the third, until a purchase is answered because it makes no more. The call itself is not
//! made any more, so that what lies on the disk is what all calls before it wrote.
//!
//! Each purchase is the first that a new process is asked for, when the background has nothing left to do: so every purchase
//! makes the same calls.
//!
//! After each kill the database alone says how far the purchase had come, and that the register of the vendor has neither
//! a gap nor a repetition. A new process on it must then end with one stamp that was charged once, or with none and no
//! charge, whether the buyer asks again with the same key at once, or nobody asks and the background does it.

mod books;
mod purchase;
mod trace;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use self::books::Books;
use self::purchase::{Afterwards, Buying, Stage};
use self::trace::Place;
use crate::gateway::{Database, House, Subject};
use crate::needs;
use crate::postgres::Cluster;

/// The name of the database in a cluster of our own.
const DATABASE: &str = "purser";

/// The teller's thread, which alone moves money.
const TELLER: &str = "teller";
const BOTH: &[Afterwards] = &[Afterwards::AskedAgain, Afterwards::LeftAlone];

/// What reaches the disk. The teller writes to memory that it shares as well, but no new process believes what is there.
const SQLITE: &[Place] = &[
    Place { threads: TELLER, call: "pwrite64", afterwards: BOTH },
    Place { threads: TELLER, call: "fsync", afterwards: BOTH },
];
/// A statement to the server, and the wait for its answer: a commit is not sent, or it is under way. One that is done is met
/// by the next statement, or by the answer. Every statement is met twice already, and starting on a server takes its time.
const POSTGRES: &[Place] = &[
    Place { threads: TELLER, call: "sendto", afterwards: &[Afterwards::AskedAgain] },
    Place { threads: TELLER, call: "poll", afterwards: &[Afterwards::LeftAlone] },
];
/// How an answer leaves; the system keeps 15 bytes of the names of the threads that send it.
const ANSWER: Place = Place { threads: "actix-rt|system", call: "sendto", afterwards: BOTH };

/// More than a purchase ever makes of one call: an end, should it never be answered.
const STEPS_MAX: u32 = 2_000;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask kill steps                        every step on SQLite
  cargo xtask kill steps --database postgres

It ends when no step is left: some 200 kills on SQLite, 100 on PostgreSQL, about a minute each on two idle cores.
Needs strace, and for SQLite its shell sqlite3; what is missing is installed where that is allowed.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// The database under the gateway
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    database: Database,
}

impl Arguments {
    /// On this database, with whatever this repository builds.
    pub(crate) fn of(database: Database) -> Self {
        Self { subject: Subject::default(), database }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    needs::foreign("a kill at every step", &[needs::STRACE, needs::SQLITE])?;
    let binary = arguments.subject.binary()?;
    match arguments.database {
        Database::Sqlite => kill(&binary, None, Books::Sqlite, SQLITE),
        Database::Postgres => {
            let cluster = Cluster::start()?;
            let url = cluster.database(DATABASE)?;
            kill(&binary, Some(url), Books::Postgres(&cluster), POSTGRES)
        }
    }
}

/// What all kills met.
#[derive(Default)]
struct Tally {
    untouched: u32,
    charged: u32,
    issued: u32,
    left_alone: u32,
}

fn kill(binary: &Path, database: Option<String>, books: Books<'_>, teller: &[Place]) -> Result<()> {
    let started = Instant::now();
    let house = House::new(binary, database)?;
    let mut buying = Buying::begin(&house, books)?;
    let mut tally = Tally::default();
    let progress = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("{spinner} {pos} kills, {elapsed}, {msg}")?);
    for place in teller.iter().chain([&ANSWER]) {
        progress.set_message(place.to_string());
        let killed = |stage, afterwards| {
            tally.count(stage, afterwards);
            progress.inc(1);
        };
        let steps = kill_at_each(&mut buying, place, killed)
            .with_context(|| format!("the gateway logged:\n{}", house.log_end()))?;
        ensure!(steps > 0, "a purchase makes no {place} any more; find what it makes instead");
        progress.suspend(|| eprintln!("{place}: {steps} steps"));
    }
    progress.finish_and_clear();
    let stamps = buying.end()?;
    tally.met_all()?;
    println!(
        "{tally}; {stamps} stamps are there, numbered and charged once each, `purser check` clean; {:.0?}",
        started.elapsed()
    );
    Ok(())
}

/// Kills at the first such call of a purchase, at the second, and so on, and gives how many there are.
fn kill_at_each(
    buying: &mut Buying<'_>,
    place: &Place,
    mut killed: impl FnMut(Stage, Afterwards),
) -> Result<u32> {
    for nth in 1..=STEPS_MAX {
        let mut answered = true;
        for &afterwards in place.afterwards {
            let stage = buying.killed_at(place, nth, afterwards);
            let stage = stage.with_context(|| format!("{place}, number {nth}, {afterwards:?}"))?;
            if let Some(stage) = stage {
                killed(stage, afterwards);
                answered = false;
            }
        }
        if answered {
            return Ok(nth - 1);
        }
    }
    bail!("{place}: no purchase was answered before it made {STEPS_MAX} of these calls")
}

impl Tally {
    fn count(&mut self, stage: Stage, afterwards: Afterwards) {
        match stage {
            Stage::Untouched => self.untouched += 1,
            Stage::Charged => self.charged += 1,
            Stage::Issued => self.issued += 1,
        }
        match (stage, afterwards) {
            (Stage::Charged, Afterwards::LeftAlone) => self.left_alone += 1,
            (Stage::Charged, Afterwards::AskedAgain) | (Stage::Untouched | Stage::Issued, _) => {}
        }
    }

    /// A kill that never met a stage has proved nothing of it.
    fn met_all(&self) -> Result<()> {
        let Self { untouched, charged, issued, left_alone } = *self;
        ensure!(
            [untouched, charged, issued, left_alone, charged - left_alone]
                .iter()
                .all(|&met| met > 0),
            "not every stage was met: {self}"
        );
        Ok(())
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { untouched, charged, issued, left_alone } = self;
        write!(
            formatter,
            "{} kills: {untouched} before anything was committed, ",
            untouched + charged + issued
        )?;
        write!(
            formatter,
            "{charged} charged and not issued ({left_alone} of them finished with nobody asking), "
        )?;
        write!(formatter, "{issued} issued and not answered")
    }
}
