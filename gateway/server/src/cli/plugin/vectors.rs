//! An author's worked examples: `tests/*.json` beside the crate.

use std::{fs, path::Path};

use anyhow::Context;
use purser_host::{ByHandError, CallError, Plugin};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::report::Finding;

/// A known answer, or a known refusal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    name: Option<String>,
    /// The function, as the contract names it.
    pub(super) function: String,
    /// Its arguments.
    pub(super) input: Value,
    output: Option<Value>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Many(Vec<Case>),
    One(Box<Case>),
}

/// All cases of a crate, each with a name.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let mut files: Vec<_> = match fs::read_dir(folder.join("tests")) {
        Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()).collect(),
        Err(_) => return Ok(Vec::new()),
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let parsed = serde_json::from_str(&text).with_context(|| {
            format!("{} is no vector; see `purser plugin test --help`", file.display())
        })?;
        let found = match parsed {
            File::Many(cases) => cases,
            File::One(case) => vec![*case],
        };
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        cases.extend(found.into_iter().enumerate().map(|(index, case)| Case {
            name: Some(case.name.unwrap_or_else(|| format!("{stem}[{index}]"))),
            ..case
        }));
    }
    Ok(cases)
}

/// Runs the cases in the sandbox: one finding for all that pass, one for each that does not.
pub(super) async fn run(plugin: &Plugin, cases: &[Case]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for case in cases {
        if let Err(why) = case.run(plugin).await {
            let name = case.name.as_deref().unwrap_or("vector");
            findings.push(Finding::fail(
                format!("vector {name}"),
                why,
                format!("try it: purser plugin call FILE {}", case.function),
            ));
        }
    }
    let passed = cases.len().saturating_sub(findings.len());
    let summary = format!("{passed} of {} give the known answer", cases.len());
    findings.insert(
        0,
        if cases.is_empty() {
            Finding::warn(
                "vectors",
                "there are none",
                "put worked examples with known answers into tests/*.json",
            )
        } else if findings.is_empty() {
            Finding::ok("vectors", summary)
        } else {
            Finding::fail("vectors", summary, "see below")
        },
    );
    findings
}

impl Case {
    async fn run(&self, plugin: &Plugin) -> Result<(), String> {
        let answer = plugin.call_json(&self.function, &self.input.to_string()).await;
        match (answer, &self.output, &self.error) {
            (Ok(called), Some(expected), None) => {
                let output: Value =
                    serde_json::from_str(&called.value).map_err(|error| error.to_string())?;
                if output == *expected {
                    Ok(())
                } else {
                    Err(format!("gave {output}, not {expected}"))
                }
            }
            (Err(ByHandError::Call(CallError::Refused(error))), None, Some(expected)) => {
                let code = error.code;
                if code == *expected {
                    Ok(())
                } else {
                    Err(format!("refused with {code}, not {expected}"))
                }
            }
            (Ok(called), None, Some(expected)) => {
                Err(format!("gave {}, not the refusal {expected}", called.value))
            }
            (Err(error), ..) => Err(error.to_string()),
            (Ok(_), _, _) => Err("a case has either `output` or `error`".to_owned()),
        }
    }
}
