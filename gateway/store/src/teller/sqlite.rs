//! The turn on SQLite: one row after the other with prepared statements, which inside the process is the
//! fastest there is. `BEGIN IMMEDIATE` holds the only write lock, so that no row needs one.

use diesel::{dsl::max, prelude::*, result::QueryResult};
use purser_core::{
    account::Account,
    books::{BatchState, ItemState},
    ids::{AccountId, BatchId, ItemId, MerchantId, StampId},
    money::Currency,
    record::{OfferUse, Writes},
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
    idempotency::{Answered, answered},
    read::{
        purchase::ItemRow as ItemFound,
        row::Row,
        stamp::{RegisterRow, StampRow, VOID_PENDING},
        vault::VaultRow,
    },
    schema::{
        card, card_batch, entry, entry_unsealed, event, event_unplaced, evidence, gateway,
        idempotency, item, ledger_account, log_line, offer_use, open_delta, posting, purchase,
        refund, stamp, stamp_register, stamp_scan, stamp_vendor, trade, transfer, vault,
        vault_load,
    },
};

type Conn = SqliteConnection;

/// Reads what the commands need.
pub(super) fn load<'a>(
    conn: &mut Conn,
    unit: Currency,
    wanted: &Wanted<'a>,
) -> Result<Found<'a>, Fault> {
    let facts_version = gateway::table.select(gateway::facts_version).first(conn)?;
    let mut found = Found::new(facts_version, unit);
    for batch in &wanted.needs.batches {
        if let Some(state) = batch_load(conn, *batch)? {
            found.batch(*batch, state);
        }
    }
    for account in &wanted.needs.vaults {
        let row = vault::table
            .find(account.to_string())
            .select(VaultRow::as_select())
            .first(conn)
            .optional()?;
        row.map(|row: VaultRow| row.read().map(|vault| found.vault(vault))).transpose()?;
    }
    for card in &wanted.needs.cards {
        let row = card::table
            .find(card.to_string())
            .select(CardLocked::as_select())
            .first(conn)
            .optional()?;
        row.map(|row: CardLocked| row.read().map(|card| found.card(card))).transpose()?;
    }
    for account in &wanted.needs.accounts {
        balance_load(conn, account, unit, &mut found)?;
    }
    for merchant in &wanted.needs.vendors {
        vendor_load(conn, *merchant, &mut found)?;
    }
    for id in &wanted.needs.stamps {
        stamp_load(conn, *id, &mut found)?;
    }
    for account in &wanted.needs.pending_voids {
        pending_voids_load(conn, *account, &mut found)?;
    }
    for account in wanted.logs() {
        log_latest_load(conn, account, &mut found)?;
    }
    for item in &wanted.needs.items {
        if let Some(state) = item_load(conn, *item)? {
            found.books.load_item(state);
        }
    }
    for offer in &wanted.needs.offers {
        if is_used(conn, offer)? {
            found.books.load_offer_used(offer.clone());
        }
    }
    for key in &wanted.keys {
        if let Some(answer) = key_find(conn, *key)? {
            found.answered.insert(*key, answer);
        }
    }
    Ok(found)
}

fn batch_load(conn: &mut Conn, batch: BatchId) -> Result<Option<BatchState>, Fault> {
    let id = batch.to_string();
    let columns = (card_batch::active, card_batch::face, card_batch::currency);
    let Some(row) = card_batch::table.find(&id).select(columns).first(conn).optional()? else {
        return Ok(None);
    };
    let cards = card::table.filter(card::batch.eq(&id)).order(card::id).select(card::id);
    let cards: Vec<String> = cards.load(conn)?;
    Ok(Some(batch_state(&id, row, &cards)?))
}

fn balance_load(
    conn: &mut Conn,
    account: &Account,
    unit: Currency,
    found: &mut Found<'_>,
) -> Result<(), Fault> {
    let name = account.to_string();
    let columns = (ledger_account::balance, ledger_account::currency);
    let row = ledger_account::table
        .filter(ledger_account::name.eq(&name))
        .select(columns)
        .first(conn)
        .optional()?;
    match row {
        Some((minor, code)) => {
            let (minor, code): (i64, String) = (minor, code);
            found.balance(
                account,
                Row::new("ledger_account", &name).money("currency", minor, &code)?,
            );
        }
        None => found.no_balance(account, unit),
    }
    Ok(())
}

