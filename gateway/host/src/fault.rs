//! How a call can fail, sorted by who is at fault: the plugin by misbehaving, the input by being refused, the
//! gateway by being too busy.

use std::fmt;

/// A plugin broke the rules of the sandbox or of the contract. The caller is told `plugin-failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It panicked, overflowed its stack, divided by zero or touched what it must not.
    Trap,
    /// It used up its instructions.
    Fuel,
    /// It took longer than the wall clock allows.
    Deadline,
    /// It asked for more memory than it may have, and gave up.
    Memory,
    /// Its answer is larger than may be copied out.
    OutputTooLarge,
    /// Its answer is no answer: not the contract's shape, or money that the rules refuse.
    BadOutput,
}

impl Fault {
    /// The name in logs, metrics and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Fuel => "fuel",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::OutputTooLarge => "output-too-large",
            Self::BadOutput => "bad-output",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a plugin answered instead of a value: the contract's `error`. Its text is cut and without control
/// characters; it is still the plugin's, so show it to people only as such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginError {
    /// One of the contract's names, e.g. `tax-category-unsupported`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The part of the input at fault.
    pub field: Option<String>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The plugin failed; the text says how, for the operator.
    #[error("plugin fault ({0}): {1}")]
    Fault(Fault, String),
    /// The plugin answered with an error of its own.
    #[error("refused by the plugin: {}: {}", .0.code, .0.message)]
    Refused(PluginError),
    /// The gateway's input is larger than a plugin may be given.
    #[error("the input is {bytes} bytes; a plugin is given at most {bytes_max}")]
    InputTooLarge {
        /// Size of the input.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// No turn came in time: too many calls at once.
    #[error("too many plugin calls at once; try again")]
    Overloaded,
}

/// The names that the contract has for a plugin's refusals.
const REFUSALS: [&str; 11] = [
    "malformed-request",
    "invalid-amount",
    "unknown-currency",
    "currency-unsupported",
    "tax-country-unsupported",
    "tax-category-unsupported",
    "tax-id-invalid",
    "postage-unsupported",
    "indicium-unreadable",
    "vendor-unavailable",
    RATES_TOO_OLD,
];
const RATES_TOO_OLD: &str = "rates-too-old";

impl CallError {
    pub(crate) fn bad_output(detail: impl Into<String>) -> Self {
        Self::Fault(Fault::BadOutput, detail.into())
    }

    /// What a plugin answered in place of a value. A reason that the contract does not know is no answer.
    pub(crate) fn refused(error: crate::wire::Error) -> Self {
        let error = PluginError::from(error);
        if REFUSALS.contains(&error.code.as_str()) {
            return Self::Refused(error);
        }
        let PluginError { code, message, .. } = error;
        Self::bad_output(format!("a refusal that the contract does not know: {code}: {message}"))
    }

    /// What a plugin should have answered where the sums do not fit.
    pub(crate) fn too_large() -> Self {
        let code = "invalid-amount".to_owned();
        let message = "the amount is too large".to_owned();
        Self::Refused(PluginError { code, message, field: None, retryable: false })
    }

    /// What a plugin should have answered where it converts by rates that are too old.
    pub(crate) fn rates_too_old(message: String) -> Self {
        let code = RATES_TOO_OLD.to_owned();
        Self::Refused(PluginError { code, message, field: None, retryable: true })
    }
}

/// Longest code of a plugin's error.
const CODE_CHARS_MAX: usize = 64;
/// Longest text of a plugin's error: a paragraph.
const MESSAGE_CHARS_MAX: usize = 500;
/// Longest field name: a path like `lines[12].category`.
const FIELD_CHARS_MAX: usize = 100;

impl From<crate::wire::Error> for PluginError {
    fn from(error: crate::wire::Error) -> Self {
        Self {
            code: printable(&error.code, CODE_CHARS_MAX),
            message: printable(&error.message, MESSAGE_CHARS_MAX),
            field: error.field.map(|field| printable(&field, FIELD_CHARS_MAX)),
            retryable: error.retryable,
        }
    }
}

/// `text` without control characters, cut to `chars_max`.
pub(crate) fn printable(text: &str, chars_max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars_max).collect()
}
