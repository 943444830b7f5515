//! The one thing that a plugin can reach: the gateway's log.

use crate::bindings::wire_log;

pub use wire_log::Level;

/// Writes a line to the gateway's log; natively, as in unit tests, to standard error.
pub fn write(level: Level, message: &str) {
    #[cfg(target_arch = "wasm32")]
    wire_log::write(level, message);
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{level:?}: {message}");
}

/// Sends the text of a panic to the log, where it would otherwise be lost: a trap has no message.
/// Every exported function calls this first, since the gateway makes a fresh instance for each call.
#[cfg(target_arch = "wasm32")]
pub(crate) fn panics() {
    std::panic::set_hook(Box::new(|panic| write(Level::Error, &panic.to_string())));
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn panics() {}
