//! The proof finds whatever is changed behind the gateway's back, and names the row.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod balances;
#[path = "../databases/mod.rs"]
mod databases;
mod outgoing;
mod records;
mod refunds;
mod seals;
mod stamps;
#[path = "../world/mod.rs"]
mod world;

use databases::{Database, block_on, on_both};
use diesel::connection::SimpleConnection;
use purser_core::{
    ids::{AccountId, CardId},
    jws::{self, Keyring},
    record::ItemRecord,
};
use purser_store::{Check, Connection, Store};
use world::*;

/// What a story left behind, for statements that change it.
struct Story {
    buyer: AccountId,
    card: CardId,
    item: ItemRecord,
    kept: ItemRecord,
}

/// A bit of everything: a load with a conversion, a purchase of two merchants, a refund, a transfer, a trade.
async fn story(store: &Store) -> Story {
    jws::self_test().unwrap();
    let buyer = buyer_with(store, usd(50_000)).await;
    let card = cards(store, 3, eur(5_000)).await[0];
    done(store, load(buyer, card, eur(5_000))).await;
    let _unsold = unsold_cards(store, 2, eur(1_000)).await;
    let bought = purchase(buyer, &[(merchant(1), 1_000), (merchant(2), 2_000)]);
    done(store, buy(&bought)).await;
    done(store, buy(&purchase(buyer, &[(merchant(1), 500)]))).await;
    done(store, refund(buyer, &bought.items[0], policy())).await;
    assert_eq!(store.seal(&signing_key(), at(1)).await.unwrap(), 7);
    let other = world::buyer(store).await;
    done(store, transfer(buyer, other, usd(700))).await;
    done(store, trade(eur(1_000), usd(1_068))).await;
    while store.roll().await.unwrap() > 0 {}
    while store.place_events().await.unwrap() > 0 {}
    done(store, goodwill(&bought.items[1], None)).await;
    assert_eq!(store.seal(&signing_key(), at(2)).await.unwrap(), 3);
    let kept = purchase(buyer, &[(merchant(3), 300)]);
    done(store, buy(&kept)).await;
    Story { buyer, card, item: bought.items[0].clone(), kept: kept.items[0].clone() }
}

async fn proof(store: &Store) -> Vec<Check> {
    store.check(Keyring::new([signing_key().public()])).await.unwrap()
}

/// Tells a story, changes the database by `sql`, and expects that this check fails and names `row`.
fn check(
    database: &mut Database,
    sql: impl Fn(&Story) -> String,
    name: &str,
    row: impl Fn(&Story) -> String,
) {
    let store = database.store.clone();
    let told = block_on(story(&store));
    found(database, &sql(&told), name, &row(&told));
}

/// Changes the database by `sql`, and expects that this check fails and names `row`.
fn found(database: &mut Database, sql: &str, name: &str, row: &str) {
    let store = database.store.clone();
    match &mut database.conn {
        Connection::Sqlite(conn) => {
            conn.batch_execute("PRAGMA ignore_check_constraints = ON").unwrap();
            for table in FINAL {
                let drop =
                    format!("DROP TRIGGER {table}_is_final_u; DROP TRIGGER {table}_is_final_d;");
                conn.batch_execute(&drop).unwrap();
            }
            // SQLite keeps the index of a UNIQUE column: only another table lets two rows in.
            conn.batch_execute("CREATE TABLE loose AS SELECT * FROM refund; DROP TABLE refund; ALTER TABLE loose RENAME TO refund;").unwrap();
        }
        Connection::Postgres(conn) => {
            conn.batch_execute("ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_check")
                .unwrap();
            conn.batch_execute("ALTER TABLE refund DROP CONSTRAINT refund_item_key").unwrap();
            for table in FINAL {
                conn.batch_execute(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL")).unwrap();
            }
        }
    }
    database.conn.batch_execute(sql).unwrap();
    let proof = block_on(proof(&store));
    let found = proof.iter().find(|check| check.name == name).unwrap();
    assert!(!found.ok, "{name} holds after {sql}\n{proof:#?}");
    let detail = found.detail.clone().unwrap();
    assert!(detail.contains(row), "{name} says {detail}, not {row}");
}

const FINAL: [&str; 17] = [
    "remittance",
    "filing",
    "payout",
    "settlement",
    "entry",
    "posting",
    "entry_sealed",
    "seal",
    "purchase",
    "item",
    "refund",
    "vault_load",
    "transfer",
    "trade",
    "offer_use",
    "evidence",
    "event",
];

#[test]
fn books_that_nobody_touched_hold() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let proof_of_nothing = proof(&store).await;
            assert!(proof_of_nothing.iter().all(|check| check.ok), "{proof_of_nothing:#?}");
            story(&store).await;
            let proof = proof(&store).await;
            assert!(proof.iter().all(|check| check.ok), "{proof:#?}");
            let examined: Vec<_> = proof.iter().map(|check| (check.name, check.examined)).collect();
            let expected = [
                ("entries-balance", 11),
                ("trial-balance-zero", 3),
                ("balances-equal-postings", 19),
                ("no-account-below-floor", 19),
                ("no-float-below-zero", 2),
                ("cards-loaded-within-value", 6),
                ("purchases-complete", 3),
                ("items-refunded-once", 2),
                ("refund-accounts-agree", 2),
                ("closed-vaults-empty", 0),
                ("stamp-registers-agree", 0),
                ("stamps-settled-once", 0),
                ("transfers-booked", 1),
                ("trades-booked", 1),
                ("taxes-equal-postings", 6),
                ("remittances-complete", 0),
                ("payouts-booked", 0),
                ("clearing-accounts-agree", 0),
                ("merchant-accounts-agree", 3),
                ("webhooks-told", 0),
                ("seals-unbroken", 3),
            ];
            assert_eq!(examined, expected);
        });
    });
}
