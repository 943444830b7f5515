//! `cargo xtask languages`: the example plugin in JavaScript and in Python gives the answers of the one in Rust.
//!
//! Each is made by its own language's tool, as its README says, and run in the sandbox that the gateway has.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::gateway::Subject;
use crate::{needs, step};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask languages

Installs componentize-js and componentize-py, in the versions of the examples' own files, into target/languages.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) subject: Subject,
}

/// Calls of each worked example that are measured.
const CALLS: &str = "50";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let purser = arguments.subject.binary()?;
    let folder = step::target().join("languages");
    fs::create_dir_all(&folder)?;
    let examples = step::root().join("examples");
    let rust = folder.join("gst-sg-rust.wasm");
    let build = ["plugin", "build"];
    step::run(
        Command::new(&purser).args(build).arg(examples.join("plugin-rust")).arg("--out").arg(&rust),
    )?;
    let vectors = answers(&purser, &rust, &examples.join("plugin-rust/tests/gst.json"), &folder)?;
    for (language, make) in
        [("javascript", javascript as fn(&Path, &Path) -> Result<PathBuf>), ("python", python)]
    {
        step::timed(language, || {
            let source = examples.join(format!("plugin-{language}"));
            let component = make(&source, &folder.join(language))?;
            let file = folder.join(format!("gst-sg-{language}.wasm"));
            let mut pack = Command::new(&purser);
            pack.args(["plugin", "pack"]).arg(component);
            step::run(
                pack.arg("--manifest").arg(source.join("plugin.toml")).arg("--out").arg(&file),
            )?;
            for (verb, more) in [("test", &[][..]), ("bench", &["--calls", CALLS])] {
                let mut command = Command::new(&purser);
                command.args(["plugin", verb]).arg(&file).arg("--vectors").arg(&vectors);
                step::run(command.arg("--interpreter").args(more))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Worked examples that expect all that the plugin in Rust answers, where its author only wrote down what matters.
fn answers(purser: &Path, rust: &Path, cases: &Path, folder: &Path) -> Result<PathBuf> {
    let mut cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(cases)?)?;
    for case in &mut cases {
        let function = case["function"].as_str().context("a case names its function")?;
        let answer = call(purser, rust, function, &case["input"])?;
        let case = case.as_object_mut().context("a case is an object")?;
        case.retain(|name, _| !matches!(name.as_str(), "output" | "error" | "field"));
        match (answer.get("output"), answer.get("error")) {
            (Some(output), _) => drop(case.insert("output".to_owned(), output.clone())),
            (_, Some(error)) => {
                case.insert("error".to_owned(), error["code"].clone());
                if !error["field"].is_null() {
                    case.insert("field".to_owned(), error["field"].clone());
                }
            }
            (None, None) => bail!("no answer to {case:?}: {answer}"),
        }
    }
    let vectors = folder.join("vectors");
    fs::create_dir_all(&vectors)?;
    fs::write(vectors.join("gst.json"), json!(cases).to_string())?;
    Ok(vectors)
}

fn call(purser: &Path, plugin: &Path, function: &str, input: &Value) -> Result<Value> {
    let mut command = Command::new(purser);
    command.args(["plugin", "call"]).arg(plugin).args([function, "--json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("standard input is piped")?;
    stdin.write_all(input.to_string().as_bytes())?;
    drop(stdin);
    // A refusal fails the command, and is an answer.
    Ok(serde_json::from_slice(&child.wait_with_output()?.stdout)?)
}

/// A copy to work in: tools write beside what they read.
fn copy(source: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn javascript(source: &Path, folder: &Path) -> Result<PathBuf> {
    needs::foreign("the plugin in JavaScript", &[needs::NODE_20, needs::NPM])?;
    copy(source, folder)?;
    // Not `npm ci`: it refuses the lock file where a registry lacks a binding for some other system. The versions are the
    // lock file's all the same.
    let mut install = Command::new("npm");
    install.args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel", "error"]);
    step::run(install.current_dir(folder))?;
    let mut build = Command::new("npm");
    build.args(["run", "--silent", "build"]).env("PURSER_WIT", step::root().join("sdk/wit"));
    step::run(build.current_dir(folder))?;
    Ok(folder.join("component.wasm"))
}

fn python(source: &Path, folder: &Path) -> Result<PathBuf> {
    copy(source, folder)?;
    let environment = folder.join("venv");
    needs::foreign("the plugin in Python", &[needs::PYTHON])?;
    step::output(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"]);
    step::run(pip.current_dir(folder))?;
    let mut build = Command::new(environment.join("bin/componentize-py"));
    build.args(["--quiet", "--wit-path"]).arg(step::root().join("sdk/wit"));
    build.args(["--world", "tax-plugin", "componentize", "gst_sg", "--stub-wasi"]);
    step::run(build.args(["--output", "component.wasm"]).current_dir(folder))?;
    Ok(folder.join("component.wasm"))
}
