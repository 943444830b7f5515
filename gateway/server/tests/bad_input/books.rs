//! What must not change: the rows of every table, and what everybody has.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use purser_store::Connection;

use crate::{calls::Cast, support::World};

/// Tables that the gateway's own rounds write, and the count of wrong guesses. What the teller refused is kept under
/// its key, too.
const RESTLESS: [&str; 10] = [
    "idempotency",
    "seal",
    "entry_sealed",
    "entry_unsealed",
    "event_placed",
    "event_unplaced",
    "open_delta",
    "ledger_account",
    "duty",
    "throttle",
];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// What there is at one moment.
#[derive(Debug, PartialEq)]
pub(crate) struct Books {
    rows: BTreeMap<String, i64>,
    balances: Vec<String>,
}

impl Books {
    pub(crate) fn of(world: &World, cast: &Cast) -> Self {
        let rows = world.gateway.store.read_now(|db| Ok(rows(db))).unwrap();
        assert!(rows.contains_key("posting") && rows["posting"] > 0, "{rows:?}");
        let merchant = cast.shop.client.get("/v1/merchant").ok(200);
        Self { rows, balances: vec![cast.buyer.balance(), merchant["balances"].to_string()] }
    }
}

fn rows(db: &mut Connection) -> BTreeMap<String, i64> {
    match db {
        Connection::Sqlite(conn) => {
            let sql = "SELECT name FROM sqlite_master WHERE type = 'table'";
            let names: Vec<Name> = sql_query(sql).load(conn).unwrap();
            count(names, |sql| sql_query(sql).get_result::<Count>(conn).unwrap())
        }
        Connection::Postgres(conn) => {
            let sql = "SELECT table_name::text AS name FROM information_schema.tables \
                       WHERE table_schema = 'public'";
            let names: Vec<Name> = sql_query(sql).load(conn).unwrap();
            count(names, |sql| sql_query(sql).get_result::<Count>(conn).unwrap())
        }
    }
}

fn count(names: Vec<Name>, mut ask: impl FnMut(String) -> Count) -> BTreeMap<String, i64> {
    let names = names.into_iter().map(|name| name.name);
    let kept = names.filter(|name| !RESTLESS.contains(&name.as_str()));
    let row = |name: String| {
        // Refusals are written to the log as well, and move nothing.
        let only = if name == "log_line" { " WHERE outcome = 'done'" } else { "" };
        let n = ask(format!("SELECT count(*) AS n FROM \"{name}\"{only}")).n;
        (name, n)
    };
    kept.map(row).collect()
}
