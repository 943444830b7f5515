//! A tax plugin that misbehaves on demand. Compiled to WebAssembly this is the plugin; compiled for the machine it
//! is the [`component`] for tests of the host and of the whole gateway.
//!
//! What it does is chosen by where the buyer is: `XX` alone is honest, `XX-LOP` loops, and so on: see [`Deed`].

mod deed;

pub use deed::Deed;

#[cfg(target_family = "wasm")]
mod abuse;
#[cfg(target_family = "wasm")]
mod plugin;

#[cfg(not(target_family = "wasm"))]
mod built;

#[cfg(not(target_family = "wasm"))]
pub use built::{build_plugin, component};
