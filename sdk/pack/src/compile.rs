//! Compiling plugin crates: one call of cargo for all of them, then a component of each.

use std::{
    collections::BTreeSet,
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use semver::Version;
use serde::Deserialize;

use crate::{Manifest, PackError, PluginToml, componentize, paths, shared};

/// WebAssembly without any system behind it: what a plugin imports is what the contract gives it.
const TARGET: &str = "wasm32-unknown-unknown";

/// The release profile of plugins. A call gets a fresh instance, so both speed and size count.
const PROFILE: [(&str, &str); 6] = [
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
];
/// rustc's megabyte of stack would be most of a plugin's memory, which is cleared after every call.
const STACK: &str = "-Clink-arg=-zstack-size=131072";
/// Where cargo takes the compiler's options from, whatever is in them: a space, as in a folder's name, separates nothing.
const OPTIONS: &str = "CARGO_ENCODED_RUSTFLAGS";
/// What separates them there.
const BETWEEN_OPTIONS: &str = "\u{1f}";

/// What of cargo's environment an inner cargo may keep: how to reach registries, and which toolchain.
/// All else (flags, wrappers, the outer package's own settings) belongs to the outer build.
const KEPT: [&str; 7] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "RUSTUP_",
];

/// What a lock file is to the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lockfile {
    /// It must be there and fit.
    Locked,
    /// It is written where needed.
    Updated,
}

/// Where and how to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildOptions {
    /// Where the compiler's files go; by default where cargo puts them.
    pub target_dir: Option<PathBuf>,
    /// What the lock file is to the build.
    pub lockfile: Lockfile,
}

/// A plugin, ready to be shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Its manifest, which is also in the file.
    pub manifest: Manifest,
    /// The file.
    pub component: Vec<u8>,
}

/// Builds the plugin crates in `crate_dirs`, which are of one workspace, with one call of cargo.
pub fn build(crate_dirs: &[PathBuf], options: &BuildOptions) -> Result<Vec<Built>, PackError> {
    let Some(first) = crate_dirs.first() else { return Ok(Vec::new()) };
    ensure_target(first)?;
    let crates =
        crate_dirs.iter().map(|dir| PluginCrate::read(dir)).collect::<Result<Vec<_>, _>>()?;
    let Some(target_dir) = crates.first().map(|first| first.target_dir(options)) else {
        return Ok(Vec::new());
    };
    let _lock = shared::lock(target_dir)?;
    let libraries: BTreeSet<&str> = crates.iter().map(|plugin| plugin.library.as_str()).collect();
    let modules = if libraries.len() == crates.len() {
        modules(&crates, options)?
    } else {
        // Cargo would write one over the other.
        let each = crates.chunks(1).map(|plugin| modules(plugin, options));
        each.collect::<Result<Vec<_>, _>>()?.concat()
    };
    let built = crates.into_iter().zip(modules).map(|(plugin, module)| {
        let component = componentize(&module, &plugin.manifest)?;
        Ok(Built { manifest: plugin.manifest, component })
    });
    built.collect()
}

/// The modules of crates whose libraries have different names, in order.
fn modules(crates: &[PluginCrate], options: &BuildOptions) -> Result<Vec<Vec<u8>>, PackError> {
    let found = compile(crates, options)?;
    crates.iter().zip(found).map(|(plugin, module)| own(plugin, module, options)).collect()
}

/// The bytes of a crate's own module. What cargo says is fresh may be that of another crate with a library of the same
/// name, which was built in the same directory since: then it is made again.
fn own(plugin: &PluginCrate, found: Module, options: &BuildOptions) -> Result<Vec<u8>, PackError> {
    let read = |path: &Path| fs::read(path).map_err(|error| io(format!("reading {path:?}"), error));
    let bytes = read(&found.path)?;
    if found.is_fresh && !shared::is_of(&plugin.manifest_path, &found.path, &bytes) {
        clean_up(plugin, options)?;
        let made = compile(std::slice::from_ref(plugin), options)?;
        let made = made.into_iter().next().filter(|module| !module.is_fresh);
        let made = made.ok_or_else(|| {
            PackError::CargoAnswer(format!("{} is not made anew", plugin.package))
        })?;
        let bytes = read(&made.path)?;
        shared::note_owner(&plugin.manifest_path, &made.path, &bytes)?;
        return Ok(bytes);
    }
    shared::note_owner(&plugin.manifest_path, &found.path, &bytes)?;
    Ok(bytes)
}

/// Has cargo forget what it made of a crate, and of nothing that the crate needs.
fn clean_up(plugin: &PluginCrate, options: &BuildOptions) -> Result<(), PackError> {
    let mut command = cargo();
    command.args(["clean", "--quiet", "--release", "--target", TARGET]);
    command.args(["--package", &plugin.package, "--manifest-path"]).arg(&plugin.manifest_path);
    command.arg("--target-dir").arg(plugin.target_dir(options));
    let status = command.stdout(Stdio::null()).stderr(Stdio::inherit()).status();
    match status.map_err(|error| io("running cargo clean".to_owned(), error))? {
        status if status.success() => Ok(()),
        _ => Err(PackError::BuildFailed(plugin.package.clone())),
    }
}

struct PluginCrate {
    manifest_path: PathBuf,
    package: String,
    library: String,
    manifest: Manifest,
    /// Where cargo puts what it makes, if it is not told.
    target_directory: PathBuf,
}