fn vendor_load(conn: &mut Conn, merchant: MerchantId, found: &mut Found<'_>) -> Result<(), Fault> {
    let id = merchant.to_string();
    let columns = (stamp_vendor::number, stamp_vendor::items);
    let row = stamp_vendor::table.find(&id).select(columns).first(conn).optional()?;
    let Some(row) = row else { return Ok(()) };
    let registers: Vec<RegisterRow> = stamp_register::table
        .filter(stamp_register::vendor.eq(&id))
        .select(RegisterRow::as_select())
        .load(conn)?;
    found.vendor(vendor_state(&id, row, &registers)?);
    Ok(())
}

fn stamp_load(conn: &mut Conn, id: StampId, found: &mut Found<'_>) -> Result<(), Fault> {
    let row = stamp::table.find(id.to_string()).select(StampRow::as_select());
    let row: Option<StampRow> = row.first(conn).optional()?;
    row.map(|row| row.read().map(|stamp| found.stamp(stamp))).transpose()?;
    Ok(())
}

fn pending_voids_load(
    conn: &mut Conn,
    account: AccountId,
    found: &mut Found<'_>,
) -> Result<(), Fault> {
    let of_account = stamp::table.filter(stamp::account.eq(account.to_string()));
    let pending = of_account.filter(stamp::status.eq(VOID_PENDING)).select(StampRow::as_select());
    for row in pending.load::<StampRow>(conn)? {
        found.stamp(row.read()?);
    }
    Ok(())
}

fn log_latest_load(
    conn: &mut Conn,
    account: AccountId,
    found: &mut Found<'_>,
) -> Result<(), Fault> {
    let id = account.to_string();
    let lines = log_line::table.filter(log_line::account.eq(&id)).select(max(log_line::at));
    let latest: Option<i64> = lines.first(conn)?;
    if let Some(at) = Row::new("log_line", &id).time_if("at", latest)? {
        found.log_latest(account, at);
    }
    Ok(())
}

fn item_load(conn: &mut Conn, id: ItemId) -> Result<Option<ItemState>, Fault> {
    let id = id.to_string();
    let row = item::table.find(&id).select(ItemFound::as_select()).first(conn).optional()?;
    let Some(row): Option<ItemFound> = row else { return Ok(None) };
    let refund =
        refund::table.filter(refund::item.eq(&id)).select(refund::id).first(conn).optional()?;
    let refund: Option<String> = refund;
    let refund =
        refund.map(|refund| Row::new("refund", &refund).parse("id", &refund)).transpose()?;
    Ok(Some(ItemState { record: row.read()?, refund }))
}

fn is_used(conn: &mut Conn, offer: &OfferUse) -> Result<bool, Fault> {
    let row = offer_use::table
        .find((offer.merchant.to_string(), &offer.offer_id))
        .select(offer_use::merchant);
    let found: Option<String> = row.first(conn).optional()?;
    Ok(found.is_some())
}

fn key_find(conn: &mut Conn, (scope, key): KeyName<'_>) -> Result<Option<Answered>, StoreError> {
    let columns = (idempotency::fingerprint, idempotency::outcome);
    let row = idempotency::table.find((scope, key)).select(columns).first(conn).optional()?;
    row.map(|(fingerprint, outcome): (Vec<u8>, String)| answered(scope, &fingerprint, &outcome))
        .transpose()
}

/// Writes what the turn changed.
pub(super) fn write(conn: &mut Conn, changes: &Changes<'_>) -> Result<(), Fault> {
    entries_insert(conn, changes.books.writes())?;
    balances_write(conn, changes)?;
    records_insert(conn, changes.books.writes())?;
    for offer in changes.offers() {
        diesel::insert_into(offer_use::table).values(&offer).execute(conn)?;
    }
    for evidence in &changes.evidence {
        diesel::insert_or_ignore_into(evidence::table)
            .values(&EvidenceRow::new(evidence))
            .execute(conn)?;
    }
    vaults_update(conn, changes)?;
    cards_update(conn, changes)?;
    stamps_write(conn, changes)?;
    for key in &changes.keys {
        diesel::insert_into(idempotency::table).values(key).execute(conn)?;
    }
    Ok(())
}

