//! The second step of buying a stamp: drafting, signing and checking it, or giving the money back.
//!
//! Everything that goes into it was written down in the first step, signatures hold no randomness, and the teller takes
//! the first outcome and no other. So it may be done again and at once by several, and one stamp comes out.

use purser_core::{
    command::Command,
    ids::{EntryId, EventId, LogId, RefundId},
    record::{EventRecord, EvidenceRecord, ItemRecord},
    refund::Goodwill,
    stamp::{
        Failure, Issue, Stamp, StampState,
        piece::{Order, Registers, Step, Symbol, Unsigned},
        settle::{FailStamp, IssueStamp},
        void::StampReturn,
    },
};
use purser_host::{CallError, Called, Caller, StampsPlugin};
use purser_store::{
    facts::stamp_key::stamp_key_get,
    read::{purchase::item_get, stamp::stamp_get, vault::vault_compensation},
};
use serde_json::json;

use super::{Ordered, fetch, key, plugin_named, verify::genuine};
use crate::{
    app::{
        intent::carry_out,
        refund::{new_compensation, refund_event},
    },
    gateway::Gateway,
    problem::{self, Kind, Problem},
    random::id_bits,
};

/// A plugin that fails once may have met a bad moment; one that fails so often has not.
const ATTEMPTS_MAX: u32 = 3;
/// Requests for one stamp: signing in at a vendor, ordering, fetching.
const REQUESTS_MAX: usize = 8;
/// A gateway that is too busy for so long to make a stamp gives the money back.
const PATIENCE_S: i64 = 600;

/// Why there is no stamp yet.
pub(super) enum Trouble {
    /// Nobody's fault, or the vendor's machine was in a bad moment: it may work when it is tried again.
    Again(Problem),
    /// The gateway itself is busy or its database away.
    Later(Problem),
    /// It will never be.
    Never(Problem),
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        match problem.kind {
            problem::OVERLOADED | problem::DATABASE_UNAVAILABLE | problem::INTERNAL => {
                Self::Later(problem)
            }
            _ => Self::Never(problem),
        }
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Overloaded => Self::Later(error.into()),
            // The key of the stamp answers this for ever: with the kind of fault, and not with what the plugin said.
            CallError::Fault(fault, _) => {
                let detail = format!("the vendor's plugin failed ({fault}); the money went back");
                Self::Again(Problem::from(error).detail(detail))
            }
            CallError::Refused(ref refused) if refused.retryable => Self::Again(error.into()),
            CallError::Refused(_) | CallError::InputTooLarge { .. } => Self::Never(error.into()),
        }
    }
}

/// A stamp that was made, and the calls behind it.
struct Made {
    issue: Issue,
    evidence: Vec<EvidenceRecord>,
}

/// Settles a stamp that is `issuing`, and gives it as it is then. One that is settled is given as it is.
pub async fn complete(gateway: &Gateway, stamp: Stamp) -> Result<Stamp, Problem> {
    if stamp.state != StampState::Issuing {
        return Ok(stamp);
    }
    // Also where it is finished later: what was ordered, its buyer chose.
    let buyer = Caller::known(stamp.record.account);
    match buyer.scope(make(gateway, &stamp)).await {
        Ok(made) => issue(gateway, &stamp, &made).await?,
        Err(Trouble::Later(problem)) if !is_late(gateway, &stamp) => return Err(problem),
        Err(Trouble::Again(problem) | Trouble::Later(problem) | Trouble::Never(problem)) => {
            tracing::warn!(stamp.id = %stamp.record.id, %problem, "a stamp cannot be issued; the money goes back");
            fail(gateway, &stamp, &problem).await?;
        }
    }
    let id = stamp.record.id;
    let settled = gateway.store.read(move |db| stamp_get(db, id)).await?;
    settled.ok_or_else(|| Problem::internal("a stamp is gone"))
}

/// What the key of a stamp that failed answers for ever.
pub fn failed(failure: &Failure) -> Problem {
    let kind = Kind::parse(&failure.problem).unwrap_or(problem::PLUGIN_FAILED);
    Problem::new(kind).detail(failure.detail.clone())
}

