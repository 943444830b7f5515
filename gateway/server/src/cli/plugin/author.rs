//! What only authors do.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{SandboxFlags, bench, build, new, sign};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Begin a plugin: a crate that builds and passes its tests at once
    #[command(
        after_help = "Examples:\n  purser plugin new tax gst-sg --country SG\n  purser plugin new currency rates-mas\n\n\
                      The crate has the SDK in vendor/purser-sdk: nothing but rustup is needed to build it."
    )]
    New {
        /// What it is for
        role: new::RoleArgument,
        /// Its name, and that of the folder that is made here
        name: String,
        /// The country of a tax or stamps plugin, two capital letters
        #[arg(long)]
        country: Option<String>,
    },
    /// Put the SDK of this program into a plugin's vendor/purser-sdk, in place of the one that is there
    Vendor {
        /// The plugin's folder
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Make a plugin file of a component that another toolchain made
    #[command(
        after_help = "Examples:\n  purser plugin pack component.wasm\n  purser plugin pack component.wasm --manifest plugin.toml --out gst-sg.wasm"
    )]
    Pack {
        /// The component
        component: PathBuf,
        /// Its manifest, with its version
        #[arg(long, default_value = "plugin.toml", value_name = "FILE")]
        manifest: PathBuf,
        /// Where to write the file [default: NAME-VERSION.wasm]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Measure a plugin's worked examples: time, fuel and memory of fresh instances
    #[command(
        after_help = "Examples:\n  purser plugin bench\n  purser plugin bench vat.wasm --vectors tests --calls 10000"
    )]
    Bench {
        /// The crate's folder, or a plugin that was built already
        #[arg(default_value = ".", value_name = "FOLDER|FILE")]
        plugin: PathBuf,
        /// Where the vectors are [default: tests in the crate's folder]
        #[arg(long, value_name = "FOLDER")]
        vectors: Option<PathBuf>,
        /// How often each is called
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        calls: u32,
        #[command(flatten)]
        sandbox: SandboxFlags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a key that plugins are signed with: NAME.key for you alone, NAME.pub for operators who trust it
    #[command(
        after_help = "Examples:\n  purser plugin keygen\n  purser plugin keygen --out keys/acme"
    )]
    Keygen {
        /// Where to write them
        #[arg(long, default_value = "publisher", value_name = "NAME")]
        out: PathBuf,
    },
    /// Sign a plugin file; whoever signed it before is replaced
    #[command(after_help = "Examples:\n  purser plugin sign gst-sg-1.0.0.wasm --key publisher.key")]
    Sign {
        /// The plugin
        file: PathBuf,
        /// The private key: PKCS#8 in PEM, as `purser plugin keygen` and `openssl genpkey -algorithm ed25519` write it
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Where to write the signed file [default: in place]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::New { role, name, country } => new::run(role.into(), &name, country.as_deref()),
        Verb::Vendor { folder } => new::vendor(&folder),
        Verb::Pack { component, manifest, out, json } => {
            build::pack(&component, &manifest, out, json)
        }
        Verb::Bench { plugin, vectors, calls, sandbox, json } => {
            let vectors: Option<&Path> = vectors.as_deref();
            bench::run(&plugin, vectors, calls, sandbox.limits(), json)
        }
        Verb::Keygen { out } => sign::keygen(&out),
        Verb::Sign { file, key, out, json } => sign::run(&file, &key, out, json),
    }
}
