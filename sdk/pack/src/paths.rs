//! The paths of sources that the compiler writes into a plugin, for the messages of its panics.
//!
//! They are made the same everywhere, so that the same source gives the same file on every machine, and no author's home
//! is told to everybody who gets the plugin.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

/// Where the sources of the standard library are, below the compiler's folder.
const LIBRARY: &str = "lib/rustlib/src/rust";

/// The compiler's options that rename the folders of this machine. `rustc` runs the compiler that the plugin is built with.
///
/// The plugin's own folder needs none: cargo names what is in it, also a vendored SDK, by paths that begin there. With an
/// option that names the folder, plugins that share a target directory could share nothing that was compiled.
pub(crate) fn renamed(rustc: impl Fn() -> Command) -> Vec<OsString> {
    // The sources of crates are in `registry` and `git` below it.
    let crates = cargo_home().map(|home| rename(&home, "/cargo"));
    crates.into_iter().chain(library(rustc)).collect()
}

fn rename(from: &Path, to: &str) -> OsString {
    let mut option = OsString::from("--remap-path-prefix=");
    option.push(from);
    option.push("=");
    option.push(to);
    option
}

/// As cargo finds it.
fn cargo_home() -> Option<PathBuf> {
    let given = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = given.or_else(|| env::home_dir().map(|home| home.join(".cargo")))?;
    std::path::absolute(home).ok()
}

/// Where the component rust-src is installed, the compiler names its files instead of those that the library was
/// compiled from.
fn library(rustc: impl Fn() -> Command) -> Option<OsString> {
    let told = |arguments: &[&str]| {
        let output = rustc().args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let folder = Path::new(told(&["--print", "sysroot"])?.trim()).join(LIBRARY);
    let version = told(&["--version", "--verbose"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "))?;
    Some(rename(&folder, &format!("/rustc/{}", commit.trim())))
}
