//! Versions that run beside the one that answers: asked about real sales after they were paid, charging nothing.
//!
//! A purchase never waits for them: what was paid goes into a bounded queue, and where that is full it is counted and
//! forgotten.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use purser_core::{
    Timestamp,
    ids::{MerchantId, PluginId},
    record::{EvidenceRecord, ItemRecord},
};
use purser_host::Role;
use purser_store::{
    StoreError,
    facts::{
        plugin::{PluginStatus, plugin_get, plugin_status_set},
        plugin_shadow::{
            Shadow, Tally, example_add, example_list, shadow_end, shadow_list, shadow_start,
            tally_add, tally_list,
        },
    },
};
use tokio::sync::mpsc;

use super::{
    again::{self, Decision, Example, Outcome},
    enable::{self, Places, checked_config},
    get,
    grants::{self, Granting},
    load, manifest, refused,
};
use crate::{gateway::Gateway, problem::Problem};

/// Purchases that wait to be looked at: some seconds of a busy gateway.
const WAITING_MAX: usize = 1_000;
/// Purchases that are looked at before it is written down.
const ROUND_MAX: usize = 64;
/// Answers that are kept to be shown.
const EXAMPLES_MAX: i64 = 20;

/// The versions that run beside others, and what waits for them.
pub struct Shadows {
    running: ArcSwap<Vec<Shadow>>,
    queue: mpsc::Sender<Paid>,
    waiting: Mutex<Option<mpsc::Receiver<Paid>>>,
    dropped: AtomicU64,
}

/// What was paid.
struct Paid {
    at: Timestamp,
    evidence: Vec<EvidenceRecord>,
    items: Vec<ItemRecord>,
}

impl Default for Shadows {
    fn default() -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        Self {
            running: ArcSwap::default(),
            queue,
            waiting: Mutex::new(Some(waiting)),
            dropped: AtomicU64::new(0),
        }
    }
}

