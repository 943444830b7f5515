//! What operators and merchants set, as a purchase needs it: read once for each version and kept.
//!
//! Whatever changes a fact counts `facts_version` up in the same database transaction, and the teller decides
//! nothing that was prepared with another version. So these may be kept in memory, by several processes. A new offer
//! key changes none: its name was known to nobody, so nothing was kept of it.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use arc_swap::ArcSwap;
use purser_core::{
    Date,
    card::sun::MetaReadKey,
    ids::{MerchantId, PluginId},
    jws::PublicKey,
    offer::OfferKey,
    policy::RefundPolicy,
    rate::{ConversionPolicy, RateTable, Route},
    record::EvidenceRecord,
};
use purser_host::{Called, CurrencyPlugin, Digest, Manifest, Plugin, Role, TaxPlugin};
use purser_money::{Currency, Money, Rounding};
use purser_store::{
    facts::{
        merchant::{Merchant, merchant_get},
        offer_key::{OfferAlg, StoredOfferKey, offer_key_get},
        plugin::{Plugin as PluginRow, plugin_get},
        plugin_binding::binding_for,
        rate_table::rate_table_newest,
        refund_policy::refund_policy_current,
    },
    read::card::meta_read_keys,
};
use quick_cache::sync::Cache;

use super::{
    merchant::offer_secret,
    plugin::{self, EVERY},
    smart_card::unwrap_meta_read,
};
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
};

/// Merchants, keys and routes of which each is kept; more are read again.
const KEPT: usize = 10_000;

/// The facts of the newest version seen.
pub struct FactsCache(ArcSwap<Facts>);

/// The facts of one version.
pub struct Facts {
    /// Which.
    pub version: i64,
    merchants: Cache<MerchantId, Option<Arc<Merchant>>>,
    offer_keys: Cache<String, Option<Arc<KeyOfMerchant>>>,
    bindings: Cache<(Role, String, Date), Option<Arc<Bound>>>,
    tables: Cache<(Digest, Date), Option<Arc<RateTable>>>,
    routes: Cache<(Currency, Currency, Rounding, Date), Arc<EvidencedRoute>>,
    refund_policy: OnceLock<RefundPolicy>,
    meta_read_keys: OnceLock<Arc<[MetaReadKey]>>,
}

/// The plugin that answers for a place on a day, ready to be asked.
pub struct Answering {
    /// The plugin.
    pub plugin: Plugin,
    /// The operator's configuration, which goes with every call.
    pub config: Option<Arc<str>>,
}

/// The same before it is loaded.
struct Bound {
    id: PluginId,
    digest: Digest,
    manifest: Manifest,
    config: Option<Arc<str>>,
}

impl Bound {
    fn of(row: &PluginRow, config: Option<String>) -> Result<Self, Problem> {
        Ok(Self {
            id: row.id,
            config: config.map(Arc::from),
            digest: Digest::from_bytes(row.digest),
            manifest: Manifest::from_json(row.manifest.as_bytes()).map_err(Problem::internal)?,
        })
    }
}

/// An offer key, and whose it is.
pub struct KeyOfMerchant {
    /// Whose.
    pub merchant: MerchantId,
    /// The key.
    pub key: OfferKey,
}

/// A checked route, and the plugin call behind it.
pub struct EvidencedRoute {
    /// The way from one currency to the other.
    pub route: Route,
    /// The call; none where nothing is converted.
    pub evidence: Option<EvidenceRecord>,
}

impl Default for FactsCache {
    fn default() -> Self {
        Self(ArcSwap::from_pointee(Facts::new(0)))
    }
}

impl FactsCache {
    /// The facts of `version`, or of a newer one that was seen.
    pub fn at(&self, version: i64) -> Arc<Facts> {
        let current = self.0.load_full();
        if current.version >= version {
            return current;
        }
        let fresh = Arc::new(Facts::new(version));
        self.0.store(Arc::clone(&fresh));
        fresh
    }
}

impl Facts {
    fn new(version: i64) -> Self {
        Self {
            version,
            merchants: Cache::new(KEPT),
            offer_keys: Cache::new(KEPT),
            bindings: Cache::new(KEPT),
            tables: Cache::new(16),
            routes: Cache::new(1024),
            refund_policy: OnceLock::new(),
            meta_read_keys: OnceLock::new(),
        }
    }

