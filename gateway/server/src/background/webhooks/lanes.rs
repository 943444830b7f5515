//! Places for deliveries under way: some for each endpoint, and two lanes of them.
//!
//! Who answers quickly uses the quick lane. An endpoint that was slow or could not be reached goes to the slow lane, with
//! fewer places, until it answers quickly again. However many endpoints hang, they fill the slow lane and none of the
//! quick one's places.
//!
//! An endpoint begins with few places and gets one more with each delivery that it takes quickly, so that a long burst
//! is done as fast as the endpoint can bear. The first that it does not take, or its last one, ends that.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

use purser_core::ids::WebhookId;
use purser_store::delivery::{Outcome, Settled};

/// Places of the quick lane: at 10 ms each that is 25,600 deliveries in a second.
const QUICK_MAX: usize = 256;
/// Of which an endpoint begins with as many: one that is new and hangs takes no more.
const QUICK_EACH: usize = 8;
/// And has at most as many while it takes whatever comes: four such leave no place empty.
const QUICK_EACH_MAX: usize = 64;
/// Places of the slow lane: at 15 s each, eight deliveries in a second.
const SLOW_MAX: usize = 128;
/// Of which one endpoint has as many.
const SLOW_EACH: usize = 4;
/// Longer than this is slow.
const SLOW: Duration = Duration::from_secs(2);

/// Which deliveries are under way, and which endpoints are slow.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    busy: HashMap<WebhookId, usize>,
    /// Places that endpoints have earned in the burst that they are in.
    earned: HashMap<WebhookId, usize>,
    quick: usize,
    slow: usize,
    slow_ones: HashSet<WebhookId>,
    /// Whoever had a place last: the next one begins behind it.
    last: Option<WebhookId>,
}

/// A delivery's place, until [`Lanes::leave`].
#[derive(Debug)]
pub(super) struct Place {
    webhook: WebhookId,
    is_slow: bool,
}

impl Lanes {
    /// For which of the endpoints there are places now, and how many.
    pub(super) fn wanted(&mut self, awake: &BTreeSet<WebhookId>) -> Vec<(WebhookId, usize)> {
        let mut quick = QUICK_MAX.saturating_sub(self.quick);
        let mut slow = SLOW_MAX.saturating_sub(self.slow);
        let first = self.last.unwrap_or(WebhookId::from_random(0));
        let in_turn = awake.range(first..).skip_while(|id| Some(**id) == self.last);
        self.earned.retain(|id, _| awake.contains(id) || self.busy.contains_key(id));
        let mut wanted = Vec::new();
        for id in in_turn.chain(awake.range(..=first)) {
            let is_slow = self.slow_ones.contains(id);
            let earned = self.earned.get(id).copied().unwrap_or(QUICK_EACH);
            let (each, left) = if is_slow { (SLOW_EACH, &mut slow) } else { (earned, &mut quick) };
            let own = each.saturating_sub(self.busy.get(id).copied().unwrap_or(0));
            let places = own.min(*left);
            if places > 0 {
                *left = left.saturating_sub(places);
                wanted.push((*id, places));
            }
        }
        self.last = wanted.last().map(|(id, _)| *id).or(self.last);
        wanted
    }

    /// Takes a place.
    pub(super) fn enter(&mut self, webhook: WebhookId) -> Place {
        let is_slow = self.slow_ones.contains(&webhook);
        let lane = if is_slow { &mut self.slow } else { &mut self.quick };
        *lane = lane.saturating_add(1);
        let busy = self.busy.entry(webhook).or_insert(0);
        *busy = busy.saturating_add(1);
        Place { webhook, is_slow }
    }

    /// Endpoints that were slow before this process began.
    pub(super) fn remember(&mut self, slow: Vec<WebhookId>) {
        self.slow_ones.extend(slow);
    }

    /// Gives a place back. Says whether the endpoint is slow, where that has changed.
    pub(super) fn leave(
        &mut self,
        place: Place,
        settled: &Settled,
        took: Duration,
    ) -> Option<(WebhookId, bool)> {
        let lane = if place.is_slow { &mut self.slow } else { &mut self.quick };
        *lane = lane.saturating_sub(1);
        if let Some(busy) = self.busy.get_mut(&place.webhook) {
            *busy = busy.saturating_sub(1);
            if *busy == 0 {
                self.busy.remove(&place.webhook);
            }
        }
        let outcome = settled.attempts.last().map(|attempt| attempt.outcome);
        self.earn(place.webhook, matches!(outcome, Some(Outcome::Delivered)) && took <= SLOW);
        let is_slow = took > SLOW
            || match outcome {
                Some(Outcome::TimedOut | Outcome::Unreachable | Outcome::NotAllowed) => true,
                Some(Outcome::Delivered | Outcome::Refused | Outcome::PluginFailed) | None => false,
            };
        let changed = if is_slow {
            self.slow_ones.insert(place.webhook)
        } else {
            self.slow_ones.remove(&place.webhook)
        };
        changed.then_some((place.webhook, is_slow))
    }

