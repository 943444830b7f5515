//! Stamps over HTTP, on both databases: bought, printed, scanned and given back.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod configured;
mod interrupted;
mod life;
mod plugins;
mod races;
mod refusals;
#[path = "../support/mod.rs"]
mod support;
mod voids;

use data_encoding::BASE64;
use serde_json::{Value, json};
use support::{Answer, Buyer, Client, World, new_key, text};

/// A merchant that sells postage.
struct Vendor {
    id: String,
    client: Client,
}

fn vendor(world: &World, void_hold_days: u32) -> Vendor {
    let post = json!({
        "name": "Post", "country": "DE", "stamps_plugin": "stamps-open", "void_hold_days": void_hold_days,
    });
    let made = world.operator.post("/v1/merchants", None, &post).ok(201);
    let client = Client::new(&world.base, Some(&text(&made, "/secret_key")));
    Vendor { id: text(&made, "/id"), client }
}

impl Vendor {
    /// A letter of 20 grams within Germany: USD 0.78.
    fn letter(&self) -> Value {
        json!({ "vendor": self.id, "origin": "DE-10115", "destination": "DE-80331", "weight_g": 20, "service": "letter" })
    }

    /// The same with one part changed.
    fn but(&self, part: &str, value: impl Into<Value>) -> Value {
        let mut letter = self.letter();
        letter[part] = value.into();
        letter
    }

    /// A stamp for a letter.
    fn sell_to(&self, buyer: &Buyer) -> Value {
        buy(buyer, &self.letter()).ok(201)
    }

    /// What it was told, the oldest first.
    fn events(&self, world: &World) -> Vec<String> {
        actix_web::rt::System::new().block_on(world.gateway.store.place_events()).unwrap();
        let events = self.client.get("/v1/events?limit=100").ok(200);
        let mut kinds: Vec<String> =
            events["data"].as_array().unwrap().iter().map(|event| text(event, "/type")).collect();
        kinds.reverse();
        kinds
    }
}

fn buy(buyer: &Buyer, body: &Value) -> Answer {
    buyer.client.post("/v1/stamps", Some(&new_key()), body)
}

fn void(buyer: &Buyer, stamp: &Value) -> Answer {
    let path = format!("/v1/stamps/{}/void", text(stamp, "/id"));
    buyer.client.post(&path, Some(&new_key()), &json!({}))
}

/// The stamp as it is now.
fn now(buyer: &Buyer, stamp: &Value) -> Value {
    buyer.client.get(&format!("/v1/stamps/{}", text(stamp, "/id"))).ok(200)
}

fn status(buyer: &Buyer, stamp: &Value) -> String {
    text(&now(buyer, stamp), "/status")
}

fn verify(who: &Client, stamp: &Value) -> Value {
    let asked = json!({ "indicium": text(stamp, "/indicium") });
    who.post("/v1/stamps/verify", None, &asked).ok(200)
}

fn scan(who: &Client, stamp: &Value) -> Value {
    let asked = json!({ "indicium": text(stamp, "/indicium"), "scan": true, "place": "Leipzig" });
    who.post("/v1/stamps/verify", None, &asked).ok(200)
}

fn indicium(stamp: &Value) -> Vec<u8> {
    BASE64.decode(text(stamp, "/indicium").as_bytes()).unwrap()
}

/// Signed in anew: access tokens are short-lived, and these tests let days pass.
fn again(world: &World, buyer: &Buyer) -> Buyer {
    let session = world.sign_in(&buyer.login).ok(200);
    let client = Client::new(&world.base, Some(&text(&session, "/access_token")));
    Buyer { client, ..buyer.clone() }
}

/// Runs what the gateway does by itself, once, and waits for it.
fn settle(world: &World) {
    let round = purser::background::stamps::round(world.gateway.clone());
    actix_web::rt::System::new().block_on(round).unwrap();
}
