//! `purser check`: proves the books from nothing but the database.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use super::{config::PlaceFlags, place, report::print_json};
use crate::app::check::{self, Check, CheckReport};

/// Prove the books from nothing but the database.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status 0 only if every line is ok.\n\nExamples:\n  purser check\n  \
                  purser check --database postgres://purser@127.0.0.1/purser --json")]
pub struct CheckFlags {
    #[command(flatten)]
    place: PlaceFlags,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does it.
///
/// # Errors
///
/// When the database cannot be opened or read.
pub fn run(flags: CheckFlags) -> anyhow::Result<ExitCode> {
    let progress = progress(flags.json);
    let report = place::block_on(async {
        let gateway = place::open(&flags.place).await?;
        let shown = progress.clone();
        let report = check::check(&gateway, move |name| shown.set_message(name)).await;
        gateway.store.clone().shutdown();
        report.map_err(|problem| anyhow::anyhow!("{problem}"))
    })?;
    progress.finish_and_clear();
    if flags.json {
        print_json(&report)?;
    } else {
        print(&report);
    }
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells what is being checked, where somebody is there to see it.
fn progress(json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn print(report: &CheckReport) {
    let width = report.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    for Check { name, ok, examined, detail } in &report.checks {
        let mark = if *ok { "ok  " } else { "FAIL" };
        println!("{mark}  {name:width$}  {examined:>10}  {detail}");
    }
    println!("{}", if report.ok { "the books are proved" } else { "the books are NOT proved" });
}
