//! Budgets of failures, so that guessing is slow: for each e-mail, address and vault its own.
//!
//! Only failures count. A budget that is spent does not close the door: one more attempt is let in a minute after
//! the window began, and the next ones after waits that double, until the window is over and the budget is whole
//! again. So an attacker is slowed to a trickle, but can never lock out for good whoever knows the right secret. A
//! success gives nothing back, or an attacker would sign in to an account of their own between two guesses.
//!
//! What is counted by is stored as keyed hash only, and forgotten when its window is over.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::{AccountId, SessionId},
    secret::{KeyedHash, keyed_hash},
};
use purser_store::{
    Connection, StoreError,
    facts::throttle::{Throttle, throttle_fail, throttle_get},
};

use super::login::LoginSalt;
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
};

/// The window of all budgets but one, in seconds.
const WINDOW: i64 = 600;
/// The window in which sign-ups are counted, in seconds.
const SIGN_UP_WINDOW: i64 = 60;
/// The wait for the first attempt beyond a budget, in seconds. Each failure doubles it.
const WAIT_MIN: i64 = 60;

/// What failures are counted by, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    key: KeyedHash,
    failures_max: u32,
    window: i64,
}

/// Attempts that are being judged, by what they count for. They count as failures until they turn out well, so that
/// a thousand guesses at once are not a thousand guesses for the price of one.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<[u8; 32], u32>>);

/// An attempt that was let in.
pub struct Attempt {
    budgets: Vec<Budget>,
    _judging: Judging,
}

/// An attempt among the [`Attempts`] that are being judged, for as long as this lives.
pub struct Judging {
    gateway: Gateway,
    keys: Vec<KeyedHash>,
    /// How many others were being judged when it came, for each key.
    pub others: Vec<u32>,
}

impl Budget {
    /// Logins with one e-mail, known here by its salt only.
    pub fn logins_with(gateway: &Gateway, salt: &LoginSalt) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_email;
        Self::new(gateway, "logins with an e-mail", salt.expose(), max, WINDOW)
    }

    /// Logins from one address.
    pub fn logins_from(gateway: &Gateway, address: IpAddr) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_address;
        Self::new(gateway, "logins from an address", &network(address), max, WINDOW)
    }

    /// Sign-ups from one address, of which all count.
    pub fn sign_ups_from(gateway: &Gateway, address: IpAddr) -> Self {
        let max = gateway.settings.throttle_in_force().sign_ups_per_minute;
        Self::new(gateway, "sign-ups from an address", &network(address), max, SIGN_UP_WINDOW)
    }

    /// Card codes and taps for one vault.
    pub fn cards_into(gateway: &Gateway, account: AccountId) -> Self {
        let max = gateway.settings.throttle_in_force().cards_per_vault;
        Self::new(gateway, "cards into a vault", &account.bits().to_be_bytes(), max, WINDOW)
    }

    /// Card codes and taps from one address.
    pub fn cards_from(gateway: &Gateway, address: IpAddr) -> Self {
        let max = gateway.settings.throttle_in_force().cards_per_address;
        Self::new(gateway, "cards from an address", &network(address), max, WINDOW)
    }

    fn new(gateway: &Gateway, label: &str, by: &[u8], failures_max: u32, window: i64) -> Self {
        Self { key: keyed_hash(&gateway.keys.hash, label, by), failures_max, window }
    }

    /// Seconds to wait before an attempt, if it is not let in now; `others` are being judged.
    fn wait(&self, row: Option<&Throttle>, others: u32, now: Timestamp) -> Option<i64> {
        let failures = row.map_or(0, |row| row.failures);
        if failures.saturating_add(others) < self.failures_max {
            return None;
        }
        let left = row.map_or(0, |row| self.ready_at(row).saturating_sub(now.as_second()));
        let alone = others == 0;
        if left <= 0 && alone { None } else { Some(left.max(1)) }
    }

    /// When the next attempt is let in: one minute after the window began, then three, then seven.
    fn ready_at(&self, row: &Throttle) -> i64 {
        let Some(beyond) = row.failures.checked_sub(self.failures_max) else { return 0 };
        // Beyond 2^16 minutes every window is over.
        let minutes = (2_i64 << beyond.min(16)) - 1;
        let wait = WAIT_MIN.saturating_mul(minutes).min(self.window);
        row.window_started_at.as_second().saturating_add(wait)
    }

    /// Windows that began before are over.
    fn since(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(SignedDuration::from_secs(self.window)).unwrap_or(Timestamp::MIN)
    }

    /// Counts a failure, within a transaction.
    pub fn fail(&self, db: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
        throttle_fail(db, self.key.as_bytes(), self.since(now), now).map(drop)
    }
}

