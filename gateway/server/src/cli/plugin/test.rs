//! `purser plugin test`: everything that the gateway will hold a plugin to, before it is shipped.

use std::{
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use purser_host::{Limits, Peak};

use super::{
    alone,
    build::{one, read},
    vectors,
};
use crate::{
    cli::{
        place::block_on,
        report::{Finding, Report},
    },
    clock::Clock,
    conformance,
};

/// Tests the crate in the folder `path`, or the plugin in the file `path`.
pub(super) fn run(
    path: &Path,
    vectors: Option<&Path>,
    limits: Limits,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    let component = if path.is_file() {
        read(path, limits.component_bytes)?
    } else {
        // Cargo says best what is wrong with a crate that cannot be tested, so it is built first.
        let built = one(path)?;
        findings.push(native(path));
        findings.push(Finding::ok(
            "build",
            format!("{} {}", built.manifest.name, built.manifest.version),
        ));
        built.component
    };
    let cases = vectors::beside(path, vectors)?;
    findings.push(size(component.len(), &limits));
    findings.extend(block_on(async {
        let plugin = alone(component, limits).await?;
        let mut found = vectors::run(&plugin, &cases).await;
        let known = cases.iter().map(|case| (case.function.clone(), case.input.to_string()));
        let known: Vec<_> = known.collect();
        let held = conformance::run(&plugin, &known, Clock::default().today()).await;
        found.extend(held.findings);
        if held.ran_late {
            found.push(late(&limits));
        }
        let peak = plugin.peak();
        found.push(fuel(&peak, &limits));
        found.push(memory(&peak, &limits));
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

fn late(limits: &Limits) -> Finding {
    let detail = format!("a call took longer than {} ms, twice", limits.wall_clock.as_millis());
    Finding::warn(
        "time",
        detail,
        "test it again when the machine is less busy; if it stays, do less in one call",
    )
}

fn fuel(peak: &Peak, limits: &Limits) -> Finding {
    let detail = format!("at most {} of {} in {} calls", peak.fuel, limits.fuel, peak.calls);
    if peak.fuel <= limits.fuel / 2 {
        return Finding::ok("fuel", detail);
    }
    Finding::warn("fuel", detail, "the slowest call is near the limit: look for a loop in a loop")
}

fn memory(peak: &Peak, limits: &Limits) -> Finding {
    let kib = |bytes: usize| bytes.div_ceil(1024);
    let (used, most) = (kib(peak.memory_bytes), kib(limits.memory_bytes));
    let detail = format!("at most {used} of {most} KiB in {} calls", peak.calls);
    if peak.memory_bytes <= limits.memory_bytes / 2 {
        return Finding::ok("memory", detail);
    }
    Finding::warn("memory", detail, "hold less at a time")
}
