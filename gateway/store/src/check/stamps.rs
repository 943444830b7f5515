//! Stamps: the registers of every vendor agree with its sales, and what became of each stamp with its refund, its scans
//! and its events.

use super::{Finding, count, first_bad};
use crate::{Connection, StoreError};

/// Every register counts its stamps from 1 without a gap, ascends by the value of each, and holds what was loaded.
pub(super) fn registers(conn: &mut Connection) -> Result<Finding, StoreError> {
    let examined = count(conn, "SELECT COUNT(*) AS n FROM stamp_register")?;
    let mut finding = Finding { examined, bad: None };
    for sql in [NOT_DENSE, NOT_ASCENDING, NOT_THE_LAST, NOT_LOADED, NOT_ALL_ITEMS] {
        let bad = first_bad(conn, sql)?;
        finding.saw(0, bad);
    }
    Ok(finding)
}

const NOT_DENSE: &str = "\
    SELECT vendor || ' counted ' || CAST(n AS TEXT) || ' stamps of ' || currency || ' up to number ' || \
    CAST(last AS TEXT) AS bad FROM (SELECT vendor, currency, COUNT(*) AS n, MIN(piece) AS first, MAX(piece) AS last \
    FROM stamp GROUP BY vendor, currency) AS series WHERE first <> 1 OR last <> n ORDER BY vendor, currency LIMIT 1";

const NOT_ASCENDING: &str = "\
    SELECT id || ' did not raise its register by its price' AS bad FROM (\
    SELECT id, vendor, currency, piece, price, ascending, \
    LAG(ascending, 1, 0) OVER (PARTITION BY vendor, currency ORDER BY piece) AS before FROM stamp) AS one \
    WHERE price <= 0 OR ascending <> before + price * 1000 ORDER BY vendor, currency, piece LIMIT 1";

/// The register says what its last stamp says, and there is none without the other.
const NOT_THE_LAST: &str = "\
    SELECT vendor || ' has another register of ' || currency || ' than its last stamp says' AS bad FROM (\
    SELECT vendor, currency, pieces, ascending, descending, 1 AS n FROM stamp_register UNION ALL \
    SELECT stamp.vendor, stamp.currency, stamp.piece, stamp.ascending, stamp.descending, -1 FROM stamp JOIN (\
    SELECT vendor, currency, MAX(piece) AS piece FROM stamp GROUP BY vendor, currency) AS last \
    ON last.vendor = stamp.vendor AND last.currency = stamp.currency AND last.piece = stamp.piece\
    ) AS told GROUP BY vendor, currency, pieces, ascending, descending HAVING SUM(n) <> 0 \
    ORDER BY vendor, currency LIMIT 1";

const NOT_LOADED: &str = "\
    SELECT vendor || ' has a register of ' || currency || ' that is not what was loaded' AS bad FROM stamp_register \
    WHERE ascending + descending <> loaded OR ascending < 0 OR descending < 0 ORDER BY vendor, currency LIMIT 1";

const NOT_ALL_ITEMS: &str = "\
    SELECT merchant || ' has not sold as many stamps as it counted' AS bad FROM (\
    SELECT merchant, items FROM stamp_vendor UNION ALL SELECT vendor, -1 FROM stamp\
    ) AS part GROUP BY merchant HAVING SUM(items) <> 0 ORDER BY merchant LIMIT 1";

/// Every stamp was paid as an item, and is void exactly if that went back; it is used by one scan; vendors heard of it.
pub(super) fn stamps(conn: &mut Connection) -> Result<Finding, StoreError> {
    let examined = count(conn, "SELECT COUNT(*) AS n FROM stamp")?;
    let mut finding = Finding { examined, bad: None };
    for sql in
        [NOT_BOUGHT, NOT_REFUNDED, NOT_REVERSED, NOT_ISSUED, NOT_SCANNED, OF_NO_STAMP, NOT_TOLD]
    {
        let bad = first_bad(conn, sql)?;
        finding.saw(0, bad);
    }
    Ok(finding)
}

const NOT_BOUGHT: &str = "\
    SELECT stamp.id || ' is not what its item says' AS bad FROM stamp LEFT JOIN item ON item.id = stamp.item \
    WHERE item.id IS NULL OR item.account <> stamp.account OR item.merchant <> stamp.vendor \
    OR item.price <> stamp.price OR item.currency <> stamp.currency OR item.at <> stamp.at ORDER BY stamp.id LIMIT 1";

const NOT_REFUNDED: &str = "\
    SELECT stamp.id || ' is ' || stamp.status || ' and its item ' || \
    CASE WHEN refund.id IS NULL THEN 'was not refunded' ELSE 'was refunded' END AS bad FROM stamp \
    LEFT JOIN refund ON refund.item = stamp.item \
    WHERE (refund.id IS NULL) = (stamp.status IN ('void', 'failed')) ORDER BY stamp.id LIMIT 1";

/// Only what could not be issued is taken back by the gateway itself.
const NOT_REVERSED: &str = "\
    SELECT part.id || ' failed without its reversal, or was reversed without failing' AS bad FROM (\
    SELECT item AS id, 1 AS n FROM stamp WHERE status = 'failed' UNION ALL \
    SELECT refund.item, -1 FROM refund JOIN entry ON entry.object = refund.id AND entry.kind = 'reversal'\
    ) AS part GROUP BY part.id HAVING SUM(part.n) <> 0 ORDER BY part.id LIMIT 1";

const NOT_ISSUED: &str = "\
    SELECT id || ' is ' || status || ' with or without its indicium' AS bad FROM stamp \
    WHERE (indicium IS NULL) <> (status IN ('issuing', 'failed')) OR (issue IS NULL) <> (indicium IS NULL) \
    OR (failure IS NULL) = (status = 'failed') OR (seen_at IS NULL) = (status = 'used') ORDER BY id LIMIT 1";

const NOT_SCANNED: &str = "\
    SELECT id || ' was not used by exactly the scan that it names' AS bad FROM (\
    SELECT id, seen_at AS at, 1 AS n FROM stamp WHERE status = 'used' UNION ALL \
    SELECT stamp, scanned_at, -1 FROM stamp_scan WHERE verdict = 'valid'\
    ) AS part GROUP BY id, at HAVING SUM(n) <> 0 ORDER BY id LIMIT 1";

const OF_NO_STAMP: &str = "\
    SELECT stamp_scan.id || ' is a scan of no stamp' AS bad FROM stamp_scan \
    LEFT JOIN stamp ON stamp.id = stamp_scan.stamp WHERE stamp.id IS NULL ORDER BY stamp_scan.id LIMIT 1";

/// A vendor hears once of each stamp that was issued, used or voided.
const NOT_TOLD: &str = "\
    SELECT vendor || ' was not told rightly: ' || kind AS bad FROM (\
    SELECT vendor, 'stamp.issued' AS kind, 1 AS n FROM stamp WHERE status NOT IN ('issuing', 'failed') UNION ALL \
    SELECT vendor, 'stamp.scanned', 1 FROM stamp WHERE status = 'used' UNION ALL \
    SELECT vendor, 'stamp.voided', 1 FROM stamp WHERE status = 'void' UNION ALL \
    SELECT merchant, kind, -1 FROM event WHERE kind IN ('stamp.issued', 'stamp.scanned', 'stamp.voided')\
    ) AS told GROUP BY vendor, kind HAVING SUM(n) <> 0 ORDER BY vendor, kind LIMIT 1";
