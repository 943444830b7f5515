//! Records into rows: the same values for both databases.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    record::{
        CardRecord, EventRecord, EvidenceRecord, ItemRecord, LoadRecord, LogRecord, OfferUse,
        PurchaseRecord, RefundRecord, TradeRecord, TransferRecord,
    },
    vault::Vault,
};

use crate::{
    StoreError,
    read::row::json_text,
    schema::{
        card, event, evidence, idempotency, item, log_line, offer_use, purchase, refund, trade,
        transfer, vault, vault_load,
    },
};

/// What is kept of a time.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

#[derive(Insertable)]
#[diesel(table_name = idempotency)]
pub(super) struct KeyRow<'a> {
    pub(super) scope: &'a str,
    pub(super) key: &'a str,
    pub(super) fingerprint: &'a [u8],
    pub(super) outcome: String,
    pub(super) at: i64,
}

#[derive(Insertable)]
#[diesel(table_name = vault_load)]
pub(super) struct LoadRow {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) card: String,
    pub(super) at: i64,
    pub(super) document: String,
}

impl LoadRow {
    pub(super) fn new(load: &LoadRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: load.id.to_string(),
            account: load.account.to_string(),
            card: load.card.to_string(),
            at: micros(load.at),
            document: json_text(load)?,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = purchase)]
pub(super) struct PurchaseRow<'a> {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) at: i64,
    pub(super) total: i64,
    pub(super) currency: &'static str,
    pub(super) country: &'a str,
    pub(super) receipt: &'a str,
    pub(super) sale_receipts: String,
    pub(super) evidence: String,
}

impl<'a> PurchaseRow<'a> {
    pub(super) fn new(purchase: &'a PurchaseRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: purchase.id.to_string(),
            account: purchase.account.to_string(),
            at: micros(purchase.at),
            total: purchase.total.minor(),
            currency: purchase.total.currency().code(),
            country: &purchase.country,
            receipt: &purchase.receipt,
            sale_receipts: json_text(&purchase.sale_receipts)?,
            evidence: json_text(&purchase.evidence)?,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = item, treat_none_as_default_value = false)]
pub(super) struct ItemRow<'a> {
    pub(super) id: String,
    pub(super) purchase: String,
    pub(super) position: i64,
    pub(super) account: String,
    pub(super) merchant: String,
    pub(super) sale: String,
    pub(super) at: i64,
    pub(super) offer_id: &'a str,
    pub(super) title: &'a str,
    pub(super) price: i64,
    pub(super) net: i64,
    pub(super) gross: i64,
    pub(super) fee: i64,
    pub(super) currency: &'static str,
    pub(super) charged: i64,
    pub(super) unit: &'static str,
    pub(super) rate: &'a str,
    pub(super) taxpayer: String,
    pub(super) taxes: String,
    pub(super) refund_window_days: Option<i64>,
}

impl<'a> ItemRow<'a> {
    pub(super) fn new(item: &'a ItemRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: item.id.to_string(),
            purchase: item.purchase.to_string(),
            position: i64::from(item.position),
            account: item.account.to_string(),
            merchant: item.merchant.to_string(),
            sale: item.sale.to_string(),
            at: micros(item.at),
            offer_id: &item.offer_id,
            title: &item.title,
            price: item.price.minor(),
            net: item.net.minor(),
            gross: item.gross.minor(),
            fee: item.fee.minor(),
            currency: item.gross.currency().code(),
            charged: item.charged.minor(),
            unit: item.charged.currency().code(),
            rate: &item.rate,
            taxpayer: item.taxpayer.to_string(),
            taxes: json_text(&item.taxes)?,
            refund_window_days: item.refund_window_days.map(i64::from),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = offer_use)]
pub(super) struct OfferRow<'a> {
    pub(super) merchant: String,
    pub(super) offer_id: &'a str,
}

impl<'a> OfferRow<'a> {
    pub(super) fn new(offer: &'a OfferUse) -> Self {
        Self { merchant: offer.merchant.to_string(), offer_id: &offer.offer_id }
    }
}

#[derive(Insertable)]
#[diesel(table_name = refund)]
pub(super) struct RefundRow {
    pub(super) id: String,
    pub(super) item: String,
    pub(super) account: String,
    pub(super) merchant: String,
    pub(super) at: i64,
    pub(super) credited: i64,
    pub(super) currency: &'static str,
    pub(super) goodwill: bool,
}

