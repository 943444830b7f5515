//! One purchase, from signed offers to signed receipts.

use purser_core::{
    Timestamp,
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{AccountId, EntryId, LogId, MerchantId, PurchaseId},
    place::Place,
    purchase::{Purchase, merchants},
    receipt::{BuyerReceipt, MerchantReceipt, SoldItem, pairwise_subject},
    record::{EventRecord, EvidenceId, ItemRecord, LogKind, OfferUse, PurchaseRecord},
};
use purser_money::Money;
use purser_store::read::purchase::{StoredItem, StoredPurchase, purchase_get};
use serde_json::json;

use super::{
    basket::{self, Basket, BasketItem, Wish},
    intent::{Carried, Making, Payer, carry},
    note, session,
    telling::Parts,
};
use crate::{gateway::Gateway, problem::Problem, random::id_bits};

/// What the buyer agrees to.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// The offers, and where they are consumed.
    pub wish: Wish,
    /// The most that may leave the vault.
    pub max_total: Option<Money>,
    /// The PIN, above the step-up limit.
    pub pin: Option<String>,
}

/// Buys: opens and prices the offers, signs the receipts, and lets the teller move the money.
pub async fn purchase(
    gateway: &Gateway,
    payer: &Payer,
    key: KeyClaim,
    agreement: &Agreement,
) -> Result<StoredPurchase, Problem> {
    let version = payer.facts_version;
    let prepare = |making: Making| async move { prepare(gateway, payer, agreement, making).await };
    match carry(gateway, Some(key), version, prepare).await {
        Ok(carried) => match just_paid(gateway, &carried) {
            Some(purchase) => Ok(purchase),
            None => paid(gateway, payer.account, carried.reply.outcome).await,
        },
        Err(problem) => Err(note::refused(gateway, payer, LogKind::Purchase, problem).await),
    }
}

/// What was prepared is what was paid, unless the key had answered before.
fn just_paid(gateway: &Gateway, Carried { prepared, reply }: &Carried) -> Option<StoredPurchase> {
    match (&prepared.command, &reply.outcome) {
        (Command::Purchase(purchase), Ok(_)) if !reply.replayed => {
            gateway.shadows.paid(purchase.record.at, &purchase.evidence, &purchase.items);
            let stored = |record: &ItemRecord| StoredItem { record: record.clone(), refund: None };
            let items = purchase.items.iter().map(stored).collect();
            Some(StoredPurchase { record: purchase.record.clone(), items })
        }
        _ => None,
    }
}

/// The purchase that an outcome speaks of, as it was when it was paid.
pub async fn paid(
    gateway: &Gateway,
    account: AccountId,
    outcome: Outcome,
) -> Result<StoredPurchase, Problem> {
    let Answer::Purchased { purchase } = outcome? else {
        return Err(Problem::internal("the key of a purchase answers something else"));
    };
    let stored = gateway.store.read(move |db| purchase_get(db, account, purchase)).await?;
    let mut stored = stored.ok_or_else(|| Problem::internal("a paid purchase is not there"))?;
    for item in &mut stored.items {
        item.refund = None;
    }
    Ok(stored)
}

async fn prepare(
    gateway: &Gateway,
    payer: &Payer,
    agreement: &Agreement,
    making: Making,
) -> Result<Command, Problem> {
    let basket = basket::fill(gateway, &making, &agreement.wish).await?;
    if agreement.max_total.is_some_and(|most| basket.total.minor() > most.minor()) {
        return Err(Problem::price_changed(basket));
    }
    session::step_up(gateway, payer, agreement.pin.as_deref(), basket.total).await?;
    build(gateway, payer, &agreement.wish.consumer.country, basket, making.at)
        .map(|purchase| Command::Purchase(Box::new(purchase)))
}

/// The offers that can be bought once. Whether one was, before or by this very purchase, the teller says.
fn single_use(basket: &Basket) -> Vec<OfferUse> {
    let once = basket.items.iter().filter(|item| item.offer.single_use);
    once.map(|item| OfferUse { merchant: item.merchant.id, offer_id: item.offer.id.clone() })
        .collect()
}

