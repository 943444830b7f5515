//! Printing for somebody who watches: a batch of thousands takes a while, and its codes are shown once.
//!
//! What is printed is kept in the memory of this process until it is shown, and for a quarter of an hour at most. Codes
//! that nobody looked at are lost, as an answer that never arrived would be; their cards are worth nothing until they
//! are sold.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::SignedDuration;
use purser_core::{Timestamp, command::KeyClaim, ids::BatchId, secret::SecretText};

use super::{Print, Printed, batch_print, batch_unprinted};
use crate::{
    clock::machine_now,
    gateway::Gateway,
    keys::random_text,
    problem::{self, Problem},
};

/// Batches that are printed, or wait to be shown, at a time: ten thousand codes each are a few megabytes.
const KEPT_MAX: usize = 8;
/// How long codes wait for whoever had them printed.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(15);

/// Batches that are being printed, and those whose codes wait to be shown.
#[derive(Default)]
pub struct Printings(Mutex<BTreeMap<String, Printing>>);

struct Printing {
    /// A form that is sent again leads to the same batch.
    key: KeyClaim,
    count: u32,
    written: Arc<AtomicUsize>,
    begun_at: Timestamp,
    state: State,
}

enum State {
    Running,
    Printed(BatchId, Vec<Printed>),
    Shown(BatchId),
    Failed(Problem),
}

/// How far a batch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Cards are being written.
    Running {
        /// How many are.
        written: usize,
        /// Of how many.
        count: u32,
    },
    /// All are, and the codes wait to be shown.
    Printed {
        /// The batch.
        batch: BatchId,
        /// Its cards.
        count: u32,
    },
    /// The codes were shown.
    Shown {
        /// The batch.
        batch: BatchId,
    },
}

impl Printings {
    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Printing>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = machine_now();
        kept.retain(|_, printing| {
            matches!(printing.state, State::Running)
                || now.duration_since(printing.begun_at) < KEPT_FOR
        });
        kept
    }

    /// What a key is printing, or has printed while its codes are kept. One that failed may be sent again.
    fn of_key(
        kept: &mut BTreeMap<String, Printing>,
        key: &KeyClaim,
    ) -> Result<Option<SecretText>, Problem> {
        let same = |printing: &Printing| {
            (&printing.key.scope, &printing.key.key) == (&key.scope, &key.key)
        };
        kept.retain(|_, printing| !(same(printing) && matches!(printing.state, State::Failed(_))));
        match kept.iter().find(|(_, printing)| same(printing)) {
            Some((_, printing)) if printing.key.fingerprint != key.fingerprint => {
                Err(Problem::new(problem::KEY_REUSED))
            }
            found => Ok(found.map(|(name, _)| SecretText::new(name.clone()))),
        }
    }

    fn end(&self, name: &str, state: State) {
        if let Some(printing) = self.locked().get_mut(name) {
            printing.state = state;
        }
    }
}

/// Begins to print a batch, once for each key. What it is followed by is as good as its codes.
pub async fn begin(gateway: &Gateway, key: KeyClaim, print: Print) -> Result<SecretText, Problem> {
    let known = Printings::of_key(&mut gateway.printings.locked(), &key)?;
    if let Some(name) = known {
        return Ok(name);
    }
    batch_unprinted(gateway, &key).await?;
    let name = random_text("");
    let written = Arc::new(AtomicUsize::new(0));
    let printing = Printing {
        key: key.clone(),
        count: print.count,
        written: Arc::clone(&written),
        begun_at: machine_now(),
        state: State::Running,
    };
    {
        let mut kept = gateway.printings.locked();
        // Another may have been sent in between.
        if let Some(name) = Printings::of_key(&mut kept, &key)? {
            return Ok(name);
        }
        if kept.len() >= KEPT_MAX {
            let detail = "several batches are being printed, or wait to be looked at";
            return Err(Problem::new(problem::OVERLOADED).detail(detail).retry_after(60));
        }
        kept.insert(name.expose().to_owned(), printing);
    }
    let (gateway, followed) = (gateway.clone(), name.expose().to_owned());
    tokio::spawn(async move {
        let watch = move |cards| written.store(cards, Ordering::Relaxed);
        let state = match batch_print(&gateway, Some(key), print, watch).await {
            Ok((batch, cards)) => State::Printed(batch, cards),
            Err(problem) => State::Failed(problem),
        };
        gateway.printings.end(&followed, state);
    });
    Ok(name)
}

/// How far a batch is.
pub fn progress(gateway: &Gateway, name: &str) -> Result<Progress, Problem> {
    let kept = gateway.printings.locked();
    let Printing { count, written, state, .. } = kept.get(name).ok_or_else(Problem::not_found)?;
    match state {
        State::Running => {
            Ok(Progress::Running { written: written.load(Ordering::Relaxed), count: *count })
        }
        State::Printed(batch, _) => Ok(Progress::Printed { batch: *batch, count: *count }),
        State::Shown(batch) => Ok(Progress::Shown { batch: *batch }),
        State::Failed(problem) => Err(problem.clone()),
    }
}

/// Takes the codes, to show them once. Nothing, if they are not printed yet or were shown before.
pub fn take(gateway: &Gateway, name: &str) -> Result<Option<(BatchId, Vec<Printed>)>, Problem> {
    let mut kept = gateway.printings.locked();
    let printing = kept.get_mut(name).ok_or_else(Problem::not_found)?;
    let State::Printed(batch, _) = printing.state else { return Ok(None) };
    match std::mem::replace(&mut printing.state, State::Shown(batch)) {
        State::Printed(batch, cards) => Ok(Some((batch, cards))),
        State::Running | State::Shown(_) | State::Failed(_) => Ok(None),
    }
}
