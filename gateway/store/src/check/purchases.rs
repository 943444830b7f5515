//! Purchases: each has its entry, receipts, tax lines, evidence and events.

use purser_core::{
    entry::EntryKind,
    money::Money,
    purchase::{is_time_of_part, merchants, purchase_postings},
    record::{ItemRecord, PurchaseRecord},
};

use super::{
    Finding, ROWS,
    booked::{Booked, has_legs},
    evidence::Evidence,
    first_bad,
};
use crate::{
    Connection, StoreError,
    read::purchase::{StoredPurchase, purchases_after},
};

/// Every paid purchase is complete, and nothing is left of one that is not there.
pub(super) fn purchases(conn: &mut Connection) -> Result<Finding, StoreError> {
    let mut finding = Finding::default();
    let mut after = String::new();
    let mut known = Evidence::default();
    loop {
        let page = purchases_after(conn, &after, ROWS)?;
        let Some(last) = page.last() else { break };
        after = last.record.id.to_string();
        let bad = page_bad(conn, &page, &mut known)?;
        finding.saw(page.len(), bad);
    }
    for sql in [WITHOUT_RECORD, WITHOUT_PURCHASE, WITHOUT_EVENT, NEVER_BOUGHT] {
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

/// A single-use offer is used up by a purchase only.
const NEVER_BOUGHT: &str = "\
    SELECT offer_id || ' of ' || merchant || ' is used up and was never bought' AS bad FROM (\
    SELECT merchant, offer_id, 1 AS n FROM offer_use UNION ALL SELECT DISTINCT merchant, offer_id, -1 FROM item\
    ) AS part GROUP BY merchant, offer_id HAVING SUM(n) > 0 ORDER BY merchant, offer_id LIMIT 1";

fn page_bad(
    conn: &mut Connection,
    page: &[StoredPurchase],
    known: &mut Evidence,
) -> Result<Option<String>, StoreError> {
    known
        .look_up(conn, page.iter().flat_map(|purchase| purchase.record.evidence.iter().copied()))?;
    let ids: Vec<String> = page.iter().map(|purchase| purchase.record.id.to_string()).collect();
    let booked = Booked::of(conn, &ids)?;
    let bad = page.iter().zip(&ids).find_map(|(purchase, id)| {
        let what = missing(purchase, id, &booked, known)?;
        Some(format!("{id}: {what}"))
    });
    Ok(bad)
}

fn missing(
    purchase: &StoredPurchase,
    id: &str,
    booked: &Booked,
    known: &Evidence,
) -> Option<&'static str> {
    let record = &purchase.record;
    let items: Vec<ItemRecord> = purchase.items.iter().map(|item| item.record.clone()).collect();
    let charged = Money::sum(items.iter().map(|item| item.charged), record.total.currency());
    let Some(entry) = booked.one(id, EntryKind::Purchase) else {
        return Some("it has not one entry");
    };
    if items.is_empty() || charged != Ok(record.total) {
        return Some("its items do not sum to its total");
    }
    if !has_legs(entry, purchase_postings(&items)) {
        return Some("its entry is not what its items say");
    }
    if !items.iter().all(|item| is_taxed(item) && item.account == record.account) {
        return Some("an item is not what its tax lines say, or of another buyer");
    }
    if !are_of_its_time(record, &items) {
        return Some("an item is of another time");
    }
    let receipts: Vec<_> = record.sale_receipts.iter().map(|(merchant, _)| *merchant).collect();
    let signed = record.sale_receipts.iter().all(|(_, receipt)| !receipt.is_empty());
    if record.receipt.is_empty() || !signed || receipts != merchants(&items) {
        return Some("a receipt is missing");
    }
    let proven = !record.evidence.is_empty() && known.has_all(&record.evidence);
    if proven { None } else { Some("its evidence is missing") }
}

fn is_taxed(item: &ItemRecord) -> bool {
    let taxes = Money::sum(item.taxes.iter().map(|tax| tax.tax), item.net.currency());
    let gross = taxes.and_then(|taxes| item.net.plus(taxes));
    !item.taxes.is_empty() && gross == Ok(item.gross)
}

/// A shop that is paid alone knows the time of the purchase. Of several each knows its own.
fn are_of_its_time(record: &PurchaseRecord, items: &[ItemRecord]) -> bool {
    let alone = merchants(items).len() == 1;
    items.iter().all(|item| item.at == record.at || !alone && is_time_of_part(record.at, item.at))
}