    /// A merchant.
    pub async fn merchant(
        &self,
        gateway: &Gateway,
        id: MerchantId,
    ) -> Result<Option<Arc<Merchant>>, Problem> {
        if let Some(known) = self.merchants.get(&id) {
            return Ok(known);
        }
        let row = gateway.store.read(move |db| merchant_get(db, id)).await?.map(Arc::new);
        self.merchants.insert(id, row.clone());
        Ok(row)
    }

    /// The offer key of that name.
    pub async fn offer_key(
        &self,
        gateway: &Gateway,
        kid: &str,
    ) -> Result<Option<Arc<KeyOfMerchant>>, Problem> {
        if let Some(known) = self.offer_keys.get(kid) {
            return Ok(known);
        }
        let name = kid.to_owned();
        let row = gateway.store.read(move |db| offer_key_get(db, &name)).await?;
        let key = row.map(|row| usable_key(gateway, row)).transpose()?.map(Arc::new);
        self.offer_keys.insert(kid.to_owned(), key.clone());
        Ok(key)
    }

    /// The refund policy in force.
    pub async fn refund_policy(&self, gateway: &Gateway) -> Result<RefundPolicy, Problem> {
        if let Some(known) = self.refund_policy.get() {
            return Ok(*known);
        }
        let policy = gateway.store.read(refund_policy_current).await?;
        Ok(*self.refund_policy.get_or_init(|| policy))
    }

    /// The keys that cards personalised elsewhere encrypt their number under.
    pub async fn meta_read_keys(&self, gateway: &Gateway) -> Result<Arc<[MetaReadKey]>, Problem> {
        if let Some(known) = self.meta_read_keys.get() {
            return Ok(Arc::clone(known));
        }
        let wrapped = gateway.store.read(meta_read_keys).await?;
        let keys = wrapped.iter().map(|wrapped| unwrap_meta_read(gateway, wrapped));
        let keys = keys.collect::<Result<_, _>>()?;
        Ok(Arc::clone(self.meta_read_keys.get_or_init(|| keys)))
    }

    /// The tax plugin that answers for a country on a day.
    pub async fn tax_plugin(
        &self,
        gateway: &Gateway,
        country: &str,
        day: Date,
    ) -> Result<TaxPlugin, Problem> {
        let answering = self.plugin(gateway, Role::Tax, country, day).await?;
        let plugin = answering.and_then(|Answering { plugin, config }| {
            plugin.tax().map(|tax| tax.configured(config))
        });
        plugin.ok_or_else(|| {
            let problem = Problem::new(problem::TAX_COUNTRY_UNSUPPORTED).field("country");
            problem.detail(format!("no tax plugin answers for {country} on {day}"))
        })
    }

    /// The currency plugin that answers for a currency on a day.
    pub async fn currency_plugin(
        &self,
        gateway: &Gateway,
        currency: Currency,
        day: Date,
    ) -> Result<CurrencyPlugin, Problem> {
        let answering = match self.plugin(gateway, Role::Currency, currency.code(), day).await? {
            Some(own) => Some(own),
            None => self.plugin(gateway, Role::Currency, EVERY, day).await?,
        };
        let plugin = answering.and_then(|Answering { plugin, config }| {
            plugin.currency().map(|currency| currency.configured(config))
        });
        plugin.ok_or_else(|| Problem::new(problem::CURRENCY_UNSUPPORTED))
    }

    /// The plugin that answers for a place on a day, if one does: for a country (tax), for a currency (currency), or
    /// under its own name (stamps, webhook). It is loaded if it was not.
    pub async fn plugin(
        &self,
        gateway: &Gateway,
        role: Role,
        place: &str,
        day: Date,
    ) -> Result<Option<Answering>, Problem> {
        let Some(bound) = self.binding(gateway, role, place, day).await? else { return Ok(None) };
        let Bound { id, digest, manifest, config } = &*bound;
        match plugin::load::known(gateway, *id, *digest, manifest).await {
            Ok(plugin) => Ok(Some(Answering { plugin, config: config.clone() })),
            // The caller is told no more than that; the operator has to act.
            Err(problem) if problem.kind == problem::PLUGIN_REFUSED => {
                tracing::error!(plugin.name = %manifest.name, plugin.version = %manifest.version, %problem, alarm = true, "a plugin in use cannot be loaded");
                Err(Problem::new(problem::PLUGIN_FAILED).with("fault", "load"))
            }
            Err(problem) => Err(problem),
        }
    }

