//! The taxes of items and refunds, and what was posted for them: month by month they are the same.

use std::collections::BTreeMap;

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    account::{Account, Taxpayer},
    entry::EntryKind,
    liability::{Activity, TaxAccount},
    money::MoneyError,
    period::Month,
    record::ItemRecord,
};

use super::{Finding, ROWS};
use crate::{
    Connection, StoreError,
    read::{purchase::ItemRow, row::Row},
    schema::{entry, entry_sealed, item, posting, refund},
};

/// In every month, what was posted to a tax account by sales and refunds is what the items say that were sold and went
/// back.
pub(super) fn taxes(conn: &mut Connection) -> Result<Finding, StoreError> {
    let mut activity = Activity::default();
    let mut see = |item: &ItemRecord, back: Option<Timestamp>, _: Option<i64>| match back {
        None => activity.sold(item),
        Some(at) => activity.went_back(item, at),
    };
    sold_and_back(conn, &mut see)?;
    let mut off: BTreeMap<(TaxAccount, Month), i128> = BTreeMap::new();
    for (account, lines) in activity.accounts() {
        for (month, tax) in lines.tax_by_month() {
            off.insert((account.clone(), month), tax);
        }
    }
    let mut finding = Finding::default();
    let posted = postings(conn, |posted| {
        let sum = off.entry((posted.account, Month::at(posted.at))).or_default();
        *sum = sum.saturating_sub(i128::from(posted.tax));
    })?;
    let bad = off
        .into_iter()
        .find(|(_, off)| *off != 0)
        .map(|((account, month), off)| format!("{} is off by {off} in {month}", account.account()));
    finding.saw(posted, bad);
    Ok(finding)
}

/// Every item that was sold, and every one that went back with when it did, each with the position of its entry in the
/// journal, if it has one.
pub(super) fn sold_and_back(
    conn: &mut Connection,
    see: &mut impl FnMut(&ItemRecord, Option<Timestamp>, Option<i64>) -> Result<(), MoneyError>,
) -> Result<(), StoreError> {
    let fault = |id: &str, error: MoneyError| {
        StoreError::corrupt("item", format_args!("taxes of {id}: {error}"))
    };
    let mut after = String::new();
    loop {
        let rows: Vec<(ItemRow, Option<i64>)> = item::table
            .left_join(entry::table.on(entry::object.eq(item::purchase)))
            .left_join(
                entry_sealed::table.on(entry_sealed::entry.nullable().eq(entry::id.nullable())),
            )
            .filter(item::id.gt(&after))
            .order(item::id)
            .limit(ROWS)
            .select((ItemRow::as_select(), entry_sealed::position.nullable()))
            .load(conn)?;
        if rows.is_empty() {
            break;
        }
        for (row, position) in rows {
            let item = row.read()?;
            after = item.id.to_string();
            see(&item, None, position).map_err(|error| fault(&after, error))?;
        }
    }
    let mut after = String::new();
    loop {
        let rows: Vec<(String, i64, ItemRow, Option<i64>)> = refund::table
            .inner_join(item::table.on(item::id.eq(refund::item)))
            .left_join(entry::table.on(entry::object.eq(refund::id)))
            .left_join(
                entry_sealed::table.on(entry_sealed::entry.nullable().eq(entry::id.nullable())),
            )
            .filter(refund::id.gt(&after))
            .order(refund::id)
            .limit(ROWS)
            .select((
                refund::id,
                refund::at,
                ItemRow::as_select(),
                entry_sealed::position.nullable(),
            ))
            .load(conn)?;
        if rows.is_empty() {
            return Ok(());
        }
        for (id, at, row, position) in rows {
            let at = Row::new("refund", &id).time("at", at)?;
            see(&row.read()?, Some(at), position).map_err(|error| fault(&id, error))?;
            after = id;
        }
    }
}

/// What was posted to a tax account by a sale or a refund.
pub(super) struct Posted {
    pub(super) account: TaxAccount,
    pub(super) at: Timestamp,
    /// The position of its entry in the journal, if it has one.
    pub(super) position: Option<i64>,
    /// In minor units, below zero for what went back.
    pub(super) tax: i64,
}

type Found = (String, i64, String, i64, i64, Option<i64>);

/// Everything that was posted to tax accounts by anything but remittances. Says how much.
pub(super) fn postings(
    conn: &mut Connection,
    mut see: impl FnMut(Posted),
) -> Result<usize, StoreError> {
    let remittances = [
        EntryKind::Remittance.name(),
        EntryKind::RemittanceConfirmed.name(),
        EntryKind::RemittanceFailed.name(),
    ];
    let (mut after, mut n, mut seen) = (String::new(), -1_i64, 0_usize);
    loop {
        let rows: Vec<Found> = posting::table
            .inner_join(entry::table.on(entry::id.eq(posting::entry)))
            .left_join(entry_sealed::table.on(entry_sealed::entry.eq(entry::id)))
            .filter(posting::entry.ge(&after))
            .filter(posting::entry.gt(&after).or(posting::n.gt(n)))
            .filter(posting::account.like("tax:%"))
            .filter(entry::kind.ne_all(remittances))
            .order((posting::entry, posting::n))
            .limit(ROWS)
            .select((
                posting::entry,
                posting::n,
                posting::account,
                posting::amount,
                entry::at,
                entry_sealed::position.nullable(),
            ))
            .load(conn)?;
        if rows.is_empty() {
            return Ok(seen);
        }
        seen = seen.saturating_add(rows.len());
        for (id, nth, account, amount, at, position) in rows {
            let row = Row::new("posting", &id);
            let account = tax_account(row, &account)?;
            // Credits are kept below zero.
            let tax = amount.checked_neg().ok_or_else(|| row.fault("amount"))?;
            see(Posted { account, at: row.time("at", at)?, position, tax });
            (after, n) = (id, nth);
        }
    }
}

fn tax_account(row: Row<'_>, name: &str) -> Result<TaxAccount, StoreError> {
    let parsed: (Taxpayer, _, _) = match row.parse("account", name)? {
        Account::Tax(taxpayer, authority, currency) => (taxpayer, authority, currency),
        _ => return Err(row.fault("account")),
    };
    let (taxpayer, authority, currency) = parsed;
    Ok(TaxAccount { taxpayer, authority, currency })
}
