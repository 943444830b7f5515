//! `purser plugin test`: everything that the gateway will hold a plugin to, before it is shipped.

use std::{
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use purser_host::Limits;

use super::{
    alone,
    build::one,
    conformance::{self, Conformance},
    vectors,
};
use crate::{
    cli::{
        place::block_on,
        report::{Finding, Report},
    },
    clock::Clock,
};

pub(super) fn run(folder: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let mut findings = vec![native(folder)];
    let built = one(folder)?;
    let limits = Limits::default();
    findings
        .push(Finding::ok("build", format!("{} {}", built.manifest.name, built.manifest.version)));
    findings.push(size(built.component.len(), &limits));
    let cases = vectors::read(folder)?;
    findings.extend(block_on(async {
        let plugin = alone(built.component.clone(), limits).await?;
        let mut found = vectors::run(&plugin, &cases).await;
        let Conformance { findings, fuel_max } =
            conformance::run(&plugin, &cases, Clock::default().today()).await;
        found.extend(findings);
        found.push(fuel(fuel_max, &limits));
        found.push(memory(conformance::memory_mib(&built.component, &cases).await));
        Ok(found)
    })?);
    Ok(Report::new(findings).print(json)?)
}

/// The crate's own tests, natively; what they print goes to standard error, so that JSON stays JSON.
fn native(folder: &Path) -> Finding {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--quiet", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    let output = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    match output {
        Ok(output) if output.status.success() => Finding::ok("own tests", "cargo test passes"),
        Ok(output) => {
            eprintln!("{}", String::from_utf8_lossy(&output.stdout));
            Finding::fail(
                "own tests",
                "cargo test fails",
                format!("cargo test --manifest-path {}/Cargo.toml", folder.display()),
            )
        }
        Err(error) => Finding::fail("own tests", error, "install Rust from https://rustup.rs"),
    }
}

fn size(bytes: usize, limits: &Limits) -> Finding {
    let most = limits.component_bytes;
    let detail = format!("{bytes} of {most} bytes");
    if bytes <= most {
        return Finding::ok("size", detail);
    }
    Finding::fail("size", detail, "leave out what is not needed; opt-level = \"s\" and lto help")
}

fn fuel(used: u64, limits: &Limits) -> Finding {
    let detail = format!("at most {used} of {} a call", limits.fuel);
    if used <= limits.fuel / 2 {
        return Finding::ok("fuel", detail);
    }
    Finding::warn("fuel", detail, "the slowest call is near the limit: look for a loop in a loop")
}

fn memory(mib: Option<usize>) -> Finding {
    match mib {
        Some(mib @ 0..=16) => Finding::ok("memory", format!("fits into {mib} of 32 MiB")),
        Some(mib) => {
            Finding::warn("memory", format!("needs {mib} of 32 MiB"), "hold less at a time")
        }
        None => Finding::fail("memory", "needs more than 32 MiB", "hold less at a time"),
    }
}