impl RefundRow {
    pub(super) fn new(refund: &RefundRecord) -> Self {
        Self {
            id: refund.id.to_string(),
            item: refund.item.to_string(),
            account: refund.account.to_string(),
            merchant: refund.merchant.to_string(),
            at: micros(refund.at),
            credited: refund.credited.minor(),
            currency: refund.credited.currency().code(),
            goodwill: refund.goodwill,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = transfer)]
pub(super) struct TransferRow {
    pub(super) id: String,
    pub(super) from_account: String,
    pub(super) to_account: String,
    pub(super) at: i64,
    pub(super) amount: i64,
    pub(super) currency: &'static str,
}

impl TransferRow {
    pub(super) fn new(transfer: &TransferRecord) -> Self {
        Self {
            id: transfer.id.to_string(),
            from_account: transfer.from.to_string(),
            to_account: transfer.to.to_string(),
            at: micros(transfer.at),
            amount: transfer.amount.minor(),
            currency: transfer.amount.currency().code(),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = trade)]
pub(super) struct TradeRow {
    pub(super) id: String,
    pub(super) at: i64,
    pub(super) sold: i64,
    pub(super) sold_currency: &'static str,
    pub(super) bought: i64,
    pub(super) bought_currency: &'static str,
}

impl TradeRow {
    pub(super) fn new(trade: &TradeRecord) -> Self {
        Self {
            id: trade.id.to_string(),
            at: micros(trade.at),
            sold: trade.sold.minor(),
            sold_currency: trade.sold.currency().code(),
            bought: trade.bought.minor(),
            bought_currency: trade.bought.currency().code(),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = card, treat_none_as_default_value = false)]
pub(super) struct CardRow<'a> {
    pub(super) id: String,
    pub(super) serial: &'a str,
    pub(super) code_hash: &'a [u8],
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) face: i64,
    pub(super) currency: &'static str,
    pub(super) batch: Option<String>,
    pub(super) expires_at: Option<i64>,
}

impl<'a> CardRow<'a> {
    pub(super) fn new(card: &'a CardRecord) -> Self {
        Self {
            id: card.id.to_string(),
            serial: &card.serial,
            code_hash: &card.code_hash,
            kind: card.kind.name(),
            status: card.status.name(),
            face: card.face.minor(),
            currency: card.currency.code(),
            batch: card.batch.map(|batch| batch.to_string()),
            expires_at: card.expires_at.map(micros),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = evidence)]
pub(super) struct EvidenceRow<'a> {
    pub(super) id: &'a [u8],
    pub(super) digest: &'a [u8],
    pub(super) engine: &'a str,
    pub(super) function: &'a str,
    pub(super) input: &'a str,
    pub(super) output: &'a str,
    pub(super) fuel: i64,
}

impl<'a> EvidenceRow<'a> {
    pub(super) fn new(evidence: &'a EvidenceRecord) -> Self {
        Self {
            id: &evidence.id.0,
            digest: &evidence.digest,
            engine: &evidence.engine,
            function: &evidence.function,
            input: &evidence.input,
            output: &evidence.output,
            fuel: i64::try_from(evidence.fuel).unwrap_or(i64::MAX),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = event)]
pub(super) struct EventRow<'a> {
    pub(super) id: String,
    pub(super) merchant: String,
    pub(super) kind: &'a str,
    pub(super) at: i64,
    pub(super) data: &'a str,
}

impl<'a> EventRow<'a> {
    pub(super) fn new(event: &'a EventRecord) -> Self {
        Self {
            id: event.id.to_string(),
            merchant: event.merchant.to_string(),
            kind: event.kind,
            at: micros(event.at),
            data: &event.data,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = log_line)]
pub(super) struct LogRow<'a> {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) kind: &'static str,
    pub(super) outcome: &'a str,
    pub(super) at: i64,
    pub(super) amount: i64,
    pub(super) balance: i64,
    pub(super) currency: &'static str,
    pub(super) object: &'a str,
}

impl<'a> LogRow<'a> {
    pub(super) fn new(line: &'a LogRecord) -> Self {
        Self {
            id: line.id.to_string(),
            account: line.account.to_string(),
            kind: line.kind.name(),
            outcome: &line.outcome,
            at: micros(line.at),
            amount: line.amount.minor(),
            balance: line.balance.minor(),
            currency: line.amount.currency().code(),
            object: &line.object,
        }
    }
}

/// What changes of a vault.
#[derive(AsChangeset)]
#[diesel(table_name = vault, treat_none_as_null = true)]
pub(super) struct VaultChange {
    #[diesel(skip_update)]
    pub(super) account: String,
    pub(super) active: bool,
    pub(super) compensation: Option<String>,
    pub(super) refund_count: i64,
    pub(super) period_started_at: Option<i64>,
}

impl VaultChange {
    pub(super) fn new(vault: &Vault) -> Self {
        Self {
            account: vault.account.to_string(),
            active: vault.is_active(),
            compensation: vault.compensation().map(|card| card.to_string()),
            refund_count: i64::from(vault.refund_count),
            period_started_at: vault.period_started_at.map(micros),
        }
    }
}
