//! `purser plugin new`: what it writes builds and passes its tests at once, in a folder that has nothing of ours beside it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The program as an author starts it, in a folder of theirs.
fn purser(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
    // Dependencies are compiled once for all plugins of these tests.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins");
    command.arg("plugin").args(arguments).current_dir(folder).env("CARGO_TARGET_DIR", target);
    command.output().unwrap()
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = purser(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A plugin that was begun a moment ago.
fn begun(arguments: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let output = purser(folder.path(), &[&["new"], arguments].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && error.is_empty(), "{arguments:?}: {error}");
    let plugin = folder.path().join(arguments[1]);
    (folder, plugin)
}

#[track_caller]
fn passes(plugin: &Path) {
    let tested = purser(plugin, &["test", "--json"]);
    let error = String::from_utf8_lossy(&tested.stderr);
    let report: Value =
        serde_json::from_slice(&tested.stdout).unwrap_or_else(|_| panic!("{error}"));
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|it| it["verdict"] == "ok"), "{report:#}");
    assert!(!error.contains("warning"), "it compiles without a warning: {error}");
}

#[test]
fn a_tax_plugin_passes_at_once() {
    let (_folder, plugin) = begun(&["tax", "gst-sg", "--country", "SG"]);
    passes(&plugin);
    let left_open = fs::read_to_string(plugin.join("src/lib.rs")).unwrap();
    assert!(!left_open.contains("__"), "{left_open}");
    tells_nothing_of_the_machine(&plugin);
}

