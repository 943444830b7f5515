//! `cargo xtask test`: every test of the workspace, on both databases.

use std::env;

use anyhow::{Context, Result};

use crate::postgres::Cluster;
use crate::{needs, step};

/// Where the tests look for PostgreSQL. They fail without it: no test is skipped.
const POSTGRES: &str = "PURSER_TEST_POSTGRES";
/// The package whose tests run software that is not ours.
const GATEWAY: &str = "purser";
/// The largest packages. Optimising them, and each of their test programs, would take longer than all tests do; so
/// they are compiled as quickly as can be, and what overflows or breaks an assertion fails.
const LARGE: [&str; 2] = [GATEWAY, "purser-store"];
const LARGE_PROFILE: [&str; 3] = ["opt-level=0", "overflow-checks=true", "debug-assertions=true"];

const NO_FAIL_FAST: &str = "--no-fail-fast";

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask test                                every test
  cargo xtask test -p purser-store                the tests of one crate
  cargo xtask test -p purser -- refund            tests whose name contains \"refund\"

What is missing (the wasm target, PostgreSQL 15 or later; and for the gateway's tests Python, Node.js, npm, curl, and what reads the
symbols of stamps) is installed where that is allowed and named otherwise. Set PURSER_TEST_POSTGRES=postgres://... to use a server of your own: its user must
be able to create databases.")]
pub(crate) struct Arguments {
    /// Passed on to `cargo test`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    cargo: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    needs::wasm_target()?;
    if runs_the_gateways(&arguments.cargo) {
        needs::foreign_software()?;
    }
    let (_cluster, url) = database()?;
    // The profile and the target directory of `cargo run --release`: dependencies build once.
    let mut test = step::cargo(["test", "--release"]);
    for (package, setting) in LARGE.iter().flat_map(|package| LARGE_PROFILE.map(|it| (package, it)))
    {
        test.arg("--config").arg(format!("profile.release.package.{package}.{setting}"));
    }
    if !arguments.cargo.iter().any(|argument| names_a_package(argument)) {
        test.arg("--workspace");
    }
    // One run tells of every failure: the next run is many minutes away.
    if !arguments.cargo.iter().any(|argument| argument == NO_FAIL_FAST) {
        test.arg(NO_FAIL_FAST);
    }
    test.args(&arguments.cargo).env(POSTGRES, url);
    step::timed("Tests", || step::run(&mut test))
}

fn names_a_package(argument: &str) -> bool {
    ["-p", "--package", "--workspace"].iter().any(|option| argument.starts_with(option))
}

/// Whether the gateway's own tests may be among them: those of its package, or of all.
fn runs_the_gateways(arguments: &[String]) -> bool {
    let ours = arguments.iter().take_while(|argument| *argument != "--");
    let mut packages = Vec::new();
    let mut before = "";
    for argument in ours {
        if ["-p", "--package"].contains(&before) {
            packages.push(argument.as_str());
        }
        let joined = ["--package=", "-p"].iter().find_map(|option| argument.strip_prefix(option));
        packages.extend(joined.filter(|name| !name.is_empty()));
        before = argument;
    }
    packages.is_empty() || packages.iter().any(|name| *name == GATEWAY || name.contains('*'))
}

fn database() -> Result<(Option<Cluster>, String)> {
    if let Ok(url) = env::var(POSTGRES) {
        eprintln!("PostgreSQL: the one that {POSTGRES} names");
        return Ok((None, url));
    }
    let cluster = Cluster::start().context("the tests need PostgreSQL")?;
    let url = cluster.database("purser")?;
    eprintln!("PostgreSQL: {}, a cluster of our own", cluster.version());
    Ok((Some(cluster), url))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_gateways_tests_are_told_from_those_of_other_crates() {
        let runs = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            super::runs_the_gateways(&words)
        };
        for line in [
            "",
            "refund",
            "--workspace",
            "-p purser",
            "-ppurser",
            "--package purser",
            "--package=purser -- refund",
            "-p purser-store -p purser",
            "-p purser*",
            "-- -p purser-store",
        ] {
            assert!(runs(line), "{line}");
        }
        for line in ["-p purser-store", "--package=purser-core", "-p purser-store -- -p purser"] {
            assert!(!runs(line), "{line}");
        }
    }
}
