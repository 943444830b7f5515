//! What a merchant sold, and what it is owed.

use std::collections::BTreeMap;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use purser_core::{
    account::Account,
    ids::{ItemId, MerchantId, RefundId},
    money::Money,
};

use super::{
    moment::at_one_moment,
    page::{Page, Paged},
    purchase::{Found, ItemRow, StoredItem, items, stored_item},
    row::Row,
    untold::{Untold, is_told},
};
use crate::{
    Connection, StoreError, open_balances,
    schema::{item, refund},
};

/// Accounts and what is not rolled up into them yet, in one statement, so that no delta is seen twice or not at
/// all while they are rolled up; without what the merchant is not told of yet, and without a currency that it never sold in
/// but for that. The keys' ranges are walked for those, not all that the merchant sold: hence `|| ''`. SQLite reads `$1` as
/// a named parameter, so that both databases take this text.
const OPEN_BALANCES: &str = "\
    SELECT currency, CAST(SUM(amount) AS BIGINT) AS balance FROM (\
    SELECT currency, balance AS amount, 0 AS untold FROM ledger_account WHERE name >= $1 AND name < $2 \
    UNION ALL \
    SELECT currency, amount, 0 FROM open_delta WHERE name >= $1 AND name < $2 \
    UNION ALL \
    SELECT currency, fee - net, 1 FROM item WHERE id > $3 AND id <= $4 AND merchant || '' = $5 \
    UNION ALL \
    SELECT item.currency, item.net - item.fee, 1 FROM refund JOIN item ON item.id = refund.item \
    WHERE refund.id > $6 AND refund.id <= $7 AND refund.merchant || '' = $5\
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
    let untold = Untold::now();
    let untold_items = untold.ids(ItemId::from_random);
    let found: Vec<Found> = items!()
        .filter(item::merchant.eq(&merchant))
        .filter(is_told!(item::id, untold_items))
        .filter(item::at.le(at).and(item::at.lt(at).or(item::id.lt(id))))
        .order((item::at.desc(), item::id.desc()))
        .limit(page.fetch())
        .load(conn)?;
    let told = |found| as_told(found, untold);
    let items = found.into_iter().map(told).collect::<Result<Vec<_>, StoreError>>()?;
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
    found.map(|found| as_told(found, Untold::now())).transpose()
}

/// An item as its merchant knows it: that it went back may be told later than that it was sold, unless the merchant itself
/// gave the money.
fn as_told(found: Found, untold: Untold) -> Result<StoredItem, StoreError> {
    let own = found.1.as_ref().is_some_and(|(_, goodwill)| *goodwill);
    let item = stored_item(found)?;
    let refund = item.refund.filter(|refund| own || untold.wait(refund.bits()).is_none());
    Ok(StoredItem { refund, ..item })
}

/// What a merchant is owed as far as it is told, in each currency that it has sold in; below zero where refunds exceed
/// sales.
pub fn merchant_balances(
    conn: &mut Connection,
    merchant: MerchantId,
) -> Result<Vec<Money>, StoreError> {
    // All names that start with `merchant:<id>:`, as a range of the primary key: `;` follows `:`.
    let (first, end) = (format!("merchant:{merchant}:"), format!("merchant:{merchant};"));
    let untold = Untold::now();
    let (items, refunds) = (untold.ids(ItemId::from_random), untold.ids(RefundId::from_random));
    let balances: Vec<Balance> = diesel::sql_query(OPEN_BALANCES)
        .bind::<Text, _>(&first)
        .bind::<Text, _>(end)
        .bind::<Text, _>(items.0)
        .bind::<Text, _>(items.1)
        .bind::<Text, _>(merchant.to_string())
        .bind::<Text, _>(refunds.0)
        .bind::<Text, _>(refunds.1)
        .load(conn)?;
    let row = Row::new("ledger_account", &first);
    balances.iter().map(|part| row.money("currency", part.balance, &part.currency)).collect()
}

/// What a merchant is owed in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// Whom.
    pub merchant: MerchantId,
    /// As far as the merchant is told.
    pub told: Money,
    /// Besides that; below zero where the merchant is not told of a refund.
    pub untold: Money,
}

const UNTOLD: &str = "\
    SELECT merchant, currency, CAST(SUM(amount) AS BIGINT) AS balance FROM (\
    SELECT merchant, currency, net - fee AS amount FROM item WHERE id > $1 AND id <= $2 \
    UNION ALL \
    SELECT item.merchant, item.currency, item.fee - item.net FROM refund JOIN item ON item.id = refund.item \
    WHERE refund.id > $3 AND refund.id <= $4\
    ) AS part GROUP BY merchant, currency";

#[derive(QueryableByName)]
struct UntoldBalance {
    #[diesel(sql_type = Text)]
    merchant: String,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

/// What merchants are owed, by merchant and currency: the whole of the ledger's accounts.
pub fn merchants_owed(conn: &mut Connection) -> Result<Vec<Owed>, StoreError> {
    let now = Untold::now();
    let (items, refunds) = (now.ids(ItemId::from_random), now.ids(RefundId::from_random));
    let (held, untold) = at_one_moment(conn, |conn| {
        let untold: Vec<UntoldBalance> = diesel::sql_query(UNTOLD)
            .bind::<Text, _>(&items.0)
            .bind::<Text, _>(&items.1)
            .bind::<Text, _>(&refunds.0)
            .bind::<Text, _>(&refunds.1)
            .load(conn)?;
        Ok((open_balances(conn)?, untold))
    })?;
    let mut untold_of = BTreeMap::new();
    for part in untold {
        let row = Row::new("item", &part.merchant);
        let money = row.money("currency", part.balance, &part.currency)?;
        let merchant: MerchantId = row.parse("merchant", &part.merchant)?;
        untold_of.insert((merchant, money.currency()), money);
    }
    let mut owed = Vec::new();
    for (account, held) in held {
        let Account::Merchant(merchant, currency) = account else { continue };
        let untold = untold_of.get(&(merchant, currency)).copied();
        let untold = untold.unwrap_or(Money::zero(currency));
        let told =
            held.minus(untold).map_err(|_| Row::new("item", &merchant.to_string()).fault("net"))?;
        owed.push(Owed { merchant, told, untold });
    }
    Ok(owed)
}
