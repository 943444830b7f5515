//! What a shop is not told of yet. Of shops that are paid in one purchase each is told at a time of its own
//! (docs/decisions/0030), with which the ids of its part begin: until then, neither its events nor its lists and sums speak of it.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use purser_core::{
    Timestamp,
    ids::{ItemId, TIME_SHIFT},
    purchase::TOLD_WITHIN_MAX,
};

/// The latest time that this process read: what was told of stays so if the machine's clock is set back.
static LATEST_MS: AtomicI64 = AtomicI64::new(0);

/// How long behind its time everything is told.
static BEHIND_MS: AtomicI64 = AtomicI64::new(0);

/// Has everything told so long behind its time, by this process. A sale that is made alone is committed some milliseconds
/// behind its time, one of several long before: whoever measures when it hears of them would know which is which.
pub fn tell_behind(behind: Duration) {
    BEHIND_MS.store(i64::try_from(behind.as_millis()).unwrap_or(0), Ordering::Relaxed);
}

/// Whether what a column of ids names is told of, as a condition of a query.
macro_rules! is_told {
    ($id:expr, $untold:expr) => {{
        let (after, until) = $untold.clone();
        $id.le(after).or($id.gt(until))
    }};
}

pub(crate) use is_told;

/// The ids whose time is yet to come. Those of later than a shop ever waits for are of a clock that was wrong: they are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Untold {
    /// The last that is told of.
    after: u128,
    /// The last that is not.
    until: u128,
}

impl Untold {
    /// At this moment, by the machine's clock.
    pub(crate) fn now() -> Self {
        let now_ms = Timestamp::now().as_millisecond();
        let latest_ms = LATEST_MS.fetch_max(now_ms, Ordering::Relaxed).max(now_ms);
        Self::at(latest_ms.saturating_sub(BEHIND_MS.load(Ordering::Relaxed)))
    }

    fn at(now_ms: i64) -> Self {
        let last_of = |ms: i64| {
            let ms = u128::try_from(ms).unwrap_or(0);
            (ms << TIME_SHIFT) | (u128::MAX >> (u128::BITS - TIME_SHIFT))
        };
        // A sale's, and behind that its refund's.
        let wait_ms =
            i64::try_from(TOLD_WITHIN_MAX.as_millis()).unwrap_or(i64::MAX).saturating_mul(2);
        Self { after: last_of(now_ms), until: last_of(now_ms.saturating_add(wait_ms)) }
    }

    /// How long an id is untold yet.
    pub(crate) fn wait(self, id: u128) -> Option<Duration> {
        let wait_ms = (id >> TIME_SHIFT).checked_sub(self.after >> TIME_SHIFT)?;
        let wait = Duration::from_millis(u64::try_from(wait_ms).ok()?);
        (id > self.after && id <= self.until).then_some(wait)
    }

    /// As ids of one kind, in the order in which the database has them.
    pub(crate) fn ids<Id: ToString>(self, of: impl Fn(u128) -> Id) -> (String, String) {
        (of(self.after).to_string(), of(self.until).to_string())
    }
}

/// Whether a merchant is not told of an item yet.
pub fn is_untold(item: ItemId) -> bool {
    Untold::now().wait(item.bits()).is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails loudly")]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_000_000_000;

    #[test]
    fn an_id_is_untold_until_its_time_unless_no_shop_waits_that_long() {
        let untold = Untold::at(NOW_MS);
        let (after, until) = untold.ids(ItemId::from_random);
        let wait = |seconds: i64, random: u128| {
            let ms = u128::try_from(NOW_MS + seconds * 1_000).unwrap();
            let id = (ms << TIME_SHIFT) | random;
            let text = ItemId::from_random(id).to_string();
            let wait = untold.wait(id);
            assert_eq!(wait.is_some(), text > after && text <= until);
            wait
        };
        for random in [0, u128::MAX >> 48] {
            for told in [-86_400, -1, 0, 1_201, 86_400] {
                assert_eq!(wait(told, random), None, "{told}");
            }
            for untold in [1, 60, 1_200] {
                assert_eq!(wait(untold, random), Some(Duration::from_secs(untold.unsigned_abs())));
            }
        }
    }

    #[test]
    fn what_was_told_of_stays_so_if_the_clock_is_set_back() {
        let now = Untold::now();
        LATEST_MS.fetch_add(5_000, Ordering::Relaxed);
        let later = Untold::now();
        assert!(later.after >= now.after + (5_000 << TIME_SHIFT));
        // And all of it as long behind its time as was said.
        tell_behind(Duration::from_secs(100));
        let behind = Untold::now();
        tell_behind(Duration::ZERO);
        let by_ms = (later.after >> TIME_SHIFT) - (behind.after >> TIME_SHIFT);
        assert!((90_000..=100_000).contains(&by_ms), "{by_ms}");
    }
}
