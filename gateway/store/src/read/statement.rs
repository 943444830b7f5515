//! A merchant's month, as its account in the ledger moved.

use std::collections::BTreeMap;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use purser_core::{
    Timestamp,
    ids::{ItemId, MerchantId, RefundId},
    money::{Currency, Money, MoneyError},
    outgoing::Settled,
    period::Month,
    purchase::refund_told_at,
    record::ItemRecord,
};

use super::{
    moment::at_one_moment,
    payout::PayoutRow,
    purchase::ItemRow,
    row::Row,
    untold::{Untold, is_told},
};
use crate::{
    Connection, StoreError,
    schema::{item, payout, refund, settlement},
};

/// A month of one merchant in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it was owed when the month began.
    pub opening: Money,
    /// What changed it, oldest first.
    pub lines: Vec<StatementLine>,
    /// What it was owed when the month ended.
    pub closing: Money,
}

/// One change of what a merchant is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: StatementKind,
    /// The item, refund or payout.
    pub object: String,
    /// What was sold or went back.
    pub title: String,
    /// By how much, below zero where less is owed.
    pub amount: Money,
    /// What is owed then.
    pub balance: Money,
}

/// What changes what a merchant is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatementKind {
    /// An item was sold: its net less the fee.
    Sale,
    /// It went back.
    Refund,
    /// Money was set apart for the merchant's bank.
    Payout,
    /// It came back.
    PayoutFailed,
}

impl StatementKind {
    /// The name in statements.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Refund => "refund",
            Self::Payout => "payout",
            Self::PayoutFailed => "payout-failed",
        }
    }
}

/// A change before its balance is known.
struct Change {
    at: Timestamp,
    kind: StatementKind,
    object: String,
    title: String,
    amount: Money,
}

/// A merchant's month, as far as it is told, by currency. `None` if it has more than `lines_max` lines.
pub fn statements(
    conn: &mut Connection,
    merchant: MerchantId,
    month: Month,
    lines_max: usize,
) -> Result<Option<Vec<Statement>>, StoreError> {
    let (name, range) = (merchant.to_string(), (micros(month.start()), micros(month.end())));
    let limit = i64::try_from(lines_max).unwrap_or(i64::MAX).saturating_add(1);
    let untold = Untold::now();
    let (mut changes, openings) = at_one_moment(conn, |conn| {
        let mut changes = Vec::new();
        sales(conn, &name, range, limit, untold, &mut changes)?;
        refunds(conn, &name, range, limit, untold, &mut changes)?;
        payouts(conn, &name, range, limit, &mut changes)?;
        Ok((changes, openings(conn, &name, range.0, untold)?))
    })?;
    if changes.len() > lines_max {
        return Ok(None);
    }
    changes.sort_by(|one, other| {
        (one.at, one.kind, &one.object).cmp(&(other.at, other.kind, &other.object))
    });
    let mut by_currency: BTreeMap<&str, Statement> = BTreeMap::new();
    for opening in openings {
        let statement = Statement { opening, lines: Vec::new(), closing: opening };
        by_currency.insert(opening.currency().code(), statement);
    }
    for change in changes {
        add(&mut by_currency, change)
            .map_err(|error| StoreError::corrupt("item", format_args!("{name}: {error}")))?;
    }
    Ok(Some(by_currency.into_values().collect()))
}

fn add(
    statements: &mut BTreeMap<&'static str, Statement>,
    change: Change,
) -> Result<(), MoneyError> {
    let Change { at, kind, object, title, amount } = change;
    let zero = Money::zero(amount.currency());
    let new = || Statement { opening: zero, lines: Vec::new(), closing: zero };
    let statement = statements.entry(amount.currency().code()).or_insert_with(new);
    let balance = statement.closing.plus(amount)?;
    statement.lines.push(StatementLine { at, kind, object, title, amount, balance });
    statement.closing = balance;
    Ok(())
}

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// What the merchant gets of an item.
fn share(item: &ItemRecord) -> Result<Money, StoreError> {
    item.net.minus(item.fee).map_err(|_| Row::new("item", &item.id.to_string()).fault("fee"))
}

type Range = (i64, i64);

fn sales(
    conn: &mut Connection,
    merchant: &str,
    (start, end): Range,
    limit: i64,
    untold: Untold,
    to: &mut Vec<Change>,
) -> Result<(), StoreError> {
    let untold = untold.ids(ItemId::from_random);
    let rows: Vec<ItemRow> = item::table
        .filter(item::merchant.eq(merchant))
        .filter(item::at.ge(start).and(item::at.lt(end)))
        .filter(is_told!(item::id, untold))
        .order((item::at, item::id))
        .limit(limit)
        .select(ItemRow::as_select())
        .load(conn)?;
    for row in rows {
        let item = row.read()?;
        let amount = share(&item)?;
        let (object, kind) = (item.id.to_string(), StatementKind::Sale);
        to.push(Change { at: item.at, kind, object, title: item.title, amount });
    }
    Ok(())
}

