//! `purser check`: proves the books from nothing but the database.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use purser_store::Check;

use super::{config::PlaceFlags, place, report::print_json};
use crate::app::check;

/// The longest name of a check.
const NAME_WIDTH: usize = 26;

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
    let (shown, lines) = (progress.clone(), !flags.json);
    let proof = place::block_on(async {
        let gateway = place::open(&flags.place).await?;
        let watch = move |check: &Check| {
            if lines {
                shown.suspend(|| println!("{}", line(check)));
            }
        };
        let proof = check::check(&gateway, watch).await;
        gateway.store.clone().shutdown();
        Ok(proof?)
    })?;
    progress.finish_and_clear();
    if flags.json {
        print_json(&proof)?;
    } else {
        println!("{}", if proof.ok { "the books are proved" } else { "the books are NOT proved" });
    }
    Ok(if proof.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells that something goes on, where somebody is there to see it.
fn progress(json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message("proving the books");
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn line(Check { name, ok, examined, detail }: &Check) -> String {
    let mark = if *ok { "ok  " } else { "FAIL" };
    let found = detail.as_deref().unwrap_or_default();
    format!("{mark}  {name:NAME_WIDTH$}  {examined:>10} examined  {found}").trim_end().to_owned()
}
