//! Builds the bundled plugins to WebAssembly, with one inner call of cargo, and writes where they are
//! and what the gateway has to know of one before it is used.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use purser_pack::{BuildOptions, Lockfile, build, inspect};

/// Folders beside this one.
const PLUGINS: &[&str] = &[
    "currency-ecb",
    "stamps-open",
    "tax-au",
    "tax-ca",
    "tax-eu",
    "tax-in",
    "tax-jp",
    "tax-nz",
    "tax-table",
    "tax-us",
    "webhook-chat",
    "webhook-standard",
];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let root = here.join("../..").canonicalize()?;
    let plugins: Vec<PathBuf> =
        PLUGINS.iter().map(|name| root.join("plugins").join(name)).collect();
    for source in ["Cargo.lock", "Cargo.toml", "sdk/Cargo.toml", "sdk/money/Cargo.toml"]
        .into_iter()
        .chain(["sdk/money/src", "sdk/src", "sdk/wit"])
        .map(|path| root.join(path))
        .chain(plugins.iter().cloned())
    {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let options = BuildOptions { target_dir: Some(target_dir(&out)), lockfile: Lockfile::Locked };
    let mut rows = String::new();
    for plugin in build(&plugins, &options)? {
        let manifest = &plugin.manifest;
        let file = out.join(format!("{}.wasm", manifest.name));
        fs::write(&file, &plugin.component)?;
        let digest = inspect(&plugin.component)?.digest;
        writeln!(
            rows,
            "    Bundled {{ name: {:?}, role: {:?}, manifest: {:?}, digest: {digest:?}, bytes: include_bytes!({file:?}) }},",
            manifest.name,
            manifest.role.name(),
            String::from_utf8(manifest.to_json()?)?,
        )?;
    }
    let table =
        format!("/// Every bundled plugin.\npub static BUNDLED: &[Bundled] = &[\n{rows}];\n");
    fs::write(out.join("bundled.rs"), table)?;
    Ok(())
}

/// `plugins` in the target directory of the outer build. An own directory, since the outer cargo holds
/// the lock of its; the same one for all profiles, since plugins are always built for release.
fn target_dir(out: &Path) -> PathBuf {
    // Cargo marks the target directory; `OUT_DIR` is some levels below it, more when cross-compiling.
    let root = out.ancestors().filter(|dir| dir.join("CACHEDIR.TAG").is_file()).last();
    root.unwrap_or(out).join("plugins")
}
