//! Faults since a plugin's last answer, and for whom it was asked then.
//!
//! A plugin that faults on one caller's input is not yet one that only fails: whoever finds such an input could take it
//! out of service for everybody. So it is remembered for whom it was asked (decision 0025).

use std::{
    cell::Cell,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

/// Callers that are told apart: more than any quarantine asks for.
const CALLERS_KEPT: usize = 16;

/// Whose input a plugin is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The gateway's own or its operator's: nobody chose it to do harm.
    Gateway,
    /// Somebody who is not signed in. They count as one, since nothing tells them apart.
    Stranger,
    /// One of the gateway's buyers or merchants.
    Known(u64),
    /// Nobody who needs the answer: what would it say? That counts neither against a plugin nor for it.
    Trial,
}

impl Caller {
    /// The buyer or merchant of that id.
    pub fn known(id: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Self::Known(hasher.finish())
    }

    /// Does work whose plugin calls are for this caller, unless [`Self::tell`] says better.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CALLER.scope(Cell::new(self), work).await
    }

    /// Says, within such work, who the caller turned out to be.
    pub fn tell(self) {
        // Outside of such work it is the gateway's own.
        let _ = CALLER.try_with(|caller| caller.set(self));
    }

    fn current() -> Self {
        CALLER.try_with(Cell::get).unwrap_or(Self::Gateway)
    }
}

tokio::task_local! {
    static CALLER: Cell<Caller>;
}

/// Faults since the last answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// How many.
    pub in_a_row: u32,
    /// For how many different callers, as far as they are told apart.
    pub callers: usize,
    /// Whether one was on the gateway's own input.
    pub on_own_input: bool,
}

/// What a plugin has failed at.
#[derive(Default)]
pub(crate) struct Failing {
    in_a_row: AtomicU32,
    callers: Mutex<Vec<Caller>>,
}

impl Failing {
    pub(crate) fn read(&self) -> Faults {
        let callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let others = callers.iter().filter(|caller| **caller != Caller::Gateway).count();
        let in_a_row = self.in_a_row.load(Ordering::Relaxed);
        Faults { in_a_row, callers: others, on_own_input: others < callers.len() }
    }

    pub(crate) fn fault(&self) {
        let caller = Caller::current();
        if caller == Caller::Trial {
            return;
        }
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        self.in_a_row.fetch_add(1, Ordering::Relaxed);
        if callers.len() < CALLERS_KEPT && !callers.contains(&caller) {
            callers.push(caller);
        }
    }

    pub(crate) fn answer(&self) {
        // Nearly every answer comes after another one, and waits for nobody.
        if self.in_a_row.load(Ordering::Relaxed) > 0 && Caller::current() != Caller::Trial {
            let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
            callers.clear();
            self.in_a_row.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn faults_are_counted_by_caller_until_an_answer_comes() {
        let failing = Failing::default();
        let check = |in_a_row, callers, on_own_input| {
            assert_eq!(failing.read(), Faults { in_a_row, callers, on_own_input });
        };
        let (ann, bob) = (Caller::known("ann"), Caller::known("bob"));
        for _ in 0..3 {
            ann.scope(async { failing.fault() }).await;
        }
        check(3, 1, false);
        Caller::Stranger.scope(async { failing.fault() }).await;
        Caller::Stranger
            .scope(async {
                bob.tell();
                failing.fault();
            })
            .await;
        check(5, 3, false);
        failing.fault();
        check(6, 3, true);
        let trial = async {
            failing.fault();
            failing.answer();
        };
        Caller::Trial.scope(trial).await;
        check(6, 3, true);
        failing.answer();
        check(0, 0, false);
    }
}
