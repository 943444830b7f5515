//! Nothing is lost when a gateway ends in the middle, and two gateways on one database deliver once.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::json;
use tempfile::TempDir;

use super::{endpoint::Say, *};
use crate::support::{Process, RATES, START, drop_database, new_database, new_key};

/// Calls as the operator of the gateway in a folder.
fn operator(folder: &Path, process: &Process) -> Client {
    let key = fs::read_to_string(folder.join("purser-data/operator.key")).unwrap();
    process.client(key.trim())
}

/// A merchant's key and a buyer's card code at a gateway in a folder.
fn begin(operator: &Client) -> (String, Vec<String>) {
    operator.post_bytes("/v1/rates?feed=ecb-daily", RATES).ok(201);
    let made = json!({ "name": "Shop", "country": "DE", "fee_percent": "1" });
    let made = operator.post("/v1/merchants", None, &made).ok(201);
    let face = json!({ "amount": "500.00", "currency": "USD" });
    let batch =
        operator.post("/v1/card-batches", None, &json!({ "count": 1, "face": face })).ok(201);
    let activate = format!("/v1/card-batches/{}/activate", text(&batch, "/id"));
    operator.post(&activate, Some(&new_key()), &json!({})).ok(200);
    let codes = batch["cards"].as_array().unwrap().iter().map(|card| text(card, "/code"));
    (text(&made, "/secret_key"), codes.collect())
}

/// Buys so many things, and says which events that made.
fn buy(process: &Process, key: &str, code: &str, count: usize) -> BTreeSet<String> {
    let merchant = process.client(key);
    let anyone = Client::new(&process.base, None);
    let login = crate::support::login(&format!("{}@example.com", new_key()));
    anyone.post("/v1/accounts", None, &crate::support::but(&login, "country", "DE")).ok(201);
    let session = anyone.post("/v1/sessions", None, &login).ok(200);
    let buyer = process.client(&text(&session, "/access_token"));
    let card = json!({ "card": { "code": code } });
    buyer.post("/v1/vault/loads", Some(&new_key()), &card).ok(201);
    for _ in 0..count {
        let offer = merchant.post("/v1/offers", None, &json!({
            "item": { "id": "thing", "title": "A thing" }, "price": { "amount": "1.00", "currency": "EUR" },
        })).ok(201);
        let offers = json!({ "offers": [text(&offer, "/offer")] });
        buyer.post("/v1/purchases", Some(&new_key()), &offers).ok(201);
    }
    eventually("all events are placed", || {
        let listed = merchant.get("/v1/events?limit=100").ok(200);
        let ids: BTreeSet<String> =
            listed["data"].as_array().unwrap().iter().map(|event| text(event, "/id")).collect();
        (ids.len() == count).then_some(ids)
    })
}

fn nothing_is_lost(database: Option<&str>) {
    let folder = TempDir::new().unwrap();
    let mut arguments = vec!["--sandbox", "--clock", START];
    arguments.extend(database.iter().flat_map(|database| ["--database", database]));
    let process = Process::start(folder.path(), &arguments);
    let (key, codes) = begin(&operator(folder.path(), &process));
    // One takes all at once, one hangs, one is down for a while.
    let (good, hangs, fails) =
        (Endpoint::new(), Endpoint::saying(Say::Nothing), Endpoint::saying(Say::Status(500)));
    let merchant = process.client(&key);
    let hook = |endpoint: &Endpoint| {
        let wish = json!({ "url": endpoint.url, "events": ["*"] });
        text(&merchant.post("/v1/webhooks", None, &wish).ok(201), "/id")
    };
    let hooks = [hook(&good), hook(&hangs), hook(&fails)];
    let events = buy(&process, &key, &codes[0], 12);
    hangs.got();
    fails.got();
    // Killed, with deliveries under way.
    drop(process);
    hangs.then(Say::Status(200));
    fails.then(Say::Status(200));
    let process = Process::start(folder.path(), &arguments);
    let merchant = process.client(&key);
    for hook in &hooks {
        eventually_long("everything is delivered", || {
            let listed = merchant.get(&format!("/v1/webhooks/{hook}/deliveries?limit=100")).ok(200);
            let rows = listed["data"].as_array().unwrap();
            let delivered = rows.iter().filter(|row| row["status"] == "delivered");
            let delivered: BTreeSet<String> = delivered.map(|row| text(row, "/event")).collect();
            (delivered == events).then_some(())
        });
    }
    let report = operator(folder.path(), &process).get("/v1/check").ok(200);
    assert_eq!(report["ok"], true, "{report:#}");
}

/// Like [`eventually`], for what a gateway that died held for half a minute.
#[track_caller]
fn eventually_long(what: &str, look: impl Fn() -> Option<()>) {
    for _ in 0..900 {
        if look().is_some() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("not in 90 seconds: {what}");
}

#[test]
fn nothing_is_lost_when_a_gateway_dies_sqlite() {
    nothing_is_lost(None);
}

#[test]
fn nothing_is_lost_when_a_gateway_dies_postgres() {
    let database = new_database();
    nothing_is_lost(Some(&database));
    drop_database(&database);
}

#[test]
fn two_gateways_on_one_database_deliver_once() {
    let (database, folder) = (new_database(), TempDir::new().unwrap());
    let arguments = ["--sandbox", "--database", &database, "--clock", START];
    let one = Process::start(folder.path(), &arguments);
    let (key, codes) = begin(&operator(folder.path(), &one));
    // Another machine, with the same keys.
    let other = TempDir::new().unwrap();
    fs::create_dir(other.path().join("purser-data")).unwrap();
    for name in ["master.key", "signing.keys", "operator.key"] {
        let file = Path::new("purser-data").join(name);
        fs::copy(folder.path().join(&file), other.path().join(&file)).unwrap();
    }
    let two = Process::start(other.path(), &arguments);
    let endpoint = Endpoint::new();
    let wish = json!({ "url": endpoint.url, "events": ["*"] });
    two.client(&key).post("/v1/webhooks", None, &wish).ok(201);
    let events = buy(&one, &key, &codes[0], 40);
    let told: Vec<String> =
        (0..40).map(|_| endpoint.got().header("webhook-id").to_owned()).collect();
    assert_eq!(told.iter().cloned().collect::<BTreeSet<_>>(), events);
    // A purchase after all of them: what would come twice has come by then.
    eventually("all are written down", || {
        let hooks = two.client(&key).get("/v1/webhooks").ok(200);
        let path = format!("/v1/webhooks/{}/deliveries?limit=100", text(&hooks, "/data/0/id"));
        let listed = two.client(&key).get(&path).ok(200);
        let rows = listed["data"].as_array().unwrap();
        rows.iter().all(|row| attempts(row).len() == 1).then_some(())
    });
    assert!(!endpoint.has_more(), "nothing came twice");
    drop((one, two));
    drop_database(&database);
}