/// What is handed to everybody names no folder of its author: not the plugin's, not cargo's, not the compiler's.
fn tells_nothing_of_the_machine(plugin: &Path) {
    let file = plugin.join("built.wasm");
    let built = purser(plugin, &["build", "--out", file.to_str().unwrap()]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let component = fs::read(file).unwrap();
    let holds = |text: &[u8]| component.windows(text.len()).any(|part| part == text);
    assert!(holds(b"/cargo/registry/src/"), "the paths of panics are there, under other names");
    let home = std::env::home_dir().unwrap();
    let cargo = std::env::var("CARGO_HOME").map_or_else(|_| home.join(".cargo"), PathBuf::from);
    for folder in [plugin, &cargo, &home.join(".rustup")] {
        assert!(!holds(folder.as_os_str().as_encoded_bytes()), "{folder:?} is in the file");
    }
}

#[test]
fn a_currency_plugin_passes_at_once() {
    let (_folder, plugin) = begun(&["currency", "rates-mas"]);
    passes(&plugin);
}

#[test]
fn a_stamps_plugin_passes_at_once() {
    let (_folder, plugin) = begun(&["stamps", "stamps-sg", "--country", "SG"]);
    passes(&plugin);
}

#[test]
fn a_webhook_plugin_passes_at_once() {
    let (_folder, plugin) = begun(&["webhook", "webhook-acme"]);
    passes(&plugin);
}

/// A file that is built, and what it says of itself.
fn built(plugin: &Path) -> (Vec<u8>, Value) {
    let file = plugin.join("built.wasm");
    let built = purser(plugin, &["build", "--json", "--out", file.to_str().unwrap()]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let said = purser(plugin, &["call", file.to_str().unwrap(), "describe"]);
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    (fs::read(&file).unwrap(), said)
}

/// Libraries of one name in one target directory: cargo keeps one file for both, and takes it for fresh.
#[test]
fn of_two_plugins_that_share_a_target_directory_each_gets_its_own_file() {
    let plugins = ["gst-one", "gst-two"].map(|name| begun(&["tax", name, "--country", "SG"]));
    let [(_, one), (_, two)] = &plugins;
    let first = built(one);
    assert_ne!(built(two).0, first.0);
    let again = built(one);
    assert_eq!(
        (again.1, again.0 == first.0),
        (first.1, true),
        "cargo had nothing to do, and the file was the other's"
    );
}

#[test]
fn a_plugin_has_all_that_it_is_built_of_but_published_crates() {
    let (_folder, plugin) = begun(&["tax", "vat-xx"]);
    let sdk = plugin.join("vendor/purser-sdk");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (ours, theirs) in [
        ("sdk/src/lib.rs", "src/lib.rs"),
        ("sdk/wit/tax.wit", "wit/tax.wit"),
        ("sdk/money/src/money.rs", "money/src/money.rs"),
        ("LICENSE-MIT", "LICENSE-MIT"),
    ] {
        assert_eq!(fs::read(root.join(ours)).unwrap(), fs::read(sdk.join(theirs)).unwrap());
    }
    // The versions that this release was tested with.
    let lock = |folder: &Path| fs::read_to_string(folder.join("Cargo.lock")).unwrap();
    let (ours, theirs) = (lock(&root), lock(&plugin));
    let checksums = theirs.lines().filter(|line| line.starts_with("checksum"));
    assert!(checksums.clone().count() > 10);
    checksums.for_each(|line| assert!(ours.contains(line), "{line}"));
    for name in ["proptest", "wasmtime", "diesel"] {
        assert!(!theirs.contains(&format!("name = \"{name}\"")), "{name} is nothing of a plugin's");
    }
    // An SDK that was changed or is old is replaced as a whole.
    fs::write(sdk.join("src/old.rs"), "").unwrap();
    fs::write(sdk.join("src/lib.rs"), "").unwrap();
    assert!(purser(&plugin, &["vendor"]).status.success());
    assert!(!sdk.join("src/old.rs").exists());
    assert_eq!(
        fs::read(root.join("sdk/src/lib.rs")).unwrap(),
        fs::read(sdk.join("src/lib.rs")).unwrap()
    );
}

#[test]
fn what_cannot_be_begun_is_told_with_its_cure() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("taken")).unwrap();
    for (arguments, cure) in [
        (&["new", "tax", "taken"][..], "taken is there already; take another name"),
        (&["new", "tax", "Gst SG"], "gst-sg, say"),
        (&["new", "tax", "wit-bindgen"], "wit-bindgen-plugin, say, is free"),
        (
            &["new", "tax", "vat", "--country", "Singapore"],
            "two capital letters of ISO 3166-1, like SG",
        ),
        (&["new", "currency", "mas", "--country", "SG"], "leave --country out"),
        (&["vendor", "nothing"], "begin one with `purser plugin new`"),
        (
            &["build", "nothing"],
            "there is no folder nothing; begin a plugin with `purser plugin new`",
        ),
        (&["test", "nothing"], "there is no folder nothing"),
        (&["bench", "nothing"], "there is no folder nothing"),
        (&["build", "taken"], "taken has no Cargo.toml"),
        (&["pack", "nothing.wasm"], "cannot read plugin.toml"),
    ] {
        let error = refused(here, arguments);
        assert!(error.contains(cure), "{arguments:?}: {error}");
    }
    assert_eq!(fs::read_dir(here).unwrap().count(), 1, "nothing is left of what was refused");
}

