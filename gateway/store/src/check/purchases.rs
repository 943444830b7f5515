//! Purchases: each has its entry, receipts, tax lines, evidence and events.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use purser_core::{
    entry::{Entry, EntryKind},
    money::Money,
    purchase::{merchants, purchase_postings},
    record::{EvidenceId, ItemRecord},
};

use super::{Finding, ROWS, first_bad};
use crate::{
    Connection, StoreError,
    read::{
        entry::entries_of_all,
        purchase::{StoredPurchase, purchases_after},
    },
    schema::evidence,
};

/// Every paid purchase is complete, and nothing is left of one that is not there.
pub(super) fn purchases(conn: &mut Connection) -> Result<Finding, StoreError> {
    let mut finding = Finding::default();
    let mut after = String::new();
    let mut known = HashSet::new();
    loop {
        let page = purchases_after(conn, &after, ROWS)?;
        let Some(last) = page.last() else { break };
        after = last.record.id.to_string();
        let bad = page_bad(conn, &page, &mut known)?;
        finding.saw(page.len(), bad);
    }
    for sql in [WITHOUT_RECORD, WITHOUT_PURCHASE, WITHOUT_EVENT] {
        let bad = first_bad(conn, sql)?;
        finding.saw(0, bad);
    }
    Ok(finding)
}

const WITHOUT_RECORD: &str = "\
    SELECT entry.object || ' is a purchase without its record' AS bad FROM entry \
    LEFT JOIN purchase ON purchase.id = entry.object WHERE entry.kind = 'purchase' AND purchase.id IS NULL \
    ORDER BY entry.id LIMIT 1";

const WITHOUT_PURCHASE: &str = "\
    SELECT item.id || ' is of no purchase' AS bad FROM item LEFT JOIN purchase ON purchase.id = item.purchase \
    WHERE purchase.id IS NULL ORDER BY item.id LIMIT 1";

/// A merchant hears once of each of its sales, and never which purchase it belongs to: so they are counted.
const WITHOUT_EVENT: &str = "\
    SELECT merchant || ' was not told rightly of its sales at ' || CAST(at AS TEXT) AS bad FROM (\
    SELECT merchant, at, 1 AS n FROM (SELECT DISTINCT sale, merchant, at FROM item) AS sale \
    UNION ALL SELECT merchant, at, -1 FROM event WHERE kind = 'purchase.paid'\
    ) AS told GROUP BY merchant, at HAVING SUM(n) <> 0 ORDER BY merchant, at LIMIT 1";

fn page_bad(
    conn: &mut Connection,
    page: &[StoredPurchase],
    known: &mut HashSet<EvidenceId>,
) -> Result<Option<String>, StoreError> {
    evidence_find(conn, page, known)?;
    let ids: Vec<String> = page.iter().map(|purchase| purchase.record.id.to_string()).collect();
    let entries = entries_of_all(conn, &ids)?;
    let mut by_object: HashMap<&str, Vec<&Entry>> = HashMap::new();
    for entry in &entries {
        by_object.entry(entry.object()).or_default().push(entry);
    }
    for (purchase, id) in page.iter().zip(&ids) {
        let of_purchase = by_object.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        if let Some(what) = missing(purchase, of_purchase, known) {
            return Ok(Some(format!("{id}: {what}")));
        }
    }
    Ok(None)
}

/// Looks the evidence of a page up, as far as it was not seen before. It repeats: equal calls are one row.
fn evidence_find(
    conn: &mut Connection,
    page: &[StoredPurchase],
    known: &mut HashSet<EvidenceId>,
) -> Result<(), StoreError> {
    const KNOWN_MAX: usize = 100_000;
    if known.len() > KNOWN_MAX {
        known.clear();
    }
    let named: HashSet<EvidenceId> =
        page.iter().flat_map(|purchase| purchase.record.evidence.iter().copied()).collect();
    let unknown: Vec<EvidenceId> = named.difference(known).copied().collect();
    for some in unknown.chunks(500) {
        let ids: Vec<&[u8]> = some.iter().map(|id| id.0.as_slice()).collect();
        let found: Vec<Vec<u8>> =
            evidence::table.filter(evidence::id.eq_any(ids)).select(evidence::id).load(conn)?;
        known.extend(found.into_iter().filter_map(|id| id.try_into().ok()).map(EvidenceId));
    }
    Ok(())
}

fn missing(
    purchase: &StoredPurchase,
    entries: &[&Entry],
    known: &HashSet<EvidenceId>,
) -> Option<&'static str> {
    let record = &purchase.record;
    let items: Vec<ItemRecord> = purchase.items.iter().map(|item| item.record.clone()).collect();
    let charged = Money::sum(items.iter().map(|item| item.charged), record.total.currency());
    let [entry] = entries else { return Some("it has not one entry") };
    if items.is_empty() || charged != Ok(record.total) {
        return Some("its items do not sum to its total");
    }
    if entry.kind() != EntryKind::Purchase
        || !purchase_postings(&items).is_ok_and(|legs| is_booked(&legs, entry))
    {
        return Some("its entry is not what its items say");
    }
    if !items
        .iter()
        .all(|item| is_taxed(item) && item.account == record.account && item.at == record.at)
    {
        return Some("an item is not what its tax lines say, or of another buyer or time");
    }
    let receipts: Vec<_> = record.sale_receipts.iter().map(|(merchant, _)| *merchant).collect();
    let signed = record.sale_receipts.iter().all(|(_, receipt)| !receipt.is_empty());
    if record.receipt.is_empty() || !signed || receipts != merchants(&items) {
        return Some("a receipt is missing");
    }
    let proven = !record.evidence.is_empty() && record.evidence.iter().all(|id| known.contains(id));
    if proven { None } else { Some("its evidence is missing") }
}

/// An entry leaves legs of nothing out.
fn is_booked(legs: &[purser_core::entry::Posting], entry: &Entry) -> bool {
    legs.iter().filter(|leg| !leg.amount.is_zero()).eq(entry.postings())
}

fn is_taxed(item: &ItemRecord) -> bool {
    let taxes = Money::sum(item.taxes.iter().map(|tax| tax.tax), item.net.currency());
    let gross = taxes.and_then(|taxes| item.net.plus(taxes));
    !item.taxes.is_empty() && gross == Ok(item.gross)
}
