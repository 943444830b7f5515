//! What a merchant sold, and what it is owed.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use purser_core::{
    ids::{ItemId, MerchantId},
    money::Money,
};

use super::{
    page::{Page, Paged},
    purchase::{Found, ItemRow, StoredItem, items, stored_item},
    row::Row,
    untold::{Untold, is_told},
};
use crate::{
    Connection, StoreError,
    schema::{item, refund},
};

/// Accounts and what is not rolled up into them yet, in one statement, so that no delta is seen twice or not at
/// all while they are rolled up; without what the merchant is not told of yet, and without a currency that it never sold in
/// but for that. The key's range is walked for those, not all that the merchant sold: hence `|| ''`. SQLite reads `$1` as
/// a named parameter, so that both databases take this text.
const OPEN_BALANCES: &str = "\
    SELECT currency, CAST(SUM(amount) AS BIGINT) AS balance FROM (\
    SELECT currency, balance AS amount, 0 AS untold FROM ledger_account WHERE name >= $1 AND name < $2 \
    UNION ALL \
    SELECT currency, amount, 0 FROM open_delta WHERE name >= $1 AND name < $2 \
    UNION ALL \
    SELECT item.currency, CASE WHEN refund.id IS NULL THEN item.fee - item.net ELSE 0 END, 1 FROM item \
    LEFT JOIN refund ON refund.item = item.id \
    WHERE item.id > $3 AND item.id <= $4 AND item.merchant || '' = $5\
    ) AS part GROUP BY currency HAVING SUM(amount) <> 0 OR SUM(untold) = 0 OR EXISTS (\
    SELECT 1 FROM item WHERE item.merchant = $5 AND item.currency = part.currency \
    AND (item.id <= $3 OR item.id > $4)\
    ) ORDER BY currency";

#[derive(QueryableByName)]
struct Balance {
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

/// A merchant's sales that it is told of, an item each.
pub fn sales_page(
    conn: &mut Connection,
    merchant: MerchantId,
    page: &Page,
) -> Result<Paged<StoredItem>, StoreError> {
    let merchant = merchant.to_string();
    let seen = |id: &str| {
        let of_merchant = item::table.find(id).filter(item::merchant.eq(&merchant));
        of_merchant.select(item::at).first(conn).optional()
    };
    let Some((at, id)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let untold = Untold::now().ids(ItemId::from_random);
    let found: Vec<Found> = items!()
        .filter(item::merchant.eq(&merchant))
        .filter(is_told!(item::id, untold))
        .filter(item::at.le(at).and(item::at.lt(at).or(item::id.lt(id))))
        .order((item::at.desc(), item::id.desc()))
        .limit(page.fetch())
        .load(conn)?;
    let items = found.into_iter().map(stored_item).collect::<Result<Vec<_>, _>>()?;
    Ok(page.of(items, |item| item.record.id.to_string()))
}

/// A merchant's own sale: who knows its name, by a receipt for one, is told. Somebody else's is unknown.
pub fn sale_get(
    conn: &mut Connection,
    merchant: MerchantId,
    id: ItemId,
) -> Result<Option<StoredItem>, StoreError> {
    let own = item::id.eq(id.to_string()).and(item::merchant.eq(merchant.to_string()));
    let found: Option<Found> = items!().filter(own).first(conn).optional()?;
    found.map(stored_item).transpose()
}

/// What a merchant is owed as far as it is told, in each currency that it has sold in; below zero where refunds exceed
/// sales.
pub fn merchant_balances(
    conn: &mut Connection,
    merchant: MerchantId,
) -> Result<Vec<Money>, StoreError> {
    // All names that start with `merchant:<id>:`, as a range of the primary key: `;` follows `:`.
    let (first, end) = (format!("merchant:{merchant}:"), format!("merchant:{merchant};"));
    let (after, until) = Untold::now().ids(ItemId::from_random);
    let balances: Vec<Balance> = diesel::sql_query(OPEN_BALANCES)
        .bind::<Text, _>(&first)
        .bind::<Text, _>(end)
        .bind::<Text, _>(after)
        .bind::<Text, _>(until)
        .bind::<Text, _>(merchant.to_string())
        .load(conn)?;
    let row = Row::new("ledger_account", &first);
    balances.iter().map(|part| row.money("currency", part.balance, &part.currency)).collect()
}
