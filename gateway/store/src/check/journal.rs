//! The journal and the balances: entries balance, balances are their postings, nothing is below its floor.

use diesel::prelude::*;
use purser_core::account::{Account, Mode};

use super::{Finding, ROWS, count, first_bad};
use crate::{
    Connection, StoreError,
    read::entry::entries_get,
    schema::{entry, ledger_account},
};

/// Accounts that are positive on the left, as SQL tells them apart; a test holds it against the chart.
const IS_DEBIT: &str = "(name LIKE 'float:%' OR name LIKE 'fx:%' OR name = 'refund-control')";
/// Accounts of the memo book.
const IS_MEMO: &str = "(account LIKE 'refund:%' OR account = 'refund-control')";

/// A sum of `amount` that is not zero. What is posted in a year may be more than one integer holds, so the halves of the
/// amounts are summed apart: SQLite refuses a sum that does not fit.
pub(super) const IS_OFF: &str = "(SUM(amount & 4294967295) % 4294967296 <> 0 \
    OR SUM(amount >> 32) + SUM(amount & 4294967295) / 4294967296 <> 0)";
/// The sum of `amount`: exact where it fits, and near enough to be read where it does not.
pub(super) const TOTAL: &str = "(SUM(amount >> 32) * 4294967296 + SUM(amount & 4294967295))";

/// Every entry balances in each book and currency, and no posting is without its entry.
pub(super) fn entries(conn: &mut Connection) -> Result<Finding, StoreError> {
    let mut finding = Finding::default();
    let mut after = String::new();
    loop {
        let ids: Vec<String> = entry::table
            .filter(entry::id.gt(&after))
            .order(entry::id)
            .limit(ROWS)
            .select(entry::id)
            .load(conn)?;
        let Some(last) = ids.last().cloned() else { break };
        // Reading an entry builds it again, which is the check.
        let bad = match entries_get(conn, &ids) {
            Ok(_) => None,
            Err(StoreError::Corrupt { table, what }) => Some(format!("{table}: {what}")),
            Err(other) => return Err(other),
        };
        finding.saw(ids.len(), bad);
        after = last;
    }
    let orphan = "SELECT posting.entry || ' has postings and no entry' AS bad FROM posting \
        LEFT JOIN entry ON entry.id = posting.entry WHERE entry.id IS NULL ORDER BY posting.entry LIMIT 1";
    let orphan = first_bad(conn, orphan)?;
    finding.saw(0, orphan);
    Ok(finding)
}

/// All postings of a book and currency together are zero.
pub(super) fn trial_balance(conn: &mut Connection) -> Result<Finding, StoreError> {
    let book = format!("CASE WHEN {IS_MEMO} THEN 'memo' ELSE 'money' END");
    let bad = format!(
        "SELECT {book} || ' ' || currency || ' is off by ' || CAST({TOTAL} AS TEXT) AS bad FROM posting \
         GROUP BY {book}, currency HAVING {IS_OFF} ORDER BY currency LIMIT 1"
    );
    let bad = first_bad(conn, &bad)?;
    let books = format!(
        "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM posting GROUP BY {book}, currency) AS books"
    );
    Ok(Finding { examined: count(conn, &books)?, bad })
}

/// Every balance, with what is not rolled up yet, equals its postings.
pub(super) fn balances(conn: &mut Connection) -> Result<Finding, StoreError> {
    let bad = format!(
        "SELECT name || ' ' || currency || ' is off by ' || CAST(-{TOTAL} AS TEXT) AS bad FROM (\
         SELECT name, currency, CASE WHEN {IS_DEBIT} THEN amount ELSE -amount END AS amount \
         FROM (SELECT account AS name, currency, amount FROM posting) AS posted \
         UNION ALL SELECT name, currency, -balance FROM ledger_account \
         UNION ALL SELECT name, currency, -amount FROM open_delta\
         ) AS part GROUP BY name, currency HAVING {IS_OFF} ORDER BY name LIMIT 1"
    );
    let bad = first_bad(conn, &bad)?;
    Ok(Finding { examined: count(conn, "SELECT COUNT(*) AS n FROM ledger_account")?, bad })
}

/// Every account is of the chart, guarded as the chart says, and not below its floor.
pub(super) fn floors(conn: &mut Connection) -> Result<Finding, StoreError> {
    let mut finding = Finding::default();
    let mut after = String::new();
    loop {
        let rows: Vec<(String, bool, i64)> = ledger_account::table
            .filter(ledger_account::name.gt(&after))
            .order((ledger_account::name, ledger_account::currency))
            .limit(ROWS)
            .select((ledger_account::name, ledger_account::guarded, ledger_account::balance))
            .load(conn)?;
        let Some((last, ..)) = rows.last().cloned() else { return Ok(finding) };
        let bad = rows.iter().find_map(|(name, guarded, balance)| floor(name, *guarded, *balance));
        finding.saw(rows.len(), bad);
        after = last;
    }
}

