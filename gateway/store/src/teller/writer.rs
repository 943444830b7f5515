//! The thread behind the queue: it owns the one connection that writes.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection as _, r2d2::R2D2Connection};
use purser_core::{command::Prepared, money::Currency, record::EvidenceId};
use tokio::sync::broadcast;

use super::{
    SubmitError,
    batch::{self, Fault, Settled, Verdict},
    counts::Counting,
    queue::{ChangeJob, Changed, CommandJob},
    transaction,
};
use crate::{
    Committed, Connection, StoreError,
    database::{Database, Purpose},
    facts_version::FactsVersion,
};

/// Together well below the patience of a caller.
const ATTEMPTS_MAX: u32 = 8;
/// The first wait is at most this, and each one at most twice the one before.
const WAIT_MS_FIRST: u64 = 4;
/// 32 bytes each. A plugin's answers repeat for a day or so, and what is forgotten here is found by the database.
const EVIDENCE_KNOWN_MAX: usize = 50_000;

/// Decides and commits, turn after turn.
pub(crate) struct Writer {
    pub(crate) database: Database,
    pub(crate) conn: Option<Connection>,
    pub(crate) unit: Currency,
    pub(crate) facts_version: Arc<FactsVersion>,
    pub(crate) committed: broadcast::Sender<Committed>,
    pub(crate) evidence: HashSet<EvidenceId>,
    pub(crate) counting: Arc<Counting>,
}

impl Writer {
    /// Decides commands together and answers everybody. If the database refuses the whole, each is tried by
    /// itself: one bad command never fails its neighbours.
    pub(super) fn decide(&mut self, jobs: Vec<CommandJob>) {
        let prepared: Vec<&Prepared> = jobs.iter().map(|job| &*job.prepared).collect();
        let verdicts = match self.settle(&prepared) {
            Ok(verdicts) => verdicts,
            Err(error) if error == SubmitError::Unavailable || jobs.len() == 1 => {
                vec![Err(error); jobs.len()]
            }
            Err(_) => prepared.iter().map(|one| self.settle_alone(one)).collect(),
        };
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            if let Err(SubmitError::Broken(why)) = &verdict {
                tracing::error!(why, "a command would break the books");
            }
            // Whoever asked may have gone; the key answers when it is tried again.
            let _ = job.answer.send(verdict);
        }
    }

    fn settle_alone(&mut self, prepared: &Prepared) -> Verdict {
        let verdicts = self.settle(&[prepared])?;
        verdicts.into_iter().next().unwrap_or(Err(SubmitError::Unavailable))
    }

    fn settle(&mut self, commands: &[&Prepared]) -> Result<Vec<Verdict>, SubmitError> {
        for attempt in 0..ATTEMPTS_MAX {
            let began = Instant::now();
            match self.turn(commands) {
                Ok(settled) => return Ok(self.settled(settled, began)),
                Err(Fault::Broken(why)) => return Err(SubmitError::Broken(why)),
                Err(Fault::Retry(why)) => {
                    tracing::warn!(why, attempt, "the teller tries again");
                    wait(attempt);
                }
            }
        }
        Err(SubmitError::Unavailable)
    }

    fn turn(&mut self, commands: &[&Prepared]) -> Result<Settled, Fault> {
        let (unit, mut conn) = (self.unit, self.connected()?);
        let known = &self.evidence;
        let turn = || batch::turn(&mut conn, unit, commands, known);
        // A broken invariant is an assertion in the core.
        let done = catch_unwind(AssertUnwindSafe(turn));
        let done = done.unwrap_or_else(|panic| {
            transaction::roll_back(&mut conn);
            Err(Fault::Broken(panic_text(&*panic)))
        });
        self.put_back(conn, done.is_err());
        done
    }

    fn settled(&mut self, settled: Settled, began: Instant) -> Vec<Verdict> {
        self.counting.committed(settled.verdicts.len());
        self.facts_version.hear(settled.facts_version, began);
        if self.evidence.len() > EVIDENCE_KNOWN_MAX {
            self.evidence.clear();
        }
        self.evidence.extend(settled.evidence);
        let note = Committed { accounts: settled.accounts, merchants: settled.merchants };
        if !note.accounts.is_empty() || !note.merchants.is_empty() {
            // Nobody may be listening.
            let _ = self.committed.send(note);
        }
        settled.verdicts
    }

    /// Makes small changes together, each undone by itself when it fails.
    pub(super) fn change(&mut self, jobs: Vec<ChangeJob>) {
        let Ok(mut conn) = self.connected() else { return };
        if let Err(fault) = transaction::begin(&mut conn) {
            tracing::warn!(?fault, "no change can be made");
            return self.put_back(conn, true);
        }
        let changed: Vec<Changed> =
            jobs.into_iter().map(|job| change_one(&mut conn, job)).collect();
        let committed = transaction::commit(&mut conn);
        if committed.is_err() {
            transaction::roll_back(&mut conn);
        }
        let kept = committed.is_ok();
        self.put_back(conn, !kept);
        for one in changed {
            (one.answer)(if kept { Ok(()) } else { Err(StoreError::Unavailable) });
        }
    }

    fn connected(&mut self) -> Result<Connection, Fault> {
        match self.conn.take() {
            Some(conn) => Ok(conn),
            None => self
                .database
                .connect(Purpose::Write)
                .map_err(|error| Fault::Retry(error.to_string())),
        }
    }

    /// Keeps the connection, unless it is still within a transaction or, after a failure, lost.
    fn put_back(&mut self, mut conn: Connection, failed: bool) {
        let lost = conn.is_broken() || (failed && conn.ping().is_err());
        self.conn = if lost { None } else { Some(conn) };
    }
}

/// Runs a change in a savepoint of its own.
fn change_one(conn: &mut Connection, job: ChangeJob) -> Changed {
    let mut changed = None;
    let run = |conn: &mut Connection| {
        let kept = match catch_unwind(AssertUnwindSafe(|| job.run(conn))) {
            Ok(one) => changed.insert(one).keep,
            Err(panic) => {
                tracing::error!(why = panic_text(&*panic), "a change panicked");
                false
            }
        };
        if kept { Ok(()) } else { Err(diesel::result::Error::RollbackTransaction) }
    };
    let kept = conn.transaction(run).is_ok();
    let nothing = Changed { keep: false, answer: Box::new(drop) };
    changed.filter(|one| kept || !one.keep).unwrap_or(nothing)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// Waits a random while, longer after each attempt, so that processes which collided do not collide again.
fn wait(attempt: u32) {
    let most = WAIT_MS_FIRST << attempt.min(8);
    let random = getrandom::u64().unwrap_or(most) % most;
    thread::sleep(Duration::from_millis(random.saturating_add(1)));
}
