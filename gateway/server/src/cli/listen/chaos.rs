//! What goes wrong with webhooks in real life, so that an endpoint meets it before it is live.

use std::time::Duration;

use purser_core::webhook::Event;

use crate::random;

/// What may go wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Chaos {
    /// An event comes twice, under one id
    Duplicate,
    /// An event comes after the one behind it
    Reorder,
    /// An event comes up to three seconds late
    Delay,
    /// Before an event comes one that somebody else has signed, which is to be refused
    BadSignature,
}

const LATE_MS_END: u16 = 3_001;

/// Mixes up the order of events.
pub(super) struct Disorder {
    wanted: bool,
    held: Option<Event>,
}

impl Disorder {
    pub(super) fn new(chaos: Vec<Chaos>) -> Self {
        Self { wanted: chaos.contains(&Chaos::Reorder), held: None }
    }

    /// What is sent now: nothing, this event, or this one and then the one before it.
    pub(super) fn next(&mut self, event: Event) -> Vec<Event> {
        match self.held.take() {
            Some(held) => vec![event, held],
            None if self.wanted && one_in(2) => {
                self.held = Some(event);
                Vec::new()
            }
            None => vec![event],
        }
    }

    /// What is still held back at the end.
    pub(super) fn rest(self) -> Option<Event> {
        self.held
    }
}

/// How late an event is: by up to three seconds.
pub(super) fn lateness() -> Duration {
    let chance = u16::from_be_bytes(random::bytes());
    Duration::from_millis(chance.checked_rem(LATE_MS_END).unwrap_or(0).into())
}

/// True once in so many times.
pub(super) fn one_in(times: u8) -> bool {
    let [byte] = random::bytes::<1>();
    byte.checked_rem(times) == Some(0)
}

#[cfg(test)]
mod tests {
    use purser_core::{Timestamp, ids::EventId};

    use super::*;

    #[test]
    fn disorder_loses_nothing_and_changes_the_order_of_neighbours_only() {
        for chaos in [vec![], vec![Chaos::Reorder]] {
            let is_wild = !chaos.is_empty();
            let mut disorder = Disorder::new(chaos);
            let event = |id| Event {
                id: EventId::from_random(id),
                kind: "purchase.paid".to_owned(),
                created_at: Timestamp::UNIX_EPOCH,
                data: "{}".to_owned(),
            };
            let mut sent: Vec<u128> = (0..200)
                .flat_map(|id| disorder.next(event(id)))
                .map(|event| event.id.bits())
                .collect();
            sent.extend(disorder.rest().map(|event| event.id.bits()));
            assert_eq!(sent.is_sorted(), !is_wild);
            for (place, id) in (0_u128..).zip(&sent) {
                assert!(id.abs_diff(place) <= 1, "{id} at {place}");
            }
            sent.sort_unstable();
            assert!(sent.into_iter().eq(0..200));
        }
    }
}