fn refunds(
    conn: &mut Connection,
    merchant: &str,
    (start, end): Range,
    limit: i64,
    untold: Untold,
    to: &mut Vec<Change>,
) -> Result<(), StoreError> {
    let untold = untold.ids(RefundId::from_random);
    let rows: Vec<(String, i64, ItemRow)> = refund::table
        .inner_join(item::table.on(item::id.eq(refund::item)))
        .filter(refund::merchant.eq(merchant))
        .filter(refund::at.ge(start).and(refund::at.lt(end)))
        .filter(is_told!(refund::id, untold))
        .order((refund::at, refund::id))
        .limit(limit)
        .select((refund::id, refund::at, ItemRow::as_select()))
        .load(conn)?;
    for (object, at, row) in rows {
        let item = row.read()?;
        let back = Row::new("refund", &object);
        let amount = share(&item)?.negated().map_err(|_| back.fault("amount"))?;
        let at =
            refund_told_at(&item, back.parse::<RefundId>("id", &object)?, back.time("at", at)?);
        let kind = StatementKind::Refund;
        to.push(Change { at, kind, object, title: item.title, amount });
    }
    Ok(())
}

fn payouts(
    conn: &mut Connection,
    merchant: &str,
    (start, end): Range,
    limit: i64,
    to: &mut Vec<Change>,
) -> Result<(), StoreError> {
    let set_apart: Vec<PayoutRow> = payout::table
        .filter(payout::merchant.eq(merchant))
        .filter(payout::at.ge(start).and(payout::at.lt(end)))
        .limit(limit)
        .select(PayoutRow::as_select())
        .load(conn)?;
    for row in set_apart {
        let record = row.read()?;
        let object = record.id.to_string();
        let negated = record.amount.negated();
        let amount = negated.map_err(|_| Row::new("payout", &object).fault("amount"))?;
        let kind = StatementKind::Payout;
        to.push(Change { at: record.at, kind, object, title: String::new(), amount });
    }
    let failed: Vec<(i64, PayoutRow)> = payout::table
        .inner_join(settlement::table.on(settlement::object.eq(payout::id)))
        .filter(payout::merchant.eq(merchant))
        .filter(settlement::outcome.eq(Settled::Failed.name()))
        .filter(settlement::at.ge(start).and(settlement::at.lt(end)))
        .limit(limit)
        .select((settlement::at, PayoutRow::as_select()))
        .load(conn)?;
    for (at, row) in failed {
        let record = row.read()?;
        let object = record.id.to_string();
        let at = Row::new("settlement", &object).time("at", at)?;
        let kind = StatementKind::PayoutFailed;
        to.push(Change { at, kind, object, title: String::new(), amount: record.amount });
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Opening {
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

/// What was owed before a moment, by currency. SQLite reads `$1` as a named parameter, so that both databases take
/// this text.
const OPENINGS: &str = "\
    SELECT currency, CAST(SUM(amount) AS BIGINT) AS balance FROM (\
    SELECT currency, net - fee AS amount FROM item WHERE merchant = $1 AND at < $2 AND (id <= $3 OR id > $4) \
    UNION ALL SELECT item.currency, item.fee - item.net FROM refund JOIN item ON item.id = refund.item \
    WHERE refund.merchant = $1 AND refund.at < $2 AND (refund.id <= $5 OR refund.id > $6) \
    UNION ALL SELECT currency, -amount FROM payout WHERE merchant = $1 AND at < $2 \
    UNION ALL SELECT payout.currency, payout.amount FROM payout \
    JOIN settlement ON settlement.object = payout.id \
    WHERE payout.merchant = $1 AND settlement.outcome = 'failed' AND settlement.at < $2\
    ) AS part GROUP BY currency ORDER BY currency";

fn openings(
    conn: &mut Connection,
    merchant: &str,
    before: i64,
    untold: Untold,
) -> Result<Vec<Money>, StoreError> {
    let (items, refunds) = (untold.ids(ItemId::from_random), untold.ids(RefundId::from_random));
    let rows: Vec<Opening> = diesel::sql_query(OPENINGS)
        .bind::<Text, _>(merchant)
        .bind::<BigInt, _>(before)
        .bind::<Text, _>(items.0)
        .bind::<Text, _>(items.1)
        .bind::<Text, _>(refunds.0)
        .bind::<Text, _>(refunds.1)
        .load(conn)?;
    let row = Row::new("item", merchant);
    let read = |opening: &Opening| -> Result<Money, StoreError> {
        let currency: Currency = row.currency("currency", &opening.currency)?;
        Ok(Money::new(opening.balance, currency))
    };
    rows.iter().map(read).collect()
}
