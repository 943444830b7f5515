//! Making plugin files, and looking into them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use purser_host::Limits;
use purser_pack::{
    BuildOptions, Built, Inspection, Lockfile, PluginToml, inspect_within, pack_within,
};
use serde::Serialize;

use crate::cli::report::print_json;

#[derive(Serialize)]
struct Written<'a> {
    file: &'a Path,
    #[serde(flatten)]
    inspection: &'a Inspection,
}

#[derive(Serialize)]
struct Inspected<'a> {
    #[serde(flatten)]
    inspection: &'a Inspection,
    /// The publisher's key.
    signed_by: Option<String>,
}

pub(super) fn run(folder: &Path, out: Option<PathBuf>, json: bool) -> anyhow::Result<ExitCode> {
    keep(&one(folder)?, out, json)
}

fn keep(built: &Built, out: Option<PathBuf>, json: bool) -> anyhow::Result<ExitCode> {
    let name = format!("{}-{}.wasm", built.manifest.name, built.manifest.version);
    let file = out.unwrap_or_else(|| PathBuf::from(name));
    fs::write(&file, &built.component)
        .with_context(|| format!("cannot write {}", file.display()))?;
    let inspection = inspect_within(&built.component, built.component.len())?;
    if json {
        print_json(&Written { file: &file, inspection: &inspection })?;
    } else {
        println!("{}  {} bytes  {}", file.display(), inspection.size, inspection.digest);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn inspect(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let bytes = read(file, Limits::for_interpreters().component_bytes)?;
    let inspection = inspect_within(&bytes, bytes.len())
        .with_context(|| format!("{} is refused", file.display()))?;
    let signed_by = purser_pack::verify(&bytes)
        .with_context(|| format!("{} is refused", file.display()))?
        .map(|key| key.to_string());
    if json {
        print_json(&Inspected { inspection: &inspection, signed_by })?;
        return Ok(ExitCode::SUCCESS);
    }
    let list =
        |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let manifest = &inspection.manifest;
    for (name, value) in [
        ("name", manifest.name.clone()),
        ("version", manifest.version.to_string()),
        ("role", manifest.role.to_string()),
        ("countries", list(&manifest.countries)),
        ("currencies", list(&manifest.currencies)),
        ("hosts", list(&manifest.hosts)),
        ("secrets", list(&manifest.secrets)),
        ("imports", list(&inspection.imports)),
        ("exports", list(&inspection.exports)),
        ("size", format!("{} bytes", inspection.size)),
        ("digest", inspection.digest.clone()),
        ("signed by", signed_by.unwrap_or_else(|| "nobody".to_owned())),
    ] {
        println!("{name:10}  {value}");
    }
    Ok(ExitCode::SUCCESS)
}

/// A component of another toolchain, with the manifest that lies in `manifest`.
pub(super) fn pack(
    component: &Path,
    manifest: &Path,
    out: Option<PathBuf>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let shown = manifest.display();
    let text = fs::read_to_string(manifest).with_context(|| format!("cannot read {shown}"))?;
    let manifest = PluginToml::parse(&text)?
        .manifest_with_version()
        .with_context(|| format!("{shown} is no manifest"))?;
    let most = Limits::for_interpreters().component_bytes;
    let component = pack_within(read(component, most)?, &manifest, most)
        .with_context(|| format!("{} cannot be made a plugin", component.display()))?;
    keep(&Built { manifest, component }, out, json)
}

/// The plugin in the file `path`, or the one that the crate in the folder `path` is.
pub(super) fn component(path: &Path, limits: &Limits) -> anyhow::Result<Vec<u8>> {
    if path.is_file() { read(path, limits.component_bytes) } else { Ok(one(path)?.component) }
}

/// The plugin that the crate in `folder` is.
pub(super) fn one(folder: &Path) -> anyhow::Result<Built> {
    let shown = folder.display();
    if folder.is_file() {
        bail!("{shown} is a file; name the folder of a plugin's crate");
    }
    if !folder.is_dir() {
        bail!("there is no folder {shown}; begin a plugin with `purser plugin new`");
    }
    if !folder.join("Cargo.toml").is_file() {
        bail!(
            "{shown} has no Cargo.toml; name the folder of a plugin's crate, or begin one with `purser plugin new`"
        );
    }
    // No outer cargo runs here, so the author's own choice of a target directory holds.
    let target_dir = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let options = BuildOptions { target_dir, lockfile: Lockfile::Updated };
    let built = purser_pack::build(&[folder.to_path_buf()], &options)
        .with_context(|| format!("{} cannot be made a plugin", folder.display()))?;
    built.into_iter().next().context("cargo built nothing")
}

/// A plugin file. What is larger than a plugin may be is not read.
pub(super) fn read(file: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    let shown = file.display();
    let about = fs::metadata(file).with_context(|| format!("cannot read {shown}"))?;
    if about.is_dir() {
        bail!("{shown} is a folder; name a .wasm file that `purser plugin build` made");
    }
    if !about.is_file() {
        bail!("{shown} is no file; name a .wasm file that `purser plugin build` made");
    }
    if about.len() > most as u64 {
        bail!("{shown} has {} bytes; a plugin has at most {most}", about.len());
    }
    fs::read(file).with_context(|| format!("cannot read {shown}"))
}
