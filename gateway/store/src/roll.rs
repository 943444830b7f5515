//! Rolling up: what turns of the teller added to open accounts becomes their balance.
//!
//! Turns insert rows and lock nothing, so that a popular merchant or a tax authority is never a bottleneck.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::{
    Connection, Store, StoreError,
    duty::Duty,
    open_account::open_account_ensure,
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

fn balance_add(
    conn: &mut Connection,
    name: &str,
    currency: &str,
    sum: i64,
) -> Result<(), StoreError> {
    let account = || ledger_account::table.find((name, currency));
    let grown = || ledger_account::balance.eq(ledger_account::balance + sum);
    if diesel::update(account()).set(grown()).execute(conn)? == 0 {
        open_account_ensure(conn, name, currency)?;
        diesel::update(account()).set(grown()).execute(conn)?;
    }
    Ok(())
}
