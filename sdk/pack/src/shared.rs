//! A target directory that several plugins share, as with `CARGO_TARGET_DIR`: cargo keeps one module of a name there,
//! whoever made it last, and takes it for that of every crate whose library has the name.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::PackError;

/// Held while a plugin is built and its module taken, so that nobody else's is written over it in between.
const LOCK: &str = ".purser-plugins";

/// Waits until nobody builds plugins in a target directory, and keeps others waiting until this is dropped.
pub(crate) fn lock(target_dir: &Path) -> Result<File, PackError> {
    let failed = |error| PackError::Io { action: format!("locking {target_dir:?}"), error };
    fs::create_dir_all(target_dir).map_err(failed)?;
    let file = File::create(target_dir.join(LOCK)).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// Whether a module that cargo found there was made of this crate.
pub(crate) fn is_of(manifest_path: &Path, module: &Path, bytes: &[u8]) -> bool {
    fs::read_to_string(note(module)).is_ok_and(|text| text == owner(manifest_path, bytes))
}

/// Notes of which crate a module was made.
pub(crate) fn note_owner(
    manifest_path: &Path,
    module: &Path,
    bytes: &[u8],
) -> Result<(), PackError> {
    let note = note(module);
    fs::write(&note, owner(manifest_path, bytes))
        .map_err(|error| PackError::Io { action: format!("writing {note:?}"), error })
}

fn note(module: &Path) -> PathBuf {
    module.with_extension("owner")
}

fn owner(manifest_path: &Path, bytes: &[u8]) -> String {
    format!("{} {}\n", HEXLOWER.encode(&Sha256::digest(bytes)), manifest_path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_of_the_crate_that_made_these_very_bytes() {
        let folder = std::env::temp_dir().join(format!("purser-owner-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (module, one, two) = (folder.join("plugin.wasm"), Path::new("/one"), Path::new("/two"));
        assert!(!is_of(one, &module, b"1"), "nobody knows");
        note_owner(one, &module, b"1").unwrap();
        assert!(is_of(one, &module, b"1"));
        assert!(!is_of(two, &module, b"1") && !is_of(one, &module, b"2"));
        note_owner(two, &module, b"2").unwrap();
        assert!(is_of(two, &module, b"2") && !is_of(one, &module, b"1"));
        fs::remove_dir_all(folder).unwrap();
    }
}
