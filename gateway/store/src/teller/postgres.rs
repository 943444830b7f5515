//! The turn on PostgreSQL: a constant number of statements, each with whole columns as arrays, because a round
//! trip costs more than a row. The statements are the same text every time and stay prepared.
//!
//! READ COMMITTED shows each statement its own moment, so what others may have changed is read after the lock that
//! stops them: vaults first, which guard their balances, their refunds and, in effect, their owner's keys. A key or a
//! single-use offer that another process took meanwhile is found when it is inserted, and the turn starts again.

mod statements;

use std::collections::HashMap;

use diesel::prelude::*;
use purser_core::{
    account::Account,
    books::ItemState,
    ids::BatchId,
    money::Currency,
    record::{OfferUse, Writes},
};

use statements::{
    BalanceUpsert, CardInsert, CardUpdate, DeltaInsert, EntryInsert, EventInsert, EvidenceInsert,
    ItemInsert, KeyInsert, KeysAnswered, LoadInsert, LogInsert, LogsLatest, OfferInsert,
    OffersUsed, PostingInsert, PurchaseInsert, RefundInsert, TradeInsert, TransferInsert,
    VaultUpdate,
    stamps::{RegisterUpsert, ScanInsert, StampInsert, StampUpdate, VendorUpdate},
};

use super::{
    batch::{Fault, Found, KeyName, Wanted},
    changes::Changes,
    journal::entry_rows,
    locked::{CardLocked, batch_state, vendor_state},
    rows::{
        CardRow, EventRow, EvidenceRow, ItemRow, LoadRow, LogRow, PurchaseRow, RefundRow, TradeRow,
        TransferRow,
    },
    stamps::ScanRow,
};
use crate::{
    StoreError,
    idempotency::answered,
    read::{
        purchase::ItemRow as ItemFound,
        row::Row,
        stamp::{RegisterRow, StampRow, VOID_PENDING},
        vault::VaultRow,
    },
    schema::{
        card, card_batch, gateway, item, ledger_account, refund, stamp, stamp_register,
        stamp_vendor, vault,
    },
};

type Conn = PgConnection;

/// Locks and reads what the commands need, in one order for all processes.
pub(super) fn load<'a>(
    conn: &mut Conn,
    unit: Currency,
    wanted: &Wanted<'a>,
) -> Result<Found<'a>, Fault> {
    // Not locked: a change of facts that commits after this line counts as made after the turn. A share lock here
    // would let busy tellers keep an operator waiting for ever.
    let facts_version = gateway::table.select(gateway::facts_version).first(conn)?;
    let mut found = Found::new(facts_version, unit);
    batches_load(conn, wanted, &mut found)?;
    cards_load(conn, wanted, &mut found)?;
    vaults_load(conn, wanted, &mut found)?;
    balances_load(conn, unit, wanted, &mut found)?;
    vendors_load(conn, wanted, &mut found)?;
    stamps_load(conn, wanted, &mut found)?;
    logs_load(conn, wanted, &mut found)?;
    items_load(conn, wanted, &mut found)?;
    offers_load(conn, wanted, &mut found)?;
    keys_load(conn, wanted, &mut found)?;
    Ok(found)
}

