//! What the ledger does alone: transfers between buyers through the teller, without HTTP, plugins or tokens.
//!
//! ```sh
//! cargo run --release -p purser-store --example ledger_bench -- /tmp/bench.db 64 10
//! ```
//!
//! The arguments are a new SQLite file or the address of an empty PostgreSQL database, callers at the same time, and
//! seconds.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement fails loudly")]

#[path = "../tests/world/mod.rs"]
mod world;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use purser_core::money::Currency;
use purser_store::{Store, StoreConfig};

/// Enough that two callers rarely meet at one vault.
const BUYERS: usize = 1_000;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, callers, seconds] = arguments.as_slice() else {
        eprintln!("usage: ledger_bench <new database> <callers> <seconds>");
        std::process::exit(2);
    };
    let unit_of_account = Currency::parse("USD").unwrap();
    let config =
        StoreConfig { url: url.clone(), unit_of_account, key_fingerprint: "bench".to_owned() };
    let store = Store::open(&config).unwrap();
    let mut buyers = Vec::with_capacity(BUYERS);
    for _ in 0..BUYERS {
        buyers.push(world::buyer_with(&store, world::usd(100_000_000)).await);
    }
    let (buyers, done) = (Arc::new(buyers), Arc::new(AtomicU64::new(0)));
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds.parse().unwrap());
    let mut tasks = Vec::new();
    for _ in 0..callers.parse::<usize>().unwrap() {
        let (store, buyers, done) = (store.clone(), Arc::clone(&buyers), Arc::clone(&done));
        tasks.push(tokio::spawn(async move {
            while Instant::now() < until {
                let pick = |shift: u32| {
                    buyers[usize::try_from(world::fresh() >> shift).unwrap_or(0) % BUYERS]
                };
                let (from, to) = (pick(70), pick(75));
                if from != to {
                    world::done(&store, world::transfer(from, to, world::usd(1))).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let (done, took_ms) = (done.load(Ordering::Relaxed), started.elapsed().as_millis());
    println!("transfers_per_second {}", u128::from(done) * 1000 / took_ms);
}
