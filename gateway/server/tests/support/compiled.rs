//! What one gateway under test compiled of a plugin, the next one loads.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink},
    path::Path,
};

use purser::settings::Settings;

/// Compiled plugins are sealed under the master key, so the gateways have the same one.
const MASTER_KEY: &str = "5e1f5ea1ed0fa11c0de5e1f5ea1ed0fa11c0de5e1f5ea1ed0fa11c0de5e1f5ea";

/// Gives a gateway that was never started that key, and the folder that all of them share.
pub(super) fn share(settings: &Settings) {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    fs::create_dir_all(&shared).unwrap();
    DirBuilder::new().mode(0o700).create(&settings.data).unwrap();
    let key = settings.data.join("master.key");
    let mut key = OpenOptions::new().write(true).create_new(true).mode(0o600).open(key).unwrap();
    let mode = if settings.sandbox { "test" } else { "live" };
    writeln!(key, "purser-master-1 {mode} {MASTER_KEY}").unwrap();
    symlink(shared, settings.data.join("compiled")).unwrap();
}
