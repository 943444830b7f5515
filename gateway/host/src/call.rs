//! One call of one plugin: a seat, a fresh instance, the limits, and what came of it.

use std::time::Instant;

use purser_pack::Manifest;
use tokio::{sync::SemaphorePermit, time::timeout};
use wasmtime::{
    ResourceLimiter, Store, Trap, UpdateDeadline,
    component::{ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower},
};

use crate::{
    engine::Sandbox,
    fault::{CallError, Fault, printable},
    limits::{CallLimits, TABLE_ELEMENTS},
    log::LogBook,
    peak::PeakMeter,
};

/// Longest detail of a fault: enough for a panic message and where it was.
const DETAIL_CHARS_MAX: usize = 500;

/// Epoch ticks that a call has run into before the wall clock can end it. Who ran for less than two whole ticks was
/// kept waiting by a busy machine and not by itself.
const SLICES_MIN: u32 = 3;

/// What the gateway keeps beside an instance.
pub(crate) struct Guest {
    pub(crate) log: LogBook,
    memory: MemoryCeiling,
}

/// Counts the memory of all of an instance's memories, and remembers having said no: a plugin that gets none
/// ends in the same trap as one that panics.
#[derive(Debug)]
struct MemoryCeiling {
    bytes: usize,
    bytes_max: usize,
    refused: bool,
}

impl ResourceLimiter for MemoryCeiling {
    fn memory_growing(
        &mut self,
        now: usize,
        wanted: usize,
        most: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let bytes = self.bytes.saturating_sub(now).saturating_add(wanted);
        let fits = bytes <= self.bytes_max && most.is_none_or(|most| wanted <= most);
        if fits {
            self.bytes = bytes;
        } else {
            self.refused = true;
        }
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        _now: usize,
        wanted: usize,
        _most: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(wanted <= TABLE_ELEMENTS)
    }
}

/// A seat, a store and the limits of one call. The instance in it is fresh and is thrown away with it: nothing of
/// one buyer's sale is there when the next comes, and an instance that trapped is never entered again.
pub(crate) struct Call<'a> {
    plugin: &'a str,
    peak: &'a PeakMeter,
    store: Store<Guest>,
    fuel_given: u64,
    _seat: SemaphorePermit<'a>,
}

impl<'a> Call<'a> {
    /// Waits for a seat. The clock runs from the moment it has one.
    pub(crate) async fn begin(
        sandbox: &'a Sandbox,
        manifest: &'a Manifest,
        peak: &'a PeakMeter,
    ) -> Result<Self, CallError> {
        let seat = seat(sandbox).await?;
        let limits = sandbox.limits.of_call(manifest.limits);
        let store = store(sandbox, limits);
        Ok(Self { plugin: &manifest.name, peak, store, fuel_given: limits.fuel, _seat: seat })
    }

    /// Makes the instance.
    pub(crate) async fn enter(&mut self, pre: &InstancePre<Guest>) -> Result<Instance, CallError> {
        let instance = pre.instantiate_async(&mut self.store).await;
        instance.map_err(|error| self.fault_of(&error))
    }

    /// Calls one exported function with types that are known here.
    pub(crate) async fn ask<P, R>(
        &mut self,
        instance: &Instance,
        export: &ComponentExportIndex,
        params: P,
    ) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let function = instance.get_typed_func::<P, R>(&mut self.store, export);
        let function = function.map_err(|error| CallError::bad_output(format!("{error:#}")))?;
        let answer = function.call_async(&mut self.store, params).await;
        answer.map_err(|error| self.fault_of(&error))
    }

    /// The store, for calls whose types are only known from the component.
    pub(crate) fn store(&mut self) -> &mut Store<Guest> {
        &mut self.store
    }

    /// Sorts what wasmtime says into the contract's faults.
    pub(crate) fn fault_of(&self, error: &wasmtime::Error) -> CallError {
        fault_of(error, self.store.data())
    }

    /// Instructions used so far, instantiation included.
    pub(crate) fn fuel_used(&self) -> u64 {
        self.fuel_given.saturating_sub(self.store.get_fuel().unwrap_or(0))
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let guest = self.store.data();
        guest.log.publish(self.plugin);
        self.peak.record(self.fuel_used(), guest.memory.bytes);
    }
}

async fn seat(sandbox: &Sandbox) -> Result<SemaphorePermit<'_>, CallError> {
    if let Ok(seat) = sandbox.seats.try_acquire() {
        return Ok(seat);
    }
    match timeout(sandbox.limits.wait, sandbox.seats.acquire()).await {
        Ok(Ok(seat)) => Ok(seat),
        Ok(Err(_)) | Err(_) => Err(CallError::Overloaded),
    }
}

fn store(sandbox: &Sandbox, limits: CallLimits) -> Store<Guest> {
    let memory = MemoryCeiling { bytes: 0, bytes_max: limits.memory_bytes, refused: false };
    let guest = Guest { log: LogBook::new(sandbox.limits.log_bytes), memory };
    let mut store = Store::new(&sandbox.engine, guest);
    store.limiter(|guest| &mut guest.memory);
    // Without fuel the first instruction faults, so an error here cannot be missed.
    let _ = store.set_fuel(limits.fuel);
    // Bounds what is copied out of the plugin, before it is copied: a list can name the same string a million times.
    store.set_hostcall_fuel(sandbox.limits.output_bytes);
    store.set_epoch_deadline(1);
    let (started, wall_clock) = (Instant::now(), limits.wall_clock);
    let mut slices = 0_u32;
    // The clock is read here and not by a timer of the runtime, which may itself wait behind busy plugins; and the
    // yield is the runtime's own, which lets sockets and timers go first.
    store.epoch_deadline_callback(move |_| {
        slices = slices.saturating_add(1);
        Ok(if started.elapsed() >= wall_clock && slices >= SLICES_MIN {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))
        })
    });
    store
}

/// wasmtime has no public type for this error; the test with the ten-megabyte answer holds the text in place.
const COPIED_TOO_MUCH: &str = "fuel allocated for hostcalls has been exhausted";

fn fault_of(error: &wasmtime::Error, guest: &Guest) -> CallError {
    let cause = error.root_cause().to_string();
    let fault = match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Fault::Fuel,
        Some(Trap::Interrupt) => Fault::Deadline,
        _ if guest.memory.refused => Fault::Memory,
        Some(_) => Fault::Trap,
        None if cause.contains(COPIED_TOO_MUCH) => Fault::OutputTooLarge,
        None => Fault::BadOutput,
    };
    let detail = match guest.log.last_error() {
        Some(line) => format!("{cause}; it said: {line}"),
        None => cause,
    };
    CallError::Fault(fault, printable(&detail, DETAIL_CHARS_MAX))
}