/// Everything of a purchase but the decision: records, receipts, events.
pub(super) fn build(
    gateway: &Gateway,
    payer: &Payer,
    country: &Place,
    basket: Basket,
    at: Timestamp,
) -> Result<Purchase, Problem> {
    let id = PurchaseId::from_random(id_bits());
    let single_use = single_use(&basket);
    let parts = parts(gateway, &basket.items, at);
    let items = item_records(payer.account, id, &basket.items, &parts)?;
    let evidence_ids: Vec<EvidenceId> = {
        let mut ids: Vec<_> = basket.evidence.iter().map(|record| record.id).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    let sale_receipts = sale_receipts(gateway, payer.account, &basket.items, &items)?;
    let record = PurchaseRecord {
        id,
        account: payer.account,
        at,
        total: basket.total,
        country: country.to_string(),
        receipt: buyer_receipt(gateway, id, basket.total, &items, at)?,
        sale_receipts,
        evidence: evidence_ids,
    };
    let events = paid_events(&record, &items, &parts)?;
    Ok(Purchase {
        record,
        items,
        single_use,
        limits: gateway.settings.limits_of(payer.country.as_ref().map(|place| place.country())),
        evidence: basket.evidence,
        events,
        entry: EntryId::from_random(id_bits()),
        log: LogId::from_random(id_bits()),
    })
}

fn parts(gateway: &Gateway, items: &[BasketItem], at: Timestamp) -> Parts {
    let mut merchants: Vec<MerchantId> = items.iter().map(|item| item.merchant.id).collect();
    merchants.sort_unstable();
    merchants.dedup();
    Parts::of(&merchants, &gateway.clock, at, gateway.settings.shops_told_within)
}

fn item_records(
    account: AccountId,
    purchase: PurchaseId,
    items: &[BasketItem],
    parts: &Parts,
) -> Result<Vec<ItemRecord>, Problem> {
    let mut records = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let BasketItem { offer, merchant, taxed, price, rate } = item;
        let part = parts.of_merchant(merchant.id)?;
        records.push(ItemRecord {
            id: part.item(),
            purchase,
            position: u32::try_from(position).map_err(Problem::internal)?,
            account,
            merchant: merchant.id,
            sale: part.sale,
            at: part.at,
            offer_id: offer.id.clone(),
            title: offer.item.title.clone(),
            price: offer.price,
            net: price.net,
            gross: price.gross,
            fee: price.fee,
            charged: price.charged,
            rate: rate.clone(),
            taxpayer: merchant.taxpayer,
            taxes: taxed.taxes.clone(),
            refund_window_days: offer.refund_window_days,
        });
    }
    Ok(records)
}

fn buyer_receipt(
    gateway: &Gateway,
    purchase: PurchaseId,
    total: Money,
    items: &[ItemRecord],
    at: Timestamp,
) -> Result<String, Problem> {
    let receipt = BuyerReceipt {
        iss: gateway.issuer.clone(),
        purchase,
        iat: at.as_second(),
        items: items.iter().map(Into::into).collect(),
        total,
        sandbox: gateway.settings.sandbox,
    };
    receipt.sign(&gateway.keys.signing).map_err(Problem::internal)
}

/// Each merchant's own receipt: its items only, and the buyer as this merchant knows it.
fn sale_receipts(
    gateway: &Gateway,
    account: AccountId,
    basket: &[BasketItem],
    items: &[ItemRecord],
) -> Result<Vec<(MerchantId, String)>, Problem> {
    let mut receipts = Vec::new();
    for merchant in merchants(items) {
        let own: Vec<&ItemRecord> = items.iter().filter(|item| item.merchant == merchant).collect();
        let seller = basket.iter().map(|item| &item.merchant).find(|row| row.id == merchant);
        let (Some(first), Some(seller)) = (own.first(), seller) else { continue };
        let number = |registration: &purser_core::tax::Registration| {
            format!("{} {}", registration.authority, registration.number)
        };
        let receipt = MerchantReceipt {
            iss: gateway.issuer.clone(),
            aud: merchant,
            sub: pairwise_subject(&gateway.keys.pairwise, merchant, account),
            sale: first.sale,
            iat: first.at.as_second(),
            items: own.iter().map(|item| SoldItem::from(*item)).collect(),
            totals: totals(&own)?,
            seller_tax_numbers: seller.registrations.iter().map(number).collect(),
            sandbox: gateway.settings.sandbox,
        };
        receipts.push((merchant, receipt.sign(&gateway.keys.signing).map_err(Problem::internal)?));
    }
    Ok(receipts)
}

/// The sum of the gross amounts in each currency, in order of their first item.
fn totals(items: &[&ItemRecord]) -> Result<Vec<Money>, Problem> {
    let mut totals: Vec<Money> = Vec::new();
    for item in items {
        match totals.iter_mut().find(|total| total.currency() == item.gross.currency()) {
            Some(total) => {
                *total = total.plus(item.gross).map_err(|error| Problem::amount("offers", error))?
            }
            None => totals.push(item.gross),
        }
    }
    Ok(totals)
}

/// What each merchant is told: nothing of the vault, the purchase or other merchants.
fn paid_events(
    record: &PurchaseRecord,
    items: &[ItemRecord],
    parts: &Parts,
) -> Result<Vec<EventRecord>, Problem> {
    let event = |(merchant, receipt): &(MerchantId, String)| {
        let part = parts.of_merchant(*merchant)?;
        let own = items.iter().filter(|item| item.merchant == *merchant);
        let sold: Vec<SoldItem> = own.map(SoldItem::from).collect();
        let data = json!({ "sale": part.sale, "items": sold, "receipt": receipt });
        Ok(EventRecord {
            id: part.event(),
            merchant: *merchant,
            kind: "purchase.paid",
            at: part.at,
            data: data.to_string(),
        })
    };
    record.sale_receipts.iter().map(event).collect()
}
