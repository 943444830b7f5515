//! Past decisions, made again from their evidence: by another version before it is enabled, or by the same one to prove
//! that it answers the same for the same fuel.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use purser_core::ids::{MerchantId, PurchaseId};
use purser_host::{Caller, Digest, Plugin as Loaded};
use purser_store::{
    facts::{plugin::Plugin, plugin_shadow::Tally},
    read::{
        evidence::evidence_get,
        purchase::{StoredPurchase, purchases_after},
    },
};

use super::{
    again::{self, Decision, Example, Outcome},
    shadow::{add, empty},
};
use crate::{clock::day, gateway::Gateway, problem::Problem};

/// Answers that are kept to be shown.
const EXAMPLES_MAX: usize = 20;
/// Purchases that are read at a time.
const ROWS: i64 = 100;

/// What is to be made again.
#[derive(Clone)]
pub struct Asked {
    /// Whose decisions.
    pub of: Plugin,
    /// By whom.
    pub with: Loaded,
    /// Under which configuration; none given, under that of then.
    pub config: Option<Arc<str>>,
    /// Of purchases from this day on.
    pub since: Option<Date>,
    /// And until this one.
    pub until: Option<Date>,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Purchases that were looked at.
    pub purchases: u64,
    /// By country, merchant and currency.
    pub tallies: BTreeMap<(String, MerchantId, String), Tally>,
    /// The first answers that were others.
    pub examples: Vec<Example>,
    /// Decisions of the very same file that were not the same, byte for byte, for the same fuel.
    pub inexact: u64,
    /// Where to go on; none at the end.
    pub next: Option<PurchaseId>,
}

/// Makes the decisions again of at most `purchases_max` purchases after `after`.
pub async fn replay(
    gateway: &Gateway,
    asked: &Asked,
    after: Option<PurchaseId>,
    purchases_max: u64,
) -> Result<Report, Problem> {
    let mut report = Report { next: after, ..Report::default() };
    loop {
        let page = page(gateway, asked, report.next).await?;
        let Some((last, _)) = page.last() else {
            report.next = None;
            return Ok(report);
        };
        report.next = Some(*last);
        for (_, decisions) in page {
            report.purchases = report.purchases.saturating_add(1);
            for decision in decisions {
                report.ask(asked, &decision).await;
            }
        }
        if report.purchases >= purchases_max {
            return Ok(report);
        }
    }
}

impl Report {
    async fn ask(&mut self, asked: &Asked, decision: &Decision) {
        let again = again::ask(&asked.with, decision, asked.config.as_deref());
        let again = Caller::Trial.scope(again).await;
        let same_file = asked.with.digest() == Digest::from_bytes(asked.of.digest);
        if same_file && asked.config.is_none() && !again.exact {
            self.inexact = self.inexact.saturating_add(1);
        }
        self.count(decision, &again.outcome);
    }

    fn count(&mut self, decision: &Decision, outcome: &Outcome) {
        let key = (decision.country.clone(), decision.merchant, decision.currency.clone());
        add(self.tallies.entry(key).or_insert_with(|| empty(decision)), outcome);
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.extend(Example::of(decision, outcome));
        }
    }

    /// Puts what came of the next purchases to it.
    pub fn and(&mut self, more: Self) {
        self.purchases = self.purchases.saturating_add(more.purchases);
        self.inexact = self.inexact.saturating_add(more.inexact);
        self.next = more.next;
        let room = EXAMPLES_MAX.saturating_sub(self.examples.len());
        self.examples.extend(more.examples.into_iter().take(room));
        for (key, tally) in more.tallies {
            match self.tallies.get_mut(&key) {
                None => drop(self.tallies.insert(key, tally)),
                Some(sum) => {
                    sum.calls = sum.calls.saturating_add(tally.calls);
                    sum.equal = sum.equal.saturating_add(tally.equal);
                    sum.failed = sum.failed.saturating_add(tally.failed);
                    sum.difference_minor =
                        sum.difference_minor.saturating_add(tally.difference_minor);
                }
            }
        }
    }
}

/// The next purchases, with what the plugin decided of each.
async fn page(
    gateway: &Gateway,
    asked: &Asked,
    after: Option<PurchaseId>,
) -> Result<Vec<(PurchaseId, Vec<Decision>)>, Problem> {
    let Asked { of, since, until, .. } = asked.clone();
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let read = gateway.store.read(move |db| {
        let mut page = Vec::new();
        for StoredPurchase { record, items } in purchases_after(db, &after, ROWS)? {
            let on = day(record.at);
            let mut evidence = Vec::new();
            if since.is_none_or(|since| since <= on) && until.is_none_or(|until| on <= until) {
                for id in &record.evidence {
                    evidence.extend(evidence_get(db, *id)?.filter(|call| call.digest == of.digest));
                }
            }
            let items: Vec<_> = items.into_iter().map(|item| item.record).collect();
            page.push((record.id, again::decisions(record.at, evidence, &items)));
        }
        Ok(page)
    });
    Ok(read.await?)
}
