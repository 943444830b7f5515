//! A stamps plugin that misbehaves on demand. Compiled to WebAssembly this is the plugin; compiled for the machine it is
//! the [`component`] for tests of the host and of the whole gateway.
//!
//! What it does is chosen by the service that is asked for: see [`Deed`]. Marks of other posts it never stops reading.

mod crime;
mod deed;

pub use crime::Crime;
pub use deed::{Alone, Deed, Lie, Stage};

#[cfg(target_family = "wasm")]
#[path = "../../hostile/src/abuse.rs"]
mod abuse;
#[cfg(target_family = "wasm")]
mod plugin;

/// The same plugin, doing something else where nobody asks for a deed.
#[cfg(not(target_family = "wasm"))]
#[allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]
pub fn component_alone(alone: Alone) -> Vec<u8> {
    let (old, new) = (Alone::Reticent.mark().as_bytes(), alone.mark().as_bytes());
    let mut component = component().to_vec();
    let place = component.windows(old.len()).position(|bytes| bytes == old);
    let place = place.expect("the plugin's file holds what it does alone");
    component[place..place + new.len()].copy_from_slice(new);
    component
}

/// The plugin as a file.
#[cfg(not(target_family = "wasm"))]
pub fn component() -> &'static [u8] {
    static COMPONENT: std::sync::LazyLock<Vec<u8>> =
        std::sync::LazyLock::new(|| purser_hostile::build_plugin(env!("CARGO_MANIFEST_DIR")));
    &COMPONENT
}
