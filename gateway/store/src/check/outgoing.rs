//! Money that left: payouts are what their entries say, and what is still under way stands in the clearing accounts.

use diesel::prelude::*;
use purser_core::{
    account::Account,
    entry::{Entry, EntryKind},
    money::Money,
    outgoing::{Outgoing, Settled},
};

use super::{
    Finding, ROWS,
    booked::{Booked, has_legs},
    count, first_bad,
    journal::{IS_OFF, TOTAL},
};
use crate::{
    Connection, StoreError,
    read::payout::{Found, PayoutRow, stored},
    schema::{payout, settlement},
};

/// Every payout took from its merchant what it says, and was paid or came back as its end says.
pub(super) fn payouts(conn: &mut Connection) -> Result<Finding, StoreError> {
    let (mut finding, mut after) = (Finding::default(), String::new());
    loop {
        let rows: Vec<Found> = payout::table
            .left_join(settlement::table.on(settlement::object.eq(payout::id)))
            .filter(payout::id.gt(&after))
            .order(payout::id)
            .limit(ROWS)
            .select((PayoutRow::as_select(), (settlement::outcome, settlement::at).nullable()))
            .load(conn)?;
        if rows.is_empty() {
            break;
        }
        let stored = rows.into_iter().map(stored).collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<String> = stored.iter().map(|payout| payout.record.id.to_string()).collect();
        let booked = Booked::of(conn, &ids)?;
        let bad = stored.iter().zip(&ids).find_map(|(payout, id)| {
            let record = &payout.record;
            let from = Account::Merchant(record.merchant, record.amount.currency());
            let settled = payout.settled.map(|(settled, _)| settled);
            let of = Outgoing::Payout(record.id);
            let wrong = is_wrong(of, (from, record.amount), settled, booked.all(id));
            wrong.then(|| format!("{id} is not what its entries say"))
        });
        finding.saw(stored.len(), bad);
        after = ids.last().cloned().unwrap_or_default();
    }
    for kind in [EntryKind::Payout, EntryKind::PayoutConfirmed, EntryKind::PayoutFailed] {
        let unknown = format!(
            "SELECT entry.object || ' is a payout without its record' AS bad FROM entry \
             LEFT JOIN payout ON payout.id = entry.object \
             WHERE entry.kind = '{}' AND payout.id IS NULL ORDER BY entry.id LIMIT 1",
            kind.name()
        );
        let unknown = first_bad(conn, &unknown)?;
        finding.saw(0, unknown);
    }
    Ok(finding)
}

/// Whether the entries are others than what was set apart and what became of it.
pub(super) fn is_wrong(
    of: Outgoing,
    (from, amount): (Account, Money),
    settled: Option<Settled>,
    entries: &[Entry],
) -> bool {
    let mut expected = Vec::new();
    if amount.is_positive() {
        expected.push((of.prepared_kind(), of.prepared_postings(from.clone(), amount)));
        expected.extend(
            settled.map(|settled| {
                (of.settled_kind(settled), of.settled_postings(from, amount, settled))
            }),
        );
    }
    let booked = |(kind, legs): &(EntryKind, Vec<_>)| {
        let is_it = |entry: &&Entry| entry.kind() == *kind && has_legs(entry, Ok(legs.clone()));
        entries.iter().filter(is_it).count() == 1
    };
    entries.len() != expected.len() || !expected.iter().all(booked)
}

/// What stands in the clearing accounts is what is under way, and nothing else.
pub(super) fn clearing(conn: &mut Connection) -> Result<Finding, StoreError> {
    let bad = format!(
        "SELECT name || ' is off by ' || CAST(-{TOTAL} AS TEXT) AS bad FROM (\
         SELECT 'clearing:remittance:' || currency AS name, paid AS amount FROM remittance \
         LEFT JOIN settlement ON settlement.object = remittance.id WHERE settlement.object IS NULL \
         UNION ALL SELECT 'clearing:payout:' || currency, amount FROM payout \
         LEFT JOIN settlement ON settlement.object = payout.id WHERE settlement.object IS NULL \
         UNION ALL SELECT account, amount FROM posting WHERE account LIKE 'clearing:%'\
         ) AS part GROUP BY name HAVING {IS_OFF} ORDER BY name LIMIT 1"
    );
    let unknown = "\
        SELECT settlement.object || ' was settled and never prepared' AS bad FROM settlement \
        LEFT JOIN remittance ON remittance.id = settlement.object LEFT JOIN payout ON payout.id = settlement.object \
        WHERE remittance.id IS NULL AND payout.id IS NULL ORDER BY settlement.object LIMIT 1";
    let examined = "SELECT COUNT(*) AS n FROM (SELECT DISTINCT account FROM posting \
        WHERE account LIKE 'clearing:%') AS accounts";
    let mut finding = Finding { examined: count(conn, examined)?, bad: first_bad(conn, &bad)? };
    let unknown = first_bad(conn, unknown)?;
    finding.saw(0, unknown);
    Ok(finding)
}

/// What a merchant is owed is what was sold, less fees, what went back and what was paid out: a statement that is made of
/// them ends at the balance of the ledger.
pub(super) fn merchants(conn: &mut Connection) -> Result<Finding, StoreError> {
    let bad = format!(
        "SELECT name || ' is off by ' || CAST(-{TOTAL} AS TEXT) AS bad FROM (\
         SELECT 'merchant:' || merchant || ':' || currency AS name, net - fee AS amount FROM item \
         UNION ALL SELECT 'merchant:' || item.merchant || ':' || item.currency, item.fee - item.net \
         FROM refund JOIN item ON item.id = refund.item \
         UNION ALL SELECT 'merchant:' || merchant || ':' || currency, -amount FROM payout \
         UNION ALL SELECT 'merchant:' || merchant || ':' || currency, amount FROM payout \
         JOIN settlement ON settlement.object = payout.id WHERE settlement.outcome = 'failed' \
         UNION ALL SELECT account, amount FROM posting WHERE account LIKE 'merchant:%'\
         ) AS part GROUP BY name HAVING {IS_OFF} ORDER BY name LIMIT 1"
    );
    let examined = "SELECT COUNT(*) AS n FROM (SELECT DISTINCT account FROM posting \
        WHERE account LIKE 'merchant:%') AS accounts";
    Ok(Finding { examined: count(conn, examined)?, bad: first_bad(conn, &bad)? })
}
