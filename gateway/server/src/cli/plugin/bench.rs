//! What a plugin costs: how long its calls take, and what they use.

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use purser_host::{ByHandError, CallError, Limits, Plugin};
use serde::Serialize;

use super::{
    alone,
    build::component,
    vectors::{self, Case},
};
use crate::cli::{place::block_on, report::print_json};

/// What was measured.
#[derive(Debug, Serialize)]
struct Bench {
    size_bytes: usize,
    /// From the file to a plugin that answers: once, when it is installed.
    loading_us: u64,
    memory_bytes: usize,
    calls: Vec<Measured>,
}

/// One worked example, called again and again: each time in a fresh instance, as the gateway does it.
#[derive(Debug, Serialize)]
struct Measured {
    name: String,
    function: String,
    calls: u32,
    instantiation_us: Spread,
    call_us: Spread,
    /// Instantiation included. It is the same each time.
    fuel: u64,
}

/// The middle, and what one in a hundred exceeds.
#[derive(Debug, Serialize)]
struct Spread {
    p50: u64,
    p99: u64,
}

pub(super) fn run(
    path: &Path,
    vectors: Option<&Path>,
    calls: u32,
    limits: Limits,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let component = component(path, &limits)?;
    let cases = vectors::beside(path, vectors)?;
    let size_bytes = component.len();
    let bench = block_on(async {
        let started = Instant::now();
        let plugin = alone(component, limits)
            .await
            .with_context(|| format!("{} is refused", path.display()))?;
        let loading_us = micros(started.elapsed());
        let mut measured = vec![measure(&plugin, "who it is", "describe", "{}", calls).await?];
        for case in &cases {
            let Case { name, function, input, .. } = case;
            measured.push(measure(&plugin, name, function, &input.to_string(), calls).await?);
        }
        let memory_bytes = plugin.peak().memory_bytes;
        Ok(Bench { size_bytes, loading_us, memory_bytes, calls: measured })
    })?;
    if json {
        print_json(&bench)?
    } else {
        print(&bench, cases.is_empty())
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(
    plugin: &Plugin,
    name: &str,
    function: &str,
    input: &str,
    calls: u32,
) -> anyhow::Result<Measured> {
    let (mut instantiations, mut durations) = (Vec::new(), Vec::new());
    let mut fuel = 0;
    for _ in 0..calls.max(1) {
        match plugin.time_json(function, input).await {
            Ok((called, timing)) => {
                fuel = called.evidence.fuel;
                instantiations.push(timing.instantiation);
                durations.push(timing.call);
            }
            // An example of a refusal has an answer too, but no evidence of what it took.
            Err(ByHandError::Call(CallError::Refused(_))) => break,
            Err(error) => bail!("{name}: {error}"),
        }
    }
    Ok(Measured {
        name: name.to_owned(),
        function: function.to_owned(),
        calls: u32::try_from(durations.len()).unwrap_or(u32::MAX),
        instantiation_us: Spread::of(instantiations),
        call_us: Spread::of(durations),
        fuel,
    })
}

impl Spread {
    fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        let at = |percent: usize| {
            let index = durations.len().saturating_mul(percent) / 100;
            micros(durations.get(index).or(durations.last()).copied().unwrap_or_default())
        };
        Self { p50: at(50), p99: at(99) }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn print(bench: &Bench, bare: bool) {
    println!("size {} bytes, loaded in {} us", bench.size_bytes, bench.loading_us);
    println!("memory at most {} KiB", bench.memory_bytes.div_ceil(1024));
    println!("microseconds of an instance and of a call, at p50 and p99; fuel of both");
    println!("{:>9}{:>9}{:>9}{:>9}{:>12}", "instance", "p99", "call", "p99", "fuel");
    for it in bench.calls.iter().filter(|it| it.calls > 0) {
        println!(
            "{:>9}{:>9}{:>9}{:>9}{:>12}  {}: {}",
            it.instantiation_us.p50,
            it.instantiation_us.p99,
            it.call_us.p50,
            it.call_us.p99,
            it.fuel,
            it.function,
            it.name
        );
    }
    if bare {
        println!(
            "worked examples in tests/*.json would be measured too; --vectors names their folder"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_of_what_there_is() {
        let spread = |count: u64| {
            let it = Spread::of((1..=count).rev().map(Duration::from_micros).collect());
            (it.p50, it.p99)
        };
        assert_eq!(spread(0), (0, 0));
        assert_eq!(spread(1), (1, 1));
        assert_eq!(spread(1000), (501, 991));
    }
}
