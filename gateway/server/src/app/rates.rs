//! Exchange rates: reading feeds into tables, and the rate between two currencies as people ask for it.

use jiff::{SignedDuration, civil::Date};
use purser_core::{ids::RateTableId, rate::ConversionPolicy};
use purser_host::{CallError, CurrencyPlugin, Feed, Plugin, Role};
use purser_money::{Currency, Leg, Money, Rounding};
use purser_store::facts::{
    plugin::{PluginStatus, plugin_find_by_digest, plugin_list},
    rate_table::{StoredRateTable, TableKept, rate_table_insert},
};

use super::plugin::load;
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random::id_bits,
};

/// A feed of a month of rates has 65 tables, the whole history of the euro 7,000.
const TABLES_MAX: usize = 10_000;

/// What came of a feed.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The newest table.
    pub newest: StoredRateTable,
    /// Tables in the feed.
    pub tables: usize,
    /// Tables that were not known before.
    pub new: usize,
    /// How many of them say something else than a table of the same source and day, which they are used in place of.
    pub corrected: usize,
}

/// A plugin that reads a feed, and what it says of that feed.
pub struct Source {
    /// The plugin.
    pub plugin: Plugin,
    /// The same, to be asked.
    pub currency: CurrencyPlugin,
    /// The feed.
    pub feed: Feed,
}

/// All feeds of the plugins that are in use. What is only installed reads nothing.
pub async fn sources(gateway: &Gateway) -> Result<Vec<Source>, Problem> {
    let mut sources = Vec::new();
    for row in gateway.store.read(plugin_list).await? {
        if row.status != PluginStatus::Active || row.role != Role::Currency.name() {
            continue;
        }
        // One that cannot be loaded is an alarm where plugins are looked after; the others go on.
        let Ok(plugin) = load::plugin(gateway, &row).await else { continue };
        let Some(currency) = plugin.currency() else { continue };
        let feeds = currency.feeds().await?.value;
        let source = |feed| Source { plugin: plugin.clone(), currency: currency.clone(), feed };
        sources.extend(feeds.into_iter().map(source));
    }
    Ok(sources)
}

/// Reads a feed's bytes with the plugin that knows the feed, and keeps its tables.
pub async fn import(gateway: &Gateway, feed: &str, bytes: &[u8]) -> Result<Imported, Problem> {
    let sources = sources(gateway).await?;
    let known: Vec<String> = sources.iter().map(|source| source.feed.id.clone()).collect();
    let source = sources.into_iter().find(|source| source.feed.id == feed).ok_or_else(|| {
        let detail = format!("no plugin reads such a feed; there are: {}", known.join(", "));
        Problem::new(problem::NOT_FOUND).field("feed").detail(detail)
    })?;
    keep(gateway, &source, bytes).await
}

/// Keeps the tables in a feed's bytes.
pub async fn keep(gateway: &Gateway, source: &Source, bytes: &[u8]) -> Result<Imported, Problem> {
    let started = std::time::Instant::now();
    let called = source.currency.read_feed(&source.feed.id, bytes).await;
    gateway.metrics.plugin_called("currency.read-feed", started.elapsed(), called.is_err());
    let tables = called.map_err(unreadable)?.value;
    if tables.is_empty() || tables.len() > TABLES_MAX {
        return Err(Problem::malformed(
            "",
            format!("the feed holds {} tables; 1 to {TABLES_MAX} are taken", tables.len()),
        ));
    }
    let (digest, feed, fetched_at) =
        (*source.plugin.digest().bytes(), source.feed.id.clone(), gateway.now());
    let stored = gateway.store.change_facts(move |db| {
        let Some(plugin) = plugin_find_by_digest(db, &digest)? else { return Ok(None) };
        let mut imported: Option<Imported> = None;
        for table in tables {
            let id = RateTableId::from_random(id_bits());
            let mut row =
                StoredRateTable { id, plugin: plugin.id, feed: feed.clone(), table, fetched_at };
            let kept = rate_table_insert(db, &row)?;
            if let TableKept::Known(known) = kept {
                row.id = known;
            }
            let (new, corrected) = match kept {
                TableKept::Known(_) => (0, 0),
                TableKept::New => (1, 0),
                TableKept::Other(_) => (1, 1),
            };
            let one = Imported { newest: row, tables: 1, new, corrected };
            imported = Some(match imported {
                None => one,
                Some(before) => before.and(one),
            });
        }
        Ok(imported)
    });
    stored.await?.ok_or_else(|| Problem::internal("a plugin in the sandbox is not in the database"))
}

