//! `purser plugin`: what an author of plugins and an operator do with them.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Subcommand;
use purser_host::{Limits, Plugin, Plugins};

mod author;
mod bench;
mod build;
mod call;
mod install;
mod new;
mod operate;
mod sign;
mod test;
mod vectors;
mod watch;

/// Build, test, inspect, call, install and list plugins.
#[derive(Debug, clap::Args)]
pub struct PluginFlags {
    #[command(subcommand)]
    verb: Verb,
}

/// How much a plugin may use.
#[derive(Debug, Clone, Copy, clap::Args)]
struct SandboxFlags {
    /// As much as an operator may allow a plugin that brings an interpreter: one in JavaScript or Python
    #[arg(long)]
    interpreter: bool,
}

impl SandboxFlags {
    fn limits(self) -> Limits {
        if self.interpreter { Limits::for_interpreters() } else { Limits::default() }
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(flatten)]
    Author(author::Verb),
    /// Make a plugin file of a crate
    #[command(
        after_help = "Examples:\n  purser plugin build plugins/tax-eu\n  purser plugin build --out vat.wasm"
    )]
    Build {
        /// The crate's folder
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Where to write the file [default: NAME-VERSION.wasm]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Test a crate: its own tests, its vectors in the real sandbox, and the rules that all plugins keep
    #[command(after_help = "Vectors are files tests/*.json, each a list of cases:\n  \
                      {\"name\": \"...\", \"source\": \"...\", \"function\": \"assess\", \"input\": {...}, \"output\": {...}}\n\
                      The answer must have what \"output\" has, and may have more fields. Where the plugin must refuse, a case has\n\
                      \"error\": \"tax-category-unsupported\" instead, and \"field\" where it names one. {\"file\": \"feed.xml\"} stands for\n\
                      the bytes of a file beside the vectors.\n\n\
                      Examples:\n  purser plugin test plugins/tax-eu\n  purser plugin test --json\n  \
                      purser plugin test vat.wasm --vectors examples/")]
    Test {
        /// The crate's folder, or a plugin that was built already
        #[arg(default_value = ".", value_name = "FOLDER|FILE")]
        plugin: PathBuf,
        /// Where the vectors are [default: tests in the crate's folder]
        #[arg(long, value_name = "FOLDER")]
        vectors: Option<PathBuf>,
        #[command(flatten)]
        sandbox: SandboxFlags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what a plugin file is, without running it
    #[command(
        after_help = "Examples:\n  purser plugin inspect vat.wasm\n  purser plugin inspect --json vat.wasm"
    )]
    Inspect {
        /// The plugin
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Call one function in the sandbox: arguments as JSON on standard input, answer on standard output
    #[command(after_help = "Examples:\n  echo '{}' | purser plugin call vat.wasm describe\n  \
                      purser plugin call vat.wasm check-tax-id <<< '{\"country\": \"DE\", \"number\": \"136695976\"}'")]
    Call {
        /// The plugin
        file: PathBuf,
        /// The function, as the contract names it
        function: String,
        #[command(flatten)]
        sandbox: SandboxFlags,
        /// Print the fuel that was used and the digest too, as one JSON object
        #[arg(long)]
        json: bool,
    },
    #[command(flatten)]
    Operate(operate::Verb),
}

/// Does it.
///
/// # Errors
///
/// With what went wrong, for people.
pub fn run(flags: PluginFlags) -> anyhow::Result<ExitCode> {
    match flags.verb {
        Verb::Build { folder, out, json } => build::run(&folder, out, json),
        Verb::Author(verb) => author::run(verb),
        Verb::Test { plugin, vectors, sandbox, json } => {
            test::run(&plugin, vectors.as_deref(), sandbox.limits(), json)
        }
        Verb::Inspect { file, json } => build::inspect(&file, json),
        Verb::Call { file, function, sandbox, json } => {
            call::run(&file, &function, sandbox.limits(), json)
        }
        Verb::Operate(verb) => operate::run(verb),
    }
}

/// A plugin alone in the sandbox, under `limits`.
async fn alone(bytes: Vec<u8>, limits: Limits) -> anyhow::Result<Plugin> {
    let plugins = Plugins::new(limits, None).context("the sandbox cannot start")?;
    Ok(plugins.install(bytes).await?)
}
