//! How the gateway is: what an operator looks at first.

use std::time::{Duration, Instant};

use jiff::civil::Date;
use purser_store::{
    facts::{
        plugin::{Plugin, PluginStatus, plugin_list},
        rate_table::rate_table_list,
        refund_policy::refund_policy_current,
    },
    read::waiting::{Waiting, waiting},
};

use super::rates::is_stale;
use crate::{gateway::Gateway, problem::Problem};

/// Tables that are looked through for the newest of each source: a few months of a daily feed.
const TABLES_MAX: usize = 200;

/// How the gateway is.
pub struct Health {
    /// How long the database took to answer.
    pub answered_in: Duration,
    /// What waits to be done.
    pub waiting: Waiting,
    /// The newest rates of each source.
    pub rates: Vec<Rates>,
    /// How many plugins answer.
    pub plugins_active: usize,
    /// The plugins that were taken out of service for their faults.
    pub plugins_quarantined: Vec<Plugin>,
}

/// The newest rates of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// Who published them.
    pub source: String,
    /// In which feed.
    pub feed: String,
    /// The day they are of.
    pub as_of: Date,
    /// How many currencies they are for.
    pub currencies: usize,
    /// Whether they are too old to convert by.
    pub stale: bool,
}

/// Looks at everything.
pub async fn health(gateway: &Gateway) -> Result<Health, Problem> {
    let asked = Instant::now();
    // What readiness asks too.
    gateway.store.read(refund_policy_current).await?;
    let answered_in = asked.elapsed();
    let now = gateway.now();
    let (waiting, plugins) =
        gateway.store.read(move |db| Ok((waiting(db, now)?, plugin_list(db)?))).await?;
    let of_status = |status: PluginStatus| {
        plugins.iter().filter(move |plugin: &&Plugin| plugin.status == status)
    };
    Ok(Health {
        answered_in,
        waiting,
        rates: rates(gateway).await?,
        plugins_active: of_status(PluginStatus::Active).count(),
        plugins_quarantined: of_status(PluginStatus::Quarantined).cloned().collect(),
    })
}

/// The newest rates of each source and feed.
pub async fn rates(gateway: &Gateway) -> Result<Vec<Rates>, Problem> {
    let tables = gateway.store.read(|db| rate_table_list(db, TABLES_MAX)).await?;
    let (today, max_age_days) = (gateway.clock.today(), gateway.settings.rates_max_age_days);
    let mut newest: Vec<Rates> = Vec::new();
    for stored in tables {
        let known =
            |rates: &Rates| rates.source == stored.table.source && rates.feed == stored.feed;
        if newest.iter().any(known) {
            continue;
        }
        newest.push(Rates {
            stale: is_stale(stored.table.as_of, today, max_age_days),
            source: stored.table.source,
            feed: stored.feed,
            as_of: stored.table.as_of,
            currencies: stored.table.rates.len(),
        });
    }
    Ok(newest)
}
