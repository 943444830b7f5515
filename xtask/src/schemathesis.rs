//! `cargo xtask schemathesis`: foreign software that reads the OpenAPI document and tries everything.
//!
//! Each caller tries its own part of the API, because what is a merchant's is refused to a buyer before
//! its fields are looked at.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::gateway::{House, Subject};
use crate::shop::{Buyer, Operator};
use crate::{needs, step};

/// As a requirement of pip: a release that we have seen, so that no run changes under us.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Calls that would end the run's own credentials or move its clock, and streams, which never end.
const LEFT_OUT: &str = "/stream$|^/v1/sandbox/clock$|^/v1/sessions/current$";

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
response_headers_conformance,response_schema_conformance,\
missing_required_header,ignored_auth";

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask schemathesis
  cargo xtask schemathesis --examples 500 --seed 7

Installs schemathesis from PyPI into target/venv.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// Generated requests for each call of the API
    #[arg(long, default_value_t = 100)]
    pub(crate) examples: u32,
    /// The same seed sends the same requests
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u32,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let schemathesis = install()?;
    let house = House::new(&arguments.subject.binary()?, None)?;
    let gateway = house.open()?;
    let mut operator = Operator::of(&house, &gateway)?;
    operator.open_shop()?;
    let merchant = operator.merchant("Schemathesis")?;
    let buyer = Buyer::sign_up(&mut gateway.client(), "schemathesis".to_owned())?;
    // The tags of the document's operations, and whose token they take.
    let callers = [
        ("everyone|account|buyer", buyer.token.as_str()),
        ("merchant", &merchant.secret_key),
        ("operator", operator.key()),
    ];
    for (tags, token) in callers {
        step::timed(&format!("Schemathesis: {tags}"), || {
            step::run(&mut fuzz(&schemathesis, &house, tags, token, arguments))
        })
        .with_context(|| format!("the gateway logged:\n{}", house.log_end()))?;
    }
    gateway.stop()?;
    house.check_books()
}

fn fuzz(
    schemathesis: &Path,
    house: &House,
    tags: &str,
    token: &str,
    arguments: &Arguments,
) -> Command {
    let mut command = Command::new(schemathesis);
    command
        .current_dir(step::target())
        .args(["run", &format!("{}/openapi.json", house.issuer())])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", CHECKS])
        .args(["--include-tag-regex", &format!("^({tags})$")])
        .args(["--exclude-path-regex", LEFT_OUT])
        .args(["--max-examples", &arguments.examples.to_string()])
        .args(["--seed", &arguments.seed.to_string()])
        .args(["--request-timeout", "20", "--no-color"]);
    command
}

/// Installs schemathesis into a virtual environment of the repository and gives its program.
fn install() -> Result<PathBuf> {
    let environment = step::target().join("venv");
    let program = environment.join("bin/schemathesis");
    let python = environment.join("bin/python");
    let is_current = || {
        step::output(Command::new(&python).args(["-m", "pip", "freeze"]))
            .is_ok_and(|installed| installed.lines().any(|line| line == SCHEMATHESIS))
    };
    if program.is_file() && is_current() {
        return Ok(program);
    }
    needs::foreign("schemathesis", &[needs::PYTHON])?;
    step::output(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let mut pip = Command::new(&python);
    step::run(pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        SCHEMATHESIS,
    ]))?;
    if !program.is_file() {
        bail!("{SCHEMATHESIS} installed no program {}", program.display());
    }
    Ok(program)
}
