//! Scanning: the post tells that a stamp has carried something. One scan or a batch of those that an offline scanner
//! kept.

use futures_util::future::join_all;
use purser_core::{
    Timestamp,
    command::{Answer, Command},
    ids::ScanId,
    record::ItemRecord,
    stamp::{Scanner, Seen, Stamp, StampState, Use, scan::ScanStamp},
};

use super::{
    complete::{item, stamp_event},
    verify::{Finding, genuine},
};
use crate::{
    app::intent::carry_out,
    gateway::Gateway,
    problem::{self, Problem},
    random::id_bits,
};

/// Scans of one batch.
pub const SCANS_MAX: usize = 1_000;
/// Scans of a batch that are looked up at one time: they share the database with everybody else.
const AT_ONCE: usize = 16;
/// Clocks of scanners drift.
pub const DRIFT_S_MAX: i64 = 300;

/// A scan as a scanner tells it.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Where it stands in the request, like `scans[3].`: before the names of its fields.
    pub path: String,
    /// What the symbol holds.
    pub indicium: Vec<u8>,
    /// When, if it was not now.
    pub scanned_at: Option<Timestamp>,
    /// Where.
    pub place: Option<String>,
}

/// Scans a stamp: the first scan uses it. Whoever scans is the stamp's vendor or the operator.
pub async fn scan(gateway: &Gateway, scanner: Scanner, scan: &Scan) -> Result<Finding, Problem> {
    let found = theirs(gateway, scanner, scan).await?;
    settle(gateway, scanner, scan, found).await
}

/// Scans that were kept, in the order of the batch: of two of one stamp the first uses it. Each answers for itself.
pub async fn scan_batch(
    gateway: &Gateway,
    scanner: Scanner,
    scans: &[Scan],
) -> Vec<Result<Finding, Problem>> {
    let mut findings = Vec::with_capacity(scans.len());
    for some in scans.chunks(AT_ONCE) {
        let found = join_all(some.iter().map(|scan| theirs(gateway, scanner, scan)));
        let found = found.await.into_iter().zip(some);
        // They reach the teller's queue in this order, and are decided in it.
        let settled =
            found.map(|(stamp, scan)| async move { settle(gateway, scanner, scan, stamp?).await });
        findings.extend(join_all(settled).await);
    }
    findings
}

/// The stamp and the item that it was sold as, if it is genuine and this scanner's to scan.
async fn theirs(
    gateway: &Gateway,
    scanner: Scanner,
    scan: &Scan,
) -> Result<Option<(Stamp, ItemRecord)>, Problem> {
    let Some(stamp) = genuine(gateway, &scan.indicium).await? else { return Ok(None) };
    let earliest_s = stamp.record.at.as_second().saturating_sub(DRIFT_S_MAX);
    let too_early = scan.scanned_at.is_some_and(|at| at.as_second() < earliest_s);
    match scanner {
        Scanner::Vendor(merchant) if stamp.record.vendor != merchant => Err(not_yours()),
        Scanner::Vendor(_) | Scanner::Operator if too_early => {
            let field = format!("{}scanned_at", scan.path);
            Err(Problem::malformed(field, "the stamp was bought after that"))
        }
        Scanner::Vendor(_) | Scanner::Operator => {
            let item = item(gateway, &stamp).await?;
            Ok(Some((stamp, item)))
        }
    }
}

fn not_yours() -> Problem {
    let detail =
        "a stamp is scanned by its own vendor, with a key that has the scope `stamps:scan`";
    Problem::new(problem::SCOPE_MISSING).detail(detail)
}

async fn settle(
    gateway: &Gateway,
    scanner: Scanner,
    scan: &Scan,
    found: Option<(Stamp, ItemRecord)>,
) -> Result<Finding, Problem> {
    let Some((stamp, item)) = found else { return Ok(Finding::FORGED) };
    let prepared = ScanStamp {
        id: ScanId::from_random(id_bits()),
        stamp: stamp.record.id,
        scanned_at: scan.scanned_at,
        place: scan.place.clone(),
        scanner,
        event: stamp_event(gateway, &stamp, &item, "stamp.scanned", None),
    };
    let prepare = |_| async { Ok(Command::ScanStamp(Box::new(prepared.clone()))) };
    let outcome = carry_out(gateway, None, gateway.store.facts_version(), prepare).await?;
    let Answer::StampScanned { verdict, first, .. } = outcome? else {
        return Err(Problem::internal("a scan answers something else"));
    };
    let stamp = as_seen(stamp, first.as_ref());
    Ok(Finding { verdict: Some(verdict), stamp: Some(stamp), first })
}

/// The stamp after the scan.
fn as_seen(stamp: Stamp, first: Option<&Seen>) -> Stamp {
    let Stamp { record, state } = stamp;
    let state = match (state, first) {
        (StampState::Issued(issue, _), Some(seen)) => {
            StampState::Issued(issue, Use::Used(seen.clone()))
        }
        (state @ (StampState::Issued(..) | StampState::Issuing | StampState::Failed(_)), _) => {
            state
        }
    };
    Stamp { record, state }
}
