//! Refunds: each item went back at most once, for exactly what was charged, and the refund accounts agree.

use super::{Finding, count, first_bad};
use crate::{Connection, StoreError};

/// No item was refunded twice; every refund gave its buyer what the item had cost, by an entry of its own.
pub(super) fn refunds(conn: &mut Connection) -> Result<Finding, StoreError> {
    let examined = count(conn, "SELECT COUNT(*) AS n FROM refund")?;
    let mut finding = Finding { examined, bad: None };
    for sql in [TWICE, NOT_CHARGED, NOT_BOOKED, NOT_KEPT] {
        let bad = first_bad(conn, sql)?;
        finding.saw(0, bad);
    }
    Ok(finding)
}

const TWICE: &str = "\
    SELECT item || ' was refunded ' || CAST(COUNT(*) AS TEXT) || ' times' AS bad FROM refund \
    GROUP BY item HAVING COUNT(*) > 1 ORDER BY item LIMIT 1";

const NOT_CHARGED: &str = "\
    SELECT refund.id || ' is not what ' || refund.item || ' cost' AS bad FROM refund \
    LEFT JOIN item ON item.id = refund.item WHERE item.id IS NULL OR item.charged <> refund.credited \
    OR item.unit <> refund.currency OR item.account <> refund.account OR item.merchant <> refund.merchant \
    ORDER BY refund.id LIMIT 1";

/// The vault is credited or, for a goodwill refund to a closed vault, its compensation card.
const NOT_BOOKED: &str = "\
    SELECT refund.id || ' is not what its entry says' AS bad FROM refund \
    LEFT JOIN entry ON entry.object = refund.id AND entry.kind IN ('refund', 'goodwill') \
    LEFT JOIN posting ON posting.entry = entry.id AND posting.amount = -refund.credited \
    AND (posting.account = 'vault:' || refund.account OR (entry.kind = 'goodwill' AND posting.account LIKE 'card:%')) \
    WHERE posting.entry IS NULL OR (entry.kind = 'goodwill') <> refund.goodwill ORDER BY refund.id LIMIT 1";

const NOT_KEPT: &str = "\
    SELECT entry.object || ' is a refund without its record' AS bad FROM entry \
    LEFT JOIN refund ON refund.id = entry.object \
    WHERE entry.kind IN ('refund', 'goodwill') AND refund.id IS NULL ORDER BY entry.id LIMIT 1";

/// A refund account was credited exactly the refunds that its buyer took, and holds the newest of them: as many as
/// were made since the last reset.
pub(super) fn refund_accounts(conn: &mut Connection) -> Result<Finding, StoreError> {
    let mut finding =
        Finding { examined: count(conn, "SELECT COUNT(*) AS n FROM vault")?, bad: None };
    for sql in [NOT_CREDITED, NOT_THE_PERIOD] {
        let bad = first_bad(conn, sql)?;
        finding.saw(0, bad);
    }
    Ok(finding)
}

const NOT_CREDITED: &str = "\
    SELECT account || ' was not credited the refunds that were taken' AS bad FROM (\
    SELECT 'refund:' || account AS account, credited AS amount FROM refund WHERE NOT goodwill \
    UNION ALL SELECT account, amount FROM posting WHERE account LIKE 'refund:%' AND amount < 0\
    ) AS part GROUP BY account HAVING SUM(amount) <> 0 ORDER BY account LIMIT 1";

const NOT_THE_PERIOD: &str = "\
    WITH taken AS (SELECT account, credited, ROW_NUMBER() OVER (PARTITION BY account ORDER BY at DESC, id DESC) \
    AS nth FROM refund WHERE NOT goodwill), \
    period AS (SELECT taken.account, SUM(taken.credited) AS total, COUNT(*) AS n FROM taken \
    JOIN vault ON vault.account = taken.account WHERE taken.nth <= vault.refund_count GROUP BY taken.account) \
    SELECT vault.account || ' took other refunds in its period than its refund account says' AS bad FROM vault \
    LEFT JOIN period ON period.account = vault.account \
    LEFT JOIN ledger_account ON ledger_account.name = 'refund:' || vault.account \
    WHERE vault.refund_count <> COALESCE(period.n, 0) \
    OR COALESCE(period.total, 0) <> COALESCE(ledger_account.balance, 0) ORDER BY vault.account LIMIT 1";
