//! Transfers and trades: each has its entry, and each entry its record.

use diesel::prelude::*;
use purser_core::{
    entry::{EntryKind, Posting},
    ids::AccountId,
    trade::trade_postings,
    transfer::transfer_postings,
};

use super::{
    Finding, ROWS,
    booked::{Booked, has_legs},
    first_bad,
};
use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{trade, transfer},
};

/// Every transfer took from one vault what it gave to the other.
pub(super) fn transfers(conn: &mut Connection) -> Result<Finding, StoreError> {
    let (mut finding, mut after) = (Finding::default(), String::new());
    loop {
        let rows: Vec<TransferRow> = transfer::table
            .filter(transfer::id.gt(&after))
            .order(transfer::id)
            .limit(ROWS)
            .select(TransferRow::as_select())
            .load(conn)?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.id);
        let expected = rows.iter().map(|row| Ok((row.id.clone(), row.legs()?)));
        let bad =
            unbooked(conn, EntryKind::Transfer, expected.collect::<Result<_, StoreError>>()?)?;
        finding.saw(rows.len(), bad);
    }
    let unknown = first_bad(
        conn,
        "SELECT entry.object || ' is a transfer without its record' AS bad FROM entry \
         LEFT JOIN transfer ON transfer.id = entry.object WHERE entry.kind = 'transfer' AND transfer.id IS NULL \
         ORDER BY entry.id LIMIT 1",
    )?;
    finding.saw(0, unknown);
    Ok(finding)
}

/// Every trade moved what it says.
pub(super) fn trades(conn: &mut Connection) -> Result<Finding, StoreError> {
    let (mut finding, mut after) = (Finding::default(), String::new());
    loop {
        let rows: Vec<TradeRow> = trade::table
            .filter(trade::id.gt(&after))
            .order(trade::id)
            .limit(ROWS)
            .select(TradeRow::as_select())
            .load(conn)?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.id);
        let expected = rows.iter().map(|row| Ok((row.id.clone(), row.legs()?)));
        let bad = unbooked(conn, EntryKind::Trade, expected.collect::<Result<_, StoreError>>()?)?;
        finding.saw(rows.len(), bad);
    }
    let unknown = first_bad(
        conn,
        "SELECT entry.object || ' is a trade without its record' AS bad FROM entry \
         LEFT JOIN trade ON trade.id = entry.object WHERE entry.kind = 'trade' AND trade.id IS NULL \
         ORDER BY entry.id LIMIT 1",
    )?;
    finding.saw(0, unknown);
    Ok(finding)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = transfer)]
struct TransferRow {
    id: String,
    from_account: String,
    to_account: String,
    amount: i64,
    currency: String,
}

impl TransferRow {
    fn legs(&self) -> Result<Vec<Posting>, StoreError> {
        let row = Row::new("transfer", &self.id);
        let from: AccountId = row.parse("from_account", &self.from_account)?;
        let to: AccountId = row.parse("to_account", &self.to_account)?;
        Ok(transfer_postings(from, to, row.money("currency", self.amount, &self.currency)?))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = trade)]
struct TradeRow {
    id: String,
    sold: i64,
    sold_currency: String,
    bought: i64,
    bought_currency: String,
}

impl TradeRow {
    fn legs(&self) -> Result<Vec<Posting>, StoreError> {
        let row = Row::new("trade", &self.id);
        let sold = row.money("sold_currency", self.sold, &self.sold_currency)?;
        let bought = row.money("bought_currency", self.bought, &self.bought_currency)?;
        Ok(trade_postings(sold, bought))
    }
}

/// The first of these objects whose entry has not its legs.
fn unbooked(
    conn: &mut Connection,
    kind: EntryKind,
    expected: Vec<(String, Vec<Posting>)>,
) -> Result<Option<String>, StoreError> {
    let ids: Vec<String> = expected.iter().map(|(id, _)| id.clone()).collect();
    let booked = Booked::of(conn, &ids)?;
    let bad = expected.into_iter().find_map(|(id, legs)| {
        let entry = booked.one(&id, kind);
        let is_booked = entry.is_some_and(|entry| has_legs(entry, Ok(legs)));
        (!is_booked).then(|| format!("{id} is not what its entry says"))
    });
    Ok(bad)
}
