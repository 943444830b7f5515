//! A real gateway on a free port, and callers that speak HTTP to it. Every test runs on SQLite and on PostgreSQL.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "a test fails loudly, and each uses its part"
)]

mod client;
mod compiled;
mod database;
pub mod plugin;
mod process;

use std::{
    sync::{Arc, Barrier, mpsc},
    thread,
};

pub use client::{Answer, Client, raw};
pub use database::{drop_database, every_row, new_database};
pub use process::Process;
use purser::{
    gateway::Gateway,
    http::server,
    settings::{Settings, Signatures, Throttle},
};
use purser_core::card::sun::{FileReadKey, MetaReadKey, Reading, Tap, TapCounter, Uid};
use purser_money::{Currency, Percent};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The rates of 2024-06-28, as the ECB published them.
pub const RATES: &[u8] = include_bytes!("../../../../docs/vectors/eurofxref-2024-06-28.xml");
/// When every test begins.
pub const START: &str = "2024-06-28T12:00:00Z";

/// Runs each test on both databases. PostgreSQL comes from `cargo xtask test`; without it these tests fail.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$doc:meta])* fn $name:ident($world:ident: &World) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            fn body($world: &World) $body

            #[test]
            fn sqlite() {
                body(&World::on_sqlite());
            }

            #[test]
            fn postgres() {
                body(&World::on_postgres());
            }
        }
    )*};
}

/// A gateway under test. Stops when it is dropped.
pub struct World {
    pub base: String,
    pub gateway: Gateway,
    pub operator: Client,
    settings: Settings,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
    database: Option<String>,
    _data: TempDir,
}

impl World {
    pub fn on_sqlite() -> Self {
        Self::start(|_| {}, None)
    }

    pub fn on_postgres() -> Self {
        Self::on_postgres_with(|_| {})
    }