impl Imported {
    fn and(self, other: Self) -> Self {
        let later = other.newest.table.as_of > self.newest.table.as_of;
        Self {
            newest: if later { other.newest } else { self.newest },
            tables: self.tables.saturating_add(other.tables),
            new: self.new.saturating_add(other.new),
            corrected: self.corrected.saturating_add(other.corrected),
        }
    }
}

/// What a plugin does not understand of bytes that somebody sent is the sender's matter.
fn unreadable(error: CallError) -> Problem {
    match error {
        CallError::Refused(error) => Problem::malformed("", error.message),
        CallError::InputTooLarge { bytes, bytes_max } => Problem::malformed(
            "",
            format!("the feed is {bytes} bytes; at most {bytes_max} are read"),
        ),
        other => other.into(),
    }
}

/// The rate between two currencies, for people.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Units of the second for one of the first.
    pub rate: String,
    /// Every step by a published rate.
    pub legs: Vec<Leg>,
    /// Who published them; nobody, between a currency and itself.
    pub source: Option<String>,
    /// The day they are of.
    pub as_of: Option<Date>,
    /// Whether they are too old to convert by.
    pub stale: bool,
}

/// The newest rate between two currencies, also when it is too old to convert by.
pub async fn show(gateway: &Gateway, from: Currency, to: Currency) -> Result<Shown, Problem> {
    if from == to {
        return Ok(Shown {
            rate: "1".to_owned(),
            legs: Vec::new(),
            source: None,
            as_of: None,
            stale: false,
        });
    }
    let today = gateway.clock.today();
    let facts = gateway.facts.at(gateway.store.facts_version_recent().await?);
    let other = if to == gateway.settings.unit_of_account { from } else { to };
    let plugin = facts.currency_plugin(gateway, other, today).await?;
    let too_old = || Problem::new(problem::RATES_TOO_OLD).retry_after(60);
    let table = facts.rate_table(gateway, &plugin, today).await?.ok_or_else(too_old)?;
    // As on their own day: plugins refuse to convert by old rates, and here they are only shown.
    let policy =
        ConversionPolicy { today: table.as_of, max_age_days: 1, rounding: Rounding::HalfUp };
    // Any amount has the same legs; a thousand minor units of every currency convert to something.
    let amount = Money::new(1_000, from);
    let route = plugin.convert(amount, to, &table, &policy).await?.value;
    Ok(Shown {
        rate: route.shown().map_err(Problem::internal)?.to_string(),
        legs: route.legs().to_vec(),
        stale: is_stale(route.as_of, today, gateway.settings.rates_max_age_days),
        source: Some(route.source),
        as_of: Some(route.as_of),
    })
}

/// Whether rates of a day are too old on another.
pub fn is_stale(as_of: Date, today: Date, max_age_days: u32) -> bool {
    let age = today.duration_since(as_of);
    age > SignedDuration::from_hours(24_i64.saturating_mul(i64::from(max_age_days)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_stale_after_their_days_and_not_on_the_last_one() {
        let stale =
            |as_of: &str, today: &str| is_stale(as_of.parse().unwrap(), today.parse().unwrap(), 5);
        assert!(!stale("2024-06-28", "2024-07-03"));
        assert!(stale("2024-06-28", "2024-07-04"));
        assert!(!stale("2024-06-28", "2024-06-28"));
    }
}
