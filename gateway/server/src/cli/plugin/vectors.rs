//! An author's worked examples: `tests/*.json` beside the crate.

use std::{fs, path::Path};

use anyhow::{Context, anyhow, bail};
use data_encoding::BASE64;
use purser_host::{ByHandError, CallError, Plugin, PluginError};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::report::Finding;

/// A case as its author writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Option<String>,
    /// Where the answer comes from, for people.
    #[serde(rename = "source")]
    _source: Option<String>,
    function: String,
    input: Value,
    output: Option<Value>,
    error: Option<String>,
    field: Option<String>,
}

/// A known answer, or a known refusal.
#[derive(Debug)]
pub(super) struct Case {
    /// For people.
    pub(super) name: String,
    /// The function, as the contract names it.
    pub(super) function: String,
    /// Its arguments.
    pub(super) input: Value,
    expected: Expected,
}

#[derive(Debug)]
enum Expected {
    /// What the answer has; it may have more fields.
    Output(Value),
    /// The code, and the input at fault where the author names one.
    Refusal { code: String, field: Option<String> },
}

/// The cases of a plugin: in the folder that is named, else in `tests` beside the crate. A plugin in a file has none of
/// its own.
pub(super) fn beside(plugin: &Path, named: Option<&Path>) -> anyhow::Result<Vec<Case>> {
    match named {
        Some(folder) if !folder.is_dir() => {
            bail!("there is no folder {}; name the one of the vectors", folder.display())
        }
        Some(folder) => read(folder),
        None => read(&plugin.join("tests")),
    }
}

/// All cases in a folder, each with a name. None where there is no such folder.
fn read(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let mut files: Vec<_> = match fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()).collect(),
        Err(_) => return Ok(Vec::new()),
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let found = read_file(&file).with_context(|| {
            format!("{} has no vectors; see `purser plugin test --help`", file.display())
        })?;
        cases.extend(found);
    }
    Ok(cases)
}

fn read_file(file: &Path) -> anyhow::Result<Vec<Case>> {
    let parsed = match serde_json::from_str(&fs::read_to_string(file)?)? {
        Value::Array(cases) => cases,
        case @ Value::Object(_) => vec![case],
        _ => bail!("it is no list of cases"),
    };
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let beside = file.parent().unwrap_or(Path::new(""));
    let case = |(index, value)| {
        let place = format!("{stem}[{index}]");
        Case::read(value, &place, beside).with_context(|| place)
    };
    parsed.into_iter().enumerate().map(case).collect()
}

