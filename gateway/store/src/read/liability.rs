//! What was sold and went back, for tax authorities. A position of the journal is the end of what is looked at: it is
//! given behind the commit and never again, so that whoever looks up to the same one later sees the same.

use std::collections::BTreeSet;

use diesel::{dsl::max, prelude::*};
use purser_core::{
    Timestamp,
    account::Taxpayer,
    ids::MerchantId,
    liability::{Activity, TaxAccount},
    money::MoneyError,
    period::Month,
    record::{EvidenceId, EvidenceRecord},
};

use super::{evidence::evidence_get, purchase::ItemRow, row::Row};
use crate::{
    Connection, StoreError,
    schema::{entry, entry_sealed, entry_unsealed, item, merchant, purchase, refund},
};

/// So many rows are in memory at a time.
const ROWS: i64 = 500;

/// The position of the newest entry that has one; 0 when none has.
pub fn position_latest(conn: &mut Connection) -> Result<i64, StoreError> {
    let latest: Option<i64> =
        entry_sealed::table.select(max(entry_sealed::position)).first(conn)?;
    Ok(latest.unwrap_or(0))
}

/// Whether an entry has no position yet.
pub fn positions_wait(conn: &mut Connection) -> Result<bool, StoreError> {
    let waiting: Option<String> =
        entry_unsealed::table.select(entry_unsealed::entry).first(conn).optional()?;
    Ok(waiting.is_some())
}

/// What was sold and went back in these months, up to a position of the journal: by one taxpayer, or by all.
pub fn activity(
    conn: &mut Connection,
    months: &BTreeSet<Month>,
    position: i64,
    taxpayer: Option<Taxpayer>,
) -> Result<Activity, StoreError> {
    let mut activity = Activity::default();
    for merchant in merchants(conn, taxpayer)? {
        for month in months {
            let place = (merchant.as_str(), *month, position);
            sold(conn, place, &mut activity)?;
            went_back(conn, place, &mut activity)?;
        }
    }
    Ok(activity)
}

/// Whose sales the taxpayer may owe for.
fn merchants(conn: &mut Connection, taxpayer: Option<Taxpayer>) -> Result<Vec<String>, StoreError> {
    match taxpayer {
        Some(Taxpayer::Merchant(merchant)) => Ok(vec![merchant.to_string()]),
        Some(Taxpayer::Operator) | None => {
            Ok(merchant::table.order(merchant::id).select(merchant::id).load(conn)?)
        }
    }
}

type Place<'a> = (&'a str, Month, i64);

fn sold(conn: &mut Connection, place: Place<'_>, to: &mut Activity) -> Result<(), StoreError> {
    let (merchant, month, position) = place;
    let (mut at, end) = (micros(month.start()), micros(month.end()));
    let mut after = String::new();
    loop {
        let rows: Vec<ItemRow> = item::table
            .inner_join(entry::table.on(entry::object.eq(item::purchase)))
            .inner_join(entry_sealed::table.on(entry_sealed::entry.eq(entry::id)))
            .filter(item::merchant.eq(merchant))
            .filter(item::at.ge(at).and(item::at.lt(end)))
            .filter(item::at.gt(at).or(item::id.gt(&after)))
            .filter(entry_sealed::position.le(position))
            .order((item::at, item::id))
            .limit(ROWS)
            .select(ItemRow::as_select())
            .load(conn)?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            let item = row.read()?;
            (at, after) = (micros(item.at), item.id.to_string());
            to.sold(&item).map_err(|error| fault(&after, error))?;
        }
    }
}

