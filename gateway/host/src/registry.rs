//! Which plugins are loaded. Loading verifies a file before any of it runs; the set is swapped atomically while
//! requests use it.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use jiff::civil::Date;
use purser_pack::{Manifest, Role};
use tokio::task;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower};

use crate::{
    cache::CodeCache,
    call::{Call, Guest},
    convert,
    currency::CurrencyPlugin,
    engine::{ENGINE_VERSION, EngineError, Sandbox},
    evidence::{Called, Digest, Evidence, functions},
    failing::{Failing, Faults},
    fault::CallError,
    lazy::Turns,
    limits::Limits,
    load::{self, LoadError},
    peak::{Peak, PeakMeter},
    stamps::StampsPlugin,
    tax::TaxPlugin,
    webhook::WebhookPlugin,
    wire,
};

/// All loaded plugins. Cheap to clone; every clone sees the same set.
#[derive(Clone)]
pub struct Plugins(pub(crate) Arc<Registry>);

pub(crate) struct Registry {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) cache: Option<CodeCache>,
    pub(crate) loaded: ArcSwap<BTreeMap<Digest, Plugin>>,
    pub(crate) turns: Turns,
    /// Counts uses, so that the plugin that was not used for longest can be told.
    uses: AtomicU64,
}

impl Plugins {
    /// An empty set under `limits`. Without a cache every plugin is compiled at each start.
    pub fn new(limits: Limits, cache: Option<CodeCache>) -> Result<Self, EngineError> {
        let sandbox = Sandbox::new(limits)?;
        let (loaded, turns, uses) = (ArcSwap::default(), Turns::default(), AtomicU64::new(0));
        Ok(Self(Arc::new(Registry { sandbox, cache, loaded, turns, uses })))
    }

    /// Verifies a plugin's file and adds it, as [`Self::verify`] and [`Self::load`] do. Installing what is there
    /// already changes nothing.
    pub async fn install(&self, bytes: impl Into<Cow<'static, [u8]>>) -> Result<Plugin, LoadError> {
        let bytes = bytes.into();
        if let Some(plugin) = self.get(&Digest::of(&bytes)) {
            return Ok(plugin);
        }
        let plugin = self.verify(bytes, self.limits().component_bytes).await?;
        self.add(plugin.clone());
        Ok(plugin)
    }

    /// Verifies a plugin's file of at most `bytes_max` and compiles it (or finds it compiled), without adding it.
    /// Compiling takes up to a second, on a thread where that disturbs nobody.
    pub async fn verify(
        &self,
        bytes: impl Into<Cow<'static, [u8]>>,
        bytes_max: usize,
    ) -> Result<Plugin, LoadError> {
        let (registry, bytes) = (self.0.clone(), bytes.into());
        let compile =
            move || load::compile(&registry.sandbox, registry.cache.as_ref(), &bytes, bytes_max);
        let compiled =
            task::spawn_blocking(compile).await.map_err(|_| LoadError::Interrupted)??;
        load::examine(&self.0.sandbox, compiled).await
    }

    /// Takes a plugin out of the set. Calls that run finish.
    pub fn remove(&self, digest: &Digest) {
        self.0.loaded.rcu(|loaded| {
            let mut loaded = BTreeMap::clone(loaded);
            loaded.remove(digest);
            loaded
        });
    }

    /// The plugin with this digest.
    pub fn get(&self, digest: &Digest) -> Option<Plugin> {
        let plugin = self.0.loaded.load().get(digest).cloned()?;
        let use_number = self.0.uses.fetch_add(1, Ordering::Relaxed);
        plugin.0.used.store(use_number, Ordering::Relaxed);
        Some(plugin)
    }

    /// The plugin with this digest, if it is one for taxes.
    pub fn tax(&self, digest: &Digest) -> Option<TaxPlugin> {
        self.get(digest)?.tax()
    }

    /// The plugin with this digest, if it is one for currencies.
    pub fn currency(&self, digest: &Digest) -> Option<CurrencyPlugin> {
        self.get(digest)?.currency()
    }

    /// The plugin with this digest, if it is one for stamps.
    pub fn stamps(&self, digest: &Digest) -> Option<StampsPlugin> {
        self.get(digest)?.stamps()
    }

    /// Every plugin, by digest.
    pub fn all(&self) -> Vec<Plugin> {
        self.0.loaded.load().values().cloned().collect()
    }

    /// The limits that all of them live under.
    pub fn limits(&self) -> &Limits {
        &self.0.sandbox.limits
    }
}

/// A loaded plugin. Cheap to clone.
#[derive(Clone)]
pub struct Plugin(pub(crate) Arc<Loaded>);

impl Plugin {
    /// SHA-256 of its file.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// Its name, as the manifest and the plugin itself say.
    pub fn name(&self) -> &str {
        &self.0.description.name
    }

    /// Its version, as the manifest and the plugin itself say.
    pub fn version(&self) -> &str {
        &self.0.description.version
    }

    /// What it decides.
    pub fn role(&self) -> Role {
        self.0.manifest.role
    }

    /// What its file says of it: name, version, coverage, hosts and secrets that it asks for.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// What it says of itself.
    pub fn description(&self) -> &Description {
        &self.0.description
    }

    /// Faults since its last answer: what a quarantine goes by.
    pub fn faults(&self) -> Faults {
        self.0.failing.read()
    }

