//! The version of the facts, as far as this process has heard of it.
//!
//! Every turn of the teller tells it, so that a busy process need not ask. One that only looks asks the database when
//! it has not heard for a while: another process may have changed them.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// So long after an operator's change may another process still quote by the old facts. No longer than it takes to
/// tell somebody of the change, and rare enough to cost nothing.
const AGE_MAX: Duration = Duration::from_millis(250);

/// The newest version heard of, and when that was asked.
#[derive(Debug)]
pub(crate) struct FactsVersion {
    newest: AtomicI64,
    began: Instant,
    /// Microseconds since `began`.
    asked: AtomicU64,
}

impl FactsVersion {
    /// The version that was in the database at `now`.
    pub(crate) fn new(version: i64, now: Instant) -> Self {
        Self { newest: AtomicI64::new(version), began: now, asked: AtomicU64::new(0) }
    }

    /// The newest heard of.
    pub(crate) fn newest(&self) -> i64 {
        self.newest.load(Ordering::Acquire)
    }

    /// Whether a newer one would have been heard of shortly before `now`.
    pub(crate) fn is_recent(&self, now: Instant) -> bool {
        let asked = Duration::from_micros(self.asked.load(Ordering::Acquire));
        now.saturating_duration_since(self.began).saturating_sub(asked) <= AGE_MAX
    }

    /// Hears of the version that was in the database at `asked` or later. Whoever is late changes nothing.
    pub(crate) fn hear(&self, version: i64, asked: Instant) {
        self.newest.fetch_max(version, Ordering::AcqRel);
        let micros = asked.saturating_duration_since(self.began).as_micros();
        self.asked.fetch_max(u64::try_from(micros).unwrap_or(u64::MAX), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_recent_for_a_quarter_of_a_second_after_it_was_asked() {
        let began = Instant::now();
        let later = |ms| began + Duration::from_millis(ms);
        let version = FactsVersion::new(7, began);
        assert!(version.is_recent(later(250)) && !version.is_recent(later(251)));
        version.hear(8, later(1_000));
        assert!(version.is_recent(later(1_250)) && !version.is_recent(later(1_251)));
        // An answer that took long.
        version.hear(7, later(500));
        assert_eq!(version.newest(), 8);
        assert!(version.is_recent(later(1_250)));
    }
}
