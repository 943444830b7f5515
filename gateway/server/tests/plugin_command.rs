//! `purser plugin` as an author meets it: the program itself, on the files of the bundled plugins.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use purser_bundled::BUNDLED;
use serde_json::{Value, json};
use tempfile::TempDir;

struct Run {
    status: i32,
    out: String,
    err: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
    command.arg("plugin").args(arguments);
    command
}

fn run(arguments: &[&str], input: &str) -> Run {
    run_command(&mut command(arguments), input)
}

fn run_command(command: &mut Command, input: &str) -> Run {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // Who is refused before reading leaves the pipe closed.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { status: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

/// A bundled plugin as a file, in a folder of its own.
fn file(name: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{name}.wasm"));
    fs::write(&path, BUNDLED.iter().find(|plugin| plugin.name == name).unwrap().bytes).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn crate_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins").join(name)
}

#[test]
fn the_bundled_plugins_give_the_answers_that_their_authors_know() {
    for name in ["tax-eu", "currency-ecb"] {
        let (_folder, file) = file(name);
        let vectors = crate_of(name).join("tests");
        let tested = run(&["test", &file, "--vectors", vectors.to_str().unwrap(), "--json"], "");
        let report: Value =
            serde_json::from_str(&tested.out).unwrap_or_else(|_| panic!("{}", tested.err));
        assert_eq!((tested.status, &report["ok"]), (0, &json!(true)), "{name}: {report:#}");
        let findings = report["findings"].as_array().unwrap();
        assert!(findings.iter().all(|it| it["verdict"] == "ok"), "{name}: {report:#}");
        let names: Vec<_> = findings.iter().map(|it| it["name"].as_str().unwrap()).collect();
        let rule = if name == "tax-eu" { "sums" } else { "legs" };
        let expected = ["size", "vectors", "repeatable", "hostile input", rule, "fuel", "memory"];
        assert_eq!(names, expected);
        assert_eq!(cases(&vectors), counted(&findings[1]), "{name}");
    }
}

/// How many cases there are in a folder.
fn cases(folder: &Path) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = files.filter(|file| file.extension().is_some_and(|it| it == "json"));
    json.map(|file| {
        let list: Vec<Value> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let sourced = |case: &Value| case["source"].as_str().is_some_and(|it| it.len() > 10);
        assert!(list.iter().all(sourced), "each case names its source");
        list.len()
    })
    .sum()
}

