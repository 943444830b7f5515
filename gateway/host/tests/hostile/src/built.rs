//! The plugin as a file.

use std::{env, path::PathBuf, sync::LazyLock};

use purser_pack::{BuildOptions, Lockfile, build};

/// The plugin, built when it is first asked for.
pub fn component() -> &'static [u8] {
    static COMPONENT: LazyLock<Vec<u8>> =
        LazyLock::new(|| build_plugin(env!("CARGO_MANIFEST_DIR")));
    &COMPONENT
}

/// The plugin of a crate: cargo knows whether there is anything to do.
///
/// # Panics
///
/// If it does not build: then no test that needs it can say anything.
#[expect(clippy::expect_used, reason = "only tests call this")]
pub fn build_plugin(folder: &str) -> Vec<u8> {
    let test = env::current_exe().expect("a test knows where it is");
    // Beside the other plugins, in a directory that the outer cargo does not hold the lock of.
    let target = test.ancestors().filter(|dir| dir.join("CACHEDIR.TAG").is_file()).last();
    let target_dir = target.map(|target| target.join("plugins"));
    let options = BuildOptions { target_dir, lockfile: Lockfile::Locked };
    let built = build(&[PathBuf::from(folder)], &options).expect("the hostile plugin builds");
    built.into_iter().next().expect("one crate, one plugin").component
}