/// Replaces `{"file": "daily.xml"}` by the bytes of that file in base64, as the contract's JSON has bytes.
fn fill(value: &mut Value, beside: &Path) -> anyhow::Result<()> {
    match value {
        Value::Object(fields) => {
            if let (1, Some(Value::String(name))) = (fields.len(), fields.get("file")) {
                let file = beside.join(name);
                let bytes = fs::read(&file).with_context(|| format!("cannot read {file:?}"))?;
                *value = Value::String(BASE64.encode(&bytes));
                return Ok(());
            }
            fields.values_mut().try_for_each(|field| fill(field, beside))
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, beside)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

/// Runs the cases in the sandbox: one finding for all that pass, one for each that does not.
pub(super) async fn run(plugin: &Plugin, cases: &[Case]) -> Vec<Finding> {
    let mut failed = Vec::new();
    for case in cases {
        if let Err(why) = case.run(plugin).await {
            failed.push(Finding::fail(
                format!("vector {}", case.name),
                why,
                format!("try it: purser plugin call FILE {}", case.function),
            ));
        }
    }
    let passed = cases.len().saturating_sub(failed.len());
    let summary = format!("{passed} of {} give the known answer", cases.len());
    let all = if cases.is_empty() {
        let cure = "put worked examples with known answers into tests/*.json";
        Finding::warn("vectors", "there are none", cure)
    } else if failed.is_empty() {
        Finding::ok("vectors", summary)
    } else {
        Finding::fail("vectors", summary, "see below")
    };
    failed.insert(0, all);
    failed
}

impl Case {
    fn read(mut value: Value, place: &str, beside: &Path) -> anyhow::Result<Self> {
        fill(&mut value, beside)?;
        let Written { name, _source, function, input, output, error, field } =
            serde_path_to_error::deserialize(value)
                .map_err(|error| anyhow!("{}: {}", error.path(), error.inner()))?;
        let expected = match (output, error) {
            (Some(output), None) if field.is_none() => Expected::Output(output),
            (None, Some(code)) => Expected::Refusal { code, field },
            (Some(_), None) => bail!("`field` is the field of an `error`"),
            (Some(_), Some(_)) | (None, None) => bail!("a case has either `output` or `error`"),
        };
        Ok(Self { name: name.unwrap_or_else(|| place.to_owned()), function, input, expected })
    }

    async fn run(&self, plugin: &Plugin) -> Result<(), String> {
        let answer = plugin.call_json(&self.function, &self.input.to_string()).await;
        match (answer, &self.expected) {
            (Ok(called), Expected::Output(expected)) => {
                let found: Value =
                    serde_json::from_str(&called.value).map_err(|error| error.to_string())?;
                difference(&found, expected, "output").map_or(Ok(()), Err)
            }
            (
                Err(ByHandError::Call(CallError::Refused(found))),
                Expected::Refusal { code, field },
            ) => refused_alike(&found, code, field.as_deref()),
            (Ok(called), Expected::Refusal { code, .. }) => {
                Err(format!("gave {}, not the refusal {code}", called.value))
            }
            (Err(error), _) => Err(error.to_string()),
        }
    }
}

fn refused_alike(found: &PluginError, code: &str, field: Option<&str>) -> Result<(), String> {
    if found.code != code {
        return Err(format!("refused with {}, not {code}: {}", found.code, found.message));
    }
    match (field, found.field.as_deref()) {
        (Some(expected), found) if found != Some(expected) => {
            Err(format!("blamed {}, not {expected}", found.unwrap_or("no field")))
        }
        _ => Ok(()),
    }
}

/// The first place where `found` is not what is `expected`. Fields that are not expected may be there, since an
/// example from elsewhere knows amounts and not the wording of a law; a field expected to be `null` may not.
fn difference(found: &Value, expected: &Value, path: &str) -> Option<String> {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().find_map(|(name, expected)| {
                let found = found.get(name).unwrap_or(&Value::Null);
                difference(found, expected, &format!("{path}.{name}"))
            })
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            let pairs = found.iter().zip(expected).enumerate();
            pairs
                .map(|(index, (found, expected))| {
                    difference(found, expected, &format!("{path}[{index}]"))
                })
                .find_map(|difference| difference)
        }
        _ if found == expected => None,
        _ => Some(format!("{path} is {found}, not {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(case: Value) -> String {
        format!("{:#}", Case::read(case, "x[0]", Path::new("")).unwrap_err())
    }

    #[test]
    fn a_case_that_says_nothing_or_two_things_is_refused() {
        let either = "a case has either `output` or `error`";
        assert_eq!(refused(json!({"function": "f", "input": {}})), either);
        assert_eq!(
            refused(json!({"function": "f", "input": {}, "output": {}, "error": "e"})),
            either
        );
        let misspelt = refused(json!({"function": "f", "input": {}, "ouput": {}}));
        assert!(misspelt.starts_with("ouput: unknown field"), "{misspelt}");
        let wrong = refused(json!({"function": 1, "input": {}, "output": {}}));
        assert!(wrong.starts_with("function: invalid type"), "{wrong}");
        assert!(
            refused(
                json!({"function": "f", "input": {"bytes": {"file": "none.xml"}}, "output": 1})
            )
            .contains("cannot read \"none.xml\"")
        );
    }

    #[test]
    fn a_difference_is_named_by_its_place() {
        let found = json!({"taxes": [{"tax": {"minor": 190}, "rate": "19"}], "law": "UStG"});
        let check = |expected: Value, difference: Option<&str>| {
            assert_eq!(super::difference(&found, &expected, "output").as_deref(), difference);
        };
        check(json!({}), None);
        check(json!({"taxes": [{"tax": {"minor": 190}}]}), None);
        check(json!({"taxes": [{"reason": null}]}), None);
        let minor = Some("output.taxes[0].tax.minor is 190, not 191");
        check(json!({"taxes": [{"tax": {"minor": 191}}]}), minor);
        check(json!({"taxs": []}), Some("output.taxs is null, not []"));
        let rate = Some("output.taxes[0].rate is \"19\", not null");
        check(json!({"taxes": [{"rate": null}]}), rate);
        assert!(super::difference(&found, &json!({"taxes": []}), "output").is_some());
    }
}
