//! The developer's commands: `cargo xtask <command>`.
//!
//! Each command gets what it needs by itself (the wasm target, a PostgreSQL cluster of its own, Python
//! tools in a virtual environment), so a fresh machine needs rustup and a C compiler only. The
//! commands look at the gateway from outside, over HTTP and its command line: none of its crates is
//! a dependency here.

mod bench;
mod ci;
mod e2e;
mod gateway;
mod http;
mod interrupt;
mod kill;
mod languages;
mod load;
mod needs;
mod offer;
mod postgres;
mod readme;
mod schemathesis;
mod shop;
mod step;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The commands of a developer of Purser.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs all tests, on SQLite and on a PostgreSQL cluster of their own
    Test(test::Arguments),
    /// Runs what must pass before a change lands: lints, tests, demo, fuzzing, crashes, benches
    Ci(ci::Arguments),
    /// Kills the gateway under load, again and again, and proves that nothing was lost
    Kill(kill::Arguments),
    /// Measures purchases over HTTP against pgbench on the same PostgreSQL
    Bench(bench::Arguments),
    /// Fuzzes a running gateway through its OpenAPI document
    Schemathesis(schemathesis::Arguments),
    /// Walks through the pages as their users do, in a browser
    E2e(e2e::Arguments),
    /// Builds the example plugin in other languages, and holds it against the one in Rust
    Languages(languages::Arguments),
}

fn main() -> ExitCode {
    let result =
        interrupt::clean_up_when_interrupted().and_then(|()| match Arguments::parse().command {
            Command::Test(arguments) => test::run(&arguments),
            Command::Ci(arguments) => ci::run(&arguments),
            Command::Kill(arguments) => kill::run(&arguments),
            Command::Bench(arguments) => bench::run(&arguments),
            Command::Schemathesis(arguments) => schemathesis::run(&arguments),
            Command::E2e(arguments) => e2e::run(&arguments),
            Command::Languages(arguments) => languages::run(&arguments),
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
