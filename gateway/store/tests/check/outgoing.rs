//! Taxes, remittances and payouts that were forged.

use purser_core::{
    command::Command,
    ids::{MerchantId, PayoutId},
    outgoing::Settled,
    record::RemittanceRecord,
};
use purser_store::Store;

use crate::{
    databases::{Database, block_on, on_both},
    found, proof,
    world::*,
};

/// What a story left behind.
struct Left {
    merchant: MerchantId,
    first: RemittanceRecord,
    failed: RemittanceRecord,
    open: RemittanceRecord,
    payout: PayoutId,
}

async fn remitted(store: &Store, merchant: MerchantId) -> RemittanceRecord {
    let remit = remit(store, merchant).await.unwrap();
    let record = remit.record.clone();
    done(store, Command::Remit(remit)).await;
    record
}

/// Sales, a remittance that was paid, one that failed, one that is under way; a payout that failed and one under way.
async fn story(store: &Store) -> Left {
    let (merchant, buyer) = (merchant(1), buyer_with(store, usd(50_000)).await);
    let bought = purchase(buyer, &[(merchant, 1_000), (merchant, 2_000)]);
    done(store, buy(&bought)).await;
    let first = remitted(store, merchant).await;
    done(store, settle_remittance(&first, Settled::Confirmed)).await;
    done(store, buy(&purchase(buyer, &[(merchant, 700)]))).await;
    let failed = remitted(store, merchant).await;
    done(store, settle_remittance(&failed, Settled::Failed)).await;
    done(store, refund(buyer, &bought.items[0], policy())).await;
    done(store, buy(&purchase(buyer, &[(merchant, 4_000)]))).await;
    let open = remitted(store, merchant).await;
    assert_eq!(open.tax, usd(133 - 190 + 760));
    let one = payout(merchant);
    let (id, amount) = (one.id, usd(1_980 + 693 + 3_960));
    done(store, Command::Payout(Box::new(one))).await;
    done(store, settle_payout(id, merchant, amount, Settled::Failed)).await;
    let two = payout(merchant);
    let payout = two.id;
    done(store, Command::Payout(Box::new(two))).await;
    Left { merchant, first, failed, open, payout }
}

/// Tells the story, changes the database, and expects that the check finds it.
fn forged(sql: impl Fn(&Left) -> String, name: &str, says: impl Fn(&Left) -> String) {
    on_both(|database: &mut Database| {
        let store = database.store.clone();
        let left = block_on(story(&store));
        found(database, &sql(&left), name, &says(&left));
    });
}

#[test]
fn money_that_left_rightly_is_proved() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            story(&store).await;
            let proof = proof(&store).await;
            assert!(proof.iter().all(|check| check.ok), "{proof:#?}");
            let examined = |name: &str| {
                proof.iter().find(|check| check.name == name).map(|check| check.examined)
            };
            assert_eq!(examined("taxes-equal-postings"), Some(4));
            assert_eq!(examined("remittances-complete"), Some(3));
            assert_eq!(examined("payouts-booked"), Some(2));
            assert_eq!(examined("clearing-accounts-agree"), Some(2));
            assert_eq!(examined("merchant-accounts-agree"), Some(1));
        });
    });
}

#[test]
fn tax_that_was_posted_otherwise_than_it_was_sold_is_found() {
    // Entries and balances agree with each other: only the items tell.
    let moved = "UPDATE posting SET amount = amount - 5 WHERE account LIKE 'tax:%' AND entry IN \
        (SELECT id FROM entry WHERE kind = 'purchase' AND object = (SELECT MIN(id) FROM purchase)); \
        UPDATE posting SET amount = amount + 5 WHERE account LIKE 'merchant:%' AND entry IN \
        (SELECT id FROM entry WHERE kind = 'purchase' AND object = (SELECT MIN(id) FROM purchase))";
    let tax = |left: &Left| tax_account(left.merchant).account().to_string();
    forged(|_| moved.to_owned(), "taxes-equal-postings", tax);
    forged(
        |_| moved.to_owned(),
        "merchant-accounts-agree",
        |left| format!("merchant:{}:USD", left.merchant),
    );
    // A month later: the sums of all time still agree.
    let later = "UPDATE entry SET at = at + 2678400000000 WHERE kind = 'refund'";
    forged(|_| later.to_owned(), "taxes-equal-postings", |_| "in 2024-0".to_owned());
}

