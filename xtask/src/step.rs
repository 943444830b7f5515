//! Running other programs: what is printed, and what an error says.

use std::env;
use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::Value;

use crate::interrupt::Ending;

/// The repository.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Where cargo builds, and where the tools that we install live.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A place for databases: on a disk, because on many machines `/tmp` is memory, where a
/// database's flush costs nothing and proves nothing.
pub(crate) fn scratch() -> PathBuf {
    let disk = Path::new("/var/tmp");
    match env::var_os("TMPDIR") {
        Some(chosen) => chosen.into(),
        None if disk.is_dir() => disk.to_owned(),
        None => env::temp_dir(),
    }
}

/// The cargo that started us, in the repository.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a program with its output shown; any exit status but 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let status = wait(command).with_context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

fn wait(command: &mut Command) -> Result<std::process::ExitStatus> {
    let mut child = command.process_group(0).stdin(Stdio::null()).spawn()?;
    let _ending = Ending::with(&child, Signal::TERM);
    Ok(child.wait()?)
}

/// Runs a program and gives what it printed to standard output; a failure shows all it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run `{shown}`"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed ({}):\n{text}{errors}", output.status);
    }
    Ok(text)
}

/// Builds the gateway as users do and gives the path of its binary.
pub(crate) fn gateway_binary() -> Result<PathBuf> {
    let build = ["build", "--release", "--package", "purser", "--bin", "purser"];
    eprintln!("$ cargo {}", build.join(" "));
    let mut command = cargo(build);
    command.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let output = command.stdin(Stdio::null()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the gateway does not build");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message.pointer("/target/name").is_some_and(|name| name == "purser"))
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .context("cargo built the gateway but named no executable")
}

/// Prints a title, does the work and prints how long it took.
pub(crate) fn timed<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("\n\u{25b6} {title}");
    let started = Instant::now();
    let done = work().with_context(|| title.to_owned())?;
    eprintln!("\u{2714} {title} ({:.1?})", started.elapsed());
    Ok(done)
}

/// Whether a program of this name is on the search path.
pub(crate) fn is_on_path(program: &str) -> bool {
    find_on_path(program).is_some()
}

/// The first program of this name on the search path.
pub(crate) fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
