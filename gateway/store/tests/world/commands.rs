//! Prepared commands about money.

use purser_core::{
    account::Taxpayer,
    closing::{Closing, EraseAccount, NewCompensation},
    command::Command,
    ids::{
        AccountId, CardId, EntryId, EventId, ItemId, LoadId, LogId, MerchantId, PurchaseId,
        RefundId, SaleId, TradeId, TransferId,
    },
    load::Load,
    money::{Leg, Money, Percent, Rate},
    policy::{Limits, RefundPolicy},
    purchase::Purchase,
    record::{EventRecord, ItemRecord, LoadRecord, OfferUse, PurchaseRecord, TradeRecord},
    refund::{Goodwill, Refund},
    tax::ItemTax,
    trade::Trade,
    transfer::Transfer,
};

use super::{at, bytes, evidence, fresh, handle, usd};

/// A load of so much. Euros are converted at 1.0705, with a spread of 0.5 % as in the design's example.
pub(crate) fn load(account: AccountId, card: CardId, taken: Money) -> Command {
    let unit = usd(0).currency();
    let legs = vec![Leg::multiply(Rate::from_parts(10_705, 4).unwrap())];
    let (gross, spread, legs) = if taken.currency() == unit {
        (taken, usd(0), Vec::new())
    } else {
        let gross =
            purser_core::money::convert(taken, unit, &legs, purser_core::money::Rounding::Down)
                .unwrap();
        let half = Percent::parse("0.5").unwrap();
        (gross, half.of(gross, purser_core::money::Rounding::Up).unwrap(), legs)
    };
    let record = LoadRecord {
        id: LoadId::from_random(fresh()),
        account,
        card,
        at: at(0),
        taken,
        credited: gross.minus(spread).unwrap(),
        spread,
        legs,
        rate: "1.0705".into(),
        rate_source: None,
        rate_as_of: None,
        evidence: vec![evidence("load").id],
    };
    Command::Load(Box::new(Load {
        record,
        gross,
        all_of: None,
        tap: None,
        limits: Limits::default(),
        evidence: vec![evidence("load")],
        entry: EntryId::from_random(fresh()),
        log: LogId::from_random(fresh()),
    }))
}

/// An item to buy: whose, and its net price in dollars, on which 19 % come as tax.
pub(crate) fn item(
    account: AccountId,
    purchase: PurchaseId,
    merchant: MerchantId,
    net: i64,
) -> ItemRecord {
    let (net, tax) = (usd(net), usd(net * 19 / 100));
    let gross = net.plus(tax).unwrap();
    let tax = ItemTax {
        name: "VAT".into(),
        jurisdiction: "DE".into(),
        authority: "DE".into(),
        category: "general".into(),
        reason: "standard".into(),
        rate: Percent::parse("19").unwrap(),
        base: net,
        tax,
    };
    ItemRecord {
        id: ItemId::from_random(fresh()),
        purchase,
        position: 0,
        account,
        merchant,
        sale: SaleId::from_random(merchant.bits() ^ purchase.bits()),
        at: at(0),
        offer_id: "offer".into(),
        title: "A thing".into(),
        price: net,
        net,
        gross,
        fee: usd(net.minor() / 100),
        charged: gross,
        rate: "1".into(),
        taxpayer: Taxpayer::Merchant(merchant),
        taxes: vec![tax],
        refund_window_days: None,
    }
}

