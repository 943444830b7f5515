//! What a merchant sold and gave back, day by day.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use purser_core::{
    Date, Timestamp,
    ids::{ItemId, MerchantId, RefundId},
    money::{Currency, Money},
};

use super::{row::Row, untold::Untold};
use crate::{Connection, StoreError};

/// What a merchant sold and gave back on one day, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayTurnover {
    /// The day, in UTC.
    pub day: Date,
    /// The currency.
    pub currency: Currency,
    /// Items that were sold.
    pub sales: i64,
    /// What buyers paid for them, with tax.
    pub gross: Money,
    /// The taxes of what was sold, less those of what went back.
    pub taxes: Money,
    /// Items that went back.
    pub refunds: i64,
    /// What went back for them, with tax.
    pub refunded: Money,
}

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    sales: i64,
    #[diesel(sql_type = BigInt)]
    gross: i64,
    #[diesel(sql_type = BigInt)]
    taxes: i64,
    #[diesel(sql_type = BigInt)]
    refunds: i64,
    #[diesel(sql_type = BigInt)]
    refunded: i64,
}

/// Times are microseconds, and a day of UTC has 86,400 seconds. SQLite reads `$1` as a named parameter, so that both
/// databases take this text.
const TURNOVER: &str = "\
    SELECT day, currency, CAST(SUM(sales) AS BIGINT) AS sales, CAST(SUM(gross) AS BIGINT) AS gross, \
    CAST(SUM(taxes) AS BIGINT) AS taxes, CAST(SUM(refunds) AS BIGINT) AS refunds, \
    CAST(SUM(refunded) AS BIGINT) AS refunded FROM (\
    SELECT at / 86400000000 AS day, currency, 1 AS sales, gross, gross - net AS taxes, 0 AS refunds, 0 AS refunded \
    FROM item WHERE merchant = $1 AND at >= $2 AND at < $3 AND (id <= $4 OR id > $5) \
    UNION ALL SELECT refund.at / 86400000000, item.currency, 0, 0, item.net - item.gross, 1, item.gross \
    FROM refund JOIN item ON item.id = refund.item \
    WHERE refund.merchant = $1 AND refund.at >= $2 AND refund.at < $3 AND (refund.id <= $6 OR refund.id > $7)\
    ) AS part GROUP BY day, currency ORDER BY day, currency";

/// What a merchant, as far as it is told, sold and gave back from a moment on and before another, oldest day first.
/// Days on which nothing happened are left out.
pub fn turnover_by_day(
    conn: &mut Connection,
    merchant: MerchantId,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<DayTurnover>, StoreError> {
    let (name, until_us) = (merchant.to_string(), until.as_microsecond());
    let untold = Untold::now();
    let (items, refunds) = (untold.ids(ItemId::from_random), untold.ids(RefundId::from_random));
    let rows: Vec<DayRow> = diesel::sql_query(TURNOVER)
        .bind::<Text, _>(&name)
        .bind::<BigInt, _>(from.as_microsecond())
        .bind::<BigInt, _>(until_us)
        .bind::<Text, _>(items.0)
        .bind::<Text, _>(items.1)
        .bind::<Text, _>(refunds.0)
        .bind::<Text, _>(refunds.1)
        .load(conn)?;
    let row = Row::new("item", &name);
    let read = |found: DayRow| {
        let currency = row.currency("currency", &found.currency)?;
        let money = |minor| Money::new(minor, currency);
        Ok(DayTurnover {
            day: row.day("at", found.day)?,
            currency,
            sales: found.sales,
            gross: money(found.gross),
            taxes: money(found.taxes),
            refunds: found.refunds,
            refunded: money(found.refunded),
        })
    };
    rows.into_iter().map(read).collect()
}
