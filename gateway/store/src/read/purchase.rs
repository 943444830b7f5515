//! Purchases and their items.

use std::collections::HashMap;

use diesel::{prelude::*, sql_types::Text};
use purser_core::{
    ids::{AccountId, ItemId, MerchantId, PurchaseId, RefundId},
    record::{ItemRecord, PurchaseRecord},
};

use super::{
    page::{Page, Paged},
    row::Row,
};
use crate::{
    Connection, StoreError,
    schema::{item, merchant, purchase, refund},
};

/// A purchase with its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPurchase {
    /// The purchase.
    pub record: PurchaseRecord,
    /// Its items, in request order.
    pub items: Vec<StoredItem>,
}

/// An item, and the refund that took it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredItem {
    /// The item.
    pub record: ItemRecord,
    /// Its refund, if it went back.
    pub refund: Option<RefundId>,
}

/// A row of `purchase`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = purchase)]
struct PurchaseRow {
    id: String,
    account: String,
    at: i64,
    total: i64,
    currency: String,
    country: String,
    receipt: String,
    sale_receipts: String,
    evidence: String,
}

impl PurchaseRow {
    fn read(self) -> Result<PurchaseRecord, StoreError> {
        let row = Row::new("purchase", &self.id);
        Ok(PurchaseRecord {
            id: row.parse("id", &self.id)?,
            account: row.parse("account", &self.account)?,
            at: row.time("at", self.at)?,
            total: row.money("currency", self.total, &self.currency)?,
            sale_receipts: row.json("sale_receipts", &self.sale_receipts)?,
            evidence: row.json("evidence", &self.evidence)?,
            country: self.country,
            receipt: self.receipt,
        })
    }
}

/// A row of `item`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = item)]
pub(crate) struct ItemRow {
    id: String,
    purchase: String,
    position: i64,
    account: String,
    merchant: String,
    sale: String,
    at: i64,
    offer_id: String,
    title: String,
    price: i64,
    net: i64,
    gross: i64,
    fee: i64,
    currency: String,
    charged: i64,
    unit: String,
    rate: String,
    taxpayer: String,
    taxes: String,
    refund_window_days: Option<i64>,
}

impl ItemRow {
    pub(crate) fn read(self) -> Result<ItemRecord, StoreError> {
        let row = Row::new("item", &self.id);
        let priced = |minor| row.money("currency", minor, &self.currency);
        let days = self.refund_window_days;
        Ok(ItemRecord {
            id: row.parse("id", &self.id)?,
            purchase: row.parse("purchase", &self.purchase)?,
            position: row.number("position", self.position)?,
            account: row.parse("account", &self.account)?,
            merchant: row.parse("merchant", &self.merchant)?,
            sale: row.parse("sale", &self.sale)?,
            at: row.time("at", self.at)?,
            price: priced(self.price)?,
            net: priced(self.net)?,
            gross: priced(self.gross)?,
            fee: priced(self.fee)?,
            charged: row.money("unit", self.charged, &self.unit)?,
            taxpayer: row.parse("taxpayer", &self.taxpayer)?,
            taxes: row.json("taxes", &self.taxes)?,
            refund_window_days: days
                .map(|days| row.number("refund_window_days", days))
                .transpose()?,
            offer_id: self.offer_id,
            title: self.title,
            rate: self.rate,
        })
    }
}

/// Items with their refunds, as a query to be filtered and ordered.
macro_rules! items {
    () => {
        item::table
            .left_join(refund::table.on(refund::item.eq(item::id)))
            .select((ItemRow::as_select(), (refund::id, refund::goodwill).nullable()))
    };
}
pub(super) use items;

/// What [`items`] loads.
pub(super) type Found = (ItemRow, Option<(String, bool)>);

pub(super) fn stored_item((row, refund): Found) -> Result<StoredItem, StoreError> {
    let refund =
        refund.map(|(refund, _)| Row::new("refund", &refund).parse("id", &refund)).transpose()?;
    Ok(StoredItem { record: row.read()?, refund })
}

/// A buyer's own purchase. Somebody else's is unknown.
pub fn purchase_get(
    conn: &mut Connection,
    account: AccountId,
    id: PurchaseId,
) -> Result<Option<StoredPurchase>, StoreError> {
    Ok(purchase_get_any(conn, id)?.filter(|purchase| purchase.record.account == account))
}

/// A purchase, whoever made it.
pub fn purchase_get_any(
    conn: &mut Connection,
    id: PurchaseId,
) -> Result<Option<StoredPurchase>, StoreError> {
    let found: Option<PurchaseRow> = purchase::table
        .find(id.to_string())
        .select(PurchaseRow::as_select())
        .first(conn)
        .optional()?;
    let Some(row) = found else { return Ok(None) };
    Ok(with_items(conn, vec![row.read()?])?.pop())
}