/// A purchase of items at these net prices.
pub(crate) fn purchase(account: AccountId, lines: &[(MerchantId, i64)]) -> Purchase {
    let id = PurchaseId::from_random(fresh());
    let items = lines.iter().map(|(merchant, net)| item(account, id, *merchant, *net));
    let mut items: Vec<ItemRecord> = items.collect();
    for (n, item) in items.iter_mut().enumerate() {
        item.position = u32::try_from(n).unwrap();
    }
    let total = Money::sum(items.iter().map(|item| item.charged), usd(0).currency()).unwrap();
    let merchants = purser_core::purchase::merchants(&items);
    let event = |merchant: &MerchantId| EventRecord {
        id: EventId::from_random(fresh()),
        merchant: *merchant,
        kind: "purchase.paid",
        at: at(0),
        data: "{}".into(),
    };
    let record = PurchaseRecord {
        id,
        account,
        at: at(0),
        total,
        country: "DE".into(),
        receipt: "receipt".into(),
        sale_receipts: merchants.iter().map(|merchant| (*merchant, "receipt".into())).collect(),
        evidence: vec![evidence("tax").id],
    };
    Purchase {
        record,
        events: merchants.iter().map(event).collect(),
        items,
        single_use: Vec::new(),
        limits: Limits::default(),
        evidence: vec![evidence("tax")],
        entry: EntryId::from_random(fresh()),
        log: LogId::from_random(fresh()),
    }
}

pub(crate) fn buy(purchase: &Purchase) -> Command {
    Command::Purchase(Box::new(purchase.clone()))
}

pub(crate) fn single_use(mut purchase: Purchase, offer_id: &str) -> Purchase {
    for item in &mut purchase.items {
        item.offer_id = offer_id.to_owned();
        purchase
            .single_use
            .push(OfferUse { merchant: item.merchant, offer_id: offer_id.to_owned() });
    }
    purchase
}

pub(crate) fn policy() -> RefundPolicy {
    RefundPolicy::standard(usd(0).currency())
}

fn new_compensation() -> NewCompensation {
    let card = CardId::from_random(fresh());
    NewCompensation { card, serial: card.to_string(), code_hash: bytes(fresh()) }
}

fn closing() -> Closing {
    Closing {
        compensation: new_compensation(),
        entry: EntryId::from_random(fresh()),
        log: LogId::from_random(fresh()),
    }
}

fn refund_event(merchant: MerchantId) -> EventRecord {
    let id = EventId::from_random(fresh());
    EventRecord { id, merchant, kind: "refund.made", at: at(0), data: "{}".into() }
}

pub(crate) fn refund(account: AccountId, item: &ItemRecord, policy: RefundPolicy) -> Command {
    Command::Refund(Box::new(Refund {
        id: RefundId::from_random(fresh()),
        account,
        item: Some(item.id),
        stamp: None,
        asked: item.charged,
        policy,
        closing: closing(),
        event: Some(refund_event(item.merchant)),
        entry: EntryId::from_random(fresh()),
        reset_entry: EntryId::from_random(fresh()),
        log: LogId::from_random(fresh()),
    }))
}

pub(crate) fn goodwill(item: &ItemRecord, compensation: Option<CardId>) -> Command {
    Command::Goodwill(Box::new(Goodwill {
        id: RefundId::from_random(fresh()),
        merchant: item.merchant,
        item: item.id,
        stamp: None,
        account: item.account,
        compensation,
        new_compensation: new_compensation(),
        event: refund_event(item.merchant),
        entry: EntryId::from_random(fresh()),
        log: LogId::from_random(fresh()),
    }))
}

pub(crate) fn transfer(from: AccountId, to: AccountId, amount: Money) -> Command {
    Command::Transfer(Box::new(Transfer {
        id: TransferId::from_random(fresh()),
        from,
        to: Some(to),
        handle: handle(to),
        amount,
        limits: Limits::default(),
        limits_to: Limits::default(),
        entry: EntryId::from_random(fresh()),
        log_out: LogId::from_random(fresh()),
        log_in: LogId::from_random(fresh()),
    }))
}

pub(crate) fn erase(account: AccountId) -> Command {
    Command::EraseAccount(Box::new(EraseAccount {
        account,
        compensation: None,
        closing: closing(),
    }))
}

pub(crate) fn trade(sold: Money, bought: Money) -> Command {
    let record = TradeRecord { id: TradeId::from_random(fresh()), at: at(0), sold, bought };
    Command::Trade(Box::new(Trade { record, entry: EntryId::from_random(fresh()) }))
}
