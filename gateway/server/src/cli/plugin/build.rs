//! Making plugin files, and looking into them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use purser_pack::{BuildOptions, Built, Inspection, LIMIT_DEFAULT, Lockfile};
use serde::Serialize;

use crate::cli::report::print_json;

#[derive(Serialize)]
struct Written<'a> {
    file: &'a Path,
    #[serde(flatten)]
    inspection: &'a Inspection,
}

pub(super) fn run(folder: &Path, out: Option<PathBuf>, json: bool) -> anyhow::Result<ExitCode> {
    let built = one(folder)?;
    let name = format!("{}-{}.wasm", built.manifest.name, built.manifest.version);
    let file = out.unwrap_or_else(|| PathBuf::from(name));
    fs::write(&file, &built.component)
        .with_context(|| format!("cannot write {}", file.display()))?;
    let inspection = purser_pack::inspect(&built.component)?;
    if json {
        print_json(&Written { file: &file, inspection: &inspection })?;
    } else {
        println!("{}  {} bytes  {}", file.display(), inspection.size, inspection.digest);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn inspect(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let bytes = read(file)?;
    let inspection =
        purser_pack::inspect(&bytes).with_context(|| format!("{} is refused", file.display()))?;
    if json {
        print_json(&inspection)?;
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
    ] {
        println!("{name:10}  {value}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The plugin that the crate in `folder` is.
pub(super) fn one(folder: &Path) -> anyhow::Result<Built> {
    if folder.is_file() {
        bail!("{} is a file; name the folder of a plugin's crate", folder.display());
    }
    // No outer cargo runs here, so the author's own choice of a target directory holds.
    let target_dir = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let options = BuildOptions { target_dir, lockfile: Lockfile::Updated };
    let built = purser_pack::build(&[folder.to_path_buf()], &options)
        .with_context(|| format!("{} cannot be made a plugin", folder.display()))?;
    built.into_iter().next().context("cargo built nothing")
}

/// A plugin file. What is larger than a plugin may be is not read.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = file.display();
    let about = fs::metadata(file).with_context(|| format!("cannot read {shown}"))?;
    if about.is_dir() {
        bail!("{shown} is a folder; name a .wasm file that `purser plugin build` made");
    }
    if !about.is_file() {
        bail!("{shown} is no file; name a .wasm file that `purser plugin build` made");
    }
    let most = LIMIT_DEFAULT;
    if about.len() > most as u64 {
        bail!("{shown} has {} bytes; a plugin has at most {most}", about.len());
    }
    fs::read(file).with_context(|| format!("cannot read {shown}"))
}
