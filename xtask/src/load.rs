//! Load: many buyers at the till at once, each over its own kept-alive connection.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use fastrand::Rng;

use crate::gateway::Gateway;
use crate::http::{Client, Request};
use crate::shop::{Buyer, Merchant};

/// Prices are drawn from here, in euro cents.
const PRICE_MINOR: std::ops::Range<i64> = 100..2_000;

/// Whose goods are bought by whom, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) buyers: &'a [Buyer],
    pub(crate) merchants: &'a [Merchant],
    pub(crate) connections: usize,
    /// Not measured: caches fill, and the processor finds its speed.
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    /// Sets one run's idempotency keys apart from another's.
    pub(crate) name: &'a str,
}

/// What was measured.
pub(crate) struct Measured {
    pub(crate) per_second: u64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Buys as fast as the gateway answers; any answer but 201 ends the run with an error.
pub(crate) fn buy(gateway: &Gateway<'_>, load: Load<'_>) -> Result<Measured> {
    let number = AtomicU64::new(0);
    let start = Instant::now() + load.warm_up;
    let latencies: Result<Vec<Vec<Duration>>> = thread::scope(|scope| {
        let tills: Vec<_> = (0..load.connections)
            .map(|_| scope.spawn(|| till(gateway.client(), load, start, &number)))
            .collect();
        let ended =
            tills.into_iter().map(|till| till.join().map_err(|_| anyhow!("a till fell"))?);
        ended.collect()
    });
    let mut latencies = latencies?.concat();
    latencies.sort_unstable();
    let purchases = u64::try_from(latencies.len())?;
    let measured_ms = u64::try_from(load.measured.as_millis())?.max(1);
    let percentile = |percent: usize| {
        latencies.get(latencies.len() * percent / 100).copied().context("nothing was bought")
    };
    Ok(Measured {
        per_second: purchases * 1_000 / measured_ms,
        p50: percentile(50)?,
        p99: percentile(99)?,
    })
}

/// One connection: one purchase after the other until the time is over.
fn till(
    mut client: Client,
    load: Load<'_>,
    start: Instant,
    number: &AtomicU64,
) -> Result<Vec<Duration>> {
    let mut random = Rng::new();
    let mut latencies = Vec::with_capacity(1 << 14);
    let (mut key, mut body) = (String::new(), String::new());
    let end = start + load.measured;
    loop {
        let buyer = random.choice(load.buyers).context("no buyers")?;
        let merchant = random.choice(load.merchants).context("no merchants")?;
        key.clear();
        write!(key, "{}-{}", load.name, number.fetch_add(1, Ordering::Relaxed))?;
        body.clear();
        let offer = merchant.signer.sign(&key, random.i64(PRICE_MINOR));
        write!(body, r#"{{"offers":["{offer}"]}}"#)?;
        let sent = Instant::now();
        if sent >= end {
            return Ok(latencies);
        }
        let purchase = Request::post("/v1/purchases", &body).by(&buyer.token).once(&key);
        let answer = client.send(purchase).context("a purchase was not answered")?;
        if answer.status != 201 {
            bail!("a purchase was refused under load: {answer}");
        }
        let answered = Instant::now();
        if sent >= start && answered <= end {
            latencies.push(answered - sent);
        }
    }
}
