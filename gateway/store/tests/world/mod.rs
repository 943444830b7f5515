//! Buyers, cards, merchants and prepared commands, as the server would make them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    dead_code,
    reason = "a test fails loudly, and each uses its part"
)]

use std::sync::atomic::{AtomicU64, Ordering};

use purser_core::{
    Timestamp,
    account::Taxpayer,
    closing::{Closing, EraseAccount, NewCompensation},
    command::{Command, KeyClaim, Note, Prepared},
    ids::{
        AccountId, BatchId, CardId, EntryId, EventId, ItemId, LoadId, LogId, MerchantId,
        PurchaseId, RefundId, SaleId, TradeId, TransferId,
    },
    jws::Keyring,
    load::Load,
    money::{Currency, Leg, Money, Percent, Rate},
    policy::{Limits, RefundPolicy},
    purchase::Purchase,
    record::{
        CardKind, CardRecord, CardStatus, EventRecord, EvidenceRecord, ItemRecord, LoadRecord,
        LogKind, OfferUse, PurchaseRecord, TradeRecord,
    },
    refund::{Goodwill, Refund},
    secret::KeyedHash,
    stock::{ActivateBatch, BlockCard},
    tax::ItemTax,
    trade::Trade,
    transfer::Transfer,
};
use purser_store::{
    Reply, Store, SubmitError,
    facts::{card::*, identity::*},
    read::vault::vault_view,
};

/// What random numbers are made from: a test is the same every time.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A fresh number, well spread so that rows land where random ones would.
pub(crate) fn fresh() -> u128 {
    let n = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_719_570_000 + second).unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').unwrap();
    Money::parse(amount, Currency::parse(code).unwrap()).unwrap()
}

pub(crate) fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::parse("USD").unwrap())
}

pub(crate) fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").unwrap())
}

pub(crate) fn merchant(n: u128) -> MerchantId {
    MerchantId::from_random(n)
}

/// A key of somebody, for a request that is told apart by a number.
pub(crate) fn key(scope: &str, name: impl std::fmt::Display, fingerprint: u8) -> KeyClaim {
    KeyClaim { scope: scope.to_owned(), key: name.to_string(), fingerprint: [fingerprint; 32] }
}

pub(crate) fn prepared(store: &Store, command: Command) -> Prepared {
    Prepared {
        key: Some(key("test", fresh(), 1)),
        at: at(0),
        facts_version: store.facts_version(),
        command,
    }
}

/// A command that no client gave a key.
pub(crate) fn keyless(store: &Store, command: Command) -> Prepared {
    Prepared { key: None, ..prepared(store, command) }
}

/// A refusal that was decided before the teller.
pub(crate) fn note(account: AccountId) -> Command {
    Command::Note(Box::new(Note {
        log: LogId::from_random(fresh()),
        account,
        kind: LogKind::Purchase,
        outcome: "offer-expired".to_owned(),
        amount: usd(100),
        object: String::new(),
    }))
}

/// Opens an account with an empty vault.
pub(crate) async fn buyer(store: &Store) -> AccountId {
    let account = AccountId::from_random(fresh());
    let name = account.to_string();
    let insert = move |conn: &mut purser_store::Connection| {
        let new = NewIdentity {
            account,
            handle: &handle(account),
            lookup: name.as_bytes(),
            pin_verifier: b"pin",
            recovery_hash: KeyedHash::from_bytes(bytes(fresh())),
            country: None,
            created_at: at(0),
        };
        identity_insert(conn, &new)
    };
    assert_eq!(store.write(insert).await.unwrap(), SignUp::New);
    account
}

pub(crate) fn handle(account: AccountId) -> String {
    format!("handle-{account}")
}

/// Prints cards and sells them.
pub(crate) async fn cards(store: &Store, count: usize, face: Money) -> Vec<CardId> {
    let (batch, cards) = unsold_cards(store, count, face).await;
    done(store, activate(batch, &cards)).await;
    cards
}

pub(crate) fn activate(batch: BatchId, cards: &[CardId]) -> Command {
    let (cards, entry) = (cards.to_vec(), EntryId::from_random(fresh()));
    Command::ActivateBatch(Box::new(ActivateBatch { batch, cards, entry }))
}

/// Prints cards.
pub(crate) async fn unsold_cards(
    store: &Store,
    count: usize,
    face: Money,
) -> (BatchId, Vec<CardId>) {
    let id = BatchId::from_random(fresh());
    let record = |_| {
        let card = CardId::from_random(fresh());
        CardRecord {
            id: card,
            serial: card.to_string(),
            currency: face.currency(),
            code_hash: bytes(fresh()),
            status: CardStatus::Inactive,
            kind: CardKind::Voucher,
            face,
            batch: Some(id),
            expires_at: None,
        }
    };
    let records: Vec<CardRecord> = (0..count).map(record).collect();
    let cards = records.iter().map(|record| record.id).collect();
    let new = NewBatch { id, face, country: None, expires_at: None, created_at: at(0) };
    store.write(move |conn| batch_insert(conn, &new, &records)).await.unwrap();
    (id, cards)
}

pub(crate) fn block(card: CardId) -> Command {
    Command::BlockCard(BlockCard { card })
}

fn bytes(n: u128) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&n.to_be_bytes());
    bytes
}

pub(crate) fn evidence(input: &str) -> EvidenceRecord {
    EvidenceRecord::new([7; 32], "48".into(), "tax.assess".into(), input.into(), "{}".into(), 1)
}

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

/// A buyer with so much in the vault.
pub(crate) async fn buyer_with(store: &Store, amount: Money) -> AccountId {
    let account = buyer(store).await;
    let card = cards(store, 1, amount).await[0];
    done(store, load(account, card, amount)).await;
    account
}

/// Submits a command that is to succeed.
pub(crate) async fn done(store: &Store, command: Command) -> Reply {
    let reply = store.submit(prepared(store, command)).await.unwrap();
    assert!(reply.outcome.is_ok(), "{reply:?}");
    reply
}

/// The name of the refusal, or `done`.
pub(crate) async fn outcome(store: &Store, command: Command) -> &'static str {
    said(&store.submit(prepared(store, command)).await)
}

/// The name of the refusal, of the error, or `done`.
pub(crate) fn said(reply: &Result<Reply, SubmitError>) -> &'static str {
    match reply {
        Ok(Reply { outcome: Ok(_), .. }) => "done",
        Ok(Reply { outcome: Err(refusal), .. }) => refusal.name(),
        Err(SubmitError::Stale) => "stale",
        Err(SubmitError::Overloaded) => "overloaded",
        Err(SubmitError::KeyReused) => "key-reused",
        Err(SubmitError::Unavailable) => "unavailable",
        Err(SubmitError::Broken(why)) => panic!("broken: {why}"),
    }
}

/// Waits for all of them, which run at once.
pub(crate) async fn all<T: Send + 'static>(
    futures: impl Iterator<Item = impl Future<Output = T>>,
) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().map(Option::unwrap).collect()
}

/// What a vault holds.
pub(crate) async fn balance(store: &Store, account: AccountId) -> i64 {
    let view = store.read(move |conn| vault_view(conn, account, &policy(), at(0))).await;
    view.unwrap().unwrap().balance.minor()
}

/// Proves the books, which have no seals.
pub(crate) async fn assert_proven(store: &Store) {
    let bad: Vec<_> = store
        .check(Keyring::default())
        .await
        .unwrap()
        .into_iter()
        .filter(|check| !check.ok)
        .collect();
    assert_eq!(bad, []);
}