fn entries_insert(conn: &mut Conn, writes: &Writes) -> Result<(), Fault> {
    for record in &writes.entries {
        let (row, postings) = entry_rows(record)?;
        diesel::insert_into(entry::table).values(&row).execute(conn)?;
        diesel::insert_into(entry_unsealed::table)
            .values(entry_unsealed::entry.eq(&row.id))
            .execute(conn)?;
        for posting in &postings {
            diesel::insert_into(posting::table).values(posting).execute(conn)?;
        }
    }
    Ok(())
}

fn balances_write(conn: &mut Conn, changes: &Changes<'_>) -> Result<(), Fault> {
    for row in changes.balances() {
        diesel::insert_into(ledger_account::table)
            .values(&row)
            .on_conflict((ledger_account::name, ledger_account::currency))
            .do_update()
            .set(ledger_account::balance.eq(row.balance))
            .execute(conn)?;
    }
    for row in changes.deltas() {
        diesel::insert_into(open_delta::table).values(&row).execute(conn)?;
    }
    Ok(())
}

fn records_insert(conn: &mut Conn, writes: &Writes) -> Result<(), Fault> {
    for load in &writes.loads {
        diesel::insert_into(vault_load::table).values(&LoadRow::new(load)?).execute(conn)?;
    }
    for purchase in &writes.purchases {
        diesel::insert_into(purchase::table).values(&PurchaseRow::new(purchase)?).execute(conn)?;
    }
    for item in &writes.items {
        diesel::insert_into(item::table).values(&ItemRow::new(item)?).execute(conn)?;
    }
    for refund in &writes.refunds {
        diesel::insert_into(refund::table).values(&RefundRow::new(refund)).execute(conn)?;
    }
    for transfer in &writes.transfers {
        diesel::insert_into(transfer::table).values(&TransferRow::new(transfer)).execute(conn)?;
    }
    for trade in &writes.trades {
        diesel::insert_into(trade::table).values(&TradeRow::new(trade)).execute(conn)?;
    }
    for card in &writes.cards {
        diesel::insert_into(card::table).values(&CardRow::new(card)).execute(conn)?;
    }
    for event in &writes.events {
        let row = EventRow::new(event);
        diesel::insert_into(event::table).values(&row).execute(conn)?;
        diesel::insert_into(event_unplaced::table)
            .values(event_unplaced::event.eq(&row.id))
            .execute(conn)?;
    }
    for line in &writes.log {
        diesel::insert_into(log_line::table).values(&LogRow::new(line)).execute(conn)?;
    }
    Ok(())
}

fn vaults_update(conn: &mut Conn, changes: &Changes<'_>) -> QueryResult<()> {
    for change in changes.vaults() {
        diesel::update(vault::table.find(&change.account)).set(&change).execute(conn)?;
    }
    Ok(())
}

fn cards_update(conn: &mut Conn, changes: &Changes<'_>) -> QueryResult<()> {
    for (id, status, taps) in changes.cards() {
        let change = (card::status.eq(status), card::tap_counter.eq(taps));
        diesel::update(card::table.find(&id)).set(change).execute(conn)?;
    }
    Ok(())
}

fn stamps_write(conn: &mut Conn, changes: &Changes<'_>) -> Result<(), Fault> {
    for (merchant, items) in changes.vendors()? {
        let vendor = diesel::update(stamp_vendor::table.find(merchant));
        vendor.set(stamp_vendor::items.eq(items)).execute(conn)?;
    }
    for register in changes.registers()? {
        diesel::insert_into(stamp_register::table)
            .values(&register)
            .on_conflict((stamp_register::vendor, stamp_register::currency))
            .do_update()
            .set(&register)
            .execute(conn)?;
    }
    for record in &changes.books.writes().stamps {
        diesel::insert_into(stamp::table).values(StampRow::issuing(record)?).execute(conn)?;
    }
    for change in changes.stamps()? {
        diesel::update(stamp::table.find(change.id)).set(change.state).execute(conn)?;
    }
    for scan in &changes.books.writes().scans {
        diesel::insert_into(stamp_scan::table).values(ScanRow::new(scan)).execute(conn)?;
    }
    Ok(())
}
