//! The proof finds whatever is changed behind the gateway's back, and names the row.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails loudly")]

mod databases;
mod world;

use databases::{Database, block_on, on_both};
use diesel::connection::SimpleConnection;
use purser_core::{
    ids::{AccountId, CardId},
    jws::{self, Keyring, SigningKey},
    record::ItemRecord,
    secret::Secret,
};
use purser_store::{Check, Connection, Store};
use world::*;

fn signing_key() -> SigningKey {
    SigningKey::from_seed(&Secret::new([7; 32])).unwrap()
}

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
    database.conn.batch_execute(&sql(&told)).unwrap();
    let proof = block_on(proof(&store));
    let found = proof.iter().find(|check| check.name == name).unwrap();
    assert!(!found.ok, "{name} holds after {}\n{proof:#?}", sql(&told));
    let detail = found.detail.clone().unwrap();
    assert!(detail.contains(&row(&told)), "{name} says {detail}, not {}", row(&told));
}

const FINAL: [&str; 10] = [
    "entry",
    "posting",
    "entry_sealed",
    "seal",
    "purchase",
    "item",
    "refund",
    "vault_load",
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
                ("seals-unbroken", 3),
            ];
            assert_eq!(examined, expected);
        });
    });
}

#[test]
fn a_posting_that_was_changed_is_found() {
    on_both(|database| {
        let sql = |story: &Story| {
            format!(
                "UPDATE posting SET amount = amount + 1 WHERE account = 'card:{}' AND amount > 0",
                story.card
            )
        };
        check(database, sql, "entries-balance", |_| "ent_".into());
    });
    on_both(|database| {
        let sql = |story: &Story| {
            format!(
                "UPDATE posting SET amount = amount + 1 WHERE account = 'card:{}' AND amount > 0",
                story.card
            )
        };
        check(database, sql, "trial-balance-zero", |_| "money EUR is off by 1".into());
    });
}

#[test]
fn a_posting_without_an_entry_is_found() {
    on_both(|database| {
        let sql =
            |story: &Story| format!("DELETE FROM entry WHERE object = '{}'", story.kept.purchase);
        check(database, sql, "entries-balance", |_| "has postings and no entry".into());
    });
}

#[test]
fn a_balance_that_was_raised_is_found() {
    on_both(|database| {
        let sql = |story: &Story| {
            format!(
                "UPDATE ledger_account SET balance = balance + 5 WHERE name = 'vault:{}'",
                story.buyer
            )
        };
        check(database, sql, "balances-equal-postings", |story| {
            format!("vault:{} USD is off by 5", story.buyer)
        });
    });
    on_both(|database| {
        let sql = |_: &Story| {
            "UPDATE open_delta SET amount = amount + 5 WHERE name LIKE 'merchant:%'".into()
        };
        check(database, sql, "balances-equal-postings", |_| "merchant:merch_".into());
    });
}

#[test]
fn an_account_below_its_floor_or_of_no_chart_is_found() {
    on_both(|database| {
        let sql = |story: &Story| {
            format!("UPDATE ledger_account SET balance = -5 WHERE name = 'vault:{}'", story.buyer)
        };
        check(database, sql, "no-account-below-floor", |story| {
            format!("vault:{} is at -5", story.buyer)
        });
    });
    on_both(|database| {
        let sql =
            |_: &Story| "INSERT INTO ledger_account VALUES ('pocket:me', 'USD', FALSE, 5)".into();
        check(database, sql, "no-account-below-floor", |_| "pocket:me".into());
    });
}

#[test]
fn a_float_below_zero_is_found() {
    on_both(|database| {
        let sql =
            |_: &Story| "UPDATE ledger_account SET balance = -1 WHERE name = 'float:EUR'".into();
        check(database, sql, "no-float-below-zero", |_| "float:EUR is at -1".into());
    });
}

#[test]
fn a_card_that_is_worth_more_than_it_was_sold_for_is_found() {
    on_both(|database| {
        let sql =
            |story: &Story| format!("UPDATE card SET face = face + 1 WHERE id = '{}'", story.card);
        check(database, sql, "cards-loaded-within-value", |story| story.card.to_string());
    });
    on_both(|database| {
        let sql = |story: &Story| {
            format!(
                "UPDATE posting SET account = 'card:{}' WHERE account LIKE 'card:%' AND amount > 0",
                story.card
            )
        };
        check(database, sql, "cards-loaded-within-value", |story| format!("{} gave", story.card));
    });
    on_both(|database| {
        let sql = |_: &Story| "DELETE FROM vault_load".into();
        check(database, sql, "cards-loaded-within-value", |_| "load_".into());
    });
}