#[test]
fn a_remittance_that_is_not_what_was_sold_is_found() {
    type Change = fn(&Left) -> String;
    let cases: [(Change, &str); 12] = [
        // Tax, entry and clearing agree with each other: only items and postings tell.
        (
            |left| {
                format!(
                    "UPDATE remittance SET lines = REPLACE(lines, '\"tax\":{0}', '\"tax\":{1}'), tax = tax + 1, \
                     paid = paid + 1 WHERE id = '{2}'; \
                     UPDATE posting SET amount = CASE WHEN amount > 0 THEN amount + 1 ELSE amount - 1 END \
                     WHERE entry = (SELECT id FROM entry WHERE object = '{2}' AND kind = 'remittance')",
                    left.open.tax.minor(),
                    left.open.tax.minor() + 1,
                    left.open.id
                )
            },
            "it is not what was sold",
        ),
        (
            |left| format!("UPDATE remittance SET base = base - 1 WHERE id = '{}'", left.open.id),
            "it is not what was sold",
        ),
        (
            |left| format!("UPDATE remittance SET carried = -1 WHERE id = '{}'", left.open.id),
            "it is not what was sold",
        ),
        (
            |left| format!("UPDATE remittance SET position = 3 WHERE id = '{}'", left.open.id),
            "it is not what was sold",
        ),
        (
            |left| format!("UPDATE remittance SET counted = '[]' WHERE id = '{}'", left.open.id),
            "another remittance told",
        ),
        (
            |left| {
                format!(
                    "UPDATE remittance SET counted = '[\"{}\",\"{}\"]' WHERE id = '{}'",
                    left.first.id, left.failed.id, left.open.id
                )
            },
            "counted a remittance",
        ),
        (
            |left| format!("UPDATE remittance SET paid = paid + 1 WHERE id = '{}'", left.open.id),
            "its entries say",
        ),
        (
            |left| {
                format!(
                    "UPDATE settlement SET outcome = 'failed' WHERE object = '{}'",
                    left.first.id
                )
            },
            "its entries say",
        ),
        (
            |left| format!("DELETE FROM settlement WHERE object = '{}'", left.first.id),
            "its entries say",
        ),
        (
            |left| {
                let id = left.open.id;
                format!("UPDATE filing SET body = hash WHERE remittance = '{id}'")
            },
            "its return",
        ),
        (|left| format!("DELETE FROM filing WHERE remittance = '{}'", left.open.id), "its return"),
        (|_| "DELETE FROM evidence WHERE input = 'file-return'".to_owned(), "evidence"),
    ];
    for (sql, says) in cases {
        forged(sql, "remittances-complete", |_| says.to_owned());
    }
    forged(
        |left| format!("DELETE FROM remittance WHERE id = '{}'", left.open.id),
        "remittances-complete",
        |left| format!("{} is a remittance without its record", left.open.id),
    );
}

#[test]
fn a_payout_that_was_forged_is_found() {
    let check = |sql: &'static str, says: &'static str| {
        let sql = |left: &Left| format!("{sql} '{}'", left.payout);
        forged(sql, "payouts-booked", |_| says.to_owned());
    };
    check("UPDATE payout SET amount = amount + 1 WHERE id =", "its entries say");
    check("UPDATE payout SET merchant = 'merch_00000000000000000000000009' WHERE id =", "say");
    check(
        "INSERT INTO settlement (at, outcome, number, object) SELECT 0, 'confirmed', 0,",
        "its entries say",
    );
    check("DELETE FROM payout WHERE id =", "a payout without its record");
}

#[test]
fn money_that_stands_in_clearing_for_nothing_is_found() {
    let check = |sql: fn(&Left) -> String, says: &'static str| {
        forged(sql, "clearing-accounts-agree", |_| says.to_owned());
    };
    check(
        |left| format!("UPDATE remittance SET paid = paid + 1 WHERE id = '{}'", left.open.id),
        "clearing:remittance:USD is off",
    );
    check(
        |left| format!("DELETE FROM payout WHERE id = '{}'", left.payout),
        "clearing:payout:USD is off",
    );
    check(
        |_| {
            "INSERT INTO settlement (object, at, outcome, number) VALUES ('rem_x', 0, 'failed', 0)"
                .to_owned()
        },
        "rem_x was settled and never prepared",
    );
}
