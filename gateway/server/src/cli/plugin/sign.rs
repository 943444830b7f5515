//! A publisher's key, and plugin files signed with it.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail, ensure};
use purser_host::Limits;
use purser_pack::{SigningKey, inspect_within, sign};
use zeroize::Zeroizing;

use super::build::read;
use crate::cli::report::print_json;

/// A private key in PEM is some 120 bytes.
const KEY_FILE_BYTES_MAX: u64 = 4096;

/// Makes a key. The private part goes into a file of its owner's alone and is never shown; the public one goes beside
/// it and to the caller.
pub(super) fn keygen(name: &Path) -> anyhow::Result<ExitCode> {
    let (private, public) = (name.with_extension("key"), name.with_extension("pub"));
    // The one that cannot be made again is never written over.
    for file in [&private, &public] {
        ensure!(
            !file.exists(),
            "{} is there already; take another name with --out",
            file.display()
        );
    }
    let key = SigningKey::generate()?;
    write_new(&private, &key.to_pem()?, 0o600)?;
    write_new(&public, &format!("{}\n", key.public()), 0o644)?;
    println!("{}  signs; keep it to yourself, and keep a copy", private.display());
    println!("{}  is what operators trust: {}", public.display(), key.public());
    Ok(ExitCode::SUCCESS)
}

fn write_new(file: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(file);
    let written = opened.and_then(|mut opened| {
        opened.write_all(text.as_bytes())?;
        opened.sync_all()
    });
    written.with_context(|| format!("cannot write {}", file.display()))
}

/// Signs a plugin file, in place or into another.
pub(super) fn run(
    file: &Path,
    key: &Path,
    out: Option<PathBuf>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let component = read(file, Limits::for_interpreters().component_bytes)?;
    // Nobody signs what no gateway would take.
    let inspection = inspect_within(&component, component.len())
        .with_context(|| format!("{} is refused", file.display()))?;
    let key = read_key(key)?;
    let signed = sign(&component, &key)?;
    let (out, manifest) = (out.unwrap_or_else(|| file.to_path_buf()), inspection.manifest);
    write_whole(&out, &signed).with_context(|| format!("cannot write {}", out.display()))?;
    let digest = inspect_within(&signed, signed.len())?.digest;
    let signed_by = key.public().to_string();
    if json {
        print_json(&serde_json::json!({
            "file": out, "name": manifest.name, "version": manifest.version, "digest": digest,
            "signed_by": signed_by,
        }))?;
    } else {
        println!(
            "{}  {} {} signed by {signed_by}  {digest}",
            out.display(),
            manifest.name,
            manifest.version
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// All of it or nothing of it: whoever is interrupted still has the file of before.
fn write_whole(out: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = out.with_extension("wasm.unfinished");
    let written = fs::write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, out));
    if written.is_err() {
        let _best_effort = fs::remove_file(&unfinished);
    }
    written
}

fn read_key(file: &Path) -> anyhow::Result<SigningKey> {
    let shown = file.display();
    let about = fs::metadata(file)
        .with_context(|| format!("cannot read {shown}; make a key with `purser plugin keygen`"))?;
    if about.mode() & 0o077 != 0 {
        bail!(
            "{shown} is open to other users; run `chmod 600 {shown}`, and make a new key if others may have read it"
        );
    }
    ensure!(about.is_file() && about.len() <= KEY_FILE_BYTES_MAX, "{shown} is no key");
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    SigningKey::from_pem(&Zeroizing::new(text)).with_context(|| shown.to_string())
}