    /// With other settings, on PostgreSQL.
    pub fn on_postgres_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start(change, Some(new_database()))
    }

    /// A gateway on SQLite with other settings.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start(change, None)
    }

    fn start(change: impl FnOnce(&mut Settings), database: Option<String>) -> Self {
        let data = TempDir::new().unwrap();
        let mut settings = Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            base_url: None,
            trusted_proxies: Vec::new(),
            database: database.clone(),
            data: data.path().join("purser-data"),
            unit_of_account: Currency::parse("USD").unwrap(),
            fx_spread: Percent::parse("0.5").unwrap(),
            sandbox: true,
            clock: Some(START.parse().unwrap()),
            rates_max_age_days: 5,
            // Tests look at once; those of the wait set it.
            shops_told_within: jiff::SignedDuration::ZERO,
            logins_end_within: jiff::SignedDuration::ZERO,
            step_up_limit: None,
            tap_limits: Default::default(),
            limits: Default::default(),
            limits_elsewhere: Default::default(),
            throttle: Throttle::default(),
            log_json: false,
            plugin_signatures: Signatures::Optional,
        };
        change(&mut settings);
        compiled::share(&settings);
        let (stop, thread, (base, gateway)) = run(settings.clone());
        let key = std::fs::read_to_string(settings.data.join("operator.key")).unwrap();
        let operator = Client::new(&base, Some(key.trim()));
        let world = Self {
            base,
            gateway,
            operator,
            settings,
            stop: Some(stop),
            thread: Some(thread),
            database,
            _data: data,
        };
        world.operator.post_bytes("/v1/rates?feed=ecb-daily", RATES).ok(201);
        world
    }

    /// Ends the gateway and starts it again on the same books. Clients made before ask at the old address.
    pub fn restart(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
        let (stop, thread, (base, gateway)) = run(self.settings.clone());
        let key = std::fs::read_to_string(self.settings.data.join("operator.key")).unwrap();
        self.operator = Client::new(&base, Some(key.trim()));
        (self.base, self.gateway) = (base, gateway);
        (self.stop, self.thread) = (Some(stop), Some(thread));
    }

    /// Where the PostgreSQL of this gateway is.
    pub fn database_url(&self) -> &str {
        self.database.as_deref().expect("a gateway on PostgreSQL")
    }

    /// Somebody who is not signed in.
    pub fn anyone(&self) -> Client {
        Client::new(&self.base, None)
    }

    /// The account that these credentials open.
    pub fn sign_up(&self, login: &Value) -> Value {
        self.anyone().post("/v1/accounts", None, login).ok(201)
    }

    /// What these credentials get.
    pub fn sign_in(&self, login: &Value) -> Answer {
        self.anyone().post("/v1/sessions", None, login)
    }

    /// A merchant in a country, its own taxpayer, with a fee of 1 %.
    pub fn merchant(&self, country: &str) -> Merchant {
        let made = self.operator.post(
            "/v1/merchants",
            None,
            &json!({ "name": format!("Shop {country}"), "country": country, "fee_percent": "1" }),
        );
        let made = made.ok(201);
        Merchant {
            id: text(&made, "/id"),
            client: Client::new(&self.base, Some(&text(&made, "/secret_key"))),
            kid: text(&made, "/offer_key/kid"),
            secret: text(&made, "/offer_key/secret"),
        }
    }

    /// Codes of sold cards.
    pub fn cards(&self, count: usize, amount: &str, currency: &str) -> Vec<String> {
        let face = json!({ "amount": amount, "currency": currency });
        let batch = self
            .operator
            .post("/v1/card-batches", None, &json!({ "count": count, "face": face }))
            .ok(201);
        let activate = format!("/v1/card-batches/{}/activate", text(&batch, "/id"));
        self.operator.post(&activate, Some(&new_key()), &json!({})).ok(200);
        let cards = batch["cards"].as_array().unwrap();
        cards.iter().map(|card| text(card, "/code")).collect()
    }

    /// A sold smart card with this UID.
    pub fn smart_card(&self, uid: [u8; 7], amount: &str, currency: &str) -> String {
        let face = json!({ "amount": amount, "currency": currency });
        let uid = data_encoding::HEXLOWER.encode(&uid);
        let card = self
            .operator
            .post("/v1/smart-cards", None, &json!({ "face": face, "uid": uid }))
            .ok(201);
        let activate = format!("/v1/smart-cards/{}/activate", text(&card, "/id"));
        self.operator.post(&activate, Some(&new_key()), &json!({})).ok(200);
        text(&card, "/id")
    }

    /// What the link of that smart card holds at its `count`th tap.
    pub fn tap(&self, uid: [u8; 7], count: u32) -> Value {
        let issuer = &self.gateway.keys.issuer_key;
        let keys = issuer.card_keys(&Uid::new(uid), 1);
        tap_under(&issuer.meta_read_key(), &keys.file_read, uid, count)
    }

    /// A buyer with an empty vault, living in Germany.
    pub fn buyer(&self) -> Buyer {
        let email = format!("{}@example.com", new_key());
        let login = login(&email);
        let made = self.sign_up(&but(&login, "country", "DE"));
        let session = self.sign_in(&login).ok(200);
        Buyer {
            id: text(&made, "/id"),
            handle: text(&made, "/vault/handle"),
            client: Client::new(&self.base, Some(&text(&session, "/access_token"))),
            login,
        }
    }

    /// A buyer whose vault holds so many dollars.
    pub fn buyer_with(&self, dollars: &str) -> Buyer {
        let buyer = self.buyer();
        let code = self.cards(1, dollars, "USD").remove(0);
        buyer.load(&code).ok(201);
        buyer
    }

    /// Proves the books.
    pub fn check(&self) {
        let report = self.operator.get("/v1/check").ok(200);
        assert_eq!(report["ok"], true, "{report:#}");
    }

    /// Moves the clock on.
    pub fn advance(&self, seconds: i64) {
        let now = self.gateway.now() + jiff::SignedDuration::from_secs(seconds);
        self.set_clock(&now.to_string());
    }

    /// Sets the clock.
    pub fn set_clock(&self, now: &str) {
        self.operator.post("/v1/sandbox/clock", None, &json!({ "now": now })).ok(200);
    }
}

type Running = (mpsc::Sender<()>, thread::JoinHandle<()>, (String, Gateway));

