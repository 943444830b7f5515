//! What the teller wrote is read back as it was meant, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails loudly"
)]

#[path = "../databases/mod.rs"]
mod databases;
mod desks;
mod journal;
mod untold;

use databases::{Database, block_on, on_both};
use diesel::connection::SimpleConnection;
use purser_core::{
    Timestamp,
    account::Taxpayer,
    closing::{Closing, NewCompensation},
    command::{Answer, Command, Outcome, Prepared},
    entry::EntryKind,
    ids::{
        AccountId, CardId, EntryId, EventId, ItemId, LogId, MerchantId, PurchaseId, RefundId,
        SaleId,
    },
    jws::SigningKey,
    money::{Currency, Money, Percent},
    policy::{Limits, RefundPolicy},
    purchase::Purchase,
    record::{EventRecord, EvidenceRecord, ItemRecord, PurchaseRecord},
    refund::Refund,
    secret::{KeyedHash, Secret},
    tax::ItemTax,
};
use purser_store::{
    facts::identity::{NewIdentity, identity_insert},
    read::{
        Page, entry::*, event::*, evidence::*, latest::*, log::*, purchase::*, sale::*, vault::*,
    },
};

const BUYER: AccountId = AccountId::from_random(1);
const STRANGER: AccountId = AccountId::from_random(2);
const BOOKS: MerchantId = MerchantId::from_random(1);
const SHOES: MerchantId = MerchantId::from_random(2);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_719_570_000 + second).unwrap()
}

fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').unwrap();
    Money::parse(amount, Currency::parse(code).unwrap()).unwrap()
}

fn page(after: Option<String>, limit: usize) -> Page {
    Page::new(after, limit).unwrap()
}

/// A buyer with USD 1,000.00.
fn buyer(database: &mut Database) {
    let new = NewIdentity {
        account: BUYER,
        handle: "buyer",
        lookup: b"lookup",
        pin_verifier: b"pin",
        recovery_hash: KeyedHash::from_bytes([1; 32]),
        country: None,
        created_at: at(0),
    };
    identity_insert(&mut database.conn, &new).unwrap();
    let funds = format!("UPDATE ledger_account SET balance = 100000 WHERE name = 'vault:{BUYER}'");
    database.conn.batch_execute(&funds).unwrap();
}

/// EUR 10.00 and 19 % of it, for USD 12.74.
fn item(
    n: u128,
    position: u32,
    purchase: PurchaseId,
    merchant: MerchantId,
    at: Timestamp,
) -> ItemRecord {
    let tax = ItemTax {
        name: "MwSt.".into(),
        jurisdiction: "DE".into(),
        authority: "DE".into(),
        category: "general".into(),
        reason: "standard".into(),
        rate: Percent::parse("19").unwrap(),
        base: money("10.00 EUR"),
        tax: money("1.90 EUR"),
    };
    ItemRecord {
        id: ItemId::from_random(n),
        purchase,
        position,
        account: BUYER,
        merchant,
        sale: SaleId::from_random(n),
        at,
        offer_id: format!("offer {n}"),
        title: "Ein Buch – mit “Zeichen”".into(),
        price: money("10.00 EUR"),
        net: money("10.00 EUR"),
        gross: money("11.90 EUR"),
        fee: money("0.10 EUR"),
        charged: money("12.74 USD"),
        rate: "1.0705".into(),
        taxpayer: Taxpayer::Merchant(merchant),
        taxes: vec![tax],
        refund_window_days: n.is_multiple_of(2).then_some(30),
    }
}

fn evidence(n: u64) -> EvidenceRecord {
    EvidenceRecord::new(
        [7; 32],
        "48.0.0".into(),
        "tax.assess".into(),
        format!("[{n}]"),
        "{}".into(),
        1000 + n,
    )
}