/// A buyer's own purchases are walked for it, newest first, and not all that the merchant sold: hence `|| ''`. SQLite reads
/// `$1` as a named parameter, so that both databases take this text.
const PURCHASE_OF_OFFER: &str = "\
    SELECT purchase.id FROM purchase JOIN item ON item.purchase = purchase.id \
    WHERE purchase.account = $1 AND item.merchant || '' = $2 AND item.offer_id = $3 \
    ORDER BY purchase.at DESC, purchase.id DESC LIMIT 1";

#[derive(QueryableByName)]
struct PurchaseName {
    #[diesel(sql_type = Text)]
    id: String,
}

/// A buyer's newest purchase of an offer.
pub fn purchase_of_offer(
    conn: &mut Connection,
    account: AccountId,
    merchant: MerchantId,
    offer_id: &str,
) -> Result<Option<PurchaseId>, StoreError> {
    let found: Option<PurchaseName> = diesel::sql_query(PURCHASE_OF_OFFER)
        .bind::<Text, _>(account.to_string())
        .bind::<Text, _>(merchant.to_string())
        .bind::<Text, _>(offer_id)
        .get_result(conn)
        .optional()?;
    found.map(|PurchaseName { id }| Row::new("purchase", &id).parse("id", &id)).transpose()
}

/// A buyer's purchases.
pub fn purchases_page(
    conn: &mut Connection,
    account: AccountId,
    page: &Page,
) -> Result<Paged<StoredPurchase>, StoreError> {
    let account = account.to_string();
    let seen = |id: &str| {
        let of_account = purchase::table.find(id).filter(purchase::account.eq(&account));
        of_account.select(purchase::at).first(conn).optional()
    };
    let Some((at, id)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let rows: Vec<PurchaseRow> = purchase::table
        .filter(purchase::account.eq(&account))
        .filter(purchase::at.le(at).and(purchase::at.lt(at).or(purchase::id.lt(id))))
        .order((purchase::at.desc(), purchase::id.desc()))
        .limit(page.fetch())
        .select(PurchaseRow::as_select())
        .load(conn)?;
    let Paged { rows, next } = page.of(rows, |row| row.id.clone()).try_map(PurchaseRow::read)?;
    Ok(Paged { rows: with_items(conn, rows)?, next })
}

/// The merchants that a buyer bought something from, and their names.
pub fn merchants_of_buyer(
    conn: &mut Connection,
    account: AccountId,
) -> Result<Vec<(MerchantId, String)>, StoreError> {
    let found: Vec<(String, String)> = purchase::table
        .inner_join(item::table.on(item::purchase.eq(purchase::id)))
        .inner_join(merchant::table.on(merchant::id.eq(item::merchant)))
        .filter(purchase::account.eq(account.to_string()))
        .select((merchant::id, merchant::name))
        .distinct()
        .load(conn)?;
    let read =
        |(id, name): (String, String)| Ok((Row::new("merchant", &id).parse("id", &id)?, name));
    found.into_iter().map(read).collect()
}

/// How many purchases there are.
pub fn purchase_count(conn: &mut Connection) -> Result<i64, StoreError> {
    Ok(purchase::table.count().get_result(conn)?)
}

/// Purchases by name, whoever made them: all of them, some at a time.
pub fn purchases_after(
    conn: &mut Connection,
    after: &str,
    limit: i64,
) -> Result<Vec<StoredPurchase>, StoreError> {
    let rows: Vec<PurchaseRow> = purchase::table
        .filter(purchase::id.gt(after))
        .order(purchase::id)
        .limit(limit)
        .select(PurchaseRow::as_select())
        .load(conn)?;
    let records = rows.into_iter().map(PurchaseRow::read).collect::<Result<_, _>>()?;
    with_items(conn, records)
}

/// Puts the items to their purchases, with one query for all.
fn with_items(
    conn: &mut Connection,
    records: Vec<PurchaseRecord>,
) -> Result<Vec<StoredPurchase>, StoreError> {
    let ids: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
    let found: Vec<Found> =
        items!().filter(item::purchase.eq_any(ids)).order(item::position).load(conn)?;
    let mut by_purchase: HashMap<PurchaseId, Vec<StoredItem>> = HashMap::new();
    for item in found {
        let item = stored_item(item)?;
        by_purchase.entry(item.record.purchase).or_default().push(item);
    }
    let with_items = |record: PurchaseRecord| {
        let items = by_purchase.remove(&record.id).unwrap_or_default();
        StoredPurchase { record, items }
    };
    Ok(records.into_iter().map(with_items).collect())
}

/// The items of these names, as far as they are there.
pub(crate) fn items_get(
    conn: &mut Connection,
    ids: &[String],
) -> Result<Vec<ItemRecord>, StoreError> {
    let found: Vec<ItemRow> =
        item::table.filter(item::id.eq_any(ids)).select(ItemRow::as_select()).load(conn)?;
    found.into_iter().map(ItemRow::read).collect()
}

/// An item, whoever bought or sold it.
pub fn item_get(conn: &mut Connection, id: ItemId) -> Result<Option<StoredItem>, StoreError> {
    let found: Option<Found> =
        items!().filter(item::id.eq(id.to_string())).first(conn).optional()?;
    found.map(stored_item).transpose()
}
