//! Budgets of failures, so that guessing is slow: for each e-mail, address and vault its own.
//!
//! Only failures count, but where an attempt is dear even when it succeeds. A budget that is spent does not close
//! the door: one more attempt is let in a minute after the window began, and the next ones after waits that double,
//! until the window is over and the budget is whole again. So an attacker is slowed to a trickle, but can never
//! lock out for good whoever knows the right secret. A success gives nothing back, or an attacker would sign in to
//! an account of their own between two guesses.
//!
//! What is counted by is stored as keyed hash only, and forgotten when its window is over.

mod logins;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::{AccountId, MerchantId},
    secret::{KeyedHash, keyed_hash},
};
use purser_store::{
    Connection, StoreError,
    facts::throttle::{Throttle, throttle_fail, throttle_get},
};

pub use self::logins::LoginAttempt;
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
/// Keys that one merchant may make, and offer keys that it may delete, in ten minutes: a rotation of every key of twenty
/// shops. A deleted offer key makes everybody's commands stale that are just being prepared.
const KEY_CHANGES: u32 = 60;
/// Tests of its endpoints that one merchant may make in ten minutes: each holds a request for as long as the endpoint
/// takes.
const WEBHOOK_TESTS: u32 = 60;
/// Deliveries that one merchant may have made again in ten minutes: what a busy shop missed while its system was
/// down.
const WEBHOOK_REPLAYS: u32 = 300;

/// What attempts are counted by, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    key: KeyedHash,
    max: u32,
    window: i64,
    /// How many may be judged at the same moment.
    at_once: u32,
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

    /// Keys that one merchant makes and deletes, of which all count.
    pub fn key_changes_of(gateway: &Gateway, merchant: MerchantId) -> Self {
        let (by, max) = (merchant.bits().to_be_bytes(), in_force(gateway, KEY_CHANGES));
        Self::new(gateway, "key changes of a merchant", &by, max, WINDOW)
    }

    /// Events that one merchant sends its endpoints as a test, of which all count.
    pub fn webhook_tests_of(gateway: &Gateway, merchant: MerchantId) -> Self {
        let (by, max) = (merchant.bits().to_be_bytes(), in_force(gateway, WEBHOOK_TESTS));
        Self::new(gateway, "webhook tests of a merchant", &by, max, WINDOW)
    }

    /// Deliveries that one merchant has made again, of which all count.
    pub fn webhook_replays_of(gateway: &Gateway, merchant: MerchantId) -> Self {
        let (by, max) = (merchant.bits().to_be_bytes(), in_force(gateway, WEBHOOK_REPLAYS));
        Self::new(gateway, "webhook replays of a merchant", &by, max, WINDOW)
    }

    fn new(gateway: &Gateway, label: &str, by: &[u8], max: u32, window: i64) -> Self {
        let key = keyed_hash(&gateway.keys.hash, label, by);
        Self { key, max, window, at_once: u32::MAX }
    }

    fn at_once(self, gateway: &Gateway, max: u32) -> Self {
        Self { at_once: in_force(gateway, max), ..self }
    }

    /// Seconds to wait before an attempt, if it is not let in now; `others` are being judged.
    fn wait(&self, row: Option<&Throttle>, others: u32, now: Timestamp) -> Option<i64> {
        if others >= self.at_once {
            return Some(1);
        }
        let counted = row.map_or(0, |row| row.failures);
        if counted.saturating_add(others) < self.max {
            return None;
        }
        let left = row.map_or(0, |row| self.ready_at(row).saturating_sub(now.as_second()));
        let alone = others == 0;
        if left <= 0 && alone { None } else { Some(left.max(1)) }
    }

    /// When the next attempt is let in: one minute after the window began, then three, then seven.
    fn ready_at(&self, row: &Throttle) -> i64 {
        let Some(beyond) = row.failures.checked_sub(self.max) else { return 0 };
        // Beyond 2^16 minutes every window is over.
        let minutes = (2_i64 << beyond.min(16)) - 1;
        let wait = WAIT_MIN.saturating_mul(minutes).min(self.window);
        row.window_started_at.as_second().saturating_add(wait)
    }

    /// Windows that began before are over.
    fn since(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(SignedDuration::from_secs(self.window)).unwrap_or(Timestamp::MIN)
    }

    /// Counts an attempt, within a transaction. Others that count for the same wait for its end.
    pub fn count(&self, db: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
        throttle_fail(db, self.key.as_bytes(), self.since(now), now).map(drop)
    }
}

/// Lets an attempt in, if every budget allows it.
pub async fn attempt(gateway: &Gateway, budgets: Vec<Budget>) -> Result<Attempt, Problem> {
    let judging = Judging::let_in(gateway, budgets.clone()).await?;
    Ok(Attempt { budgets, _judging: judging })
}

fn too_many(seconds: i64) -> Problem {
    Problem::new(problem::TOO_MANY_REQUESTS).retry_after(u64::try_from(seconds).unwrap_or(1))
}

/// A limit of this gateway: ten times as large in the sandbox, as the budgets that are settings.
fn in_force(gateway: &Gateway, max: u32) -> u32 {
    if gateway.settings.sandbox { max.saturating_mul(10) } else { max }
}

impl Attempt {
    /// Counts it as a failure.
    pub async fn failed(self, gateway: &Gateway) -> Result<(), Problem> {
        let (budgets, now) = (self.budgets.clone(), gateway.now());
        let counted = gateway
            .store
            .write(move |db| budgets.iter().try_for_each(|budget| budget.count(db, now)));
        Ok(counted.await?)
    }
}

impl Judging {
    /// Begins to judge an attempt, if every budget lets it in.
    async fn let_in(gateway: &Gateway, budgets: Vec<Budget>) -> Result<Self, Problem> {
        // Counted before the rows are read: a failure in between is seen twice rather than not at all.
        let judging = Self::begin(gateway, budgets.iter().map(|budget| budget.key).collect());
        let now = gateway.now();
        let read = budgets.clone();
        let rows = gateway.store.read(move |db| {
            let row = |budget: &Budget| throttle_get(db, budget.key.as_bytes(), budget.since(now));
            read.iter().map(row).collect::<Result<Vec<_>, _>>()
        });
        let rows = rows.await?;
        let waits = budgets.iter().zip(&rows).zip(&judging.others);
        let waits =
            waits.filter_map(|((budget, row), others)| budget.wait(row.as_ref(), *others, now));
        waits.max().map_or(Ok(judging), |seconds| Err(too_many(seconds)))
    }

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

    /// Begins to judge the PIN of an account, in whichever of its sessions.
    pub fn pin(gateway: &Gateway, account: AccountId) -> Self {
        let key =
            keyed_hash(&gateway.keys.hash, "PINs of an account", &account.bits().to_be_bytes());
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

    fn budget(max: u32) -> Budget {
        let key = KeyedHash::from_bytes([0; 32]);
        Budget { key, max, window: WINDOW, at_once: u32::MAX }
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
    fn only_so_many_are_judged_at_once_however_large_the_budget() {
        let budget = Budget { at_once: 3, ..budget(100) };
        assert_eq!(budget.wait(None, 2, at(0)), None);
        assert_eq!(budget.wait(None, 3, at(0)), Some(1));
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