/// A purchase of one item from each of `merchants`; its items count on from ten times `n`.
fn purchase(n: u64, at: Timestamp, merchants: &[MerchantId]) -> Purchase {
    let id = PurchaseId::from_random(n.into());
    let items = (0_u32..).zip(merchants);
    let items: Vec<_> = items
        .map(|(i, merchant)| item(u128::from(n * 10 + u64::from(i)), i, id, *merchant, at))
        .collect();
    let events = (0_u64..).zip(merchants).map(|(i, merchant)| EventRecord {
        id: EventId::from_random(u128::from(n * 10 + i)),
        merchant: *merchant,
        kind: "purchase.paid",
        at,
        data: format!(r#"{{"n":{n}}}"#),
    });
    Purchase {
        record: PurchaseRecord {
            id,
            account: BUYER,
            at,
            total: Money::sum(items.iter().map(|item| item.charged), money("0 USD").currency())
                .unwrap(),
            country: "DE".into(),
            receipt: "buyer's receipt".into(),
            sale_receipts: merchants.iter().map(|merchant| (*merchant, "theirs".into())).collect(),
            evidence: vec![evidence(n).id],
        },
        single_use: Vec::new(),
        limits: Limits::default(),
        evidence: vec![evidence(n)],
        events: events.collect(),
        entry: EntryId::from_random(n.into()),
        log: LogId::from_random(n.into()),
        items,
    }
}

fn refund(n: u128, item: u128) -> Refund {
    Refund {
        id: RefundId::from_random(n),
        account: BUYER,
        item: Some(ItemId::from_random(item)),
        stamp: None,
        asked: money("12.74 USD"),
        policy: RefundPolicy::standard(money("0 USD").currency()),
        closing: Closing {
            compensation: NewCompensation {
                card: CardId::from_random(n),
                serial: format!("C{n}"),
                code_hash: [9; 32],
            },
            entry: EntryId::from_random(2000 + n),
            log: LogId::from_random(2000 + n),
        },
        event: None,
        entry: EntryId::from_random(1000 + n),
        reset_entry: EntryId::from_random(3000 + n),
        log: LogId::from_random(1000 + n),
    }
}

fn submit(database: &Database, at: Timestamp, command: Command) -> Outcome {
    let facts_version = database.store.facts_version();
    let prepared = Prepared { key: None, at, facts_version, command };
    block_on(database.store.submit(prepared)).unwrap().outcome
}

fn buy(database: &Database, purchase: &Purchase) {
    let paid = submit(database, purchase.record.at, Command::Purchase(Box::new(purchase.clone())));
    assert_eq!(paid, Ok(Answer::Purchased { purchase: purchase.record.id }));
}

fn stored(purchase: &Purchase) -> StoredPurchase {
    let items =
        purchase.items.iter().map(|record| StoredItem { record: record.clone(), refund: None });
    StoredPurchase { record: purchase.record.clone(), items: items.collect() }
}

#[test]
fn a_purchase_is_its_buyers_and_reads_as_it_was_made() {
    on_both(|database| {
        buyer(database);
        let made = purchase(1, at(1), &[BOOKS, SHOES]);
        buy(database, &made);
        let conn = &mut database.conn;
        let id = made.record.id;
        assert_eq!(purchase_get(conn, BUYER, id).unwrap(), Some(stored(&made)));
        assert_eq!(purchase_get(conn, STRANGER, id).unwrap(), None);
        assert_eq!(purchase_get_any(conn, id).unwrap(), Some(stored(&made)));
        assert_eq!(purchase_get_any(conn, PurchaseId::from_random(9)).unwrap(), None);
        let policy = RefundPolicy::standard(made.record.total.currency());
        assert_eq!(
            vault_view(conn, BUYER, &policy, at(2)).unwrap().unwrap().balance,
            money("974.52 USD")
        );
        assert_eq!(evidence_get(conn, evidence(1).id).unwrap(), Some(evidence(1)));
        assert_eq!(evidence_get(conn, evidence(2).id).unwrap(), None);
    });
}

#[test]
fn a_refund_shows_at_its_item_and_in_the_log() {
    on_both(|database| {
        buyer(database);
        let made = purchase(1, at(1), &[BOOKS, SHOES]);
        buy(database, &made);
        assert!(submit(database, at(2), Command::Refund(Box::new(refund(1, 11)))).is_ok());
        assert!(submit(database, at(3), Command::Refund(Box::new(refund(2, 11)))).is_err());
        let conn = &mut database.conn;
        let refunded = Some(RefundId::from_random(1));
        assert_eq!(item_get(conn, ItemId::from_random(11)).unwrap().unwrap().refund, refunded);
        assert_eq!(item_get(conn, ItemId::from_random(10)).unwrap().unwrap().refund, None);
        assert_eq!(item_get(conn, ItemId::from_random(12)).unwrap(), None);
        let items = purchase_get(conn, BUYER, made.record.id).unwrap().unwrap().items;
        assert_eq!(items.iter().map(|item| item.refund).collect::<Vec<_>>(), [None, refunded]);
        assert_eq!(
            sale_get(conn, SHOES, ItemId::from_random(11)).unwrap().unwrap().refund,
            refunded
        );
        assert_eq!(
            sale_get(conn, BOOKS, ItemId::from_random(11)).unwrap(),
            None,
            "another merchant's"
        );

        let log = log_page(conn, BUYER, &page(None, 10)).unwrap();
        let told: Vec<_> =
            log.rows.iter().map(|line| (line.kind.name(), line.outcome.as_str())).collect();
        assert_eq!(
            told,
            [("refund", "already-refunded"), ("refund", "done"), ("purchase", "done")]
        );
        assert_eq!(log.rows[1].balance, money("987.26 USD"));
        let since = log_since(conn, BUYER, at(2), 10).unwrap();
        assert_eq!(since, [log.rows[1].clone(), log.rows[0].clone()]);
        assert_eq!(log_since(conn, BUYER, at(0), 1).unwrap(), [log.rows[2].clone()]);
        assert_eq!(log_page(conn, STRANGER, &page(None, 10)).unwrap().rows, []);
    });
}

#[test]
fn pages_are_newest_first_and_miss_nothing() {
    on_both(|database| {
        buyer(database);
        // Two of them at the same time, so that the id decides.
        let made: Vec<_> = [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4)]
            .map(|(n, second)| purchase(n, at(second), &[BOOKS]))
            .into();
        made.iter().for_each(|purchase| buy(database, purchase));
        let conn = &mut database.conn;
        let newest_first: Vec<_> = made.iter().rev().map(stored).collect();

        let mut read = Vec::new();
        let mut next = None;
        loop {
            let paged = purchases_page(conn, BUYER, &page(next, 2)).unwrap();
            assert!((1..=2).contains(&paged.rows.len()));
            read.extend(paged.rows);
            next = paged.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(read, newest_first);

        let sales = sales_page(conn, BOOKS, &page(None, 3)).unwrap();
        let ids = |sales: &[StoredItem]| {
            sales.iter().map(|sale| sale.record.id.bits()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&sales.rows), [50, 40, 30]);
        let rest = sales_page(conn, BOOKS, &page(sales.next, 3)).unwrap();
        assert_eq!((ids(&rest.rows), rest.next), (vec![20, 10], None));

        let log = log_page(conn, BUYER, &page(None, 4)).unwrap();
        assert_eq!(log.rows.iter().map(|line| line.id.bits()).collect::<Vec<_>>(), [5, 4, 3, 2]);
        let rest = log_page(conn, BUYER, &page(log.next, 4)).unwrap();
        assert_eq!((rest.rows[0].id.bits(), rest.rows.len(), rest.next), (1, 1, None));

        let calls = plugin_calls_page(conn, &[7; 32], &page(None, 4)).unwrap();
        let rest = plugin_calls_page(conn, &[7; 32], &page(calls.next.clone(), 4)).unwrap();
        let mut fuel: Vec<_> = calls.rows.iter().chain(&rest.rows).map(|call| call.fuel).collect();
        fuel.sort_unstable();
        assert_eq!((calls.rows.len(), fuel), (4, vec![1001, 1002, 1003, 1004, 1005]));
        assert_eq!(plugin_calls_page(conn, &[8; 32], &page(None, 4)).unwrap().rows, []);

        let unknown = page(Some("pur_unknown".into()), 2);
        assert_eq!(purchases_page(conn, BUYER, &unknown).unwrap().rows, []);
        assert_eq!(plugin_calls_page(conn, &[7; 32], &unknown).unwrap().rows, []);
        let somebody_elses = page(Some(made[4].record.id.to_string()), 2);
        assert_eq!(purchases_page(conn, STRANGER, &somebody_elses).unwrap().rows, []);
        assert_eq!((Page::new(None, 0), Page::new(None, 101)), (None, None));
    });
}