    /// How many faults those are.
    pub fn faults_in_a_row(&self) -> u32 {
        self.faults().in_a_row
    }

    /// The most that a call of it has used.
    pub fn peak(&self) -> Peak {
        self.0.peak.read()
    }

    /// As a tax plugin.
    pub fn tax(&self) -> Option<TaxPlugin> {
        (self.role() == Role::Tax).then(|| TaxPlugin(self.0.clone(), None))
    }

    /// As a currency plugin.
    pub fn currency(&self) -> Option<CurrencyPlugin> {
        (self.role() == Role::Currency).then(|| CurrencyPlugin(self.0.clone(), None))
    }

    /// As a stamps plugin.
    pub fn stamps(&self) -> Option<StampsPlugin> {
        (self.role() == Role::Stamps).then(|| StampsPlugin(self.0.clone(), None))
    }

    /// As a webhook plugin.
    pub fn webhook(&self) -> Option<WebhookPlugin> {
        (self.role() == Role::Webhook).then(|| WebhookPlugin(self.0.clone()))
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plugin({} {} {})", self.name(), self.version(), self.digest())
    }
}

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its name, e.g. `tax-eu`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Countries (tax, stamps) or currencies (currency) that it answers for; empty: it decides call by call.
    pub covers: Vec<String>,
    /// The first day its rates are good for.
    pub valid_from: Date,
    /// The last, if known.
    pub valid_to: Option<Date>,
    /// Where its rules and rates come from.
    pub sources: Vec<String>,
}

impl Description {
    pub(crate) fn read(description: wire::Description) -> Result<Self, CallError> {
        let wire::Description { name, version, covers, valid_from, valid_to, sources } =
            description;
        convert::list("covers", covers.len())?;
        convert::list("sources", sources.len())?;
        let covers = covers.into_iter().map(|place| convert::short("covers", place));
        let sources = sources.into_iter().map(|source| convert::long("sources", source));
        Ok(Self {
            name: convert::short("name", name)?,
            version: convert::short("version", version)?,
            covers: covers.collect::<Result<_, _>>()?,
            valid_from: convert::date("valid-from", &valid_from)?,
            valid_to: valid_to.map(|date| convert::date("valid-to", &date)).transpose()?,
            sources: sources.collect::<Result<_, _>>()?,
        })
    }
}

/// A verified, compiled plugin, ready to be instantiated.
pub(crate) struct Loaded {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) digest: Digest,
    pub(crate) manifest: Manifest,
    pub(crate) description: Description,
    pub(crate) pre: InstancePre<Guest>,
    /// In the order of the role's functions.
    pub(crate) exports: Vec<ComponentExportIndex>,
    pub(crate) failing: Failing,
    pub(crate) peak: PeakMeter,
    /// What its machine code takes in memory.
    pub(crate) code_bytes: usize,
    /// The number of its last use.
    pub(crate) used: AtomicU64,
}

/// A call with all that its evidence needs.
pub(crate) struct Question<P> {
    pub(crate) function: &'static str,
    /// The arguments by name, as JSON.
    pub(crate) input: String,
    /// What the plugin is given, in bytes.
    pub(crate) input_bytes: usize,
    pub(crate) params: P,
}

impl Loaded {
    /// Makes a call, lets `read` check the answer and write its JSON, and counts what came of it.
    pub(crate) async fn ask<P, R, T>(
        &self,
        question: Question<P>,
        read: impl FnOnce(R) -> Result<(T, String), CallError>,
    ) -> Result<Called<T>, CallError>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let Question { function, input, input_bytes, params } = question;
        let bytes_max = self.sandbox.limits.input_bytes;
        if input_bytes > bytes_max {
            return Err(CallError::InputTooLarge { bytes: input_bytes, bytes_max });
        }
        let answered = self.attempt(function, params).await;
        let read = answered.and_then(|(answer, fuel)| Ok((read(answer)?, fuel)));
        self.count(read.as_ref().err());
        let ((value, output), fuel) = read?;
        Ok(Called { value, evidence: self.evidence(function, input, output, fuel) })
    }

    async fn attempt<P, R>(&self, function: &'static str, params: P) -> Result<(R, u64), CallError>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let mut call = Call::begin(&self.sandbox, &self.manifest, &self.peak).await?;
        let instance = call.enter(&self.pre).await?;
        let answer = call.ask(&instance, self.export(function)?, params).await?;
        Ok((answer, call.fuel_used()))
    }

    pub(crate) fn export(&self, function: &str) -> Result<&ComponentExportIndex, CallError> {
        let index = functions(self.manifest.role).iter().position(|known| *known == function);
        let export = index.and_then(|index| self.exports.get(index));
        export.ok_or_else(|| CallError::bad_output(format!("no function {function}")))
    }

    /// A plugin's own refusal is an answer; being too busy is nobody's fault.
    pub(crate) fn count(&self, error: Option<&CallError>) {
        match error {
            Some(CallError::Fault(..)) => self.failing.fault(),
            None | Some(CallError::Refused(_)) => self.failing.answer(),
            Some(CallError::InputTooLarge { .. } | CallError::Overloaded) => {}
        }
    }

    pub(crate) fn evidence(
        &self,
        function: &'static str,
        input: String,
        output: String,
        fuel: u64,
    ) -> Evidence {
        let (digest, role) = (self.digest, self.manifest.role);
        Evidence { digest, engine_version: ENGINE_VERSION, role, function, input, output, fuel }
    }
}
