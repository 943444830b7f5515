//! The proof: everything that the books promise is recomputed from the database alone.
//!
//! All checks see one moment of the database, however much is written meanwhile. They stream: what is checked is
//! never in memory as a whole. Each names the first bad row.

mod booked;
mod cards;
mod evidence;
mod journal;
mod moves;
mod outgoing;
mod purchases;
mod refunds;
mod remittances;
mod seals;
mod stamps;
mod taxes;
mod webhooks;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};
use purser_core::jws::Keyring;
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::{Connection, Store, StoreError, read::moment::at_one_moment};

/// So many rows are in memory at a time.
const ROWS: i64 = 500;

/// One line of the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// How many rows were looked at.
    pub examined: u64,
    /// The first bad row, and what is wrong with it.
    pub detail: Option<String>,
}

/// What a check finds: how many rows it looked at, and the first bad one.
#[derive(Debug, Default)]
struct Finding {
    examined: u64,
    bad: Option<String>,
}

type Prover = fn(&mut Connection, &Keyring) -> Result<Finding, StoreError>;

/// Every promise, in the order in which it is best read: who can trust the entries can trust the balances.
const CHECKS: [(&str, Prover); 21] = [
    ("entries-balance", |conn, _| journal::entries(conn)),
    ("trial-balance-zero", |conn, _| journal::trial_balance(conn)),
    ("balances-equal-postings", |conn, _| journal::balances(conn)),
    ("no-account-below-floor", |conn, _| journal::floors(conn)),
    ("no-float-below-zero", |conn, _| journal::floats(conn)),
    ("cards-loaded-within-value", |conn, _| cards::cards(conn)),
    ("purchases-complete", |conn, _| purchases::purchases(conn)),
    ("items-refunded-once", |conn, _| refunds::refunds(conn)),
    ("refund-accounts-agree", |conn, _| refunds::refund_accounts(conn)),
    ("closed-vaults-empty", |conn, _| refunds::closed_vaults(conn)),
    ("stamp-registers-agree", |conn, _| stamps::registers(conn)),
    ("stamps-settled-once", |conn, _| stamps::stamps(conn)),
    ("transfers-booked", |conn, _| moves::transfers(conn)),
    ("trades-booked", |conn, _| moves::trades(conn)),
    ("taxes-equal-postings", |conn, _| taxes::taxes(conn)),
    ("remittances-complete", |conn, _| remittances::remittances(conn)),
    ("payouts-booked", |conn, _| outgoing::payouts(conn)),
    ("clearing-accounts-agree", |conn, _| outgoing::clearing(conn)),
    ("merchant-accounts-agree", |conn, _| outgoing::merchants(conn)),
    ("webhooks-told", |conn, _| webhooks::deliveries(conn)),
    ("seals-unbroken", seals::seals),
];

impl Store {
    /// Proves the books; `watch` hears of each check as it ends. `keys` are the public keys, old ones too, that the
    /// seals are signed with.
    pub fn check_now(
        &self,
        keys: &Keyring,
        mut watch: impl FnMut(&Check),
    ) -> Result<Vec<Check>, StoreError> {
        let mut prove_all = |conn: &mut Connection| {
            let checks = CHECKS.iter().map(|(name, prove)| {
                let check = check(name, prove(conn, keys))?;
                watch(&check);
                Ok(check)
            });
            checks.collect()
        };
        self.read_now(|conn| at_one_moment(conn, &mut prove_all))
    }

    /// Proves the books, on a thread that may block.
    pub async fn check(&self, keys: Keyring) -> Result<Vec<Check>, StoreError> {
        let store = self.clone();
        let check = move || store.check_now(&keys, |_| {});
        spawn_blocking(check).await.map_err(|_| StoreError::Unavailable)?
    }
}

/// A row that cannot be read is a finding, and not a failure of the check.
fn check(name: &'static str, found: Result<Finding, StoreError>) -> Result<Check, StoreError> {
    match found {
        Ok(Finding { examined, bad }) => {
            Ok(Check { name, ok: bad.is_none(), examined, detail: bad })
        }
        Err(StoreError::Corrupt { table, what }) => {
            Ok(Check { name, ok: false, examined: 0, detail: Some(format!("{table}: {what}")) })
        }
        Err(other) => Err(other),
    }
}

#[derive(QueryableByName)]
struct Bad {
    #[diesel(sql_type = Text)]
    bad: String,
}

/// The first row that a query calls `bad`.
fn first_bad(conn: &mut Connection, sql: &str) -> Result<Option<String>, StoreError> {
    let rows: Vec<Bad> = diesel::sql_query(sql).load(conn)?;
    Ok(rows.into_iter().next().map(|row| row.bad))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Nullable<BigInt>)]
    n: Option<i64>,
}

/// The number that a query calls `n`.
fn count(conn: &mut Connection, sql: &str) -> Result<u64, StoreError> {
    let rows: Vec<Count> = diesel::sql_query(sql).load(conn)?;
    let n = rows.into_iter().next().and_then(|row| row.n).unwrap_or(0);
    Ok(u64::try_from(n).unwrap_or(0))
}

impl Finding {
    /// Counts rows; the first finding stays.
    fn saw(&mut self, rows: usize, bad: Option<String>) {
        self.examined = self.examined.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        self.bad = self.bad.take().or(bad);
    }
}
