//! The plugins that come with Purser: compiled by the build script, held as bytes.
//!
//! They are plugins like any other: the gateway inspects, limits and replays them all the same.

/// A plugin file.
#[derive(Debug, Clone, Copy)]
pub struct Bundled {
    /// As in its manifest.
    pub name: &'static str,
    /// `tax`, `currency`, ...
    pub role: &'static str,
    /// Its manifest as JSON, the same as in the file: so that nobody has to read the file to list it.
    pub manifest: &'static str,
    /// SHA-256 of the file, in small hexadecimal digits.
    pub digest: &'static str,
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
        assert!(BUNDLED.len() >= 2);
        for plugin in BUNDLED {
            let inspection = purser_pack::inspect(plugin.bytes).unwrap();
            assert_eq!(inspection.manifest.name, plugin.name);
            assert_eq!(inspection.role().name(), plugin.role);
            assert_eq!(inspection.digest, plugin.digest);
            assert_eq!(inspection.manifest.to_json().unwrap(), plugin.manifest.as_bytes());
            assert!(
                inspection.manifest.valid_from.is_some(),
                "{}: name it in plugin.toml",
                plugin.name
            );
            // A plugin that reads its configuration carries a JSON parser, and readers of each type in it.
            assert!(plugin.bytes.len() < 500_000, "{}: {}", plugin.name, plugin.bytes.len());
        }
    }
}
