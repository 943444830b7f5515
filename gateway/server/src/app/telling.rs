//! When shops are told of what they sold. A shop that is paid alone is told at once. Of several that are paid in one purchase
//! each is told a time of its own, and then (docs/decisions/0030): two that were told the same could tell that one
//! buyer paid both.

use jiff::{SignedDuration, Timestamp};
use purser_core::{
    ids::{EventId, ItemId, MerchantId, SaleId, TIME_SHIFT},
    record::ItemRecord,
};

use crate::{
    clock::{self, Clock},
    problem::Problem,
    random,
};

/// One shop's part of a purchase.
pub(super) struct Part {
    merchant: MerchantId,
    /// Its name.
    pub(super) sale: SaleId,
    /// When it was sold, as its shop knows it.
    pub(super) at: Timestamp,
    /// The same by the machine's clock. Its ids begin with it: before it, nothing that the shop sees speaks of them. Of a
    /// sale that is told at once it is the same, to the millisecond: no distance between the two tells them apart.
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
    /// Of a purchase at `at`. Several shops are told at moments of the time `within` then, but on the same day in UTC, by
    /// which taxes are judged.
    pub(super) fn of(
        merchants: &[MerchantId],
        clock: &Clock,
        at: Timestamp,
        within: SignedDuration,
    ) -> Self {
        let within = if merchants.len() > 1 { within } else { SignedDuration::ZERO };
        let within_us = within.as_micros().unsigned_abs().min(left_of_day_us(at));
        let part = |&merchant: &MerchantId| {
            // To the microsecond, as times are told: no digit of them is the same for all.
            let later_us = random::below(within_us);
            let at =
                clock::later(at, SignedDuration::from_micros(i64::try_from(later_us).unwrap_or(0)));
            let told_ms = told_ms(clock, at);
            let sale = SaleId::from_random(random::id_bits_at(told_ms));
            Part { merchant, sale, at, told_ms }
        };
        Self(merchants.iter().map(part).collect())
    }

    /// A merchant's own.
    pub(super) fn of_merchant(&self, merchant: MerchantId) -> Result<&Part, Problem> {
        let own = self.0.iter().find(|part| part.merchant == merchant);
        own.ok_or_else(|| Problem::internal("a purchase has no part of one of its merchants"))
    }
}

/// The bits of the id of a refund at `at`. Of a sale that its shop is not told of yet, the shop is told `within` so long
/// behind that, as if the buyer had thought about it.
pub(super) fn refund_bits(
    item: &ItemRecord,
    clock: &Clock,
    at: Timestamp,
    within: SignedDuration,
) -> u128 {
    let behind_sale_ms = (item.id.bits() >> TIME_SHIFT).saturating_add(1);
    if item.at <= at {
        return random::id_bits_at(told_ms(clock, at).max(behind_sale_ms));
    }
    let within_us = within.as_micros().unsigned_abs();
    let behind_us = random::below(within_us.min(left_of_day_us(item.at)));
    random::id_bits_at(behind_sale_ms.saturating_add(behind_us / 1_000))
}

/// The millisecond that ids begin with of what is told at a moment.
fn told_ms(clock: &Clock, at: Timestamp) -> u128 {
    clock.by_machine(at).as_millisecond().try_into().unwrap_or(0)
}

/// How long after a buyer ended all logins one shop is told so, in microseconds.
pub(super) fn login_ends_after_us(within: SignedDuration) -> i64 {
    i64::try_from(random::below(within.as_micros().unsigned_abs())).unwrap_or(0)
}

const DAY_US: i64 = 86_400_000_000;

fn left_of_day_us(at: Timestamp) -> u128 {
    let gone_us = at.as_microsecond().rem_euclid(DAY_US);
    DAY_US.saturating_sub(gone_us).saturating_sub(1).unsigned_abs().into()
}

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

    /// A clock that is as far ahead of the machine's as this moment is, and the milliseconds of ids at that moment.
    fn clock_at(moment: Timestamp) -> (Clock, u128) {
        let clock = Clock::starting_at(moment);
        let now_ms = told_ms(&clock, moment);
        assert!(clock::machine_ms().abs_diff(now_ms) < 10_000);
        (clock, now_ms)
    }

    #[test]
    fn a_shop_that_is_paid_alone_is_told_at_once_and_when() {
        let moment = at("2026-11-28T12:00:00.25Z");
        let (clock, now_ms) = clock_at(moment);
        let Parts(parts) = Parts::of(&merchants(1), &clock, moment, MINUTE);
        assert_eq!((parts[0].at, parts[0].told_ms), (moment, now_ms));
    }

    #[test]
    fn shops_that_are_paid_together_are_told_other_times_and_then() {
        for moment in ["2026-11-28T12:00:00.25Z", "2026-11-28T00:00:00Z", "1969-12-31T23:00:00Z"] {
            let moment = at(moment);
            let (clock, now_ms) = clock_at(moment);
            let Parts(parts) = Parts::of(&merchants(50), &clock, moment, MINUTE);
            for part in &parts {
                let later = part.at.duration_since(moment);
                assert!(!later.is_negative() && later < MINUTE, "{later}");
                // The same wait by both clocks, to the millisecond that both say.
                let wait_ms = part.told_ms - now_ms;
                assert!(
                    wait_ms.abs_diff(later.as_millis().unsigned_abs()) <= 1,
                    "{wait_ms} {later}"
                );
                assert_eq!(part.sale.bits() >> TIME_SHIFT, part.told_ms);
                assert_eq!(part.item().bits() >> TIME_SHIFT, part.told_ms);
                assert_eq!(part.event().bits() >> TIME_SHIFT, part.told_ms);
            }
            let mut times: Vec<_> = parts.iter().map(|part| part.at).collect();
            times.sort();
            times.dedup();
            assert!(times.len() > 45, "{times:?}");
            let mut ends: Vec<_> = times.iter().map(|at| at.as_microsecond() % 1_000).collect();
            ends.sort_unstable();
            ends.dedup();
            assert!(ends.len() > 30, "the last digits tell nothing: {ends:?}");
            let spread = times.last().unwrap().duration_since(times[0]);
            assert!(spread > SignedDuration::from_secs(5), "{spread}");
        }
    }

    #[test]
    fn nobody_is_told_another_day_than_that_of_the_purchase() {
        for moment in ["2026-11-28T23:59:50Z", "2026-11-28T23:59:59.9999Z", "1969-12-31T23:59:59Z"]
        {
            let moment = at(moment);
            let (clock, _) = clock_at(moment);
            let Parts(parts) = Parts::of(&merchants(50), &clock, moment, MINUTE);
            for part in &parts {
                assert!(part.at >= moment);
                assert_eq!(clock::day(part.at), clock::day(moment));
            }
        }
    }
}
