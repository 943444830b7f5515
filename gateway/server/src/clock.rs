//! The one clock of tokens, offers, rates, taxes and refund periods.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use jiff::{SignedDuration, Timestamp, civil::Date};
pub use purser_core::period::day;

/// The gateway's time: the system's, or in the sandbox ahead of or behind it by a set offset.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Microseconds that the gateway's time is ahead of the system's.
    ahead_us: Arc<AtomicI64>,
}

/// The sandbox clock moves forward only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock moves forward only: it is {now} already")]
pub struct Backwards {
    /// What the clock says.
    pub now: Timestamp,
}

impl Clock {
    /// A clock that starts at `now` and ticks on from there.
    pub fn starting_at(now: Timestamp) -> Self {
        let clock = Self::default();
        clock.ahead_us.store(ahead_us(now), Ordering::SeqCst);
        clock
    }

    /// Now, in whole microseconds: what the database holds.
    pub fn now(&self) -> Timestamp {
        let ahead = self.ahead_us.load(Ordering::SeqCst);
        let now = Timestamp::now().as_microsecond().saturating_add(ahead);
        Timestamp::from_microsecond(now).unwrap_or(Timestamp::MAX)
    }

    /// A moment of the gateway's time, as foreign software has it on its own clock.
    pub fn by_machine(&self, at: Timestamp) -> Timestamp {
        let behind = at.as_microsecond().saturating_sub(self.ahead_us.load(Ordering::SeqCst));
        Timestamp::from_microsecond(behind).unwrap_or(Timestamp::MIN)
    }

    /// Today in UTC, the day by which taxes and rates are judged.
    pub fn today(&self) -> Date {
        day(self.now())
    }

    /// Moves the clock forward.
    pub fn set(&self, now: Timestamp) -> Result<(), Backwards> {
        let current = self.now();
        if now < current {
            return Err(Backwards { now: current });
        }
        self.ahead_us.store(ahead_us(now), Ordering::SeqCst);
        Ok(())
    }
}

/// Milliseconds since 1970 by the machine's own clock, wherever the gateway's has been set: 48 bits for the next
/// 8,000 years.
pub fn machine_ms() -> u128 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.unwrap_or_default().as_millis()
}

/// Now by the machine's own clock, wherever the gateway's has been set: for what foreign software compares with its own,
/// and for how long something is held.
pub fn machine_now() -> Timestamp {
    Timestamp::now()
}

/// So long after a moment. What would be beyond the end of time is at it.
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn ahead_us(now: Timestamp) -> i64 {
    now.as_microsecond().saturating_sub(Timestamp::now().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_forward_only_and_ticks_on() {
        let clock = Clock::starting_at("2024-06-28T12:00:00Z".parse().unwrap());
        assert_eq!(clock.today().to_string(), "2024-06-28");
        assert!(clock.set("2024-06-27T12:00:00Z".parse().unwrap()).is_err());
        clock.set("2024-07-13T12:00:00Z".parse().unwrap()).unwrap();
        assert!(clock.now() >= "2024-07-13T12:00:00Z".parse::<Timestamp>().unwrap());
    }
}
