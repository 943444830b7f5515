//! Refunds: each item went back at most once, for exactly what was charged, and the refund accounts agree.

use std::{collections::HashMap, iter};

use diesel::prelude::*;
use purser_core::{
    account::Account,
    entry::EntryKind,
    ids::{AccountId, ItemId},
    record::{ItemRecord, RefundRecord},
    refund::{refund_postings, taken_refund_postings},
    vault::Vault,
};

use super::{
    Finding, ROWS,
    booked::{Booked, has_legs},
    count, first_bad,
};
use crate::{
    Connection, StoreError,
    read::{purchase::items_get, row::Row, vault::vaults_get},
    schema::refund,
};

/// No item was refunded twice; every refund gave its buyer what the item had cost, by an entry of its own that takes
/// back every leg of the sale.
pub(super) fn refunds(conn: &mut Connection) -> Result<Finding, StoreError> {
    let mut finding = Finding { examined: 0, bad: first_bad(conn, TWICE)? };
    let mut after = String::new();
    loop {
        let page = refunds_after(conn, &after)?;
        let Some(last) = page.last() else { break };
        after = last.id.to_string();
        let bad = page_bad(conn, &page)?;
        finding.saw(page.len(), bad);
    }
    let bad = first_bad(conn, NOT_KEPT)?;
    finding.saw(0, bad);
    Ok(finding)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = refund)]
struct RefundRow {
    id: String,
    item: String,
    account: String,
    merchant: String,
    at: i64,
    credited: i64,
    currency: String,
    goodwill: bool,
}

impl RefundRow {
    fn read(self) -> Result<RefundRecord, StoreError> {
        let row = Row::new("refund", &self.id);
        Ok(RefundRecord {
            id: row.parse("id", &self.id)?,
            item: row.parse("item", &self.item)?,
            account: row.parse("account", &self.account)?,
            merchant: row.parse("merchant", &self.merchant)?,
            at: row.time("at", self.at)?,
            credited: row.money("currency", self.credited, &self.currency)?,
            goodwill: self.goodwill,
        })
    }
}

fn refunds_after(conn: &mut Connection, after: &str) -> Result<Vec<RefundRecord>, StoreError> {
    let rows: Vec<RefundRow> = refund::table
        .filter(refund::id.gt(after))
        .order(refund::id)
        .limit(ROWS)
        .select(RefundRow::as_select())
        .load(conn)?;
    rows.into_iter().map(RefundRow::read).collect()
}

fn page_bad(conn: &mut Connection, page: &[RefundRecord]) -> Result<Option<String>, StoreError> {
    let ids: Vec<String> = page.iter().map(|refund| refund.id.to_string()).collect();
    let items: Vec<String> = page.iter().map(|refund| refund.item.to_string()).collect();
    let accounts: Vec<String> = page.iter().map(|refund| refund.account.to_string()).collect();
    let booked = Booked::of(conn, &ids)?;
    let items: HashMap<ItemId, ItemRecord> =
        items_get(conn, &items)?.into_iter().map(|item| (item.id, item)).collect();
    let vaults: HashMap<AccountId, Vault> =
        vaults_get(conn, &accounts)?.into_iter().map(|vault| (vault.account, vault)).collect();
    let bad = page.iter().find_map(|refund| {
        let (item, vault) = (items.get(&refund.item), vaults.get(&refund.account));
        wrong(refund, item, vault, &booked)
    });
    Ok(bad)
}

fn wrong(
    refund: &RefundRecord,
    item: Option<&ItemRecord>,
    vault: Option<&Vault>,
    booked: &Booked,
) -> Option<String> {
    let RefundRecord { id, account, merchant, credited, .. } = refund;
    let charged = |item: &&ItemRecord| {
        (&item.charged, &item.account, &item.merchant) == (credited, account, merchant)
    };
    let Some(item) = item.filter(charged) else {
        return Some(format!("{id} is not what {} cost", refund.item));
    };
    if is_booked(refund, item, vault, booked) {
        None
    } else {
        Some(format!("{id} is not what its entry says"))
    }
}

