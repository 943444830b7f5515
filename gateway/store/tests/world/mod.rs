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

mod commands;
mod outgoing;

use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use commands::*;
#[allow(unused_imports, reason = "each test uses its part")]
pub(crate) use outgoing::*;
use purser_core::{
    Timestamp,
    command::{Command, KeyClaim, Note, Prepared},
    ids::{AccountId, BatchId, CardId, EntryId, LogId, MerchantId},
    jws::Keyring,
    money::{Currency, Money},
    record::{CardKind, CardRecord, CardStatus, EvidenceRecord, LogKind},
    secret::KeyedHash,
    stock::{ActivateBatch, BlockCard},
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
    store.write(move |conn| batch_insert(conn, &new, &records, |_| {})).await.unwrap();
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
        Err(SubmitError::TooLarge) => "too-large",
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