    fn earn(&mut self, webhook: WebhookId, was_taken_quickly: bool) {
        if was_taken_quickly {
            let places = self.earned.entry(webhook).or_insert(QUICK_EACH);
            *places = places.saturating_add(1).min(QUICK_EACH_MAX);
        } else {
            self.earned.remove(&webhook);
        }
    }
}

#[cfg(test)]
mod tests {
    use purser_core::{
        Timestamp,
        ids::{AttemptId, DeliveryId},
    };
    use purser_store::delivery::{Attempt, Then};

    use super::*;

    fn ids(count: u128) -> BTreeSet<WebhookId> {
        (1..=count).map(WebhookId::from_random).collect()
    }

    fn settled(outcome: Outcome) -> Settled {
        let attempt = Attempt {
            id: AttemptId::from_random(1),
            part: 0,
            at: Timestamp::UNIX_EPOCH,
            outcome,
            status: None,
            answer: String::new(),
            duration_ms: 0,
        };
        Settled {
            id: DeliveryId::from_random(1),
            claim: AttemptId::from_random(1),
            attempts: vec![attempt],
            part: 0,
            then: Then::Failed,
            slow: None,
        }
    }

    fn fill(lanes: &mut Lanes, awake: &BTreeSet<WebhookId>) -> Vec<Place> {
        let wanted = lanes.wanted(awake);
        wanted
            .iter()
            .flat_map(|(id, places)| vec![*id; *places])
            .map(|id| lanes.enter(id))
            .collect()
    }

    #[test]
    fn endpoints_that_hang_leave_the_quick_lane_to_the_others() {
        let mut lanes = Lanes::default();
        let hanging = ids(1_000);
        for place in fill(&mut lanes, &hanging) {
            lanes.leave(place, &settled(Outcome::TimedOut), Duration::from_secs(15));
        }
        // Those that were tried are known now; the others are found out in turn.
        for _ in 0..100 {
            let places = fill(&mut lanes, &hanging);
            for place in places {
                lanes.leave(place, &settled(Outcome::TimedOut), Duration::from_secs(15));
            }
        }
        let held = fill(&mut lanes, &hanging);
        assert_eq!(held.len(), SLOW_MAX);
        let good = BTreeSet::from([WebhookId::from_random(5_000)]);
        assert_eq!(lanes.wanted(&good), [(WebhookId::from_random(5_000), QUICK_EACH)]);
    }

    #[test]
    fn one_endpoint_has_its_places_and_everybody_has_a_turn() {
        let mut lanes = Lanes::default();
        let one = ids(1);
        assert_eq!(fill(&mut lanes, &one).len(), QUICK_EACH);
        assert!(lanes.wanted(&one).is_empty());
        let many = ids(100);
        let mut seen: BTreeSet<WebhookId> = BTreeSet::from([WebhookId::from_random(1)]);
        for _ in 0..4 {
            let places = fill(&mut lanes, &many);
            seen.extend(places.iter().map(|place| place.webhook));
            for place in places {
                lanes.leave(place, &settled(Outcome::Refused), Duration::ZERO);
            }
        }
        assert_eq!(seen, many);
    }

    #[test]
    fn a_burst_is_done_as_fast_as_its_endpoint_takes_it() {
        let mut lanes = Lanes::default();
        let one = ids(1);
        let mut seen = Vec::new();
        for outcome in [Outcome::Delivered; 5].into_iter().chain([Outcome::Refused]) {
            let places = fill(&mut lanes, &one);
            seen.push(places.len());
            for place in places {
                lanes.leave(place, &settled(outcome), Duration::ZERO);
            }
        }
        assert_eq!(seen, [QUICK_EACH, 16, 32, QUICK_EACH_MAX, QUICK_EACH_MAX, QUICK_EACH_MAX]);
        assert_eq!(fill(&mut lanes, &one).len(), QUICK_EACH, "it has refused one");
        let mut lanes = Lanes::default();
        for place in fill(&mut lanes, &one) {
            lanes.leave(place, &settled(Outcome::Delivered), Duration::ZERO);
        }
        lanes.wanted(&BTreeSet::new());
        assert_eq!(fill(&mut lanes, &one).len(), QUICK_EACH, "another burst begins anew");
    }

    #[test]
    fn whoever_answers_quickly_again_is_quick_again() {
        let mut lanes = Lanes::default();
        let one = ids(1);
        for (outcome, took, places) in [
            (Outcome::Delivered, Duration::from_secs(3), SLOW_EACH),
            (Outcome::Delivered, Duration::from_millis(3), QUICK_EACH + 1),
            (Outcome::Unreachable, Duration::ZERO, SLOW_EACH),
            (Outcome::Refused, Duration::ZERO, QUICK_EACH),
        ] {
            let place = lanes.enter(WebhookId::from_random(1));
            lanes.leave(place, &settled(outcome), took);
            assert_eq!(lanes.wanted(&one), [(WebhookId::from_random(1), places)], "{outcome:?}");
        }
    }
}