fn counted(finding: &Value) -> usize {
    finding["detail"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_vector_that_is_not_met_fails_the_test_and_says_where() {
    let (folder, file) = file("tax-eu");
    let vector = json!([{
        "name": "a wrong answer", "function": "check-tax-id",
        "input": { "country": "DE", "number": "136695976" }, "output": { "valid": false },
    }]);
    fs::write(folder.path().join("wrong.json"), vector.to_string()).unwrap();
    let tested = run(&["test", &file, "--vectors", folder.path().to_str().unwrap()], "");
    assert_eq!(tested.status, 1);
    assert!(
        tested.out.contains("vector a wrong answer  output.valid is true, not false"),
        "{}",
        tested.out
    );
}

#[test]
fn without_vectors_the_report_says_so() {
    let (_folder, file) = file("tax-eu");
    let tested = run(&["test", &file], "");
    assert_eq!(tested.status, 0, "{}", tested.err);
    assert!(tested.out.contains("warn  vectors        there are none"), "{}", tested.out);
}

#[test]
fn a_function_answers_from_the_sandbox() {
    let (_folder, file) = file("tax-eu");
    let input = json!({ "country": "DE", "number": "136 695 976" }).to_string();
    let called = run(&["call", &file, "check-tax-id", "--json"], &input);
    assert_eq!(called.status, 0, "{}", called.err);
    let answer: Value = serde_json::from_str(&called.out).unwrap();
    assert_eq!(answer["output"]["normalized"], "DE136695976");
    assert!(answer["fuel"].as_u64().unwrap() > 1000);
    assert!(answer["memory_bytes"].as_u64().unwrap() >= 64 * 1024);
}

fn sale(line: &Value) -> String {
    let sale = json!({
        "date": "2024-06-28", "currency": "EUR", "seller": { "country": "DE" },
        "registrations": [], "buyer": { "country": "DE" }, "lines": [line], "attributes": [],
    });
    sale.to_string()
}

#[test]
fn mistakes_are_named() {
    let (folder, file) = file("tax-eu");
    let here = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(here("text.wasm"), "no plugin").unwrap();
    fs::write(here("module.wasm"), b"\0asm\x01\0\0\0").unwrap();
    fs::write(here("large.wasm"), vec![0; 33 * 1024 * 1024]).unwrap();
    fs::create_dir(here("crate")).unwrap();
    fs::write(here("crate/Cargo.toml"), "").unwrap();
    for (name, role) in [("library", "tax"), ("manifest", "taxes")] {
        fs::create_dir_all(here(&format!("{name}/src"))).unwrap();
        let cargo = format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n[workspace]\n");
        let kind = if name == "library" { "" } else { "[lib]\ncrate-type = [\"cdylib\"]\n" };
        fs::write(here(&format!("{name}/Cargo.toml")), cargo + kind).unwrap();
        fs::write(here(&format!("{name}/src/lib.rs")), "").unwrap();
        let plugin = format!("name = \"{name}\"\nrole = \"{role}\"\n");
        fs::write(here(&format!("{name}/plugin.toml")), plugin).unwrap();
    }
    let (library, manifest) = (here("library"), here("manifest"));
    let line = |category: &str, minor: Value| {
        let amount = json!({ "minor": minor, "currency": "EUR" });
        let line = json!({ "id": 1, "category": category, "quantity": 1, "amount": amount,
            "tax-inclusive": false, "attributes": [] });
        sale(&line)
    };
    let (text, module, large) = (here("text.wasm"), here("module.wasm"), here("large.wasm"));
    let (root, missing, bare) = (here(""), here("none.wasm"), here("crate"));
    for (arguments, input, expected) in [
        (
            vec!["call", &file, "asses"],
            String::new(),
            "no function \"asses\"; there are describe, assess",
        ),
        (vec!["call", &file, "assess"], "{".into(), "the input does not fit: input: EOF"),
        (vec!["call", &file, "assess"], String::new(), "date: missing"),
        (
            vec!["call", &file, "assess"],
            line("general", json!("1000")),
            "lines[0].amount.minor: expected a whole number of 64 bits",
        ),
        (
            vec!["call", &file, "assess"],
            line("moon-dust", json!(1000)),
            "the plugin refuses lines[0].category: this plugin does not know",
        ),
        (vec!["call", &root, "describe"], String::new(), "is a folder; name a .wasm file"),
        (vec!["call", &missing, "describe"], String::new(), "cannot read"),
        (vec!["inspect", &text], String::new(), "not a WebAssembly component: it does not begin"),
        (vec!["inspect", &module], String::new(), "core module; `purser plugin build` makes"),
        (
            vec!["inspect", &large],
            String::new(),
            "has 34603008 bytes; a plugin has at most 33554432",
        ),
        (vec!["build", &file], String::new(), "is a file; name the folder"),
        (vec!["build", &root], String::new(), "has no Cargo.toml; name the folder"),
        (vec!["build", &library], String::new(), "needs `crate-type = [\"cdylib\", \"rlib\"]`"),
        (vec!["build", &manifest], String::new(), "plugin.toml: TOML parse error at line 2"),
        (vec!["test", &bare], String::new(), "plugin.toml\", which says `name` and `role`"),
    ] {
        let run = run(&arguments, &input);
        assert_eq!(run.status, 1, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(expected), "{arguments:?}: {} is not {expected}", run.err);
    }
}

#[test]
fn a_refusal_is_json_for_programs() {
    let (_folder, file) = file("tax-eu");
    let line = json!({ "id": 1, "category": "food", "quantity": 1, "tax-inclusive": false,
        "amount": { "minor": 100, "currency": "EUR" }, "attributes": [] });
    let input = sale(&line).replace("DE", "IT");
    let called = run(&["call", &file, "assess", "--json"], &input);
    assert_eq!(called.status, 1);
    let answer: Value = serde_json::from_str(&called.out).unwrap();
    assert_eq!(answer["error"]["code"], "tax-category-unsupported");
    assert_eq!(answer["error"]["field"], "lines[0].category");
}

/// A machine whose compiler has no WebAssembly target, and whose rustup cannot add it.
#[cfg(unix)]
#[test]
fn a_missing_target_is_told_with_its_cure() {
    use std::os::unix::fs::PermissionsExt;
    let bin = tempfile::tempdir().unwrap();
    for name in ["rustc", "rustup"] {
        let path = bin.path().join(name);
        fs::write(&path, "#!/bin/sh\nexit 1\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let crate_dir = crate_of("tax-eu");
    let mut build = command(&["build", crate_dir.to_str().unwrap()]);
    build.env("PATH", bin.path()).env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN");
    let built = run_command(&mut build, "");
    assert_eq!(built.status, 1);
    assert!(built.err.contains("run `rustup target add wasm32-unknown-unknown`"), "{}", built.err);
}
