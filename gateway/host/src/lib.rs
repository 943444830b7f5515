//! Plugins in their sandbox: load, limit, call, record. The only part of the gateway that knows wasmtime.
//!
//! A plugin is a pure function in a WebAssembly component that imports nothing but a log. Each call gets a fresh
//! instance under [`Limits`]; whatever a plugin does, the call ends within the wall-clock limit and as one of: an
//! answer with its [`Evidence`], the plugin's own refusal, or a [`Fault`]. What is absent: anything that a plugin
//! could reach, and any state that outlives a call.
//!
//! ```no_run
//! # async fn run(bytes: Vec<u8>, sale: purser_core::tax::Sale) -> Result<(), Box<dyn std::error::Error>> {
//! use purser_host::{Limits, Plugins};
//!
//! let plugins = Plugins::new(Limits::default(), None)?;
//! let plugin = plugins.install(bytes).await?;
//! let tax = plugin.tax().ok_or("not a tax plugin")?;
//! let called = tax.assess(&sale).await?;
//! println!("{} by {}", called.value.assessment.law, called.evidence.digest);
//! # Ok(())
//! # }
//! ```

mod by_hand;
mod cache;
mod call;
mod convert;
mod currency;
mod engine;
mod evidence;
mod failing;
mod fault;
mod json;
mod lazy;
mod limits;
mod load;
mod log;
mod peak;
mod registry;
mod stamps;
mod tax;
mod webhook;
mod wire;

pub use by_hand::{ByHandError, Timing};
pub use cache::CodeCache;
pub use currency::{CurrencyPlugin, Feed};
pub use engine::{ENGINE_VERSION, EngineError};
pub use evidence::{Called, Digest, Evidence};
pub use failing::{Caller, Faults};
pub use fault::{CallError, Fault, PluginError};
pub use json::JsonError;
pub use limits::{CallLimits, Limits};
pub use load::LoadError;
pub use peak::Peak;
pub use purser_pack::{LimitsClass, Manifest, PackError, Role};
pub use registry::{Description, Plugin, Plugins};
pub use stamps::StampsPlugin;
pub use tax::{Filing, PeriodLine, PeriodTotals, TaxPlugin, Taxed, Verdict};
pub use webhook::WebhookPlugin;
