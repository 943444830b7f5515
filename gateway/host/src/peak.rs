//! The most that the calls of a plugin have used: what its author is told before it is shipped.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The most that any call has used since the plugin was loaded, refused and failed calls too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peak {
    /// How many calls there were.
    pub calls: u64,
    /// Instructions of one call, instantiation included.
    pub fuel: u64,
    /// Linear memory of one call, all of its memories together.
    pub memory_bytes: usize,
}

/// Where calls, which run beside each other, leave what they used.
#[derive(Debug, Default)]
pub(crate) struct PeakMeter {
    calls: AtomicU64,
    fuel: AtomicU64,
    memory_bytes: AtomicUsize,
}

impl PeakMeter {
    pub(crate) fn record(&self, fuel: u64, memory_bytes: usize) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.fuel.fetch_max(fuel, Ordering::Relaxed);
        self.memory_bytes.fetch_max(memory_bytes, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Peak {
        Peak {
            calls: self.calls.load(Ordering::Relaxed),
            fuel: self.fuel.load(Ordering::Relaxed),
            memory_bytes: self.memory_bytes.load(Ordering::Relaxed),
        }
    }
}