fn is_late(gateway: &Gateway, stamp: &Stamp) -> bool {
    let age_s = gateway.now().as_second().saturating_sub(stamp.record.at.as_second());
    age_s > PATIENCE_S
}

async fn make(gateway: &Gateway, stamp: &Stamp) -> Result<Made, Trouble> {
    let mut attempt = 1;
    loop {
        match make_once(gateway, stamp).await {
            Err(Trouble::Again(problem)) if attempt < ATTEMPTS_MAX => {
                tracing::warn!(stamp.id = %stamp.record.id, attempt, %problem, "a stamp was not issued; it is tried again");
                attempt += 1;
            }
            done => return done,
        }
    }
}

async fn make_once(gateway: &Gateway, stamp: &Stamp) -> Result<Made, Trouble> {
    let ordered = Ordered::of(stamp)?;
    let (order, registers) = ordered.order(stamp)?;
    let facts =
        gateway.facts.at(gateway.store.facts_version_recent().await.map_err(Problem::from)?);
    let plugin = plugin_named(gateway, &facts, &ordered.plugin, ordered.mailpiece.date).await?;
    let mut evidence = Vec::new();
    let unsigned = draft(gateway, &plugin, &order, &registers, &mut evidence).await?;
    let signature = sign(gateway, stamp, &unsigned).await?;
    let indicium =
        timed(gateway, "stamps.assemble", plugin.assemble(&unsigned, &signature)).await?;
    let indicium = keep(indicium, &mut evidence);
    let claims = timed(gateway, "stamps.read", plugin.read(&indicium.bytes)).await?;
    let claims = keep(claims, &mut evidence);
    if let Err(disagreement) = claims.agree(&order, &registers, &unsigned, &signature) {
        let problem = Problem::new(problem::PLUGIN_FAILED).detail(disagreement.to_string());
        return Err(Trouble::Never(problem));
    }
    // Two stamps of one mark would be one to every scanner. One version alone cannot read two numbers of a vendor's
    // series from the same bytes, but two versions can.
    let printed = genuine(gateway, &indicium.bytes).await?;
    if printed.is_some_and(|other| other.record.id != stamp.record.id) {
        let detail = "the plugin made the mark of another stamp";
        return Err(Trouble::Never(Problem::new(problem::PLUGIN_FAILED).detail(detail)));
    }
    let issue = Issue {
        indicium: indicium.bytes,
        symbol: indicium.symbol.name().to_owned(),
        serial: unsigned.serial,
        s10: unsigned.s10,
        printed: unsigned.printed,
    };
    Ok(Made { issue, evidence })
}

/// Asks for a draft, and makes the requests that the plugin wants made first.
async fn draft(
    gateway: &Gateway,
    plugin: &StampsPlugin,
    order: &Order,
    registers: &Registers,
    evidence: &mut Vec<EvidenceRecord>,
) -> Result<Unsigned, Trouble> {
    let mut replies = Vec::new();
    for _ in 0..=REQUESTS_MAX {
        let called = plugin.draft(order, registers, &replies, None);
        let called = timed(gateway, "stamps.draft", called).await?;
        match keep(called, evidence) {
            Step::Done(unsigned) => return Ok(unsigned),
            Step::Fetch(request) => {
                replies.push(fetch::fetch(gateway, plugin, request).await?);
            }
        }
    }
    let detail = format!("the plugin wants more than {REQUESTS_MAX} requests for one stamp");
    Err(Trouble::Never(Problem::new(problem::PLUGIN_FAILED).detail(detail)))
}

/// The vendor's mark over what was drafted, with the key that was its newest when the stamp was bought.
async fn sign(gateway: &Gateway, stamp: &Stamp, unsigned: &Unsigned) -> Result<Vec<u8>, Problem> {
    let id = stamp.record.key_id;
    let row = gateway.store.read(move |db| stamp_key_get(db, id)).await?;
    let row = row.ok_or_else(|| Problem::internal("the key of a stamp is not there"))?;
    let secret = key::secret(gateway, &row)?;
    match unsigned.symbol {
        Symbol::Full => secret.sign(&unsigned.to_sign).map_err(Problem::internal),
        Symbol::Lite => Ok(secret.sign_lite(&unsigned.to_sign)),
    }
}

