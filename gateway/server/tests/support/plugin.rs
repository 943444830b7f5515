//! Plugins to install: the one that does as it is configured, as other versions and with other manifests.

use purser_pack::{LIMIT_DEFAULT, Manifest, inspect, pack_within};

/// The plugin that does as it is configured, under another version.
pub fn version(version: &str) -> Vec<u8> {
    replace(purser_hostile::component(), env!("CARGO_PKG_VERSION"), version)
}

/// The same file with a text replaced by one of the same length, wherever it stands.
pub fn replace(component: &[u8], old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut component = component.to_vec();
    let found = |at: &usize| component[*at..].starts_with(old.as_bytes());
    let places: Vec<usize> = (0..component.len()).filter(found).collect();
    assert!(!places.is_empty(), "{old} is in it");
    for at in places {
        component[at..at + new.len()].copy_from_slice(new.as_bytes());
    }
    component
}

/// The same plugin with another manifest, which is the last part of the file.
pub fn with_manifest(component: &[u8], change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let mut manifest = inspect(component).unwrap().manifest;
    let json = manifest.to_json().unwrap();
    let bare = component.strip_suffix(json.as_slice()).unwrap();
    let name = b"purser:manifest";
    let contents = 1 + name.len() + json.len();
    let length = if contents < 128 { 1 } else { 2 };
    let bare = &bare[..bare.len() - name.len() - 1 - length - 1];
    change(&mut manifest);
    pack_within(bare.to_vec(), &manifest, LIMIT_DEFAULT).unwrap()
}