fn went_back(conn: &mut Connection, place: Place<'_>, to: &mut Activity) -> Result<(), StoreError> {
    let (merchant, month, position) = place;
    let (mut at, end) = (micros(month.start()), micros(month.end()));
    let mut after = String::new();
    loop {
        let rows: Vec<(String, i64, ItemRow)> = refund::table
            .inner_join(item::table.on(item::id.eq(refund::item)))
            .inner_join(entry::table.on(entry::object.eq(refund::id)))
            .inner_join(entry_sealed::table.on(entry_sealed::entry.eq(entry::id)))
            .filter(refund::merchant.eq(merchant))
            .filter(refund::at.ge(at).and(refund::at.lt(end)))
            .filter(refund::at.gt(at).or(refund::id.gt(&after)))
            .filter(entry_sealed::position.le(position))
            .order((refund::at, refund::id))
            .limit(ROWS)
            .select((refund::id, refund::at, ItemRow::as_select()))
            .load(conn)?;
        if rows.is_empty() {
            return Ok(());
        }
        for (id, back_at, row) in rows {
            let moment = Row::new("refund", &id).time("at", back_at)?;
            to.went_back(&row.read()?, moment).map_err(|error| fault(&id, error))?;
            (at, after) = (back_at, id);
        }
    }
}

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

fn fault(id: &str, error: MoneyError) -> StoreError {
    StoreError::corrupt("item", format_args!("taxes of {id}: {error}"))
}

/// The newest call that assessed a sale under a tax account before a moment: the plugin that answered it writes the
/// return. `is_of` says whether a call is about that account's authority.
pub fn assessed_last(
    conn: &mut Connection,
    account: &TaxAccount,
    before: Timestamp,
    is_of: impl Fn(&EvidenceRecord) -> bool,
) -> Result<Option<EvidenceRecord>, StoreError> {
    let mut newest: Option<(Timestamp, EvidenceRecord)> = None;
    for merchant in merchants(conn, Some(account.taxpayer))? {
        let since = newest.as_ref().map(|(at, _)| *at);
        if let Some(found) = assessed_of(conn, &merchant, account, (since, before), &is_of)? {
            newest = Some(found);
        }
    }
    Ok(newest.map(|(_, evidence)| evidence))
}

/// Sales without a tax of the account that are looked at, per merchant, before it is given up.
const PAGES_MAX: usize = 2_000;

fn assessed_of(
    conn: &mut Connection,
    merchant: &str,
    account: &TaxAccount,
    (since, before): (Option<Timestamp>, Timestamp),
    is_of: &impl Fn(&EvidenceRecord) -> bool,
) -> Result<Option<(Timestamp, EvidenceRecord)>, StoreError> {
    let since = since.map_or(i64::MIN, micros);
    let (mut at, mut id) = (micros(before), String::new());
    for _ in 0..PAGES_MAX {
        let rows: Vec<(ItemRow, String)> = item::table
            .inner_join(purchase::table.on(purchase::id.eq(item::purchase)))
            .filter(item::merchant.eq(merchant))
            .filter(item::at.le(at).and(item::at.gt(since)))
            .filter(item::at.lt(at).or(item::id.lt(&id)))
            .order((item::at.desc(), item::id.desc()))
            .limit(ROWS)
            .select((ItemRow::as_select(), purchase::evidence))
            .load(conn)?;
        if rows.is_empty() {
            break;
        }
        for (row, evidence) in rows {
            let item = row.read()?;
            (at, id) = (micros(item.at), item.id.to_string());
            let owes = item.taxpayer == account.taxpayer
                && item.taxes.iter().any(|tax| {
                    tax.authority == account.authority.as_str()
                        && tax.tax.currency() == account.currency
                });
            if !owes {
                continue;
            }
            let calls: Vec<EvidenceId> = Row::new("purchase", &id).json("evidence", &evidence)?;
            for call in calls {
                if let Some(found) = evidence_get(conn, call)?.filter(|found| is_of(found)) {
                    return Ok(Some((item.at, found)));
                }
            }
        }
    }
    Ok(None)
}

/// The merchant of that name, if there is one.
pub fn merchant_is_known(conn: &mut Connection, id: MerchantId) -> Result<bool, StoreError> {
    let found: Option<String> =
        merchant::table.find(id.to_string()).select(merchant::id).first(conn).optional()?;
    Ok(found.is_some())
}
