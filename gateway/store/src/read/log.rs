//! The buyer's transaction log: purchases, refunds, loads and transfers, refused ones too.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::AccountId,
    record::{LogKind, LogRecord},
};

use super::{
    page::{Page, Paged},
    row::Row,
};
use crate::{Connection, StoreError, schema::log_line};

#[derive(Queryable, Selectable)]
#[diesel(table_name = log_line)]
struct LogRow {
    id: String,
    account: String,
    kind: String,
    outcome: String,
    at: i64,
    amount: i64,
    balance: i64,
    currency: String,
    object: String,
}

impl LogRow {
    fn read(self) -> Result<LogRecord, StoreError> {
        let row = Row::new("log_line", &self.id);
        Ok(LogRecord {
            id: row.parse("id", &self.id)?,
            account: row.parse("account", &self.account)?,
            kind: kind(&self.kind).ok_or_else(|| row.fault("kind"))?,
            at: row.time("at", self.at)?,
            amount: row.money("currency", self.amount, &self.currency)?,
            balance: row.money("currency", self.balance, &self.currency)?,
            outcome: self.outcome,
            object: self.object,
        })
    }
}

fn kind(name: &str) -> Option<LogKind> {
    use LogKind::{Compensation, Load, Purchase, Refund, TransferIn, TransferOut};
    let kinds = [Load, Purchase, Refund, TransferOut, TransferIn, Compensation];
    kinds.into_iter().find(|kind| kind.name() == name)
}

/// A buyer's transaction log.
pub fn log_page(
    conn: &mut Connection,
    account: AccountId,
    page: &Page,
) -> Result<Paged<LogRecord>, StoreError> {
    let account = account.to_string();
    let seen = |id: &str| {
        let of_account = log_line::table.find(id).filter(log_line::account.eq(&account));
        of_account.select(log_line::at).first(conn).optional()
    };
    let Some((at, id)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let rows: Vec<LogRow> = log_line::table
        .filter(log_line::account.eq(&account))
        .filter(log_line::at.le(at).and(log_line::at.lt(at).or(log_line::id.lt(id))))
        .order((log_line::at.desc(), log_line::id.desc()))
        .limit(page.fetch())
        .select(LogRow::as_select())
        .load(conn)?;
    page.of(rows, |row| row.id.clone()).try_map(LogRow::read)
}

/// Lines of a buyer's transaction log of `from` or later, oldest first. A line may be committed after a younger
/// one, so a reader that follows the log asks again from a little earlier and leaves out the lines it has seen.
pub fn log_since(
    conn: &mut Connection,
    account: AccountId,
    from: Timestamp,
    limit: usize,
) -> Result<Vec<LogRecord>, StoreError> {
    let rows: Vec<LogRow> = log_line::table
        .filter(
            log_line::account.eq(account.to_string()).and(log_line::at.ge(from.as_microsecond())),
        )
        .order((log_line::at, log_line::id))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(LogRow::as_select())
        .load(conn)?;
    rows.into_iter().map(LogRow::read).collect()
}
