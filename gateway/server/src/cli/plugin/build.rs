//! Making plugin files, and looking into them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use purser_pack::{BuildOptions, Built, Inspection, Lockfile};
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
    let options = BuildOptions { target_dir: None, lockfile: Lockfile::Updated };
    let built = purser_pack::build(&[folder.to_path_buf()], &options)
        .with_context(|| format!("{} is no plugin crate", folder.display()))?;
    built.into_iter().next().context("cargo built nothing")
}

/// A plugin file. More than a plugin may have is not read.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