fn batches_load(conn: &mut Conn, wanted: &Wanted<'_>, found: &mut Found<'_>) -> Result<(), Fault> {
    let ids: HashMap<String, BatchId> =
        wanted.needs.batches.iter().map(|batch| (batch.to_string(), *batch)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let batches = card_batch::table.filter(card_batch::id.eq_any(ids.keys())).order(card_batch::id);
    let columns = (card_batch::id, (card_batch::active, card_batch::face, card_batch::currency));
    let rows: Vec<(String, (bool, i64, String))> =
        batches.select(columns).for_update().load(conn)?;
    for (id, row) in rows {
        let cards = card::table.filter(card::batch.eq(&id)).order(card::id).select(card::id);
        let cards: Vec<String> = cards.for_update().load(conn)?;
        if let Some(batch) = ids.get(&id) {
            found.batch(*batch, batch_state(&id, row, &cards)?);
        }
    }
    Ok(())
}

fn cards_load(conn: &mut Conn, wanted: &Wanted<'_>, found: &mut Found<'_>) -> Result<(), Fault> {
    let ids: Vec<String> = wanted.needs.cards.iter().map(ToString::to_string).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let cards = card::table.filter(card::id.eq_any(&ids)).order(card::id);
    let rows: Vec<CardLocked> = cards.select(CardLocked::as_select()).for_update().load(conn)?;
    for row in rows {
        found.card(row.read()?);
    }
    Ok(())
}

fn vaults_load(conn: &mut Conn, wanted: &Wanted<'_>, found: &mut Found<'_>) -> Result<(), Fault> {
    let ids: Vec<String> = wanted.needs.vaults.iter().map(ToString::to_string).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let vaults = vault::table.filter(vault::account.eq_any(&ids)).order(vault::account);
    let rows: Vec<VaultRow> = vaults.select(VaultRow::as_select()).for_update().load(conn)?;
    for row in rows {
        found.vault(row.read()?);
    }
    Ok(())
}

fn balances_load(
    conn: &mut Conn,
    unit: Currency,
    wanted: &Wanted<'_>,
    found: &mut Found<'_>,
) -> Result<(), Fault> {
    let names: Vec<(String, &Account)> =
        wanted.needs.accounts.iter().map(|account| (account.to_string(), account)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let accounts = ledger_account::table
        .filter(ledger_account::name.eq_any(names.iter().map(|(name, _)| name)))
        .order(ledger_account::name)
        .select((ledger_account::name, ledger_account::balance, ledger_account::currency));
    let rows: Vec<(String, i64, String)> = accounts.for_update().load(conn)?;
    let rows: HashMap<&str, (i64, &str)> = rows
        .iter()
        .map(|(name, balance, code)| (name.as_str(), (*balance, code.as_str())))
        .collect();
    for (name, account) in &names {
        match rows.get(name.as_str()) {
            Some((minor, code)) => {
                found.balance(
                    account,
                    Row::new("ledger_account", name).money("currency", *minor, code)?,
                );
            }
            None => found.no_balance(account, unit),
        }
    }
    Ok(())
}

/// A vendor's row guards its registers: one for a new currency is not there to be locked.
fn vendors_load(conn: &mut Conn, wanted: &Wanted<'_>, found: &mut Found<'_>) -> Result<(), Fault> {
    let ids: Vec<String> = wanted.needs.vendors.iter().map(ToString::to_string).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let vendors = stamp_vendor::table
        .filter(stamp_vendor::merchant.eq_any(&ids))
        .order(stamp_vendor::merchant)
        .select((stamp_vendor::merchant, (stamp_vendor::number, stamp_vendor::items)));
    let rows: Vec<(String, (i64, i64))> = vendors.for_update().load(conn)?;
    let registers: Vec<RegisterRow> = stamp_register::table
        .filter(stamp_register::vendor.eq_any(&ids))
        .select(RegisterRow::as_select())
        .load(conn)?;
    for (id, row) in rows {
        found.vendor(vendor_state(&id, row, &registers)?);
    }
    Ok(())
}

fn stamps_load(conn: &mut Conn, wanted: &Wanted<'_>, found: &mut Found<'_>) -> Result<(), Fault> {
    let ids: Vec<String> = wanted.needs.stamps.iter().map(ToString::to_string).collect();
    let accounts: Vec<String> =
        wanted.needs.pending_voids.iter().map(ToString::to_string).collect();
    if ids.is_empty() && accounts.is_empty() {
        return Ok(());
    }
    let pending = stamp::account.eq_any(&accounts).and(stamp::status.eq(VOID_PENDING));
    let stamps = stamp::table.filter(stamp::id.eq_any(&ids).or(pending)).order(stamp::id);
    let rows: Vec<StampRow> = stamps.select(StampRow::as_select()).for_update().load(conn)?;
    for row in rows {
        found.stamp(row.read()?);
    }
    Ok(())
}

fn logs_load(conn: &mut Conn, wanted: &Wanted<'_>, found: &mut Found<'_>) -> Result<(), Fault> {
    let accounts: Vec<String> = wanted.logs().map(|account| account.to_string()).collect();
    for (account, at) in LogsLatest::find(&accounts, conn)? {
        let row = Row::new("log_line", &account);
        if let Some(at) = row.time_if("at", at)? {
            found.log_latest(row.parse("account", &account)?, at);
        }
    }
    Ok(())
}

fn items_load(conn: &mut Conn, wanted: &Wanted<'_>, found: &mut Found<'_>) -> Result<(), Fault> {
    let ids: Vec<String> = wanted.needs.items.iter().map(ToString::to_string).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let items = item::table
        .left_join(refund::table.on(refund::item.eq(item::id)))
        .filter(item::id.eq_any(&ids))
        .select((ItemFound::as_select(), refund::id.nullable()));
    let rows: Vec<(ItemFound, Option<String>)> = items.load(conn)?;
    for (row, refund) in rows {
        let refund =
            refund.map(|refund| Row::new("refund", &refund).parse("id", &refund)).transpose()?;
        found.books.load_item(ItemState { record: row.read()?, refund });
    }
    Ok(())
}

fn offers_load(conn: &mut Conn, wanted: &Wanted<'_>, found: &mut Found<'_>) -> Result<(), Fault> {
    let names = wanted
        .needs
        .offers
        .iter()
        .map(|offer| (offer.merchant.to_string(), offer.offer_id.as_str()));
    let names: Vec<(String, &str)> = names.collect();
    for (merchant, offer_id) in OffersUsed::find(&names, conn)? {
        let merchant = Row::new("offer_use", &offer_id).parse("merchant", &merchant)?;
        found.books.load_offer_used(OfferUse { merchant, offer_id });
    }
    Ok(())
}

fn keys_load<'a>(conn: &mut Conn, wanted: &Wanted<'a>, found: &mut Found<'a>) -> Result<(), Fault> {
    let names: Vec<KeyName<'a>> = wanted.keys.iter().copied().collect();
    for (scope, key, fingerprint, outcome) in KeysAnswered::find(&names, conn)? {
        let asked = names.iter().find(|name| **name == (scope.as_str(), key.as_str()));
        if let Some(name) = asked {
            found.answered.insert(*name, answered(&scope, &fingerprint, &outcome)?);
        }
    }
    Ok(())
}

/// Writes what the turn changed.
pub(super) fn write(conn: &mut Conn, changes: &Changes<'_>) -> Result<(), Fault> {
    let writes = changes.books.writes();
    // What another process may hold back or may have taken comes first: less is done in vain.
    let (keys, offers) = (&changes.keys, changes.offers());
    if KeyInsert::run(keys, conn)? != keys.len() || OfferInsert::run(&offers, conn)? != offers.len()
    {
        return Err(Fault::Retry("another process answered first".to_owned()));
    }
    let evidence: Vec<EvidenceRow<'_>> =
        changes.evidence.iter().map(|evidence| EvidenceRow::new(evidence)).collect();
    EvidenceInsert::run(&evidence, conn)?;
    entries_insert(conn, writes)?;
    BalanceUpsert::run(&changes.balances(), conn)?;
    DeltaInsert::run(&changes.deltas(), conn)?;
    records_insert(conn, writes)?;
    VaultUpdate::run(&changes.vaults(), conn)?;
    CardUpdate::run(&changes.cards(), conn)?;
    stamps_write(conn, changes)?;
    Ok(())
}

fn stamps_write(conn: &mut Conn, changes: &Changes<'_>) -> Result<(), Fault> {
    let writes = changes.books.writes();
    VendorUpdate::run(&changes.vendors()?, conn)?;
    RegisterUpsert::run(&changes.registers()?, conn)?;
    let sold = writes.stamps.iter().map(StampRow::issuing);
    StampInsert::run(&sold.collect::<Result<Vec<_>, StoreError>>()?, conn)?;
    StampUpdate::run(&changes.stamps()?, conn)?;
    ScanInsert::run(&writes.scans.iter().map(ScanRow::new).collect::<Vec<_>>(), conn)?;
    Ok(())
}

fn entries_insert(conn: &mut Conn, writes: &Writes) -> Result<(), Fault> {
    let mut entries = Vec::with_capacity(writes.entries.len());
    let mut postings = Vec::new();
    for entry in &writes.entries {
        let (row, legs) = entry_rows(entry)?;
        entries.push(row);
        postings.extend(legs);
    }
    EntryInsert::run(&entries, conn)?;
    PostingInsert::run(&postings, conn)?;
    Ok(())
}

fn records_insert(conn: &mut Conn, writes: &Writes) -> Result<(), Fault> {
    let loads = writes.loads.iter().map(LoadRow::new).collect::<Result<Vec<_>, StoreError>>()?;
    LoadInsert::run(&loads, conn)?;
    let purchases =
        writes.purchases.iter().map(PurchaseRow::new).collect::<Result<Vec<_>, StoreError>>()?;
    PurchaseInsert::run(&purchases, conn)?;
    let items = writes.items.iter().map(ItemRow::new).collect::<Result<Vec<_>, StoreError>>()?;
    ItemInsert::run(&items, conn)?;
    RefundInsert::run(&writes.refunds.iter().map(RefundRow::new).collect::<Vec<_>>(), conn)?;
    TransferInsert::run(&writes.transfers.iter().map(TransferRow::new).collect::<Vec<_>>(), conn)?;
    TradeInsert::run(&writes.trades.iter().map(TradeRow::new).collect::<Vec<_>>(), conn)?;
    CardInsert::run(&writes.cards.iter().map(CardRow::new).collect::<Vec<_>>(), conn)?;
    EventInsert::run(&writes.events.iter().map(EventRow::new).collect::<Vec<_>>(), conn)?;
    LogInsert::run(&writes.log.iter().map(LogRow::new).collect::<Vec<_>>(), conn)?;
    Ok(())
}
