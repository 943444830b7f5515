//! Rolling up: what turns of the teller added to open accounts becomes their balance.
//!
//! Turns insert rows and lock nothing, so that a popular merchant or a tax authority is never a bottleneck. Between
//! two statements of others a delta is either still a row or already in the balance: whoever shows an open
//! account reads both in one statement.

use std::collections::BTreeMap;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use purser_core::{account::Account, money::Money};

use crate::{
    Connection, Store, StoreError,
    duty::Duty,
    read::row::Row,
    schema::{ledger_account, open_delta},
};

/// Well below what one statement may name, and a few milliseconds of the writer's time.
const DELTAS_MAX: i64 = 1_000;

impl Store {
    /// Rolls up at most 1,000 deltas. Says how many; when it says none, there is nothing left for now.
    pub async fn roll(&self) -> Result<usize, StoreError> {
        if self
            .read(|conn| {
                Ok(open_delta::table.select(open_delta::id).first::<String>(conn).optional()?)
            })
            .await?
            .is_none()
        {
            return Ok(0);
        }
        self.write(roll).await
    }
}

fn roll(conn: &mut Connection) -> Result<usize, StoreError> {
    Duty::Roll.take(conn)?;
    let rows: Vec<(String, String, String, i64)> = open_delta::table
        .order(open_delta::id)
        .limit(DELTAS_MAX)
        .select((open_delta::id, open_delta::name, open_delta::currency, open_delta::amount))
        .load(conn)?;
    let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for (_, name, currency, amount) in &rows {
        let sum = sums.entry((name, currency)).or_default();
        *sum = sum.checked_add(*amount).ok_or_else(|| StoreError::corrupt("open_delta", name))?;
    }
    for ((name, currency), sum) in sums {
        balance_add(conn, name, currency, sum)?;
    }
    let ids: Vec<&str> = rows.iter().map(|(id, ..)| id.as_str()).collect();
    diesel::delete(open_delta::table.filter(open_delta::id.eq_any(ids))).execute(conn)?;
    Ok(rows.len())
}

/// Only whoever holds the duty writes open accounts, so no other can insert the row meanwhile.
fn balance_add(
    conn: &mut Connection,
    name: &str,
    currency: &str,
    sum: i64,
) -> Result<(), StoreError> {
    let account = ledger_account::table.find((name, currency));
    let grown = ledger_account::balance.eq(ledger_account::balance + sum);
    if diesel::update(account).set(grown).execute(conn)? == 0 {
        let row = (
            ledger_account::name.eq(name),
            ledger_account::currency.eq(currency),
            ledger_account::guarded.eq(false),
            ledger_account::balance.eq(sum),
        );
        diesel::insert_into(ledger_account::table).values(row).execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Balance {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

/// What each open account holds, with what is not rolled up yet, by name.
pub fn open_balances(conn: &mut Connection) -> Result<Vec<(Account, Money)>, StoreError> {
    const SQL: &str = "\
        SELECT name, currency, CAST(SUM(amount) AS BIGINT) AS balance FROM (\
        SELECT name, currency, balance AS amount FROM ledger_account WHERE NOT guarded \
        UNION ALL SELECT name, currency, amount FROM open_delta\
        ) AS part GROUP BY name, currency ORDER BY name, currency";
    let rows: Vec<Balance> = diesel::sql_query(SQL).load(conn)?;
    let read = |balance: &Balance| {
        let row = Row::new("ledger_account", &balance.name);
        let money = row.money("currency", balance.balance, &balance.currency)?;
        Ok((row.parse("name", &balance.name)?, money))
    };
    rows.iter().map(read).collect()
}

/// What an open account holds in each currency, with what is not rolled up yet.
pub fn open_balance(conn: &mut Connection, account: &Account) -> Result<Vec<Money>, StoreError> {
    const SQL: &str = "\
        SELECT $1 AS name, currency, CAST(SUM(amount) AS BIGINT) AS balance FROM (\
        SELECT currency, balance AS amount FROM ledger_account WHERE name = $1 \
        UNION ALL SELECT currency, amount FROM open_delta WHERE name = $1\
        ) AS part GROUP BY currency ORDER BY currency";
    let name = account.to_string();
    let rows: Vec<Balance> = diesel::sql_query(SQL).bind::<Text, _>(&name).load(conn)?;
    let row = Row::new("ledger_account", &name);
    rows.iter().map(|part| row.money("currency", part.balance, &part.currency)).collect()
}
