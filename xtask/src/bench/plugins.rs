//! Many plugins in one gateway, and versions that are installed, swapped and rolled back while buyers buy.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;

use super::Arguments;
use crate::{
    gateway::{Gateway, House},
    http::Request,
    load::{self, Load},
    shop::{Operator, buyers, text},
    step,
};

/// The plugin whose versions are installed: it answers at every purchase of the load.
const PLUGIN: &str = "plugins/tax-eu";
/// Its version, which stands in the file where the manifest and where the plugin itself says it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Installs many versions of a plugin, and says what they cost; then swaps some of them under load.
pub(super) fn measure(binary: &Path, arguments: &Arguments) -> Result<()> {
    let house = House::new(binary, None)?;
    let gateway = house.open()?;
    let mut operator = Operator::of(&house, &gateway)?;
    operator.open_shop()?;
    let component = build(binary)?;
    let count = if arguments.quick { 20 } else { 200 };
    let merchants = vec![operator.merchant("Merchant")?];
    let buyers = buyers(&mut operator, &mut gateway.client(), arguments.buyers, "1000000.00")?;
    let before = gateway.memory_kib("VmRSS").unwrap_or_default();
    let started = Instant::now();
    for number in 0..count {
        install(&gateway, operator.key(), &component, number)?;
    }
    let took = started.elapsed();
    let after = gateway.memory_kib("VmRSS").unwrap_or_default();
    println!(
        "{:<34}{} MiB before, {} MiB with {count} plugins installed, {:.0?} each",
        "plugins, memory",
        before >> 10,
        after >> 10,
        took / count
    );
    let load = Load {
        buyers: &buyers,
        merchants: &merchants,
        connections: arguments.connections.min(16),
        warm_up: Duration::ZERO,
        measured: Duration::from_secs(arguments.seconds),
        name: "swaps",
    };
    let (measured, swaps) = thread::scope(|scope| {
        let buying = scope.spawn(|| load::buy(&gateway, load));
        let swaps = swap(&gateway, operator.key(), &component, (count, arguments.seconds));
        let measured = buying.join().map_err(|_| anyhow!("a till fell"))?;
        Ok::<_, anyhow::Error>((measured?, swaps?))
    })?;
    println!(
        "{:<34}{swaps} installed, activated and rolled back while {} purchases/s were paid, none failed, p99 {:.1?}",
        "plugins, swapped under load", measured.per_second, measured.p99
    );
    gateway.stop()
}

/// Installs, activates and rolls back versions, one after the other, for most of the time.
fn swap(
    gateway: &Gateway<'_>,
    key: &str,
    component: &[u8],
    (first, seconds): (u32, u64),
) -> Result<u32> {
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut swaps = 0;
    while Instant::now() < end {
        let id = install(gateway, key, component, first + swaps)?;
        for verb in ["activate", "rollback"] {
            let path = format!("/v1/plugins/{id}/{verb}");
            gateway.client().expect(200, Request::post(&path, "{}").by(key))?;
        }
        swaps += 1;
    }
    Ok(swaps)
}

fn install(gateway: &Gateway<'_>, key: &str, component: &[u8], number: u32) -> Result<String> {
    let version = format!("{}.{}.{}", 1 + number / 100, number / 10 % 10, number % 10);
    let component = replaced(component, &version)?;
    // They take the place of the one that comes with the gateway, so that they answer at every purchase.
    let request = Request::get("/v1/plugins?allow_other_publisher=true").by(key);
    let request = request.with_body("POST", "application/octet-stream", &component);
    let installed: Value = gateway.client().expect(201, request)?;
    Ok(text(&installed, "/id").to_owned())
}

/// The same plugin under a version of the same length.
fn replaced(component: &[u8], version: &str) -> Result<Vec<u8>> {
    let (old, new) = (VERSION.as_bytes(), version.as_bytes());
    ensure!(
        old.len() == new.len(),
        "there are no more versions as long as {VERSION}: swap less often"
    );
    let mut component = component.to_vec();
    let places: Vec<usize> = component
        .windows(old.len())
        .enumerate()
        .filter_map(|(at, window)| (window == old).then_some(at))
        .collect();
    for at in places {
        let place = component.get_mut(at..at + new.len()).context("no such place")?;
        place.copy_from_slice(new);
    }
    Ok(component)
}

fn build(binary: &Path) -> Result<Vec<u8>> {
    let directory = tempfile::tempdir_in(step::scratch())?;
    let file = directory.path().join("plugin.wasm");
    let mut build = std::process::Command::new(binary);
    build.args(["plugin", "build", PLUGIN, "--out"]).arg(&file);
    step::output(&mut build)?;
    fs::read(&file).with_context(|| format!("no {}", file.display()))
}