fn floor(name: &str, guarded: bool, balance: i64) -> Option<String> {
    let Ok(account) = name.parse::<Account>() else {
        return Some(format!("{name} is not of the chart"));
    };
    match account.mode() {
        Mode::Guarded if !guarded => Some(format!("{name} is not guarded")),
        Mode::Open if guarded => Some(format!("{name} is guarded")),
        Mode::Guarded if balance < 0 => Some(format!("{name} is at {balance}")),
        Mode::Guarded | Mode::Open => None,
    }
}

/// The gateway never promised more real money than it held.
pub(super) fn floats(conn: &mut Connection) -> Result<Finding, StoreError> {
    const FLOATS: &str = "SELECT name, currency, balance AS amount FROM ledger_account WHERE name LIKE 'float:%' \
        UNION ALL SELECT name, currency, amount FROM open_delta WHERE name LIKE 'float:%'";
    let bad = format!(
        "SELECT name || ' is at ' || CAST({TOTAL} AS TEXT) AS bad FROM ({FLOATS}) AS part \
         GROUP BY name, currency HAVING {TOTAL} < 0 ORDER BY name LIMIT 1"
    );
    let bad = first_bad(conn, &bad)?;
    let examined = format!(
        "SELECT COUNT(*) AS n FROM (SELECT DISTINCT name FROM ({FLOATS}) AS part) AS floats"
    );
    Ok(Finding { examined: count(conn, &examined)?, bad })
}

#[cfg(test)]
mod tests {
    use diesel::Connection as _;
    use purser_core::{
        account::{Authority, Book, Side, Taxpayer},
        ids::{AccountId, CardId, MerchantId},
        money::Currency,
    };

    use super::*;

    #[test]
    fn sums_that_no_integer_holds_are_told_apart_from_zero() {
        let mut conn =
            diesel::SqliteConnection::establish(":memory:").map(Connection::Sqlite).unwrap();
        let most = i64::MAX;
        for (amounts, expected) in [
            (vec![most, most, -most, -most], None),
            (vec![most, 1, -most, -1], None),
            (vec![-5, 4], Some("-1")),
            (vec![1 << 32, -(1 << 32) + 7], Some("7")),
            (vec![most, most], Some("1.8446744073709552e+19")),
        ] {
            let rows: Vec<_> = amounts.iter().map(|amount| format!("({amount})")).collect();
            let sql = format!(
                "SELECT CAST({TOTAL} AS TEXT) AS bad FROM (SELECT column1 AS amount FROM (VALUES {})) AS part HAVING {IS_OFF}",
                rows.join(", ")
            );
            let found = first_bad(&mut conn, &sql).unwrap();
            assert_eq!(found.as_deref(), expected, "{amounts:?}");
        }
    }

    #[test]
    fn the_sides_and_books_in_sql_are_those_of_the_chart() {
        let usd = Currency::parse("USD").unwrap();
        let merchant = MerchantId::from_random(1);
        let mut conn =
            diesel::SqliteConnection::establish(":memory:").map(Connection::Sqlite).unwrap();
        for account in [
            Account::Vault(AccountId::from_random(1)),
            Account::Card(CardId::from_random(1)),
            Account::Merchant(merchant, usd),
            Account::Tax(Taxpayer::Operator, Authority::parse("DE").unwrap(), usd),
            Account::Fx(usd),
            Account::IncomeFee(usd),
            Account::IncomeFx(usd),
            Account::Float(usd),
            Account::ClearingPayout(usd),
            Account::ClearingRemittance(usd),
            Account::Refund(AccountId::from_random(1)),
            Account::RefundControl,
        ] {
            let sql = format!(
                "SELECT CASE WHEN {IS_DEBIT} THEN 'debit' ELSE 'credit' END || CASE WHEN {IS_MEMO} THEN ' memo' \
                 ELSE ' money' END AS bad FROM (SELECT '{account}' AS name, '{account}' AS account) AS one"
            );
            let said = first_bad(&mut conn, &sql).unwrap().unwrap();
            let side = if account.side() == Side::Debit { "debit" } else { "credit" };
            let book = if account.book() == Book::Memo { "memo" } else { "money" };
            assert_eq!(said, format!("{side} {book}"), "{account}");
        }
    }
}
