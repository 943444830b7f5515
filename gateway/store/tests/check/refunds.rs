//! Refunds that were forged, and what refunds leave behind.

use crate::{Story, check, databases::on_both};

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
fn a_refund_that_gave_or_took_elsewhere_is_found() {
    type Change = fn(&Story) -> String;
    // Each leaves an entry that balances.
    let cases: [Change; 3] = [
        // Not the merchant of the sale paid it.
        |story| {
            format!(
                "UPDATE posting SET account = 'merchant:{}:USD' WHERE account LIKE 'merchant:%' AND {}",
                story.kept.merchant,
                of_kind("refund")
            )
        },
        // The merchant kept the fee, the gateway did not give it back.
        |_| {
            format!(
                "UPDATE posting SET account = 'income:fx:USD' WHERE account = 'income:fee:USD' AND {}",
                of_kind("refund")
            )
        },
        // A gift on the card of somebody else.
        |story| {
            format!(
                "UPDATE posting SET account = 'card:{}' WHERE account LIKE 'vault:%' AND {}",
                story.card,
                of_kind("goodwill")
            )
        },
    ];
    for sql in cases {
        on_both(|database| check(database, sql, "items-refunded-once", |_| "entry says".into()));
    }
}

/// The postings of the entries of a kind.
fn of_kind(kind: &str) -> String {
    format!("entry IN (SELECT id FROM entry WHERE kind = '{kind}')")
}

#[test]
fn a_closed_vault_that_holds_something_is_found() {
    on_both(|database| {
        let sql = |story: &Story| {
            format!("UPDATE vault SET active = FALSE WHERE account = '{}'", story.buyer)
        };
        check(database, sql, "closed-vaults-empty", |story| story.buyer.to_string());
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
