//! A webhook plugin that misbehaves on demand. Compiled to WebAssembly this is the plugin; compiled for the machine it
//! is the [`component`] for tests of the host and of the whole gateway.
//!
//! What it does is chosen by the address of the endpoint, `?do=panic`: see [`Deed`].

#[path = "../../hostile_stamps/src/crime.rs"]
mod crime;
mod deed;

pub use crime::Crime;
pub use deed::{Deed, Lie};

#[cfg(target_family = "wasm")]
#[path = "../../hostile/src/abuse.rs"]
mod abuse;
#[cfg(target_family = "wasm")]
mod plugin;

/// The plugin as a file.
#[cfg(not(target_family = "wasm"))]
pub fn component() -> &'static [u8] {
    static COMPONENT: std::sync::LazyLock<Vec<u8>> =
        std::sync::LazyLock::new(|| purser_hostile::build_plugin(env!("CARGO_MANIFEST_DIR")));
    &COMPONENT
}
