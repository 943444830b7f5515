//! The sandbox itself: how wasmtime is set up so that a plugin can neither reach nor exhaust anything.

use std::{sync::Arc, thread};

use purser_pack::LOG;
use tokio::sync::Semaphore;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    component::{Linker, LinkerInstance, WasmStr},
};

use crate::{
    call::Guest,
    limits::{
        CORE_INSTANCES_PER_COMPONENT, EPOCH_TICK, Limits, MEMORIES_PER_COMPONENT,
        MEMORY_RESERVATION_BYTES, STACK_BYTES, TABLE_ELEMENTS, TABLES_PER_COMPONENT,
        WASM_STACK_BYTES,
    },
    wire,
};

/// The engine that ran a call. Fuel is reproducible within one version of it.
pub const ENGINE_VERSION: &str = wasmtime_environ::VERSION;

/// The sandbox cannot be set up on this machine.
#[derive(Debug, thiserror::Error)]
#[error("the plugin sandbox cannot be set up: {0}")]
pub struct EngineError(String);

impl EngineError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(format!("{error:#}"))
    }
}

/// One engine for all plugins, and the seats of the calls that run in it.
pub(crate) struct Sandbox {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Guest>,
    pub(crate) limits: Limits,
    pub(crate) seats: Semaphore,
}

impl Sandbox {
    pub(crate) fn new(limits: Limits) -> Result<Arc<Self>, EngineError> {
        let engine = Engine::new(&config(&limits)).map_err(EngineError::new)?;
        start_ticking(&engine)?;
        let mut linker = Linker::new(&engine);
        let log = linker.instance(LOG).map_err(EngineError::new)?;
        add_log(log).map_err(EngineError::new)?;
        let seats = Semaphore::new(usize::try_from(limits.calls).map_err(EngineError::new)?);
        Ok(Arc::new(Self { engine, linker, limits, seats }))
    }
}

/// How much of a seat's memory stays with it: reset to what it was rather than given back to the system, which
/// would fetch it again page by page. More than a tax plugin writes to.
const KEEP: usize = 1 << 20;

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true);
    config.max_wasm_stack(WASM_STACK_BYTES).async_stack_size(STACK_BYTES);
    config.memory_reservation(MEMORY_RESERVATION_BYTES as u64).memory_may_move(false);
    // The same input gives the same answer on every processor, also where somebody computes with floats.
    config.cranelift_nan_canonicalization(true).wasm_relaxed_simd(false);
    // What no plugin needs is not there to be attacked.
    config.wasm_memory64(false);
    config.wasm_backtrace_max_frames(None);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    config
}

/// Room for every seat to be taken by the largest component that is allowed. Address space, not memory: of what a
/// call wrote to, no more than [`KEEP`] stays with its seat, and none of what it wrote is there for the next.
/// The kernel says which pages were written to (since Linux 6.7), so that only those are reset.
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(limits.calls)
        .total_core_instances(limits.calls.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .total_memories(limits.calls.saturating_mul(MEMORIES_PER_COMPONENT))
        .total_tables(limits.calls.saturating_mul(TABLES_PER_COMPONENT))
        .total_stacks(limits.calls)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_memory_size(limits.memory_bytes.max(limits.interpreter.memory_bytes))
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP)
        .table_keep_resident(KEEP)
        .async_stack_keep_resident(KEEP)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// One thread counts time for all calls; it ends when the engine is dropped.
fn start_ticking(engine: &Engine) -> Result<(), EngineError> {
    let engine = engine.weak();
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(EPOCH_TICK);
        }
    };
    thread::Builder::new().name("plugin-clock".into()).spawn(tick).map_err(EngineError::new)?;
    Ok(())
}

fn add_log(mut log: LinkerInstance<'_, Guest>) -> wasmtime::Result<()> {
    log.func_wrap("write", |mut store, (level, message): (wire::Level, WasmStr)| {
        // Copied only as far as the budget goes, so the borrow of the plugin's memory has to end first.
        let room = store.data().log.room();
        let line = message.to_str(&store)?.chars().take(room).collect::<String>();
        store.data_mut().log.write(level, &line);
        Ok(())
    })
}
