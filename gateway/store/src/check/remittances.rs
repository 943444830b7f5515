//! Remittances: each is recomputed from what was sold and went back, and from what was posted; nothing was told twice;
//! each has its entries, its return and its evidence.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    entry::EntryKind,
    ids::RemittanceId,
    liability::{Activity, Lines, TaxAccount},
    money::{Money, MoneyError},
    outgoing::{Outgoing, Settled},
    period::Month,
    record::{FilingRecord, ItemRecord, RemittanceRecord},
    remittance::payable,
};

use super::{
    Finding,
    booked::Booked,
    evidence::Evidence,
    first_bad,
    outgoing::is_wrong,
    taxes::{postings, sold_and_back},
};
use crate::{
    Connection, StoreError,
    read::{
        remittance::{RemittanceRow, settled},
        row::Row,
    },
    schema::{filing, remittance, settlement},
};

/// A remittance with what is recomputed of it.
struct Told {
    record: RemittanceRecord,
    /// What became of it, and the number of that.
    settled: Option<(Settled, i64)>,
    months: BTreeSet<Month>,
    /// What was sold and went back in its months up to its position.
    lines: Lines,
    /// What was posted to its account by that.
    posted: i128,
}

impl Told {
    /// Whether it had failed when another remittance of its account was made.
    fn had_failed_before(&self, other: &RemittanceRecord) -> bool {
        matches!(self.settled, Some((Settled::Failed, number)) if number < other.number)
    }
}

/// Every remittance tells what its months hold that was not told before, pays it, and has its return.
pub(super) fn remittances(conn: &mut Connection) -> Result<Finding, StoreError> {
    let mut told = load(conn)?;
    let mut finding = Finding::default();
    if !told.is_empty() {
        recompute(conn, &mut told)?;
        let bad = first_wrong(conn, &told)?;
        finding.saw(told.len(), bad);
    }
    for kind in [EntryKind::Remittance, EntryKind::RemittanceConfirmed, EntryKind::RemittanceFailed]
    {
        let unknown = format!(
            "SELECT entry.object || ' is a remittance without its record' AS bad FROM entry \
             LEFT JOIN remittance ON remittance.id = entry.object \
             WHERE entry.kind = '{}' AND remittance.id IS NULL ORDER BY entry.id LIMIT 1",
            kind.name()
        );
        let unknown = first_bad(conn, &unknown)?;
        finding.saw(0, unknown);
    }
    Ok(finding)
}

/// All of them: a few a month for each authority.
fn load(conn: &mut Connection) -> Result<Vec<Told>, StoreError> {
    type Ended = Option<(String, i64, i64)>;
    let rows: Vec<(RemittanceRow, Ended)> = remittance::table
        .left_join(settlement::table.on(settlement::object.eq(remittance::id)))
        .order((remittance::account, remittance::number))
        .select((
            RemittanceRow::as_select(),
            (settlement::outcome, settlement::at, settlement::number).nullable(),
        ))
        .load(conn)?;
    let read = |(row, ended): (RemittanceRow, Ended)| {
        let number = ended.as_ref().map_or(0, |(.., number)| *number);
        let settled = settled(&row.id, ended.map(|(outcome, at, _)| (outcome, at)))?;
        let settled = settled.map(|(settled, _)| (settled, number));
        let record = row.read()?;
        let months = record.months.iter().copied().collect();
        Ok(Told { record, settled, months, lines: Lines::default(), posted: 0 })
    };
    rows.into_iter().map(read).collect()
}

fn recompute(conn: &mut Connection, told: &mut [Told]) -> Result<(), StoreError> {
    let mut by_account: HashMap<TaxAccount, Vec<usize>> = HashMap::new();
    for (index, one) in told.iter().enumerate() {
        by_account.entry(one.record.account.clone()).or_default().push(index);
    }
    let covers = |one: &Told, month: Month, position: Option<i64>| {
        one.months.contains(&month) && position.is_some_and(|at| at <= one.record.position)
    };
    let mut see = |item: &ItemRecord, back: Option<Timestamp>, position: Option<i64>| {
        let mut activity = Activity::default();
        match back {
            None => activity.sold(item)?,
            Some(at) => activity.went_back(item, at)?,
        }
        let month = Month::at(back.unwrap_or(item.at));
        for (account, lines) in activity.accounts() {
            for index in by_account.get(account).into_iter().flatten() {
                if let Some(one) = told.get_mut(*index).filter(|one| covers(one, month, position)) {
                    one.lines.absorb(lines)?;
                }
            }
        }
        Ok::<(), MoneyError>(())
    };
    sold_and_back(conn, &mut see)?;
    postings(conn, |posted| {
        for index in by_account.get(&posted.account).into_iter().flatten() {
            let month = Month::at(posted.at);
            let one = told.get_mut(*index).filter(|one| covers(one, month, posted.position));
            if let Some(one) = one {
                one.posted = one.posted.saturating_add(i128::from(posted.tax));
            }
        }
    })?;
    Ok(())
}