#[test]
fn a_purchase_that_lacks_anything_is_found() {
    type Change = fn(&Story) -> String;
    let cases: [(Change, &str); 7] = [
        (
            |story| {
                format!("UPDATE purchase SET receipt = '' WHERE id = '{}'", story.kept.purchase)
            },
            "a receipt",
        ),
        (
            |story| {
                format!(
                    "UPDATE purchase SET sale_receipts = '[]' WHERE id = '{}'",
                    story.kept.purchase
                )
            },
            "a receipt",
        ),
        (
            |story| {
                format!(
                    "UPDATE purchase SET total = total - 1 WHERE id = '{}'",
                    story.kept.purchase
                )
            },
            "sum",
        ),
        (
            |story| format!("UPDATE item SET taxes = '[]' WHERE id = '{}'", story.kept.id),
            "items say",
        ),
        (
            |story| {
                format!(
                    "UPDATE item SET net = net - 1, gross = gross - 1 WHERE id = '{}'",
                    story.kept.id
                )
            },
            "items say",
        ),
        (|_| "DELETE FROM evidence".into(), "evidence"),
        (
            |story| format!("DELETE FROM entry WHERE object = '{}'", story.kept.purchase),
            "not one entry",
        ),
    ];
    for (sql, what) in cases {
        on_both(|database| check(database, sql, "purchases-complete", |_| what.into()));
    }
    on_both(|database| {
        let sql =
            |story: &Story| format!("DELETE FROM event WHERE merchant = '{}'", story.kept.merchant);
        check(database, sql, "purchases-complete", |story| story.kept.merchant.to_string());
    });
    on_both(|database| {
        let sql =
            |story: &Story| format!("DELETE FROM purchase WHERE id = '{}'", story.kept.purchase);
        check(database, sql, "purchases-complete", |story| story.kept.purchase.to_string());
    });
}

#[test]
fn a_refund_that_was_forged_is_found() {
    on_both(|database| {
        let sql = |story: &Story| {
            format!("UPDATE refund SET credited = credited + 1 WHERE item = '{}'", story.item.id)
        };
        check(database, sql, "items-refunded-once", |story| story.item.id.to_string());
    });
    on_both(|database| {
        let sql = |story: &Story| format!("UPDATE refund SET item = '{}'", story.item.id);
        check(database, sql, "items-refunded-once", |story| {
            format!("{} was refunded 2 times", story.item.id)
        });
    });
    on_both(|database| {
        let sql = |_: &Story| "DELETE FROM refund WHERE goodwill".into();
        check(database, sql, "items-refunded-once", |_| "ref_".into());
    });
}

#[test]
fn a_refund_account_that_was_reset_behind_our_back_is_found() {
    on_both(|database| {
        let sql = |story: &Story| {
            format!("UPDATE vault SET refund_count = 0 WHERE account = '{}'", story.buyer)
        };
        check(database, sql, "refund-accounts-agree", |story| story.buyer.to_string());
    });
    on_both(|database| {
        let sql = |_: &Story| "UPDATE refund SET goodwill = TRUE".into();
        check(database, sql, "refund-accounts-agree", |story| format!("refund:{}", story.buyer));
    });
}

#[test]
fn a_seal_that_was_broken_is_found() {
    let cases: [(&str, &str); 8] = [
        (
            "UPDATE entry SET at = at + 1 WHERE id = (SELECT entry FROM entry_sealed WHERE position = 2)",
            "position 1",
        ),
        (
            "UPDATE entry SET object = 'x' WHERE id = (SELECT entry FROM entry_sealed WHERE position = 9)",
            "position 8 on: an entry was changed",
        ),
        (
            "DELETE FROM entry WHERE id = (SELECT entry FROM entry_sealed WHERE position = 3)",
            "position 1",
        ),
        ("DELETE FROM entry_sealed WHERE position = 8", "position 8 on: a position has no entry"),
        ("DELETE FROM seal WHERE first_position = 8", "is sealed by no seal"),
        ("DELETE FROM seal WHERE first_position = 1", "position 8 on: it does not follow"),
        (
            "UPDATE seal SET at = at + 1000000 WHERE first_position = 8",
            "position 8 on: the gateway did not sign it",
        ),
        ("DELETE FROM entry_unsealed", "is not sealed and does not wait"),
    ];
    for (sql, what) in cases {
        on_both(|database| check(database, |_| sql.to_owned(), "seals-unbroken", |_| what.into()));
    }
}

#[test]
fn a_seal_of_somebody_else_is_found() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            story(&store).await;
            let other = SigningKey::from_seed(&Secret::new([8; 32])).unwrap();
            let proof = store.check(Keyring::new([other.public()])).await.unwrap();
            let bad: Vec<_> =
                proof.iter().filter(|check| !check.ok).map(|check| check.name).collect();
            assert_eq!(bad, ["seals-unbroken"]);
        });
    });
}
