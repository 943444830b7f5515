//! Every limit that a plugin lives under, with its reason.

use std::time::Duration;

use purser_pack::{LIMIT_DEFAULT, LIMIT_LARGE, LimitsClass};

/// What one call, and all calls together, may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of one call. A thousand-line assessment needs 2 MiB; the rest is for other languages' runtimes.
    pub memory_bytes: usize,
    /// Instructions of one call, about 10 ms. A three-item tax call uses 0.1 million.
    pub fuel: u64,
    /// Wall clock of one call: with yields in between, a plugin that burns its fuel beside others still ends here.
    pub wall_clock: Duration,
    /// What a plugin is given: a month of a central bank's rates is 100 kB.
    pub input_bytes: usize,
    /// What is copied out of a plugin: the gateway's own memory, so the same as goes in.
    pub output_bytes: usize,
    /// What one call may write to the log: a page of text, so that a plugin cannot fill the disk.
    pub log_bytes: usize,
    /// The file itself. Ours are 150 to 250 kB.
    pub component_bytes: usize,
    /// The file of a plugin that brings its language's runtime along, where the operator allows it.
    pub large_component_bytes: usize,
    /// Machine code that is kept in memory, of all plugins together: seventy like ours. More are loaded again when
    /// they are needed, from their files, which takes milliseconds.
    pub loaded_code_bytes: usize,
    /// Calls at one time. Sixteen is eight for each of two cores, and bounds what hostile plugins can hold
    /// together to 16 times 32 MiB.
    pub calls: u32,
    /// How long a call waits for its turn before the gateway says that it is overloaded.
    pub wait: Duration,
    /// What a call of a plugin may use that brings its language's runtime along, and was granted these limits.
    pub interpreter: CallLimits,
}

/// What one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// Linear memory.
    pub memory_bytes: usize,
    /// Instructions.
    pub fuel: u64,
    /// Wall clock.
    pub wall_clock: Duration,
}

impl Limits {
    /// What a call of a plugin of that class may use.
    pub const fn of_call(&self, class: Option<LimitsClass>) -> CallLimits {
        match class {
            None => CallLimits {
                memory_bytes: self.memory_bytes,
                fuel: self.fuel,
                wall_clock: self.wall_clock,
            },
            Some(LimitsClass::Interpreter) => self.interpreter,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 32 * MIB,
            fuel: 50_000_000,
            wall_clock: Duration::from_millis(100),
            input_bytes: MIB,
            output_bytes: MIB,
            log_bytes: 16 * 1024,
            component_bytes: LIMIT_DEFAULT,
            large_component_bytes: LIMIT_LARGE,
            loaded_code_bytes: 48 * MIB,
            calls: 16,
            wait: Duration::from_millis(250),
            interpreter: CallLimits {
                memory_bytes: 32 * MIB,
                fuel: 500_000_000,
                wall_clock: Duration::from_millis(500),
            },
        }
    }
}

impl Limits {
    /// For components that bring an interpreter, where the operator allows them. Made with componentize-js and
    /// componentize-py they are 12 and 18 MB, hold 9 and 13 MiB of memory, and assess three lines with 4 and 0.6 million
    /// instructions; the most that the contract's tests ask, a thousand lines, takes 270 million in JavaScript.
    pub fn for_interpreters() -> Self {
        let usual = Self::default();
        let CallLimits { memory_bytes, fuel, wall_clock } = usual.interpreter;
        let component_bytes = usual.large_component_bytes;
        Self { memory_bytes, fuel, wall_clock, component_bytes, ..usual }
    }
}

const MIB: usize = 1024 * 1024;

/// How often running plugins are looked at: no worker thread is held longer than this.
pub(crate) const EPOCH_TICK: Duration = Duration::from_millis(5);

/// Address space of one linear memory: twice the largest memory, so that as much behind it can never be touched;
/// small reservations let many instances share one pool.
pub(crate) const MEMORY_RESERVATION_BYTES: usize = 64 * MIB;

/// Stack that a plugin may use: wasmtime's own default, deep enough for any parser that is not attacked.
pub(crate) const WASM_STACK_BYTES: usize = 512 * 1024;

/// The plugin's stack and what the gateway itself needs on top of it.
pub(crate) const STACK_BYTES: usize = 1024 * 1024;

/// Components made from Python have 38 core instances.
pub(crate) const CORE_INSTANCES_PER_COMPONENT: u32 = 64;

/// A component has one memory for its program and at most a few for adapters.
pub(crate) const MEMORIES_PER_COMPONENT: u32 = 4;

/// One table for indirect calls, one or two for adapters, one for each dynamic library.
pub(crate) const TABLES_PER_COMPONENT: u32 = 16;

/// Functions that can be called indirectly. Interpreters have some ten thousand.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;

/// What a line of log costs beside its text, so that empty lines come to an end too.
pub(crate) const LOG_LINE_BYTES: usize = 64;