/// Lets an attempt in, if every budget allows it.
pub async fn attempt(gateway: &Gateway, budgets: Vec<Budget>) -> Result<Attempt, Problem> {
    // Counted before the rows are read: a failure in between is seen twice rather than not at all.
    let judging = Judging::begin(gateway, budgets.iter().map(|budget| budget.key).collect());
    let now = gateway.now();
    let read = budgets.clone();
    let rows = gateway.store.read(move |db| {
        let row = |budget: &Budget| throttle_get(db, budget.key.as_bytes(), budget.since(now));
        read.iter().map(row).collect::<Result<Vec<_>, _>>()
    });
    let rows = rows.await?;
    let waits = budgets.iter().zip(&rows).zip(&judging.others);
    let waits = waits.filter_map(|((budget, row), others)| budget.wait(row.as_ref(), *others, now));
    match waits.max() {
        None => Ok(Attempt { budgets, _judging: judging }),
        Some(seconds) => Err(too_many(seconds)),
    }
}

async fn count(gateway: &Gateway, budgets: Vec<Budget>) -> Result<(), Problem> {
    let now = gateway.now();
    let counted =
        gateway.store.write(move |db| budgets.iter().try_for_each(|budget| budget.fail(db, now)));
    Ok(counted.await?)
}

fn too_many(seconds: i64) -> Problem {
    Problem::new(problem::TOO_MANY_REQUESTS).retry_after(u64::try_from(seconds).unwrap_or(1))
}

impl Attempt {
    /// Counts it as a failure.
    pub async fn failed(self, gateway: &Gateway) -> Result<(), Problem> {
        count(gateway, self.budgets.clone()).await
    }
}

impl Judging {
    /// Begins to judge an attempt that counts for these keys.
    fn begin(gateway: &Gateway, keys: Vec<KeyedHash>) -> Self {
        let mut judged = gateway.logins.attempts.0.lock().unwrap_or_else(PoisonError::into_inner);
        let enter = |key: &KeyedHash| {
            let count = judged.entry(*key.as_bytes()).or_insert(0);
            let others = *count;
            *count = count.saturating_add(1);
            others
        };
        let others = keys.iter().map(enter).collect();
        drop(judged);
        Self { gateway: gateway.clone(), keys, others }
    }

    /// Begins to judge a PIN in a session.
    pub fn pin(gateway: &Gateway, session: SessionId) -> Self {
        let key =
            keyed_hash(&gateway.keys.hash, "PINs in a session", &session.bits().to_be_bytes());
        Self::begin(gateway, vec![key])
    }
}

impl Drop for Judging {
    fn drop(&mut self) {
        let mut judged =
            self.gateway.logins.attempts.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &self.keys {
            let Some(count) = judged.get_mut(key.as_bytes()) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                judged.remove(key.as_bytes());
            }
        }
    }
}

/// Who shares an address: a host of IPv4, and the network of 64 bits that a household has of IPv6.
fn network(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => {
            let network = u128::from(v6) >> 64 << 64;
            network.to_be_bytes()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_700_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(START + second).unwrap()
    }

    fn budget(failures_max: u32) -> Budget {
        Budget { key: KeyedHash::from_bytes([0; 32]), failures_max, window: WINDOW }
    }

    /// Lets every attempt fail that is let in, at the seconds given, and says how long each had to wait.
    fn play(budget: &Budget, attempts: &[i64]) -> Vec<i64> {
        let mut row: Option<Throttle> = None;
        let wait = |second: &i64| {
            let now = at(*second);
            row = row.filter(|row| row.window_started_at > budget.since(now));
            let wait = budget.wait(row.as_ref(), 0, now).unwrap_or(0);
            if wait == 0 {
                let (window_started_at, failures) =
                    row.map_or((now, 0), |row| (row.window_started_at, row.failures));
                row = Some(Throttle { window_started_at, failures: failures + 1 });
            }
            wait
        };
        attempts.iter().map(wait).collect()
    }

    #[test]
    fn failures_beyond_the_budget_wait_ever_longer() {
        let waits = play(&budget(3), &[0, 1, 2, 3, 59, 60, 60, 180, 180, 420, 420, 599]);
        assert_eq!(waits, [0, 0, 0, 57, 1, 0, 120, 0, 240, 0, 180, 1]);
    }

    #[test]
    fn the_budget_is_whole_again_after_its_window() {
        assert_eq!(play(&budget(2), &[0, 1, 2, 600, 601, 602]), [0, 0, 58, 0, 0, 58]);
        let spent = Throttle { window_started_at: at(0), failures: u32::MAX };
        assert_eq!(budget(2).wait(Some(&spent), 0, at(0)), Some(600));
    }

    #[test]
    fn attempts_that_are_being_judged_count_as_failures() {
        let budget = budget(3);
        assert_eq!(budget.wait(None, 2, at(0)), None);
        assert_eq!(budget.wait(None, 3, at(0)), Some(1));
        let row = Throttle { window_started_at: at(0), failures: 2 };
        assert_eq!(budget.wait(Some(&row), 1, at(0)), Some(1));
        let spent = Throttle { window_started_at: at(0), failures: 3 };
        assert_eq!(budget.wait(Some(&spent), 0, at(60)), None);
        assert_eq!(budget.wait(Some(&spent), 1, at(60)), Some(1), "one at a time");
    }

    #[test]
    fn a_household_shares_one_budget() {
        let same =
            |one: &str, two: &str| network(one.parse().unwrap()) == network(two.parse().unwrap());
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
