//! Commands as the gateway prepares them, at the rates of the design: one euro is 1.0705 dollars or 171.94
//! yen, German VAT is 19 %, the spread 0.5 % and the fee 1 %.

use purser_core::{
    account::Taxpayer,
    closing::{Closing, EraseAccount, NewCompensation},
    command::{Command, Note},
    ids::{
        EntryId, EventId, ItemId, LoadId, LogId, PurchaseId, RefundId, SaleId, TradeId, TransferId,
    },
    load::{Load, load_yield},
    money::{Currency, Leg, Money, Percent, Rounding, convert},
    place::Place,
    policy::Limits,
    purchase::{Purchase, price},
    rate::{Conversion, Route},
    record::{EventRecord, ItemRecord, LoadRecord, OfferUse, PurchaseRecord, TradeRecord},
    refund::{Goodwill, Refund},
    stamp::{
        buy::BuyStamp,
        scan::ScanStamp,
        settle::{FailStamp, IssueStamp},
        void::VoidStamp,
    },
    stock::{ActivateBatch, ActivateCard, BlockCard},
    tax::{Assessed, Assessment, Category, Line, Sale, TaxedLine, allot_taxes},
    trade::Trade,
    transfer::Transfer,
};

use crate::scene::{Scene, batch, buyer, card, currency, merchant, money};

/// What a merchant offers.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    /// By whom.
    pub(crate) merchant: &'static str,
    /// For how much.
    pub(crate) price: Money,
    /// Whether the tax is in the price.
    pub(crate) tax_inclusive: bool,
    /// Whether the operator owes the tax.
    pub(crate) operator_is_taxpayer: bool,
    /// The merchant's own refund window.
    pub(crate) refund_window_days: Option<u32>,
    /// The name of an offer that can be bought once only.
    pub(crate) once: Option<String>,
}

/// A tax-exclusive offer with nothing special about it.
pub(crate) fn offer(merchant: &'static str, price: &str) -> Offered {
    Offered {
        merchant,
        price: money(price),
        tax_inclusive: false,
        operator_is_taxpayer: false,
        refund_window_days: None,
        once: None,
    }
}

/// An offer whose price contains the tax.
pub(crate) fn inclusive(merchant: &'static str, price: &str) -> Offered {
    Offered { tax_inclusive: true, ..offer(merchant, price) }
}

/// The checked way between two currencies, through the euro.
pub(crate) fn route(from: Currency, to: Currency) -> Route {
    let today = "2024-06-28".parse().unwrap();
    if from == to {
        return Route::same(from, today);
    }
    let rate = |currency: Currency| match currency.code() {
        "USD" => Some("1.0705".parse().unwrap()),
        "JPY" => Some("171.94".parse().unwrap()),
        _ => None,
    };
    let legs = [rate(from).map(Leg::divide), rate(to).map(Leg::multiply)];
    let legs: Vec<Leg> = legs.into_iter().flatten().collect();
    let asked = Money::new(100, from);
    let converted = convert(asked, to, &legs, Rounding::Down).unwrap();
    let source = "ECB".to_owned();
    let answer = Conversion { legs, converted, source, as_of: today, valid_until: today };
    Route::check(asked, to, answer, Rounding::Down).unwrap()
}

/// A load of `taken` from a card.
pub(crate) fn load(scene: &Scene, who: &str, from: &str, taken: &str) -> Load {
    let taken = money(taken);
    let route = route(taken.currency(), currency("USD"));
    let yielded = load_yield(taken, &route, Percent::parse("0.5").unwrap()).unwrap();
    let converted = taken.currency() != currency("USD");
    Load {
        record: LoadRecord {
            id: LoadId::from_random(scene.id()),
            account: buyer(who),
            card: card(from),
            at: scene.at,
            taken,
            credited: yielded.credited,
            spread: yielded.spread,
            legs: route.legs().to_vec(),
            rate: route.shown().unwrap().to_string(),
            rate_source: converted.then(|| route.source.clone()),
            rate_as_of: converted.then_some(route.as_of),
            evidence: Vec::new(),
        },
        gross: yielded.gross,
        all_of: None,
        tap: None,
        limits: Limits::default(),
        evidence: Vec::new(),
        entry: EntryId::from_random(scene.id()),
        log: LogId::from_random(scene.id()),
    }
}

