//! What the ledger and a plugin do alone, without HTTP: examples of their crates, which say what they measure.

use anyhow::{Context, Result};

use super::{Arguments, grouped, ratio};
use crate::step;

/// Transfers between random vaults through the teller, on a new database.
pub(super) fn ledger(title: &str, url: &str, arguments: &Arguments, pgbench: u64) -> Result<()> {
    let (callers, seconds) = (arguments.connections.to_string(), arguments.seconds.to_string());
    let printed = example("purser-store", "ledger_bench", &[url, &callers, &seconds])?;
    let rate = figure(&printed, "transfers_per_second")?;
    let (title, ratio) = (format!("{title}, ledger alone"), ratio(rate, pgbench));
    println!("{title:<34}{:>9} transfers/s  {ratio:>5} x pgbench", grouped(rate));
    Ok(())
}

/// A tax call of three items, a fresh instance each, with its evidence.
pub(super) fn plugin() -> Result<()> {
    let printed = example("purser-host", "tax_call_bench", &[])?;
    let of_call = |name: &str| figure(&printed, &format!("tax_call_{name}"));
    let (quietest, p50) = (of_call("quietest_p50_us")?, of_call("p50_us")?);
    let (p99, instructions) = (of_call("p99_us")?, grouped(of_call("instructions")?));
    let title = "tax plugin alone, three items";
    println!(
        "{title:<34}p50 {quietest} µs in the quietest of ten runs, {p50} µs in all  p99 {p99} µs  {instructions} instructions"
    );
    Ok(())
}

fn example(package: &str, name: &str, arguments: &[&str]) -> Result<String> {
    let run = ["run", "--quiet", "--release", "--package", package, "--example", name, "--"];
    step::output(step::cargo(run).args(arguments))
}

/// `name 123` in a line of its own.
fn figure(printed: &str, name: &str) -> Result<u64> {
    let value = printed.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.with_context(|| format!("no `{name}` in:\n{printed}"))
}
