//! Where log lines go: standard error, as text or as JSON. They hold ids and figures, never a body.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// The library of passkeys calls it an error when somebody sends nonsense, and repeats it.
const LEVEL: &str = "info,webauthn_rs=off,webauthn_rs_core=off";

/// Starts logging. `PURSER_LOG` sets the level, e.g. `PURSER_LOG=debug` or `PURSER_LOG=purser_store=debug,info`.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_env("PURSER_LOG").unwrap_or_else(|_| EnvFilter::new(LEVEL));
    let lines = fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    // A second start within one process (tests) keeps the first.
    let _ = if json {
        tracing_subscriber::registry()
            .with(filter)
            .with(lines.json().flatten_event(true))
            .try_init()
    } else {
        tracing_subscriber::registry().with(filter).with(lines).try_init()
    };
}
