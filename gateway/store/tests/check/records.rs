//! Cards, loads, purchases, transfers and trades that were forged.

use crate::{Story, check, databases::on_both};

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
    let cases: [(Change, &str); 8] = [
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
        (
            |story| format!("UPDATE item SET at = at - 1 WHERE id = '{}'", story.kept.id),
            "another time",
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
fn a_load_that_its_rates_do_not_give_is_found() {
    // A conversion at a better rate than any that was published: entry and document agree with each other.
    let cases = [
        (
            "UPDATE posting SET amount = CASE WHEN amount > 0 THEN amount + 100 ELSE amount - 100 END \
             WHERE (account = 'fx:USD' OR account LIKE 'vault:%') AND currency = 'USD' AND entry IN \
             (SELECT entry FROM posting WHERE account LIKE 'income:fx:%'); \
             UPDATE vault_load SET document = REPLACE(document, '53.25', '54.25')",
            "its rates give",
        ),
        (
            "UPDATE posting SET amount = CASE WHEN amount > 0 THEN amount + 5 ELSE amount - 5 END \
             WHERE account IN ('fx:USD', 'income:fx:USD') AND entry IN \
             (SELECT entry FROM posting WHERE account LIKE 'income:fx:%')",
            "its entry says",
        ),
        ("DELETE FROM evidence WHERE input = 'load'", "lacks its evidence"),
    ];
    for (sql, what) in cases {
        let changed = |_: &Story| sql.to_owned();
        on_both(|database| check(database, changed, "cards-loaded-within-value", |_| what.into()));
    }
}

#[test]
fn evidence_that_was_changed_is_found() {
    on_both(|database| {
        let sql = |_: &Story| "UPDATE evidence SET output = '{\"tax\":0}'".into();
        check(database, sql, "purchases-complete", |_| "evidence: content".into());
    });
}

#[test]
fn a_transfer_or_trade_that_was_forged_is_found() {
    let cases = [
        ("UPDATE transfer SET amount = amount + 1", "transfers-booked", "xfer_"),
        ("UPDATE transfer SET from_account = to_account", "transfers-booked", "xfer_"),
        ("DELETE FROM transfer", "transfers-booked", "a transfer without its record"),
        ("DELETE FROM entry WHERE kind = 'transfer'", "transfers-booked", "its entry says"),
        ("UPDATE trade SET bought = bought + 1", "trades-booked", "trade_"),
        ("DELETE FROM trade", "trades-booked", "a trade without its record"),
    ];
    for (sql, name, what) in cases {
        on_both(|database| check(database, |_| sql.to_owned(), name, |_| what.into()));
    }
}

#[test]
fn an_offer_that_is_used_up_and_was_never_bought_is_found() {
    on_both(|database| {
        let sql = |story: &Story| {
            format!("INSERT INTO offer_use VALUES ('{}', 'another')", story.kept.merchant)
        };
        check(database, sql, "purchases-complete", |_| "another of merch_".into());
    });
}