#[test]
fn a_bench_tells_what_calls_take() {
    let folder = tempfile::tempdir().unwrap();
    let eu = purser_bundled::BUNDLED.iter().find(|plugin| plugin.name == "tax-eu").unwrap();
    fs::write(folder.path().join("eu.wasm"), eu.bytes).unwrap();
    let number = json!({ "country": "DE", "number": "136695976" });
    let vectors = json!([
        { "name": "good", "function": "check-tax-id", "input": number, "output": {} },
        { "name": "refused", "function": "assess", "input": {
            "date": "2024-06-28", "currency": "QQQ", "seller": { "country": "DE" }, "registrations": [],
            "buyer": { "country": "DE" }, "lines": [], "attributes": [],
        }, "error": "unknown-currency" },
    ]);
    fs::create_dir(folder.path().join("tests")).unwrap();
    fs::write(folder.path().join("tests/some.json"), vectors.to_string()).unwrap();
    let arguments = ["bench", "eu.wasm", "--vectors", "tests", "--calls", "20", "--json"];
    let output = purser(folder.path(), &arguments);
    let bench: Value = serde_json::from_slice(&output.stdout).unwrap();
    let calls = bench["calls"].as_array().unwrap();
    let row = |name: &str| calls.iter().find(|call| call["name"] == name).unwrap();
    let good = row("good");
    assert_eq!((&good["calls"], &good["function"]), (&json!(20), &json!("check-tax-id")));
    assert!(good["fuel"].as_u64().unwrap() > 1000);
    assert!(good["call_us"]["p50"].as_u64().unwrap() <= good["call_us"]["p99"].as_u64().unwrap());
    assert_eq!(row("refused")["calls"], 0);
    assert!(bench["memory_bytes"].as_u64().unwrap() > 64 * 1024);
    let shown = purser(folder.path(), &["bench", "eu.wasm", "--calls", "5"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("describe: who it is") && shown.contains("--vectors"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_key_is_its_owners_alone_and_signs() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let eu = purser_bundled::BUNDLED.iter().find(|plugin| plugin.name == "tax-eu").unwrap();
    fs::write(here.join("eu.wasm"), eu.bytes).unwrap();
    let made = purser(here, &["keygen", "--out", "acme"]);
    assert!(made.status.success());
    let mode = |file: &str| fs::metadata(here.join(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("acme.key"), mode("acme.pub")), (0o600, 0o644));
    let secret = fs::read_to_string(here.join("acme.key")).unwrap();
    let public = fs::read_to_string(here.join("acme.pub")).unwrap();
    let said = String::from_utf8([made.stdout, made.stderr].concat()).unwrap();
    assert!(said.contains(public.trim()));
    let hidden = secret.lines().nth(1).unwrap();
    assert!(hidden.len() > 40 && !said.contains(hidden), "the private part is not shown");
    assert!(refused(here, &["keygen", "--out", "acme"]).contains("is there already"));
    assert_eq!(fs::read_to_string(here.join("acme.key")).unwrap(), secret);

    let inspected = || -> Value {
        let output = purser(here, &["inspect", "eu.wasm", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(inspected()["signed_by"], Value::Null);
    let digest = inspected()["digest"].clone();
    let signed = purser(here, &["sign", "eu.wasm", "--key", "acme.key"]);
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    assert_eq!(inspected()["signed_by"], public.trim());
    assert_ne!(inspected()["digest"], digest);
    // Signed anew by somebody else, who replaces the first.
    assert!(purser(here, &["keygen"]).status.success());
    assert!(purser(here, &["sign", "eu.wasm", "--key", "publisher.key"]).status.success());
    let other = fs::read_to_string(here.join("publisher.pub")).unwrap();
    assert_eq!(inspected()["signed_by"], other.trim());

    let mut bytes = fs::read(here.join("eu.wasm")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(here.join("changed.wasm"), bytes).unwrap();
    fs::write(here.join("open.key"), secret).unwrap();
    fs::write(here.join("text.wasm"), "no plugin").unwrap();
    fs::copy(here.join("acme.pub"), here.join("public.key")).unwrap();
    fs::set_permissions(here.join("public.key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(here.join("open.key"), fs::Permissions::from_mode(0o644)).unwrap();
    for (arguments, cure) in [
        (&["inspect", "changed.wasm"][..], "is refused"),
        (&["sign", "eu.wasm", "--key", "none.key"], "make a key with `purser plugin keygen`"),
        (&["sign", "eu.wasm", "--key", "open.key"], "chmod 600 open.key"),
        (&["sign", "eu.wasm", "--key", "public.key"], "not an Ed25519 private key in PEM"),
        (&["sign", "text.wasm", "--key", "acme.key"], "not a WebAssembly component"),
    ] {
        let error = refused(here, arguments);
        assert!(error.contains(cure), "{arguments:?}: {error}");
    }
}
