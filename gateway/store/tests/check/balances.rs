//! Postings, entries and balances that were changed.

use crate::{Story, check, databases::on_both};

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
