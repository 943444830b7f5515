//! The `purser` command: one sub-command a file.

pub mod check;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod listen;
pub mod log;
pub mod place;
pub mod plugin;
pub mod rates;
pub mod report;
pub mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A self-hosted payment gateway.
#[derive(Parser)]
#[command(
    name = "purser",
    version,
    about = "A self-hosted payment gateway: anonymous vaults, signed prices, taxes set apart for the authority, refunds that cannot be abused",
    after_help = "Start here:\n  purser demo --once     the whole story in a minute, on a throw-away gateway\n  purser serve           a gateway on 127.0.0.1:8080 with a SQLite database in ./purser-data\n  purser check           prove the books of that database"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway
    Serve(Box<config::ServeFlags>),
    /// Play the whole story on a throw-away gateway
    Demo(demo::DemoFlags),
    /// Prove the books from nothing but the database
    Check(check::CheckFlags),
    /// Import and look at exchange rates
    Rates(rates::RatesFlags),
    /// Build, test, inspect, call and install plugins
    Plugin(plugin::PluginFlags),
    /// Bring a merchant's events to this machine, signed as real deliveries are
    Listen(Box<listen::ListenFlags>),
    /// Look for what is wrong with this installation
    Doctor(doctor::DoctorFlags),
    /// Say what a problem means, or what became of a request
    Explain(explain::ExplainFlags),
}

/// Runs the command line. Exit status 0 only on success; 2 for wrong usage.
pub fn main() -> ExitCode {
    end_quietly_without_readers();
    let done = match Cli::parse().command {
        Command::Serve(flags) => serve::run(*flags).map(|()| ExitCode::SUCCESS),
        Command::Demo(flags) => demo::run(flags).map(|()| ExitCode::SUCCESS),
        Command::Check(flags) => check::run(flags),
        Command::Rates(flags) => rates::run(flags),
        Command::Plugin(flags) => plugin::run(flags),
        Command::Listen(flags) => listen::run(*flags).map(|()| ExitCode::SUCCESS),
        Command::Doctor(flags) => doctor::run(flags),
        Command::Explain(flags) => explain::run(flags),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("purser: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whoever reads the output may have seen enough (`purser check | head`): that is no fault worth a backtrace.
fn end_quietly_without_readers() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to stdout") && text.contains("Broken pipe") {
            std::process::exit(0);
        }
        hook(panic);
    }));
}

/// The runtime that commands run on: as many workers as cores, which actix adds its own to.
pub(crate) fn runtime() -> anyhow::Result<actix_web::rt::SystemRunner> {
    Ok(actix_web::rt::System::new())
}
