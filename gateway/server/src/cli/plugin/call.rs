//! One call of one function.

use std::{
    io::{self, Read},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use purser_host::Limits;
use serde_json::{Value, json};

use super::{alone, build::read};
use crate::cli::{place::block_on, report::print_json};

/// Twice what a plugin may be given, so that what is too long is said by the sandbox and not cut here.
const INPUT_BYTES_MAX: u64 = 2 * 1024 * 1024;

pub(super) fn run(file: &Path, function: &str, json: bool) -> anyhow::Result<ExitCode> {
    let bytes = read(file)?;
    let mut input = String::new();
    io::stdin()
        .take(INPUT_BYTES_MAX)
        .read_to_string(&mut input)
        .context("standard input is no UTF-8 text")?;
    let input = if input.trim().is_empty() { "{}" } else { &input };
    let called = block_on(async {
        let plugin = alone(bytes, Limits::default()).await?;
        // Each error says its cause itself.
        plugin.call_json(function, input).await.map_err(|error| anyhow!("{error}"))
    })?;
    let output: Value = serde_json::from_str(&called.value).context("the answer is no JSON")?;
    if json {
        let evidence = &called.evidence;
        print_json(&json!({
            "output": output,
            "fuel": evidence.fuel,
            "digest": evidence.digest.to_string(),
            "engine": evidence.engine_version,
        }))?;
    } else {
        print_json(&output)?;
    }
    Ok(ExitCode::SUCCESS)
}
