//! One call of one function.

use std::{
    io::{self, IsTerminal, Read},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use purser_host::{ByHandError, CallError, Called, Limits, PluginError};
use serde_json::{Value, json};

use super::{alone, build::read};
use crate::cli::{log, place::block_on, report::print_json};

/// Twice what a plugin may be given, so that what is too long is said by the sandbox and not cut here.
const INPUT_BYTES_MAX: u64 = 2 * 1024 * 1024;

pub(super) fn run(
    file: &Path,
    function: &str,
    limits: Limits,
    json: bool,
) -> anyhow::Result<ExitCode> {
    // What the plugin writes to its log is what its author looks for.
    log::start(false);
    let bytes = read(file, limits.component_bytes)?;
    let input = input()?;
    let called = block_on(async {
        let plugin =
            alone(bytes, limits).await.with_context(|| format!("{} is refused", file.display()))?;
        Ok((plugin.call_json(function, &input).await, plugin.peak().memory_bytes))
    })?;
    match called {
        (Ok(called), memory_bytes) => print_answer(&called, memory_bytes, json),
        (Err(ByHandError::Call(CallError::Refused(error))), _) => print_refusal(&error, json),
        // Each error says its cause itself.
        (Err(error), _) => Err(anyhow!("{error}")),
    }
}

fn input() -> anyhow::Result<String> {
    let from = io::stdin();
    if from.is_terminal() {
        eprintln!("purser: reading the arguments as JSON from the keyboard; end them with Ctrl-D");
    }
    let mut input = String::new();
    from.take(INPUT_BYTES_MAX)
        .read_to_string(&mut input)
        .context("standard input is no UTF-8 text")?;
    Ok(if input.trim().is_empty() { "{}".to_owned() } else { input })
}

fn print_answer(
    called: &Called<String>,
    memory_bytes: usize,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let output: Value = serde_json::from_str(&called.value).context("the answer is no JSON")?;
    if json {
        let evidence = &called.evidence;
        print_json(&json!({
            "output": output,
            "fuel": evidence.fuel,
            "memory_bytes": memory_bytes,
            "digest": evidence.digest.to_string(),
            "engine": evidence.engine_version,
        }))?;
    } else {
        print_json(&output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A refusal is an answer to the author, and a failure to a script.
fn print_refusal(error: &PluginError, json: bool) -> anyhow::Result<ExitCode> {
    let PluginError { code, message, field, retryable } = error;
    if json {
        print_json(&json!({
            "error": { "code": code, "message": message, "field": field, "retryable": retryable },
        }))?;
        return Ok(ExitCode::FAILURE);
    }
    match field {
        Some(field) => Err(anyhow!("the plugin refuses {field}: {message} ({code})")),
        None => Err(anyhow!("the plugin refuses: {message} ({code})")),
    }
}