fn first_wrong(conn: &mut Connection, told: &[Told]) -> Result<Option<String>, StoreError> {
    let ids: Vec<String> = told.iter().map(|one| one.record.id.to_string()).collect();
    let booked = Booked::of(conn, &ids)?;
    let mut known = Evidence::default();
    known.look_up(conn, told.iter().map(|one| one.record.evidence))?;
    let by_id: BTreeMap<RemittanceId, &Told> =
        told.iter().map(|one| (one.record.id, one)).collect();
    for (one, id) in told.iter().zip(&ids) {
        let of = Outgoing::Remittance(one.record.id);
        let from = (one.record.account.account(), one.record.paid);
        let settled = one.settled.map(|(settled, _)| settled);
        let what = if is_wrong(of, from, settled, booked.all(id)) {
            Some("it is not what its entries say")
        } else if !known.has_all(&[one.record.evidence]) {
            Some("its evidence is missing")
        } else if !has_filing(conn, id)? {
            Some("its return is missing, or is not the one that was written")
        } else {
            wrong(one, told, &by_id)
        };
        if let Some(what) = what {
            return Ok(Some(format!("{id}: {what}")));
        }
    }
    Ok(None)
}

fn has_filing(conn: &mut Connection, id: &str) -> Result<bool, StoreError> {
    let found: Option<(Vec<u8>, Vec<u8>)> =
        filing::table.find(id).select((filing::hash, filing::body)).first(conn).optional()?;
    let Some((hash, body)) = found else { return Ok(false) };
    let hash: [u8; 32] = Row::new("filing", id).bytes("hash", &hash)?;
    Ok(FilingRecord::hash(&body) == hash)
}

fn wrong(one: &Told, told: &[Told], by_id: &BTreeMap<RemittanceId, &Told>) -> Option<&'static str> {
    let record = &one.record;
    let Some(counted) = counted(record, by_id) else {
        return Some("it counted a remittance that is not there");
    };
    if overlooked(one, told) {
        return Some("it tells again what another remittance told");
    }
    match says(record, &counted, one) {
        Ok(true) => None,
        Ok(false) => Some("it is not what was sold, went back and was posted"),
        Err(_) => Some("its amounts do not fit"),
    }
}

/// The remittances that it counted: earlier ones of its account that had not failed.
fn counted<'a>(
    record: &RemittanceRecord,
    by_id: &BTreeMap<RemittanceId, &'a Told>,
) -> Option<Vec<&'a RemittanceRecord>> {
    let earlier = |id: &RemittanceId| {
        let other = by_id.get(id)?;
        let had_failed = other.had_failed_before(record);
        let before = other.record.account == record.account && other.record.number < record.number;
        (before && !had_failed).then_some(&other.record)
    };
    record.counted.iter().map(earlier).collect()
}

/// Whether an earlier remittance of its account that had not failed was not counted.
fn overlooked(one: &Told, told: &[Told]) -> bool {
    let record = &one.record;
    told.iter().any(|other| {
        let earlier = other.record.account == record.account && other.record.number < record.number;
        let had_failed = other.had_failed_before(record);
        earlier && !had_failed && !record.counted.contains(&other.record.id)
    })
}

fn says(
    record: &RemittanceRecord,
    counted: &[&RemittanceRecord],
    one: &Told,
) -> Result<bool, MoneyError> {
    let currency = record.account.currency;
    let mut before = Lines::default();
    let (mut carried, mut told_tax) = (Money::zero(currency), 0_i128);
    for other in counted {
        let lines = other.lines.made_in(&one.months);
        told_tax = told_tax.saturating_add(i128::from(lines.totals(currency)?.1.minor()));
        before.absorb(&lines)?;
        carried = carried.plus(other.tax.minus(other.paid)?)?;
    }
    let (base, tax) = record.lines.totals(currency)?;
    let posted = one.posted.saturating_sub(told_tax);
    Ok(one.lines.clone().less(&before)? == record.lines.clone().plus(&Lines::default())?
        && posted == i128::from(tax.minor())
        && (base, tax, carried) == (record.base, record.tax, record.carried)
        && payable(tax, carried)? == record.paid)
}
