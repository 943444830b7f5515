//! When shops are told of what they sold. A shop that is paid alone is told at once, and the very moment. Of several that are
//! paid in one purchase each is told another time, and at another time (docs/decisions/0030): two that were told the
//! same could tell that one buyer paid both.

use jiff::{SignedDuration, Timestamp};
use purser_core::ids::{EventId, ItemId, MerchantId, SaleId};

use crate::{
    clock::{self, day},
    problem::Problem,
    random,
};

/// One shop's part of a purchase.
pub(super) struct Part {
    merchant: MerchantId,
    /// Its name.
    pub(super) sale: SaleId,
    /// When it was sold, as its shop knows it: the day is right, the time may be earlier.
    pub(super) at: Timestamp,
    /// From when on its shop's events and lists speak of it, by the machine's clock. Its ids begin with this time.
    told_ms: u128,
}

impl Part {
    pub(super) fn item(&self) -> ItemId {
        ItemId::from_random(random::id_bits_at(self.told_ms))
    }

    pub(super) fn event(&self) -> EventId {
        EventId::from_random(random::id_bits_at(self.told_ms))
    }
}

/// The parts of a purchase, one for each shop.
pub(super) struct Parts(Vec<Part>);

impl Parts {
    /// Of a purchase at `at`, with several shops told `within` so long.
    pub(super) fn of(merchants: &[MerchantId], at: Timestamp, within: SignedDuration) -> Self {
        let within = if merchants.len() > 1 { within } else { SignedDuration::ZERO };
        let now_ms = clock::machine_ms();
        let part = |&merchant: &MerchantId| {
            let later_ms = random::below(within.as_millis().unsigned_abs());
            let told_ms = now_ms.saturating_add(later_ms);
            let sale = SaleId::from_random(random::id_bits_at(told_ms));
            Part { merchant, sale, at: earlier(at, within), told_ms }
        };
        Self(merchants.iter().map(part).collect())
    }

    /// A merchant's own.
    pub(super) fn of_merchant(&self, merchant: MerchantId) -> Result<&Part, Problem> {
        let own = self.0.iter().find(|part| part.merchant == merchant);
        own.ok_or_else(|| Problem::internal("a purchase has no part of one of its merchants"))
    }
}

/// Some moment of the same day in UTC, by which taxes are judged, and `within` so long before.
fn earlier(at: Timestamp, within: SignedDuration) -> Timestamp {
    let moment = |micros: u128| {
        let back = SignedDuration::from_micros(i64::try_from(micros).unwrap_or(0));
        at.checked_sub(back).ok().filter(|moment| day(*moment) == day(at))
    };
    // Near midnight there is less of the day to choose from.
    let since_midnight = at.as_microsecond().rem_euclid(DAY_US).unsigned_abs().into();
    moment(random::below(within.as_micros().unsigned_abs().min(since_midnight))).unwrap_or(at)
}

const DAY_US: i64 = 86_400_000_000;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails loudly")]
mod tests {
    use super::*;

    const MINUTE: SignedDuration = SignedDuration::from_secs(60);

    fn merchants(n: u128) -> Vec<MerchantId> {
        (0..n).map(MerchantId::from_random).collect()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_shop_that_is_paid_alone_is_told_at_once_and_when() {
        let now = clock::machine_ms();
        let Parts(parts) = Parts::of(&merchants(1), at("2026-11-28T12:00:00Z"), MINUTE);
        assert_eq!(parts[0].at, at("2026-11-28T12:00:00Z"));
        assert!(parts[0].told_ms - now < 10_000);
    }

    #[test]
    fn shops_that_are_paid_together_are_told_other_times_of_the_same_day() {
        for moment in ["2026-11-28T12:00:00Z", "2026-11-28T00:00:09Z", "1969-12-31T23:00:00Z"] {
            let moment = at(moment);
            let now = clock::machine_ms();
            let Parts(parts) = Parts::of(&merchants(50), moment, MINUTE);
            for part in &parts {
                assert!(part.at <= moment && moment.duration_since(part.at) <= MINUTE);
                assert_eq!(day(part.at), day(moment));
                assert!(part.told_ms >= now && part.told_ms < now + 70_000);
                assert_eq!(part.sale.bits() >> 80, part.told_ms);
                assert_eq!(part.item().bits() >> 80, part.told_ms);
                assert_eq!(part.event().bits() >> 80, part.told_ms);
            }
            let mut times: Vec<_> = parts.iter().map(|part| part.at).collect();
            times.sort();
            times.dedup();
            assert!(times.len() > 45, "{times:?}");
            let early = times.first().unwrap().duration_since(*times.last().unwrap()).abs();
            assert!(early > SignedDuration::from_secs(5), "they are spread: {early}");
        }
    }

    #[test]
    fn at_midnight_no_time_of_the_day_before_is_told() {
        let midnight = at("2026-11-28T00:00:00Z");
        let Parts(parts) = Parts::of(&merchants(9), midnight, MINUTE);
        assert!(parts.iter().all(|part| part.at == midnight));
    }
}
