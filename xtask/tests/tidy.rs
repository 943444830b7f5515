//! Rules that no compiler checks. Each failure says which file and what to do.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of a sitting; what is longer hides its structure.
const LINES_MAX: usize = 500;

/// Words that could name anything, and so name nothing.
const EMPTY_NAMES: [&str; 6] = ["manager", "service", "helper", "utils", "common", "processor"];

#[test]
fn sources_are_files_of_a_sitting() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|file| (lines_of_code(&read(&file)), file))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, file)| format!("{}: {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "longer than {LINES_MAX} lines; split along an idea: {long:#?}");
}

#[test]
fn files_and_modules_are_named_for_what_they_are() {
    let empty: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|file| {
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            stem.is_some_and(|stem| stem.split('_').any(|word| EMPTY_NAMES.contains(&word)))
        })
        .collect();
    assert!(empty.is_empty(), "name the thing or the verb: {empty:#?}");
}

#[test]
fn nothing_is_left_for_later_and_nothing_names_a_machine() {
    // Written in pieces, so that this file does not find itself.
    let words = [
        concat!("to", "do!"),
        concat!("FIX", "ME"),
        concat!("../sha", "red"),
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("#[ign", "ore"),
    ];
    let mut found = Vec::new();
    for file in repository().into_iter().filter(|file| is_prose_or_code(file)) {
        for (number, line) in read(&file).lines().enumerate() {
            let word = words.iter().find(|word| line.contains(**word));
            found.extend(word.map(|word| format!("{}:{}: {word}", file.display(), number + 1)));
        }
    }
    assert!(found.is_empty(), "finish it, or say it without the word: {found:#?}");
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| -> BTreeSet<String> {
        let directory = root().join("migrations").join(database);
        let entries =
            fs::read_dir(&directory).unwrap_or_else(|error| panic!("{directory:?}: {error}"));
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    let one_sided: Vec<_> = sqlite.symmetric_difference(&postgres).collect();
    assert!(
        one_sided.is_empty(),
        "write these migrations for the other database too: {one_sided:?}"
    );
    assert!(!sqlite.is_empty(), "no migrations found");
}

#[test]
fn the_documentation_lists_the_problems_that_there_are() {
    let known = problems("gateway/server/src/problem.rs", problem_of_code);
    let listed = problems("docs/problems.md", problem_of_table);
    let differing: Vec<_> = known.symmetric_difference(&listed).collect();
    assert!(differing.is_empty(), "correct docs/problems.md: {differing:?}");
    assert!(known.len() > 20, "only {known:?}");
}

#[test]
fn each_part_knows_only_what_it_may() {
    let forbidden = [
        (
            "gateway/core",
            &["tokio", "diesel", "wasmtime", "actix-web", "purser-store", "purser-host"][..],
        ),
        ("gateway/store", &["wasmtime", "actix-web", "purser-host"]),
        ("gateway/host", &["diesel", "actix-web", "purser-store"]),
        ("gateway/server", &["diesel", "wasmtime"]),
        ("sdk/money", &["tokio", "purser-core"]),
        ("xtask", &["purser", "purser-core", "purser-store", "purser-host", "aws-lc-rs"]),
    ];
    for (part, others) in forbidden {
        let manifest = read(&Path::new(part).join("Cargo.toml"));
        // A test may make databases; what ships may not.
        let shipped = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        let depends_on = |name: &str| {
            shipped.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(name))
        };
        let known: Vec<_> = others.iter().filter(|name| depends_on(name)).collect();
        assert!(known.is_empty(), "{part} must not know {known:?} (ARCHITECTURE.md says why)");
    }
}

#[test]
fn floating_point_is_for_showing_only() {
    let allowed: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|file| read(file).lines().any(|line| line.contains("#[allow(clippy::float_")))
        .collect();
    assert!(allowed.len() <= 1, "one file formats amounts with floats, no other may: {allowed:?}");
}

#[test]
fn unsafe_code_is_where_it_is_known_to_be() {
    let allowed: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|file| {
            let allows = |line: &str| {
                let line = line.trim_start();
                ["allow", "expect"].iter().any(|word| {
                    ["#[", "#!["]
                        .iter()
                        .any(|mark| line.starts_with(&format!("{mark}{word}(unsafe_code")))
                })
            };
            read(file).lines().any(allows)
        })
        .collect();
    // Where compiled plugins are read back, where the contract's generated bindings are included, and plugins
    // that are as hostile as they can be.
    let known = [
        "gateway/host/src/cache.rs",
        "gateway/host/tests/hostile/src/plugin.rs",
        "gateway/host/tests/hostile_rates/src/plugin.rs",
        "gateway/host/tests/hostile_stamps/src/plugin.rs",
        "gateway/host/tests/hostile_webhooks/src/plugin.rs",
        "sdk/src/lib.rs",
    ]
    .map(PathBuf::from);
    assert!(
        allowed.iter().all(|file| known.contains(file)),
        "write it without `unsafe`, or give its reason here: {allowed:?}"
    );
}

#[test]
fn links_in_the_documentation_lead_somewhere() {
    let pages = repository().into_iter().filter(|file| file.extension().is_some_and(|e| e == "md"));
    let mut broken = Vec::new();
    for page in pages {
        let text = read(&page);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
        for target in local.filter_map(|target| target.split('#').next()) {
            if !root().join(&page).with_file_name(target).exists() {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "correct or remove: {broken:#?}");
}

/// The problems of a file, as name and status.
fn problems(file: &str, of_line: fn(&str) -> Option<(&str, &str)>) -> BTreeSet<(String, String)> {
    let text = read(Path::new(file));
    let found = text.lines().filter_map(of_line);
    found.map(|(name, status)| (name.to_owned(), status.to_owned())).collect()
}

/// `NOT_FOUND = "not-found", 404, "There is no such thing",`
fn problem_of_code(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once(" = \"")?;
    let (name, rest) = rest.split_once("\", ")?;
    let (status, _) = rest.split_once(", \"")?;
    status.parse::<u16>().is_ok().then_some((name, status))
}

/// ``| `not-found` | 404 | There is no such thing |``
fn problem_of_table(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
    Some((name, rest.split_once(" |")?.0))
}

/// Lines before the unit tests, which may be as long as their tables are.
fn lines_of_code(source: &str) -> usize {
    source.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

fn sources() -> Vec<PathBuf> {
    let mut files = repository();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

fn is_prose_or_code(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("rs" | "md" | "toml" | "sql" | "wit" | "ftl" | "html" | "sh"))
}

/// Every file that git knows of, from the repository's root.
fn repository() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .current_dir(root())
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .expect("this test needs git");
    assert!(listed.status.success(), "this test needs a clone: {listed:?}");
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let files = names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    files.filter(|file| root().join(file).is_file()).collect()
}

fn read(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(root().join(file)).unwrap_or_default()).into_owned()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}