async fn timed<T>(
    gateway: &Gateway,
    function: &'static str,
    call: impl Future<Output = Result<Called<T>, CallError>>,
) -> Result<Called<T>, CallError> {
    let started = std::time::Instant::now();
    let called = call.await;
    gateway.metrics.plugin_called(function, started.elapsed(), called.is_err());
    called
}

fn keep<T>(called: Called<T>, evidence: &mut Vec<EvidenceRecord>) -> T {
    evidence.push(called.evidence.into());
    called.value
}

async fn issue(gateway: &Gateway, stamp: &Stamp, made: &Made) -> Result<(), Problem> {
    let item = item(gateway, stamp).await?;
    let event = stamp_event(gateway, stamp, &item, "stamp.issued", Some(&made.issue));
    let issue = IssueStamp {
        stamp: stamp.record.id,
        issue: made.issue.clone(),
        event,
        evidence: made.evidence.clone(),
    };
    let prepare = |_| async { Ok(Command::IssueStamp(Box::new(issue.clone()))) };
    carry_out(gateway, None, gateway.store.facts_version(), prepare).await?.map(drop)?;
    Ok(())
}

async fn fail(gateway: &Gateway, stamp: &Stamp, problem: &Problem) -> Result<(), Problem> {
    let failure =
        Failure { problem: problem.kind.name().to_owned(), detail: problem.detail.clone() };
    let record = item(gateway, stamp).await?;
    let prepare = |_| async {
        let reversal = reversal(gateway, &record, None).await?;
        let fail = FailStamp { stamp: stamp.record.id, failure: failure.clone(), reversal };
        Ok(Command::FailStamp(Box::new(fail)))
    };
    carry_out(gateway, None, gateway.store.facts_version(), prepare).await?.map(drop)?;
    Ok(())
}

/// A stamp's money back to its buyer, wherever that is: the vault, or what it left.
pub(super) async fn reversal(
    gateway: &Gateway,
    record: &ItemRecord,
    stamp: Option<StampReturn>,
) -> Result<Goodwill, Problem> {
    let account = record.account;
    let compensation = gateway.store.read(move |db| vault_compensation(db, account)).await?;
    let id = RefundId::from_random(id_bits());
    Ok(Goodwill {
        id,
        merchant: record.merchant,
        item: record.id,
        stamp,
        account,
        compensation,
        new_compensation: new_compensation(gateway),
        event: refund_event(record, id, gateway.now(), true),
        entry: EntryId::from_random(id_bits()),
        log: LogId::from_random(id_bits()),
    })
}

/// The item that a stamp was sold as.
pub(super) async fn item(gateway: &Gateway, stamp: &Stamp) -> Result<ItemRecord, Problem> {
    let id = stamp.record.item;
    let item = gateway.store.read(move |db| item_get(db, id)).await?;
    item.map(|item| item.record).ok_or_else(|| Problem::internal("a stamp without its item"))
}

/// What a vendor is told of a stamp: nothing of who bought it.
pub fn stamp_event(
    gateway: &Gateway,
    stamp: &Stamp,
    item: &ItemRecord,
    kind: &'static str,
    issue: Option<&Issue>,
) -> EventRecord {
    let record = &stamp.record;
    let issued = match &stamp.state {
        StampState::Issued(issue, _) => Some(&**issue),
        StampState::Issuing | StampState::Failed(_) => None,
    };
    let issue = issue.or(issued);
    let data = json!({
        "stamp": record.id, "item": item.id, "sale": item.sale, "service": record.service, "price": record.price,
        "piece": record.piece, "serial": issue.map(|issue| &issue.serial), "s10": issue.and_then(|issue| issue.s10.as_ref()),
        "valid_until": record.expires_on,
    });
    EventRecord {
        id: EventId::from_random(id_bits()),
        merchant: record.vendor,
        kind,
        at: gateway.now(),
        data: data.to_string(),
    }
}