/// What cargo made of a crate, or had.
struct Module {
    path: PathBuf,
    is_fresh: bool,
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Version,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

impl PluginCrate {
    fn read(dir: &Path) -> Result<Self, PackError> {
        let path = dir.join("Cargo.toml");
        let manifest_path = path
            .canonicalize()
            .map_err(|error| io(format!("looking for the crate's {path:?}"), error))?;
        let plugin_toml = PluginToml::path(dir);
        let text = fs::read_to_string(&plugin_toml).map_err(|error| {
            io(format!("reading {plugin_toml:?}, which says `name` and `role`"), error)
        })?;
        let (package, target_directory) = metadata(&manifest_path)?;
        let library = package
            .targets
            .into_iter()
            .find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"));
        let library =
            library.ok_or_else(|| PackError::NoLibrary(manifest_path.display().to_string()))?;
        let manifest = PluginToml::parse(&text)?.manifest(package.version)?;
        let (package, library) = (package.name, library.name);
        Ok(Self { manifest_path, package, library, manifest, target_directory })
    }

    fn target_dir<'a>(&'a self, options: &'a BuildOptions) -> &'a Path {
        options.target_dir.as_deref().unwrap_or(&self.target_directory)
    }
}

/// The package of a manifest, and its target directory.
fn metadata(manifest_path: &Path) -> Result<(Package, PathBuf), PackError> {
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]);
    command.arg(manifest_path).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output =
        command.output().map_err(|error| io("running cargo metadata".to_owned(), error))?;
    if !output.status.success() {
        return Err(PackError::BuildFailed(manifest_path.display().to_string()));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| PackError::CargoAnswer(error.to_string()))?;
    let ours = metadata.packages.into_iter().find(|package| package.manifest_path == manifest_path);
    let ours = ours.ok_or_else(|| {
        PackError::CargoAnswer(format!("{manifest_path:?} is not in its metadata"))
    })?;
    Ok((ours, metadata.target_directory))
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    target: Option<Target>,
    #[serde(default)]
    fresh: bool,
}

/// The modules of `crates`, in order.
fn compile(crates: &[PluginCrate], options: &BuildOptions) -> Result<Vec<Module>, PackError> {
    let names: Vec<&str> = crates.iter().map(|plugin| plugin.package.as_str()).collect();
    let mut command = cargo();
    command.args(["build", "--lib", "--release", "--target", TARGET]);
    command.args(["--message-format", "json-render-diagnostics"]);
    if let Some(first) = crates.first() {
        command.arg("--manifest-path").arg(&first.manifest_path);
        let mut options = vec![STACK.into()];
        let folder = first.manifest_path.parent().unwrap_or(Path::new("."));
        options.extend(paths::renamed(|| rustc(folder)));
        command.env(OPTIONS, options.join(OsStr::new(BETWEEN_OPTIONS)));
    }
    for name in &names {
        command.args(["--package", name]);
    }
    if options.lockfile == Lockfile::Locked {
        command.arg("--locked");
    }
    if let Some(dir) = &options.target_dir {
        command.arg("--target-dir").arg(dir);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| io("running cargo build".to_owned(), error))?;
    if !output.status.success() {
        return Err(PackError::BuildFailed(names.join(", ")));
    }
    let messages: Vec<Message> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    crates.iter().map(|plugin| module_of(plugin, &messages)).collect()
}

fn module_of(plugin: &PluginCrate, messages: &[Message]) -> Result<Module, PackError> {
    let ours = messages.iter().filter(|message| {
        message.manifest_path == plugin.manifest_path
            && message.target.as_ref().is_some_and(|target| target.name == plugin.library)
    });
    let mut files = ours.flat_map(|it| it.filenames.iter().map(|file| (file, it.fresh)));
    let module = files.find(|(file, _)| file.extension().is_some_and(|it| it == "wasm"));
    let (path, is_fresh) =
        module.ok_or_else(|| PackError::CargoAnswer(format!("no module of {}", plugin.package)))?;
    Ok(Module { path: path.clone(), is_fresh })
}

/// Cargo without what an outer cargo left in the environment: a clippy wrapper, a coverage flag or a
/// target directory would break the build of a plugin, or lock both against each other.
fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    clean(&mut command);
    command.envs(PROFILE);
    command
}

fn clean(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if foreign(&name) {
            command.env_remove(name);
        }
    }
}

fn foreign(name: &OsString) -> bool {
    let Some(name) = name.to_str() else { return false };
    let cargos = name == "MAKEFLAGS"
        || name == "MFLAGS"
        || name.starts_with("CARGO")
        || name.starts_with("RUST")
        || name.starts_with("DEP_");
    cargos && !KEPT.iter().any(|kept| name.starts_with(kept))
}

/// Whether the compiler has the target; if not, asks rustup for it.
fn ensure_target(dir: &Path) -> Result<(), PackError> {
    if has_target(dir) {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    clean(&mut rustup);
    let added = rustup.args(["target", "add", TARGET]).current_dir(dir).status();
    if added.is_ok_and(|status| status.success()) && has_target(dir) {
        return Ok(());
    }
    let toolchain = env::var("RUSTUP_TOOLCHAIN");
    let remedy = match toolchain {
        Ok(toolchain) => format!("rustup target add {TARGET} --toolchain {toolchain}"),
        Err(_) => format!("rustup target add {TARGET}"),
    };
    Err(PackError::TargetMissing { target: TARGET, remedy })
}

/// The compiler of the crates in `dir`.
fn rustc(dir: &Path) -> Command {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    clean(&mut command);
    command.current_dir(dir);
    command
}

fn has_target(dir: &Path) -> bool {
    let print = ["--print", "target-libdir", "--target", TARGET];
    let Ok(output) = rustc(dir).args(print).output() else { return false };
    // The directory is named whether or not anything is in it.
    let libdir = String::from_utf8(output.stdout).unwrap_or_default();
    let mut entries = fs::read_dir(libdir.trim()).into_iter().flatten();
    output.status.success() && entries.next().is_some()
}

fn io(action: String, error: std::io::Error) -> PackError {
    PackError::Io { action, error }
}