/// A gateway on a thread of its own.
fn run(settings: Settings) -> Running {
    let (stop, stopped) = mpsc::channel();
    let (ready, started) = mpsc::channel();
    let thread = thread::spawn(move || serve(settings, &ready, stopped));
    (stop, thread, started.recv().expect("the gateway starts"))
}

fn serve(settings: Settings, ready: &mpsc::Sender<(String, Gateway)>, stopped: mpsc::Receiver<()>) {
    actix_web::rt::System::new().block_on(async {
        let running = server::start(settings).await.expect("the gateway starts");
        ready.send((running.gateway.issuer.clone(), running.gateway.clone())).unwrap();
        // Told to stop, or the test is gone.
        let _ = actix_web::rt::task::spawn_blocking(move || stopped.recv()).await;
        running.stop().await.expect("the gateway stops");
    });
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some(database) = &self.database {
            drop_database(database);
        }
    }
}

/// What the link of a smart card with these keys holds.
pub fn tap_under(meta: &MetaReadKey, file: &FileReadKey, uid: [u8; 7], count: u32) -> Value {
    let reading = Reading { uid: Uid::new(uid), counter: TapCounter::new(count).unwrap() };
    let tap = Tap::of_chip(meta, file, &reading, b"", [7; 5]);
    let hex = |bytes: &[u8]| data_encoding::HEXUPPER.encode(bytes);
    json!({ "picc_data": hex(&tap.picc_data), "cmac": hex(&tap.cmac) })
}

/// A merchant, with its own secret to sign offers.
#[derive(Clone)]
pub struct Merchant {
    pub id: String,
    pub client: Client,
    pub kid: String,
    pub secret: String,
}

impl Merchant {
    /// An offer of a thing for so much.
    pub fn offer(&self, amount: &str, currency: &str) -> String {
        self.offer_of(&json!({
            "item": { "id": "thing", "title": "A thing" },
            "price": { "amount": amount, "currency": currency },
        }))
    }

    /// An offer by the convenience call.
    pub fn offer_of(&self, body: &Value) -> String {
        text(&self.client.post("/v1/offers", None, body).ok(201), "/offer")
    }
}

/// A buyer who is signed in.
#[derive(Clone)]
pub struct Buyer {
    pub id: String,
    pub handle: String,
    pub client: Client,
    pub login: Value,
}

impl Buyer {
    pub fn load(&self, code: &str) -> Answer {
        self.client.post("/v1/vault/loads", Some(&new_key()), &json!({ "card": { "code": code } }))
    }

    pub fn buy(&self, offers: &[&str]) -> Answer {
        self.client.post("/v1/purchases", Some(&new_key()), &json!({ "offers": offers }))
    }

    pub fn refund(&self, item: &str) -> Answer {
        self.client.post("/v1/refunds", Some(&new_key()), &json!({ "item": item }))
    }

    pub fn pay(&self, to: &str, dollars: &str) -> Answer {
        let amount = json!({ "amount": dollars, "currency": "USD" });
        self.client.post("/v1/transfers", Some(&new_key()), &json!({ "to": to, "amount": amount }))
    }

    /// What the vault holds, in dollars.
    pub fn balance(&self) -> String {
        text(&self.client.get("/v1/vault").ok(200), "/balance/amount")
    }
}

/// The text at a JSON pointer.
#[track_caller]
pub fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{pointer} of {value:#}"))
        .to_owned()
}

/// What somebody signs up and in with.
pub fn login(email: &str) -> Value {
    json!({ "email": email, "pin": "271828", "password": "correct horse battery" })
}

/// The same with one part changed.
pub fn but(login: &Value, part: &str, value: &str) -> Value {
    let mut login = login.clone();
    login[part] = value.into();
    login
}

/// A key that was never used.
pub fn new_key() -> String {
    format!("{:032x}", purser::random::id_bits())
}

/// Lets `callers` do the same at the same moment.
pub fn at_once<T: Send + 'static>(
    callers: usize,
    act: impl Fn(usize) -> T + Send + Sync + 'static,
) -> Vec<T> {
    let act = Arc::new(act);
    let barrier = Arc::new(Barrier::new(callers));
    let threads: Vec<_> = (0..callers)
        .map(|index| {
            let (act, barrier) = (Arc::clone(&act), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                act(index)
            })
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}