/// A purchase of `offers`, taxed as one document for each merchant and currency.
pub(crate) fn purchase(scene: &Scene, who: &str, offers: &[Offered]) -> Purchase {
    let id = PurchaseId::from_random(scene.id());
    let taxed = taxed(offers);
    let mut items = Vec::new();
    for (offer, line) in offers.iter().zip(&taxed) {
        let position = u32::try_from(items.len()).unwrap();
        items.push(item(scene, id, who, position, offer, line));
    }
    let charged = items.iter().map(|item| item.charged);
    let total = Money::sum(charged, currency("USD")).unwrap();
    let single_use = offers.iter().filter_map(|offer| {
        let offer_id = offer.once.clone()?;
        Some(OfferUse { merchant: merchant(offer.merchant), offer_id })
    });
    Purchase {
        record: PurchaseRecord {
            id,
            account: buyer(who),
            at: scene.at,
            total,
            country: "DE".to_owned(),
            receipt: "receipt".to_owned(),
            sale_receipts: Vec::new(),
            evidence: Vec::new(),
        },
        items,
        single_use: single_use.collect(),
        limits: Limits::default(),
        evidence: Vec::new(),
        events: Vec::new(),
        entry: EntryId::from_random(scene.id()),
        log: LogId::from_random(scene.id()),
    }
}

fn item(
    scene: &Scene,
    purchase: PurchaseId,
    who: &str,
    position: u32,
    offer: &Offered,
    line: &TaxedLine,
) -> ItemRecord {
    let route = route(offer.price.currency(), currency("USD"));
    let price = price(line, Percent::parse("1").unwrap(), &route).unwrap();
    let seller = merchant(offer.merchant);
    ItemRecord {
        id: ItemId::from_random(scene.id()),
        purchase,
        position,
        account: buyer(who),
        merchant: seller,
        sale: SaleId::from_random(scene.id()),
        at: scene.at,
        offer_id: offer.once.clone().unwrap_or_else(|| format!("offer-{position}")),
        title: "A thing".to_owned(),
        price: offer.price,
        net: price.net,
        gross: price.gross,
        fee: price.fee,
        charged: price.charged,
        rate: route.shown().unwrap().to_string(),
        taxpayer: if offer.operator_is_taxpayer {
            Taxpayer::Operator
        } else {
            Taxpayer::Merchant(seller)
        },
        taxes: line.taxes.clone(),
        refund_window_days: offer.refund_window_days,
    }
}

/// Each offer with its tax: as a plugin for Germany answers, allotted by the crate.
fn taxed(offers: &[Offered]) -> Vec<TaxedLine> {
    let mut taxed: Vec<Option<TaxedLine>> = vec![None; offers.len()];
    for first in 0..offers.len() {
        if taxed[first].is_some() {
            continue;
        }
        let key = |offer: &Offered| (offer.merchant, offer.price.currency());
        let of_document = |index: &usize| key(&offers[*index]) == key(&offers[first]);
        let indices: Vec<usize> = (0..offers.len()).filter(of_document).collect();
        let document: Vec<&Offered> = indices.iter().map(|index| &offers[*index]).collect();
        for (index, line) in indices.into_iter().zip(assess(&document)) {
            taxed[index] = Some(line);
        }
    }
    taxed.into_iter().map(Option::unwrap).collect()
}

fn assess(document: &[&Offered]) -> Vec<TaxedLine> {
    let unit = document[0].price.currency();
    let germany = Place::parse("DE").unwrap();
    let line = |offer: &&Offered| Line {
        category: Category::General,
        amount: offer.price,
        tax_inclusive: offer.tax_inclusive,
    };
    let sale = Sale {
        date: "2024-06-28".parse().unwrap(),
        currency: unit,
        seller: germany.clone(),
        registrations: Vec::new(),
        buyer: germany,
        buyer_tax_id: None,
        lines: document.iter().map(line).collect(),
    };
    let sum = |inclusive: bool| {
        let of_kind = document.iter().filter(|offer| offer.tax_inclusive == inclusive);
        Money::sum(of_kind.map(|offer| offer.price), unit).unwrap()
    };
    let rate = Percent::parse("19").unwrap();
    let within = rate.within(sum(true), rate, Rounding::HalfUp).unwrap();
    let on_top = rate.of(sum(false), Rounding::HalfUp).unwrap();
    let tax = Assessed {
        name: "MwSt.".to_owned(),
        jurisdiction: "DE".to_owned(),
        authority: "DE".to_owned(),
        category: "general".to_owned(),
        reason: "standard".to_owned(),
        rate,
        base: sum(false).plus(sum(true)).unwrap().minus(within).unwrap(),
        tax: within.plus(on_top).unwrap(),
        lines: (1..=u32::try_from(document.len()).unwrap()).collect(),
    };
    let assessment = Assessment { taxes: vec![tax], rounding_decimals: 2, law: String::new() };
    allot_taxes(&sale, &assessment).unwrap()
}

