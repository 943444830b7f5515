//! What a plugin call costs alone: three items taxed by the bundled `tax-eu`, a fresh instance for each call,
//! evidence included.
//!
//! ```sh
//! cargo run --release -p purser-host --example tax_call_bench -- 20000
//! ```

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement fails loudly")]

use std::time::Instant;

use purser_core::{
    place::Place,
    tax::{Category, Line, Sale},
};
use purser_host::{Limits, Plugins};
use purser_money::{Currency, Money};

/// Where a machine is shared, its neighbours are in the figures: the quietest run has the least of them.
const RUNS: usize = 10;

/// As in the gateway.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let calls: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let bundled = purser_bundled::BUNDLED.iter().find(|bundled| bundled.name == "tax-eu").unwrap();
    let plugin = plugins.install(bundled.bytes).await.unwrap().tax().unwrap();
    let eur = Currency::parse("EUR").unwrap();
    let line =
        |minor, category| Line { category, amount: Money::new(minor, eur), tax_inclusive: false };
    let sale = Sale {
        date: "2024-06-28".parse().unwrap(),
        currency: eur,
        seller: Place::parse("DE").unwrap(),
        registrations: Vec::new(),
        buyer: Place::parse("DE").unwrap(),
        buyer_tax_id: None,
        lines: vec![
            line(1_000, Category::General),
            line(1_600, Category::Book),
            line(1_890, Category::DigitalService),
        ],
    };
    let mut runs = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let mut took_us = Vec::with_capacity(calls);
        for _ in 0..calls {
            let started = Instant::now();
            plugin.assess(&sale).await.unwrap();
            took_us.push(started.elapsed().as_micros());
        }
        took_us.sort_unstable();
        runs.push(took_us);
    }
    let quietest = runs.iter().map(|run| run[calls / 2]).min().unwrap();
    let mut all = runs.concat();
    all.sort_unstable();
    // What no neighbour changes.
    println!("tax_call_instructions {}", plugin.assess(&sale).await.unwrap().evidence.fuel);
    println!("tax_call_quietest_p50_us {quietest}");
    println!("tax_call_p50_us {}", all[all.len() / 2]);
    println!("tax_call_p99_us {}", all[all.len() * 99 / 100]);
}
