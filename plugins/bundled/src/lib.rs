//! The plugins that come with Purser: compiled by the build script, held as bytes.
//!
//! They are plugins like any other: the gateway inspects, limits and replays them all the same.

/// A plugin file.
#[derive(Debug, Clone, Copy)]
pub struct Bundled {
    /// As in its manifest.
    pub name: &'static str,
    /// `tax` or `currency`.
    pub role: &'static str,
    /// The file.
    pub bytes: &'static [u8],
}

mod table {
    use super::Bundled;

    include!(concat!(env!("OUT_DIR"), "/bundled.rs"));
}

pub use table::BUNDLED;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_plugin_may_be_installed_and_is_small() {
        assert_eq!(BUNDLED.len(), 2);
        for plugin in BUNDLED {
            let inspection = purser_pack::inspect(plugin.bytes).unwrap();
            assert_eq!(inspection.manifest.name, plugin.name);
            assert_eq!(inspection.role().name(), plugin.role);
            assert!(plugin.bytes.len() < 300_000, "{}: {}", plugin.name, plugin.bytes.len());
        }
    }
}
