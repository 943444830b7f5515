//! Payouts, and what became of them.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{MerchantId, PayoutId},
    outgoing::Settled,
    record::PayoutRecord,
};

use super::{
    page::{Page, Paged},
    remittance::settled,
    row::Row,
};
use crate::{
    Connection, StoreError,
    schema::{payout, settlement},
};

/// A payout, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPayout {
    /// As it was prepared.
    pub record: PayoutRecord,
    /// What became of it, and when; nothing while it is under way.
    pub settled: Option<(Settled, Timestamp)>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = payout)]
pub(crate) struct PayoutRow {
    pub(crate) id: String,
    merchant: String,
    at: i64,
    amount: i64,
    currency: String,
}

impl PayoutRow {
    pub(crate) fn new(record: &PayoutRecord) -> Self {
        Self {
            id: record.id.to_string(),
            merchant: record.merchant.to_string(),
            at: record.at.as_microsecond(),
            amount: record.amount.minor(),
            currency: record.amount.currency().code().to_owned(),
        }
    }

    pub(crate) fn read(self) -> Result<PayoutRecord, StoreError> {
        let row = Row::new("payout", &self.id);
        Ok(PayoutRecord {
            id: row.parse("id", &self.id)?,
            merchant: row.parse("merchant", &self.merchant)?,
            at: row.time("at", self.at)?,
            amount: row.money("currency", self.amount, &self.currency)?,
        })
    }
}

pub(crate) type Found = (PayoutRow, Option<(String, i64)>);

pub(crate) fn stored((row, outcome): Found) -> Result<StoredPayout, StoreError> {
    let settled = settled(&row.id, outcome)?;
    Ok(StoredPayout { record: row.read()?, settled })
}

/// Payouts with their ends, as a query to be filtered and ordered.
macro_rules! payouts {
    () => {
        payout::table
            .left_join(settlement::table.on(settlement::object.eq(payout::id)))
            .select((PayoutRow::as_select(), (settlement::outcome, settlement::at).nullable()))
    };
}

/// A payout.
pub fn payout_get(conn: &mut Connection, id: PayoutId) -> Result<Option<StoredPayout>, StoreError> {
    let found: Option<Found> =
        payouts!().filter(payout::id.eq(id.to_string())).first(conn).optional()?;
    found.map(stored).transpose()
}

/// The payouts of a merchant, or of all.
pub fn payouts_page(
    conn: &mut Connection,
    merchant: Option<MerchantId>,
    page: &Page,
) -> Result<Paged<StoredPayout>, StoreError> {
    let merchant = merchant.map(|merchant| merchant.to_string());
    let seen = |id: &str| {
        let mut row = payout::table.find(id).select(payout::at).into_boxed();
        if let Some(merchant) = &merchant {
            row = row.filter(payout::merchant.eq(merchant.clone()));
        }
        row.first(conn).optional()
    };
    let Some((at, id)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let (at, id) = (at, id.to_owned());
    let older = payout::at.lt(at).or(payout::id.lt(id));
    let mut rows = payouts!().filter(payout::at.le(at)).filter(older).into_boxed();
    if let Some(merchant) = merchant {
        rows = rows.filter(payout::merchant.eq(merchant));
    }
    let rows: Vec<Found> =
        rows.order((payout::at.desc(), payout::id.desc())).limit(page.fetch()).load(conn)?;
    page.of(rows, |(row, _)| row.id.clone()).try_map(stored)
}
