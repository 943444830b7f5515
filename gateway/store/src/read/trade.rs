//! Trades that covered currency positions.

use diesel::prelude::*;
use purser_core::record::TradeRecord;

use super::row::Row;
use crate::{Connection, StoreError, schema::trade};

type Found = (String, i64, i64, String, i64, String);

/// The `limit` newest trades.
pub fn trade_list(conn: &mut Connection, limit: i64) -> Result<Vec<TradeRecord>, StoreError> {
    let rows: Vec<Found> = trade::table
        .order((trade::at.desc(), trade::id.desc()))
        .limit(limit)
        .select((
            trade::id,
            trade::at,
            trade::sold,
            trade::sold_currency,
            trade::bought,
            trade::bought_currency,
        ))
        .load(conn)?;
    let read = |(id, at, sold, sold_currency, bought, bought_currency): Found| {
        let row = Row::new("trade", &id);
        Ok(TradeRecord {
            id: row.parse("id", &id)?,
            at: row.time("at", at)?,
            sold: row.money("sold_currency", sold, &sold_currency)?,
            bought: row.money("bought_currency", bought, &bought_currency)?,
        })
    };
    rows.into_iter().map(read).collect()
}
