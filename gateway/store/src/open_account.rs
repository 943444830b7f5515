//! Open accounts: what they hold, and the lock of whoever takes from them.
//!
//! Between two statements of others a delta is either still a row of its own or already in the balance: whoever asks
//! what an open account holds reads both in one statement.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use purser_core::{account::Account, money::Money};

use crate::{Connection, StoreError, facts::insert_if_new, read::row::Row, schema::ledger_account};

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

/// Locks the one row of each of these accounts until the transaction ends, and says what they hold. Whoever takes
/// from an open account does this first, so that two at once cannot take the same money. An account that is not of
/// one currency is left out: nothing is taken from such.
pub(crate) fn open_balances_lock(
    conn: &mut Connection,
    accounts: &BTreeSet<Account>,
) -> Result<Vec<(Account, Money)>, StoreError> {
    // By name, which is the order in which rolling up locks them.
    let by_name: BTreeMap<String, &Account> =
        accounts.iter().map(|account| (account.to_string(), account)).collect();
    let mut held = Vec::with_capacity(by_name.len());
    for (name, account) in by_name {
        let Some(currency) = account.named_currency() else { continue };
        open_account_lock(conn, &name, currency.code())?;
        // A statement of its own, so that it sees what whoever held the lock before has committed.
        let parts = open_balance(conn, account)?;
        let here = parts.into_iter().find(|part| part.currency() == currency);
        held.push((account.clone(), here.unwrap_or(Money::zero(currency))));
    }
    Ok(held)
}

/// On SQLite whoever writes is alone anyway.
fn open_account_lock(conn: &mut Connection, name: &str, currency: &str) -> Result<(), StoreError> {
    if matches!(conn, Connection::Postgres(_)) {
        open_account_ensure(conn, name, currency)?;
    }
    if let Connection::Postgres(conn) = conn {
        let row = ledger_account::table.find((name, currency)).select(ledger_account::name);
        row.for_update().first::<String>(conn)?;
    }
    Ok(())
}

/// Makes the row of an open account, unless it is there: by the first that is rolled up or taken from it.
pub(crate) fn open_account_ensure(
    conn: &mut Connection,
    name: &str,
    currency: &str,
) -> Result<(), StoreError> {
    let row = (
        ledger_account::name.eq(name),
        ledger_account::currency.eq(currency),
        ledger_account::guarded.eq(false),
        ledger_account::balance.eq(0),
    );
    insert_if_new!(conn, ledger_account::table, row)?;
    Ok(())
}
