//! Cards: each is worth its face once it is sold, and no more is loaded from it than is on it.

use diesel::prelude::*;
use purser_core::{
    account::Account,
    entry::{EntryKind, Posting},
    load::load_postings,
    money::{Money, MoneyError, Rounding, convert},
    record::LoadRecord,
};

use super::{
    Finding, ROWS,
    booked::{Booked, has_legs},
    count,
    evidence::Evidence,
    first_bad,
};
use crate::{Connection, StoreError, read::row::Row, schema::vault_load};

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

/// A row of `vault_load`: its name, account, card and document.
type LoadRow = (String, String, String, String);

fn loads(conn: &mut Connection) -> Result<Option<String>, StoreError> {
    let (mut after, mut known) = (String::new(), Evidence::default());
    loop {
        let rows: Vec<LoadRow> = vault_load::table
            .filter(vault_load::id.gt(&after))
            .order(vault_load::id)
            .limit(ROWS)
            .select((vault_load::id, vault_load::account, vault_load::card, vault_load::document))
            .load(conn)?;
        let Some((last, ..)) = rows.last().cloned() else { break };
        if let Some(bad) = page_bad(conn, &rows, &mut known)? {
            return Ok(Some(bad));
        }
        after = last;
    }
    let unknown = "SELECT entry.object || ' is a load without its record' AS bad FROM entry \
        LEFT JOIN vault_load ON vault_load.id = entry.object WHERE entry.kind = 'load' AND vault_load.id IS NULL \
        ORDER BY entry.id LIMIT 1";
    first_bad(conn, unknown)
}

fn page_bad(
    conn: &mut Connection,
    rows: &[LoadRow],
    known: &mut Evidence,
) -> Result<Option<String>, StoreError> {
    let load =
        |(id, _, _, document): &LoadRow| Row::new("vault_load", id).json("document", document);
    let loads: Vec<LoadRecord> = rows.iter().map(load).collect::<Result<_, _>>()?;
    known.look_up(conn, loads.iter().flat_map(|load| load.evidence.iter().copied()))?;
    let ids: Vec<String> = rows.iter().map(|(id, ..)| id.clone()).collect();
    let booked = Booked::of(conn, &ids)?;
    let bad = rows.iter().zip(&loads).find_map(|(row, load)| {
        let what = wrong(row, load, &booked, known)?;
        Some(format!("{} {what}", row.0))
    });
    Ok(bad)
}

fn wrong(
    (id, account, card, _): &LoadRow,
    load: &LoadRecord,
    booked: &Booked,
    known: &Evidence,
) -> Option<&'static str> {
    let named = (load.id.to_string(), load.account.to_string(), load.card.to_string());
    if (&named.0, &named.1, &named.2) != (id, account, card) {
        return Some("has a document of another load");
    }
    let Ok(gross) = load.credited.plus(load.spread) else { return Some("adds up to nothing") };
    if !is_converted(load, gross).unwrap_or(false) {
        return Some("is not what its rates give");
    }
    let is_proven = load.legs.is_empty() || !load.evidence.is_empty();
    if !is_proven || !known.has_all(&load.evidence) {
        return Some("lacks its evidence");
    }
    let credited = Posting::credit(Account::Vault(load.account), load.credited);
    let legs = load_postings(load.card, load.taken, gross, load.spread, credited);
    let entry = booked.one(id, EntryKind::Load);
    if entry.is_some_and(|entry| has_legs(entry, Ok(legs))) {
        None
    } else {
        Some("is not what its entry says")
    }
}

/// What the rates make of what left the card, rounded down, is what reached the vault and the spread. The spread's
/// percentage is a setting of that day; without a conversion there is none.
fn is_converted(load: &LoadRecord, gross: Money) -> Result<bool, MoneyError> {
    let is_same = load.taken.currency() == gross.currency();
    let yields = convert(load.taken, gross.currency(), &load.legs, Rounding::Down)?;
    let spread_fits = if is_same { load.spread.is_zero() } else { load.spread.minor() >= 0 };
    Ok(load.legs.is_empty() == is_same && yields == gross && spread_fits)
}
