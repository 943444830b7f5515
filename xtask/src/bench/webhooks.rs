//! Deliveries to a mix of endpoints, with a restart in the middle: how long the good ones wait, and whether anything is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::gateway::{Gateway, House};
use crate::http::Request;
use crate::shop::{Buyer, Merchant, Operator, buyers, text};

/// Endpoints of each kind: good, slow, failing, dead. Each is told of every event.
const EACH: usize = 2;
const KINDS: usize = 4;
/// How long a slow endpoint takes.
const SLOW: Duration = Duration::from_secs(3);
/// How long the good ones may take for all of it.
const PATIENCE: Duration = Duration::from_secs(180);

/// When each event came, at each good endpoint.
type Arrivals = Arc<Mutex<BTreeMap<(usize, String), Instant>>>;

#[derive(Clone, Copy)]
enum Answer {
    Good(usize),
    Slow,
    Failing,
}

/// Makes `deliveries` on one database and prints what came of them.
pub(super) fn measure(
    title: &str,
    binary: &Path,
    database: Option<String>,
    deliveries: usize,
) -> Result<()> {
    let house = House::new(binary, database)?;
    let gateway = house.open()?;
    let (mut operator, mut client) = (Operator::of(&house, &gateway)?, gateway.client());
    operator.open_shop()?;
    let merchant = operator.merchant("Webhooks")?;
    let buyer = buyers(&mut operator, &mut client, 1, "1000000.00")?.pop().context("no buyer")?;
    let arrivals = Arrivals::default();
    let endpoints = endpoints(&gateway, &merchant, &arrivals)?;
    let events = deliveries / (EACH * KINDS);
    let mut bought = buy(&gateway, &merchant, &buyer, 0..events / 2)?;
    // With deliveries under way, as an update of the gateway finds it.
    gateway.stop()?;
    let gateway = house.open()?;
    bought.extend(buy(&gateway, &merchant, &buyer, events / 2..events)?);
    await_all(&arrivals, events * EACH)?;
    let held = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
    let mut waits = Vec::new();
    for ((_, event), arrived) in held.iter() {
        let at = bought.get(event).with_context(|| format!("{event} was never bought"))?;
        waits.push(arrived.saturating_duration_since(*at));
    }
    drop(held);
    for endpoint in &endpoints {
        let told = told(&gateway, &merchant, endpoint)?;
        ensure!(told == events, "{endpoint} has {told} deliveries of {events}: something is lost");
    }
    gateway.stop()?;
    house.check_books()?;
    waits.sort_unstable();
    let at = |percent: usize| waits.get(waits.len() * percent / 100).map(Duration::as_millis);
    let (p50, p99) = (at(50).context("nothing")?, at(99).context("nothing")?);
    let worst = waits.last().map_or(0, Duration::as_millis);
    println!(
        "{:<34}{:>9} ms p50 {:>6} ms p99 {:>6} ms at worst",
        format!("webhooks, good endpoints, {title}"),
        p50,
        p99,
        worst
    );
    println!("{:<34}{:>9} deliveries, nothing lost over a restart", "", events * EACH * KINDS);
    Ok(())
}

/// Makes the endpoints, and says under which names the gateway knows them.
fn endpoints(
    gateway: &Gateway<'_>,
    merchant: &Merchant,
    arrivals: &Arrivals,
) -> Result<Vec<String>> {
    let mut addresses = Vec::new();
    for number in 0..EACH {
        for answer in [Answer::Good(number), Answer::Slow, Answer::Failing] {
            addresses.push(serve(answer, Arc::clone(arrivals))?);
        }
        // Nobody listens there any more.
        addresses.push(TcpListener::bind("127.0.0.1:0")?.local_addr()?);
    }
    let mut client = gateway.client();
    let made = addresses.iter().map(|address| {
        let body = format!(r#"{{"url":"http://{address}/","events":["*"]}}"#);
        let made = Request::post("/v1/webhooks", &body).by(&merchant.secret_key);
        Ok(text(&client.expect(201, made)?, "/id").to_owned())
    });
    made.collect()
}

/// Buys once for each number, and says when each event was committed, by its offer.
fn buy(
    gateway: &Gateway<'_>,
    merchant: &Merchant,
    buyer: &Buyer,
    numbers: std::ops::Range<usize>,
) -> Result<BTreeMap<String, Instant>> {
    let mut client = gateway.client();
    let mut bought = BTreeMap::new();
    for number in numbers {
        let id = format!("hook-{number}");
        let body = format!(r#"{{"offers":["{}"]}}"#, merchant.signer.sign(&id, 100));
        let purchase = Request::post("/v1/purchases", &body).by(&buyer.token).once(&id);
        client.expect(201, purchase)?;
        bought.insert(id, Instant::now());
    }
    Ok(bought)
}

fn await_all(arrivals: &Arrivals, expected: usize) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let arrived = arrivals.lock().unwrap_or_else(PoisonError::into_inner).len();
        if arrived >= expected {
            return Ok(());
        }
        ensure!(Instant::now() < end, "{arrived} of {expected} deliveries reached good endpoints");
        sleep(Duration::from_millis(50));
    }
}

/// How many events an endpoint has deliveries of.
fn told(gateway: &Gateway<'_>, merchant: &Merchant, endpoint: &str) -> Result<usize> {
    let (mut client, mut events) = (gateway.client(), BTreeSet::new());
    let mut after = String::new();
    loop {
        let path = format!("/v1/webhooks/{endpoint}/deliveries?limit=100{after}");
        let page = client.expect(200, Request::get(&path).by(&merchant.secret_key))?;
        let rows = page.get("data").and_then(Value::as_array).context("no deliveries")?;
        events.extend(rows.iter().map(|row| text(row, "/event").to_owned()));
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(events.len()),
        }
    }
}

/// An endpoint on this machine.
fn serve(answer: Answer, arrivals: Arrivals) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let arrivals = Arc::clone(&arrivals);
            // Whoever hangs up, hangs up: the gateway tries again.
            thread::spawn(move || take(stream, answer, &arrivals));
        }
    });
    Ok(address)
}

fn take(mut stream: TcpStream, answer: Answer, arrivals: &Arrivals) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let arrived = Instant::now();
    let status = match answer {
        Answer::Good(number) => {
            let event: Value = serde_json::from_slice(&body).ok()?;
            let offer = text(&event, "/data/items/0/offer_id").to_owned();
            let mut held = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
            // What comes twice came when it came first.
            held.entry((number, offer)).or_insert(arrived);
            204
        }
        Answer::Slow => {
            sleep(SLOW);
            204
        }
        Answer::Failing => 500,
    };
    stream.write_all(format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n").as_bytes()).ok()
}
