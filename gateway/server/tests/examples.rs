//! The README's way to take money works as it is written there, against a real gateway and with a JWT library that
//! nobody here wrote.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use support::Process;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The lines of every block of that kind in the README.
fn blocks(kind: &str) -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let fence = format!("```{kind}\n");
    readme.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// What the README says behind these words of a command.
fn told(command: &str) -> Vec<String> {
    let console = blocks("console").concat();
    let line = console.lines().find_map(|line| line.strip_prefix("$ ")?.strip_prefix(command));
    let line = line.unwrap_or_else(|| panic!("the README says `{command}`"));
    line.split_whitespace().map(str::to_owned).collect()
}

/// What the program says, if it succeeds.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// A Python with what the example needs, in the target directory.
fn python() -> PathBuf {
    let wanted = "the example is in Python: python3 and its module venv are needed (Debian: apt install python3-venv)";
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples-venv");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).output();
    assert!(made.is_ok_and(|output| output.status.success()), "{wanted}");
    let requirements = told("venv/bin/pip ");
    let mut pip = Command::new(environment.join("bin/pip"));
    run(pip
        .args(requirements)
        .args(["--quiet", "--disable-pip-version-check"])
        .current_dir(root()));
    environment.join("bin/python")
}

#[test]
fn the_ten_lines_of_the_readme_take_money() {
    let shop = fs::read_to_string(root().join("examples/first-sale/sale.py")).unwrap();
    let lines = blocks("python");
    assert!(
        !lines.is_empty() && lines.iter().all(|lines| shop.contains(lines)),
        "the example is the README's"
    );
    let python = python();
    let folder = tempfile::tempdir().unwrap();
    for name in ["docs", "examples"] {
        symlink(root().join(name), folder.path().join(name)).unwrap();
    }
    let serve = told("cargo run --release -- serve ");
    let serve: Vec<&str> = serve.iter().map(String::as_str).collect();
    let process = Process::start(folder.path(), &serve);
    let rates = told("cargo run --release -- rates ");
    run(Command::new(env!("CARGO_BIN_EXE_purser"))
        .arg("rates")
        .args(rates)
        .current_dir(folder.path()));
    let mut example = Command::new(python);
    example.args(told("venv/bin/python ")).current_dir(folder.path());
    let said = run(example.env("PURSER_URL", &process.base));
    assert_eq!(
        said,
        "loaded 53.25 USD\nbought for 12.74 USD\npurchase.paid: A notebook for 11.90 EUR\n"
    );
}