/// The vault is credited or, for a goodwill refund to a closed vault, its compensation card.
fn is_booked(
    refund: &RefundRecord,
    item: &ItemRecord,
    vault: Option<&Vault>,
    booked: &Booked,
) -> bool {
    let id = refund.id.to_string();
    if !refund.goodwill {
        let entry = booked.one(&id, EntryKind::Refund);
        return entry.is_some_and(|entry| has_legs(entry, taken_refund_postings(item)));
    }
    let given = booked.one(&id, EntryKind::Goodwill);
    let Some(entry) = given.or_else(|| booked.one(&id, EntryKind::Reversal)) else { return false };
    let card = vault.and_then(Vault::compensation).map(Account::Card);
    iter::once(Account::Vault(refund.account))
        .chain(card)
        .any(|to| has_legs(entry, refund_postings(item, to)))
}

const TWICE: &str = "\
    SELECT item || ' was refunded ' || CAST(COUNT(*) AS TEXT) || ' times' AS bad FROM refund \
    GROUP BY item HAVING COUNT(*) > 1 ORDER BY item LIMIT 1";

const NOT_KEPT: &str = "\
    SELECT entry.object || ' is a refund without its record' AS bad FROM entry \
    LEFT JOIN refund ON refund.id = entry.object \
    WHERE entry.kind IN ('refund', 'goodwill', 'reversal') AND refund.id IS NULL ORDER BY entry.id LIMIT 1";

/// A refund account was credited exactly the refunds that its buyer took, and holds the newest of them: as many as
/// were made since the last reset.
pub(super) fn refund_accounts(conn: &mut Connection) -> Result<Finding, StoreError> {
    let mut finding =
        Finding { examined: count(conn, "SELECT COUNT(*) AS n FROM vault")?, bad: None };
    for sql in [NOT_CREDITED, NOT_THE_PERIOD] {
        let bad = first_bad(conn, sql)?;
        finding.saw(0, bad);
    }
    Ok(finding)
}

const NOT_CREDITED: &str = "\
    SELECT account || ' was not credited the refunds that were taken' AS bad FROM (\
    SELECT 'refund:' || account AS account, credited AS amount FROM refund WHERE NOT goodwill \
    UNION ALL SELECT account, amount FROM posting WHERE account LIKE 'refund:%' AND amount < 0\
    ) AS part GROUP BY account HAVING SUM(amount) <> 0 ORDER BY account LIMIT 1";

const NOT_THE_PERIOD: &str = "\
    WITH taken AS (SELECT account, credited, ROW_NUMBER() OVER (PARTITION BY account ORDER BY at DESC, id DESC) \
    AS nth FROM refund WHERE NOT goodwill), \
    period AS (SELECT taken.account, SUM(taken.credited) AS total, COUNT(*) AS n FROM taken \
    JOIN vault ON vault.account = taken.account WHERE taken.nth <= vault.refund_count GROUP BY taken.account) \
    SELECT vault.account || ' took other refunds in its period than its refund account says' AS bad FROM vault \
    LEFT JOIN period ON period.account = vault.account \
    LEFT JOIN ledger_account ON ledger_account.name = 'refund:' || vault.account \
    WHERE vault.refund_count <> COALESCE(period.n, 0) \
    OR COALESCE(period.total, 0) <> COALESCE(ledger_account.balance, 0) ORDER BY vault.account LIMIT 1";

/// What was in a vault when it was closed is on its compensation card, and nothing reaches it any more.
pub(super) fn closed_vaults(conn: &mut Connection) -> Result<Finding, StoreError> {
    let examined = count(conn, "SELECT COUNT(*) AS n FROM vault WHERE NOT active")?;
    Ok(Finding { examined, bad: first_bad(conn, NOT_EMPTY)? })
}

const NOT_EMPTY: &str = "\
    SELECT vault.account || ' is closed and holds ' || CAST(ledger_account.balance AS TEXT) AS bad FROM vault \
    JOIN ledger_account ON ledger_account.name = 'vault:' || vault.account \
    WHERE NOT vault.active AND ledger_account.balance <> 0 ORDER BY vault.account LIMIT 1";