    async fn binding(
        &self,
        gateway: &Gateway,
        role: Role,
        place: &str,
        day: Date,
    ) -> Result<Option<Arc<Bound>>, Problem> {
        let key = (role, place.to_owned(), day);
        if let Some(known) = self.bindings.get(&key) {
            return Ok(known);
        }
        let place = place.to_owned();
        let bound = gateway.store.read(move |db| {
            let Some(binding) = binding_for(db, role.name(), &place, day)? else { return Ok(None) };
            let Some(plugin) = binding.plugin else { return Ok(None) };
            Ok(plugin_get(db, plugin)?.map(|row| (row, binding.config)))
        });
        let bound = bound.await?.map(|(row, config)| Bound::of(&row, config)).transpose()?;
        let bound = bound.map(Arc::new);
        self.bindings.insert(key, bound.clone());
        Ok(bound)
    }

    /// The newest table of a plugin's own feeds on a day.
    pub async fn rate_table(
        &self,
        gateway: &Gateway,
        plugin: &CurrencyPlugin,
        day: Date,
    ) -> Result<Option<Arc<RateTable>>, Problem> {
        let key = (plugin.digest(), day);
        if let Some(known) = self.tables.get(&key) {
            return Ok(known);
        }
        let started = Instant::now();
        let called = plugin.feeds().await;
        gateway.metrics.plugin_called("currency.feeds", started.elapsed(), called.is_err());
        let feeds: Vec<String> = called?.value.into_iter().map(|feed| feed.id).collect();
        let row = gateway.store.read(move |db| {
            let feeds: Vec<&str> = feeds.iter().map(String::as_str).collect();
            rate_table_newest(db, &feeds, day)
        });
        let table = row.await?.map(|row| Arc::new(row.table));
        self.tables.insert(key, table.clone());
        Ok(table)
    }

    /// The way to convert `amount` to `to` on a day, as its currency plugin says and the core agrees.
    pub async fn route(
        &self,
        gateway: &Gateway,
        amount: Money,
        to: Currency,
        rounding: Rounding,
        day: Date,
    ) -> Result<Arc<EvidencedRoute>, Problem> {
        let from = amount.currency();
        if from == to {
            return Ok(Arc::new(EvidencedRoute { route: Route::same(to, day), evidence: None }));
        }
        let key = (from, to, rounding, day);
        if let Some(known) = self.routes.get(&key) {
            return Ok(known);
        }
        let route = Arc::new(self.ask_route(gateway, amount, to, rounding, day).await?);
        self.routes.insert(key, Arc::clone(&route));
        Ok(route)
    }

    async fn ask_route(
        &self,
        gateway: &Gateway,
        amount: Money,
        to: Currency,
        rounding: Rounding,
        day: Date,
    ) -> Result<EvidencedRoute, Problem> {
        let other = if to == gateway.settings.unit_of_account { amount.currency() } else { to };
        let plugin = self.currency_plugin(gateway, other, day).await?;
        let too_old = || Problem::new(problem::RATES_TOO_OLD).retry_after(60);
        let table = self.rate_table(gateway, &plugin, day).await?.ok_or_else(too_old)?;
        let policy = ConversionPolicy {
            today: day,
            max_age_days: gateway.settings.rates_max_age_days,
            rounding,
        };
        let started = Instant::now();
        let called = plugin.convert(amount, to, &table, &policy).await;
        gateway.metrics.plugin_called("currency.convert", started.elapsed(), called.is_err());
        let Called { value: route, evidence } = called?;
        Ok(EvidencedRoute { route, evidence: Some(evidence.into()) })
    }
}

fn usable_key(gateway: &Gateway, row: StoredOfferKey) -> Result<KeyOfMerchant, Problem> {
    let key = match row.alg {
        OfferAlg::Hs256 => OfferKey::Hs256(offer_secret(gateway, &row)?),
        OfferAlg::EdDsa => {
            let not_32 = |_| Problem::internal("a public key is not 32 bytes");
            OfferKey::EdDsa(PublicKey::from_bytes(row.material.try_into().map_err(not_32)?))
        }
    };
    Ok(KeyOfMerchant { merchant: row.merchant, key })
}
