//! Lists the SDK's own source, so that the program carries it: with manifests that stand by themselves, and with the
//! part of our lock file that a plugin needs.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

type Done<T> = Result<T, Box<dyn Error>>;

/// Folders and files of the repository, and where a plugin has them in its SDK.
const COPIED: [(&str, &str); 5] = [
    ("sdk/src", "src"),
    ("sdk/wit", "wit"),
    ("sdk/money/src", "money/src"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
];

/// The manifests, and where they go.
const MANIFESTS: [(&str, &str); 2] =
    [("sdk/Cargo.toml", "Cargo.toml"), ("sdk/money/Cargo.toml", "money/Cargo.toml")];

/// Where one crate finds the other.
const LOCAL: (&str, &str) = ("purser-money", "money");

fn main() -> Done<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for source in ["Cargo.toml", "Cargo.lock"]
        .into_iter()
        .chain(COPIED.iter().chain(&MANIFESTS).map(|(from, _)| *from))
    {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let workspace = read(&root.join("Cargo.toml"))?;
    let (mut rows, mut needed) = (String::new(), BTreeSet::new());
    for (from, to) in MANIFESTS {
        let manifest = standing_alone(read(&root.join(from))?, &workspace)?;
        needed.extend(table(&manifest, "dependencies")?.keys().cloned());
        writeln!(rows, "    SourceFile {{ path: {to:?}, text: {:?} }},", manifest.to_string())?;
    }
    for (from, to) in COPIED {
        for (file, path) in files(&root.join(from), to)? {
            writeln!(rows, "    SourceFile {{ path: {path:?}, text: include_str!({file:?}) }},")?;
        }
    }
    let lock = lock(&read(&root.join("Cargo.lock"))?, needed)?;
    let listed = format!(
        "/// Every file of the SDK.\npub static SDK: &[SourceFile] = &[\n{rows}];\n\
         /// The lock file of a plugin that has only the SDK.\npub static LOCK: &str = {lock:?};\n"
    );
    fs::write(out.join("files.rs"), listed)?;
    Ok(())
}

fn read(path: &Path) -> Done<Table> {
    Ok(fs::read_to_string(path)?.parse()?)
}

fn table<'a>(of: &'a Table, name: &str) -> Done<&'a Table> {
    let found = of.get(name).and_then(Value::as_table);
    Ok(found.ok_or_else(|| format!("no table {name}"))?)
}

/// A file, or all files of a folder, with the paths that they get: in order, so that the program is the same each time.
fn files(from: &Path, to: &str) -> Done<Vec<(PathBuf, String)>> {
    if from.is_file() {
        return Ok(vec![(from.to_path_buf(), to.to_owned())]);
    }
    let mut entries = fs::read_dir(from)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut found = Vec::new();
    for entry in entries {
        let path = format!("{to}/{}", entry.file_name().to_string_lossy());
        found.extend(files(&entry.path(), &path)?);
    }
    Ok(found)
}

/// The manifest without what it has from the workspace, and without what only our own tests and lints need.
fn standing_alone(mut manifest: Table, root: &Table) -> Done<Table> {
    let workspace = table(root, "workspace")?;
    let (package, dependencies) = (table(workspace, "package")?, table(workspace, "dependencies")?);
    for part in ["dev-dependencies", "lints"] {
        manifest.remove(part);
    }
    for (name, value) in part(&mut manifest, "package")? {
        if inherited(value) {
            *value = package.get(name).ok_or_else(|| format!("no {name}"))?.clone();
        }
    }
    for (name, value) in part(&mut manifest, "dependencies")? {
        let Some(own) = value.as_table().filter(|_| inherited(value)) else { continue };
        let mut full = match dependencies.get(name).ok_or_else(|| format!("no {name}"))? {
            Value::Table(full) => full.clone(),
            version => Table::from_iter([("version".to_owned(), version.clone())]),
        };
        full.extend(own.clone().into_iter().filter(|(key, _)| key != "workspace"));
        if name == LOCAL.0 {
            full.insert("path".to_owned(), LOCAL.1.into());
        }
        *value = full.into();
    }
    Ok(manifest)
}

fn part<'a>(manifest: &'a mut Table, name: &str) -> Done<&'a mut Table> {
    let found = manifest.get_mut(name).and_then(Value::as_table_mut);
    Ok(found.ok_or_else(|| format!("no table {name}"))?)
}

fn inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// What of our lock file these dependencies need. Cargo adds the crates that lie beside it by itself.
fn lock(all: &Table, mut wanted: BTreeSet<String>) -> Done<String> {
    let packages = all.get("package").and_then(Value::as_array).ok_or("no packages")?;
    loop {
        let kept: Vec<&Value> = packages.iter().filter(|it| published(it, &wanted)).collect();
        let dependencies = kept.iter().filter_map(|package| package.get("dependencies"));
        let names = dependencies.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
        // A name, and its version where there are several.
        let names = names.filter_map(|name| name.split(' ').next()).map(str::to_owned);
        let count = wanted.len();
        wanted.extend(names);
        if wanted.len() == count {
            break;
        }
    }
    let kept = packages.iter().filter(|package| published(package, &wanted));
    let kept: Vec<Value> = kept.cloned().collect();
    let version = all.get("version").cloned().ok_or("no version of the lock file")?;
    let lock = Table::from_iter([
        ("version".to_owned(), version),
        ("package".to_owned(), Value::Array(kept)),
    ]);
    Ok(lock.to_string())
}

/// Whether it is wanted, and not our own.
fn published(package: &Value, wanted: &BTreeSet<String>) -> bool {
    let name = package.get("name").and_then(Value::as_str);
    package.get("source").is_some() && name.is_some_and(|name| wanted.contains(name))
}