/// A refund that a buyer asks for, under the policy in force.
pub(crate) fn refund(scene: &Scene, who: &str, item: ItemId) -> Refund {
    Refund {
        id: RefundId::from_random(scene.id()),
        account: buyer(who),
        item: Some(item),
        stamp: None,
        asked: Money::zero(currency("USD")),
        policy: scene.policy,
        closing: closing(scene, who),
        event: None,
        entry: EntryId::from_random(scene.id()),
        reset_entry: EntryId::from_random(scene.id()),
        log: LogId::from_random(scene.id()),
    }
}

/// A refund that a merchant gives to a buyer whose vault is open.
pub(crate) fn goodwill(scene: &Scene, who: &str, giver: &str, item: ItemId) -> Goodwill {
    let id = RefundId::from_random(scene.id());
    Goodwill {
        id,
        merchant: merchant(giver),
        item,
        stamp: None,
        account: buyer(who),
        compensation: None,
        new_compensation: compensation(who),
        event: EventRecord {
            id: EventId::from_random(scene.id()),
            merchant: merchant(giver),
            kind: "refund.made",
            at: scene.at,
            data: "{}".to_owned(),
        },
        entry: EntryId::from_random(scene.id()),
        log: LogId::from_random(scene.id()),
    }
}

/// A transfer between two buyers.
pub(crate) fn transfer(scene: &Scene, from: &str, to: &str, amount: &str) -> Transfer {
    Transfer {
        id: TransferId::from_random(scene.id()),
        from: buyer(from),
        to: Some(buyer(to)),
        handle: to.to_owned(),
        amount: money(amount),
        limits: Limits::default(),
        limits_to: Limits::default(),
        entry: EntryId::from_random(scene.id()),
        log_out: LogId::from_random(scene.id()),
        log_in: LogId::from_random(scene.id()),
    }
}

/// The card `rest-of-<buyer>`.
fn compensation(who: &str) -> NewCompensation {
    NewCompensation {
        card: card(&format!("rest-of-{who}")),
        serial: "0000-0000".to_owned(),
        code_hash: [7; 32],
    }
}

/// How a vault closes: onto the card `rest-of-<buyer>`.
pub(crate) fn closing(scene: &Scene, who: &str) -> Closing {
    Closing {
        compensation: compensation(who),
        entry: EntryId::from_random(scene.id()),
        log: LogId::from_random(scene.id()),
    }
}

/// The erasure of an account whose vault is open.
pub(crate) fn erase(scene: &Scene, who: &str) -> EraseAccount {
    EraseAccount { account: buyer(who), compensation: None, closing: closing(scene, who) }
}

/// The sale of a batch.
pub(crate) fn activate_batch(scene: &Scene, name: &str, cards: &[&str]) -> ActivateBatch {
    let cards = cards.iter().map(|name| card(name)).collect();
    ActivateBatch { batch: batch(name), cards, entry: EntryId::from_random(scene.id()) }
}

/// The sale of a smart card.
pub(crate) fn activate_card(scene: &Scene, name: &str) -> ActivateCard {
    ActivateCard { card: card(name), entry: EntryId::from_random(scene.id()) }
}

/// A card is lost.
pub(crate) fn block(name: &str) -> BlockCard {
    BlockCard { card: card(name) }
}

/// The operator covers its position.
pub(crate) fn trade(scene: &Scene, sold: &str, bought: &str) -> Trade {
    let (sold, bought) = (money(sold), money(bought));
    Trade {
        record: TradeRecord { id: TradeId::from_random(scene.id()), at: scene.at, sold, bought },
        entry: EntryId::from_random(scene.id()),
    }
}

/// What can be asked of the teller.
pub(crate) trait Ask {
    /// As a command.
    fn command(self) -> Command;
}

impl Ask for Command {
    fn command(self) -> Command {
        self
    }
}

impl Ask for BlockCard {
    fn command(self) -> Command {
        Command::BlockCard(self)
    }
}

macro_rules! asks {
    ($($kind:ident),*) => {$(
        impl Ask for $kind {
            fn command(self) -> Command {
                Command::$kind(Box::new(self))
            }
        }
    )*};
}

asks!(
    Load,
    Purchase,
    BuyStamp,
    IssueStamp,
    FailStamp,
    ScanStamp,
    VoidStamp,
    Refund,
    Goodwill,
    Transfer,
    EraseAccount,
    ActivateBatch,
    ActivateCard,
    Trade,
    Note
);
