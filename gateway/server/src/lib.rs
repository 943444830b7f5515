//! The gateway's server: HTTP API, background work and the `purser` command.
//!
//! `http` translates, `app` holds the use cases, one file per verb: gather facts, ask plugins, decide in the
//! core, hand to the teller. Start with [`app::purchase`] to see one from top to bottom.

pub mod app;
pub mod background;
pub mod cli;
pub mod clock;
pub mod conformance;
pub mod format;
pub mod gateway;
pub mod http;
pub mod keys;
pub mod metrics;
pub mod network;
pub mod outbound;
pub mod pages;
pub mod place;
pub mod problem;
pub mod random;
pub mod settings;
pub mod stamp;