impl Shadows {
    /// Lets the versions that run beside others look at a purchase, some time.
    pub fn paid(&self, at: Timestamp, evidence: &[EvidenceRecord], items: &[ItemRecord]) {
        if self.running.load().is_empty() {
            return;
        }
        let paid = Paid { at, evidence: evidence.to_vec(), items: items.to_vec() };
        if self.queue.try_send(paid).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn take_queue(&self) -> Option<mpsc::Receiver<Paid>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Hears which versions run beside others; another process may have started one.
pub async fn refresh(gateway: &Gateway) -> Result<(), StoreError> {
    let running = gateway.store.read(shadow_list).await?;
    gateway.shadows.running.store(running.into());
    Ok(())
}

/// Runs a version of a tax plugin beside the one that answers, from now on.
pub async fn start(
    gateway: &Gateway,
    id: PluginId,
    (countries, config, granting): (Vec<String>, Option<String>, Granting),
) -> Result<Watched, Problem> {
    let row = get(gateway, id).await?;
    let manifest = manifest(&row)?;
    if manifest.role != Role::Tax {
        let detail = format!(
            "a {} plugin charges nothing by itself; only tax plugins run beside others",
            row.role
        );
        return Err(refused(detail));
    }
    let answers = || refused("it answers already");
    if row.status == PluginStatus::Active {
        return Err(answers());
    }
    let config = config.map(checked_config).transpose()?.flatten();
    let places = Places { countries, ..Places::default() };
    let places = enable::checked(gateway, &manifest, places)?;
    let granted = grants::decide(gateway, &row, granting).await?;
    load::plugin(gateway, &row).await?;
    let started_at = gateway.now();
    let shadow = |place| Shadow { place, plugin: id, config: config.clone(), started_at };
    let shadows: Vec<Shadow> = places.into_iter().map(shadow).collect();
    // It takes turns with whatever may let it answer.
    let written = gateway.store.change_facts(move |db| {
        let status = plugin_get(db, id)?.map(|row| row.status);
        if status == Some(PluginStatus::Active) {
            return Ok(false);
        }
        shadow_start(db, id, &shadows)?;
        granted.write(db, id)?;
        // One that was taken out of service stays known as such until somebody enables it.
        if status != Some(PluginStatus::Quarantined) {
            plugin_status_set(db, id, PluginStatus::Shadow)?;
        }
        Ok(true)
    });
    if !written.await? {
        return Err(answers());
    }
    refresh(gateway).await?;
    watched(gateway, id).await
}

/// Runs a version beside nothing any more.
pub async fn stop(gateway: &Gateway, id: PluginId) -> Result<Watched, Problem> {
    get(gateway, id).await?;
    let ended = gateway.store.change_facts(move |db| {
        shadow_end(db, id)?;
        let row = plugin_get(db, id)?;
        if row.is_some_and(|row| row.status == PluginStatus::Shadow) {
            plugin_status_set(db, id, PluginStatus::Installed)?;
        }
        Ok(())
    });
    ended.await?;
    refresh(gateway).await?;
    watched(gateway, id).await
}

/// What a version would have answered until now.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Where it runs.
    pub places: Vec<Shadow>,
    /// By country, merchant and currency.
    pub tallies: Vec<Tally>,
    /// The first answers that were others, as JSON.
    pub examples: Vec<String>,
    /// Purchases that this process did not look at, since it could not keep up.
    pub dropped: u64,
}

/// What a version would have answered until now.
pub async fn watched(gateway: &Gateway, id: PluginId) -> Result<Watched, Problem> {
    get(gateway, id).await?;
    let read = gateway
        .store
        .read(move |db| Ok((shadow_list(db)?, tally_list(db, id)?, example_list(db, id)?)));
    let (mut places, tallies, examples) = read.await?;
    places.retain(|shadow| shadow.plugin == id);
    let dropped = gateway.shadows.dropped.load(Ordering::Relaxed);
    Ok(Watched { places, tallies, examples, dropped })
}

/// Looks at purchases as they are paid, until the gateway stops.
pub async fn run(gateway: Gateway, mut stopped: tokio::sync::watch::Receiver<bool>) {
    let Some(mut queue) = gateway.shadows.take_queue() else { return };
    loop {
        let first = tokio::select! {
            paid = queue.recv() => paid,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        let Some(first) = first else { return };
        let mut round = vec![first];
        while round.len() < ROUND_MAX {
            let Ok(next) = queue.try_recv() else { break };
            round.push(next);
        }
        if let Err(problem) = look(&gateway, round).await {
            tracing::warn!(%problem, "what a version would have answered could not be recorded");
        }
    }
}

/// What one round found of one version.
#[derive(Default)]
struct Found {
    tallies: BTreeMap<(String, MerchantId, String), Tally>,
    examples: Vec<(String, Timestamp)>,
}

async fn look(gateway: &Gateway, round: Vec<Paid>) -> Result<(), Problem> {
    let running = gateway.shadows.running.load_full();
    let decisions: Vec<Decision> = round
        .into_iter()
        .flat_map(|Paid { at, evidence, items }| again::decisions(at, evidence, &items))
        .collect();
    let mut found: BTreeMap<PluginId, Found> = BTreeMap::new();
    for shadow in running.iter() {
        let here = decisions.iter().filter(|decision| decision.country == shadow.place);
        let here: Vec<&Decision> = here.collect();
        if here.is_empty() {
            continue;
        }
        let row = get(gateway, shadow.plugin).await?;
        // What cannot be loaded fails to answer, and that is what there is to know of it.
        let loaded = load::plugin(gateway, &row).await;
        for decision in here {
            let outcome = match &loaded {
                Ok(plugin) => again::ask(plugin, decision, shadow.config.as_deref()).await.outcome,
                Err(problem) => Outcome::Failed(problem.to_string()),
            };
            found.entry(shadow.plugin).or_default().count(decision, &outcome);
        }
    }
    let written = gateway.store.write(move |db| {
        for (plugin, Found { tallies, examples }) in found {
            tallies.values().try_for_each(|tally| tally_add(db, plugin, tally))?;
            for (document, at) in examples {
                example_add(db, plugin, (&document, at), EXAMPLES_MAX)?;
            }
        }
        Ok(())
    });
    Ok(written.await?)
}

impl Found {
    fn count(&mut self, decision: &Decision, outcome: &Outcome) {
        let Decision { country, merchant, currency, at, .. } = decision;
        let key = (country.clone(), *merchant, currency.clone());
        let tally = self.tallies.entry(key).or_insert_with(|| empty(decision));
        add(tally, outcome);
        if let Some(example) = Example::of(decision, outcome)
            && let Ok(document) = serde_json::to_string(&example)
        {
            self.examples.push((document, *at));
        }
    }
}

/// Nothing counted yet, for whom a decision was.
pub(super) fn empty(decision: &Decision) -> Tally {
    let Decision { country, merchant, currency, .. } = decision.clone();
    Tally { country, merchant, currency, calls: 0, equal: 0, failed: 0, difference_minor: 0 }
}

/// Counts an outcome.
pub(super) fn add(tally: &mut Tally, outcome: &Outcome) {
    tally.calls = tally.calls.saturating_add(1);
    match outcome {
        Outcome::Equal => tally.equal = tally.equal.saturating_add(1),
        Outcome::Failed(_) => tally.failed = tally.failed.saturating_add(1),
        Outcome::Different { difference_minor, .. } => {
            tally.difference_minor = tally.difference_minor.saturating_add(*difference_minor);
        }
    }
}
