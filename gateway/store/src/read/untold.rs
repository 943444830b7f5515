//! What a shop is not told of yet. Of shops that are paid in one purchase each is told at a time of its own
//! (docs/decisions/0030), with which the ids of its part begin: until then, neither its events nor its lists and sums speak of it.

use purser_core::{Timestamp, purchase::TOLD_WITHIN_MAX};

/// The bits of an id behind its time.
const RANDOM_BITS: u32 = 80;

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
        Self::at(Timestamp::now())
    }

    fn at(now: Timestamp) -> Self {
        let last_of = |ms: i64| {
            let ms = u128::try_from(ms).unwrap_or(0);
            (ms << RANDOM_BITS) | (u128::MAX >> (u128::BITS - RANDOM_BITS))
        };
        let wait_ms = i64::try_from(TOLD_WITHIN_MAX.as_millis()).unwrap_or(i64::MAX);
        let now_ms = now.as_millisecond();
        Self { after: last_of(now_ms), until: last_of(now_ms.saturating_add(wait_ms)) }
    }

    /// As ids of one kind, in the order in which the database has them.
    pub(crate) fn ids<Id: ToString>(self, of: impl Fn(u128) -> Id) -> (String, String) {
        (of(self.after).to_string(), of(self.until).to_string())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails loudly")]
mod tests {
    use purser_core::ids::ItemId;

    use super::*;

    #[test]
    fn an_id_is_untold_until_its_time_unless_no_shop_waits_that_long() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let (after, until) = Untold::at(now).ids(ItemId::from_random);
        let is_untold = |seconds: i64, random: u128| {
            let ms = u128::try_from(now.as_millisecond() + seconds * 1_000).unwrap();
            let id = ItemId::from_random((ms << 80) | random).to_string();
            id > after && id <= until
        };
        for random in [0, u128::MAX >> 48] {
            for told in [-86_400, -1, 0, 601, 86_400] {
                assert!(!is_untold(told, random), "{told}");
            }
            for untold in [1, 60, 600] {
                assert!(is_untold(untold, random), "{untold}");
            }
        }
    }
}
