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
    // Every access is checked by an instruction of its own, so that a seat's memory need not be locked page by page
    // between calls (docs/decisions/0029). What a memory may not grow into stays locked: the upper half of each.
    config.signals_based_traps(false).memory_guard_size(0);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails loudly")]
mod tests {
    use wasmtime::{Instance, Module, Store, Trap};

    use super::*;

    /// Grows by fifteen pages, finds out whether all of it is zero, and leaves its mark everywhere.
    const TENANT: &str = r#"(module
        (memory (export "memory") 1)
        (func (export "grow") (result i32) (memory.grow (i32.const 15)))
        (func (export "is_clean") (result i32) (local $at i32)
            (loop $next
                (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (return (i32.const 0))))
                (br_if $next (i32.lt_u
                    (local.tee $at (i32.add (local.get $at) (i32.const 8)))
                    (i32.mul (memory.size) (i32.const 65536)))))
            (i32.const 1))
        (func (export "mark")
            (memory.fill (i32.const 0) (i32.const 0xAA) (i32.mul (memory.size) (i32.const 65536))))
        (func (export "read") (param $at i32) (result i32) (i32.load8_u (local.get $at)))
        (func (export "read_far") (param $at i32) (result i32) (i32.load8_u offset=0xFFFFFFFF (local.get $at))))"#;

    struct Tenant(Store<()>, Instance);

    impl Tenant {
        async fn enter(sandbox: &Sandbox, module: &Module) -> Self {
            let mut store = Store::new(&sandbox.engine, ());
            store.set_fuel(sandbox.limits.fuel).unwrap();
            store.set_epoch_deadline(u64::from(u32::MAX));
            let instance = Instance::new_async(&mut store, module, &[]).await.unwrap();
            Self(store, instance)
        }

        async fn ask(&mut self, name: &str) -> i32 {
            let ask = self.1.get_typed_func::<(), i32>(&mut self.0, name).unwrap();
            ask.call_async(&mut self.0, ()).await.unwrap()
        }

        async fn mark(&mut self) {
            let mark = self.1.get_typed_func::<(), ()>(&mut self.0, "mark").unwrap();
            mark.call_async(&mut self.0, ()).await.unwrap();
        }

        async fn read(&mut self, how: &str, at: u32) -> wasmtime::Result<i32> {
            let read = self.1.get_typed_func::<u32, i32>(&mut self.0, how).unwrap();
            read.call_async(&mut self.0, at).await
        }
    }

    fn sandbox() -> (Arc<Sandbox>, Module) {
        // One seat: whoever comes next sits where the last one sat.
        let sandbox = Sandbox::new(Limits { calls: 1, ..Limits::default() }).unwrap();
        let module = Module::new(&sandbox.engine, wat::parse_str(TENANT).unwrap()).unwrap();
        (sandbox, module)
    }

    #[tokio::test]
    async fn nothing_of_a_call_is_there_for_the_next_in_its_seat() {
        let (sandbox, module) = sandbox();
        for _ in 0..3 {
            let mut tenant = Tenant::enter(&sandbox, &module).await;
            assert_eq!(tenant.ask("is_clean").await, 1);
            assert_eq!(tenant.ask("grow").await, 1);
            assert_eq!(tenant.ask("is_clean").await, 1);
            tenant.mark().await;
            assert_eq!(tenant.ask("is_clean").await, 0);
        }
    }

    #[tokio::test]
    async fn no_address_behind_the_end_is_read_however_large_the_memory_was_before() {
        const PAGE: u32 = 65_536;
        let (sandbox, module) = sandbox();
        let mut before = Tenant::enter(&sandbox, &module).await;
        before.ask("grow").await;
        before.mark().await;
        assert_eq!(before.read("read", 16 * PAGE - 1).await.unwrap(), 0xAA);
        drop(before);
        let mut tenant = Tenant::enter(&sandbox, &module).await;
        assert_eq!(tenant.read("read", PAGE - 1).await.unwrap(), 0);
        let (half, whole) = (32 << 20, 64 << 20);
        for at in [PAGE, 16 * PAGE - 1, 16 * PAGE, half - 1, half, whole - 1, whole, u32::MAX] {
            for how in ["read", "read_far"] {
                let error = tenant.read(how, at).await.unwrap_err();
                assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds), "{how} {at}");
            }
        }
    }
}
