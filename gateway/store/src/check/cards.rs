//! Cards: each is worth its face once it is sold, and no more is loaded from it than is on it.

use std::collections::HashMap;

use diesel::prelude::*;
use purser_core::{
    account::Account,
    entry::{Entry, Posting},
    record::LoadRecord,
};

use super::{Finding, ROWS, count, first_bad};
use crate::{
    Connection, StoreError,
    read::{entry::entries_of_all, row::Row},
    schema::vault_load,
};

/// Every card was sold for its face, gave no more than it held, and every load took what its entry says.
pub(super) fn cards(conn: &mut Connection) -> Result<Finding, StoreError> {
    let bad = first_bad(
        conn,
        "\
        SELECT card.id || ' was sold for ' || CAST(COALESCE(sold.amount, 0) AS TEXT) AS bad FROM card \
        LEFT JOIN (SELECT posting.account, -SUM(posting.amount) AS amount FROM posting \
        JOIN entry ON entry.id = posting.entry WHERE entry.kind IN ('cards-sold', 'closing') \
        AND posting.account LIKE 'card:%' GROUP BY posting.account) AS sold ON sold.account = 'card:' || card.id \
        WHERE (card.status = 'active' AND COALESCE(sold.amount, 0) <> card.face) \
        OR (card.status = 'inactive' AND COALESCE(sold.amount, 0) <> 0) \
        OR COALESCE(sold.amount, 0) NOT IN (0, card.face) ORDER BY card.id LIMIT 1",
    )?;
    let overdrawn = first_bad(
        conn,
        "\
        SELECT account || ' gave ' || CAST(SUM(amount) AS TEXT) || ' more than it held' AS bad FROM posting \
        WHERE account LIKE 'card:%' GROUP BY account HAVING SUM(amount) > 0 ORDER BY account LIMIT 1",
    )?;
    let mut finding = Finding { examined: count(conn, "SELECT COUNT(*) AS n FROM card")?, bad };
    finding.saw(0, overdrawn);
    let untaken = loads(conn)?;
    finding.saw(0, untaken);
    Ok(finding)
}

fn loads(conn: &mut Connection) -> Result<Option<String>, StoreError> {
    let mut after = String::new();
    loop {
        let rows: Vec<(String, String)> = vault_load::table
            .filter(vault_load::id.gt(&after))
            .order(vault_load::id)
            .limit(ROWS)
            .select((vault_load::id, vault_load::document))
            .load(conn)?;
        let Some((last, _)) = rows.last().cloned() else { break };
        let ids: Vec<String> = rows.iter().map(|(id, _)| id.clone()).collect();
        let entries = entries_of_all(conn, &ids)?;
        let entries: HashMap<&str, &Entry> =
            entries.iter().map(|entry| (entry.object(), entry)).collect();
        for (id, document) in &rows {
            let load: LoadRecord = Row::new("vault_load", id).json("document", document)?;
            if !entries.get(id.as_str()).is_some_and(|entry| is_of(entry, &load)) {
                return Ok(Some(format!("{id} is not what its entry says")));
            }
        }
        after = last;
    }
    let unknown = "SELECT entry.object || ' is a load without its record' AS bad FROM entry \
        LEFT JOIN vault_load ON vault_load.id = entry.object WHERE entry.kind = 'load' AND vault_load.id IS NULL \
        ORDER BY entry.id LIMIT 1";
    first_bad(conn, unknown)
}

fn is_of(entry: &Entry, load: &LoadRecord) -> bool {
    let taken = Posting::debit(Account::Card(load.card), load.taken);
    let credited = Posting::credit(Account::Vault(load.account), load.credited);
    entry.postings().contains(&taken) && entry.postings().contains(&credited)
}
