//! Webhooks over HTTP: endpoints of this test are told of real purchases by a real gateway, on both databases.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod deliveries;
mod endpoint;
mod endpoints;
mod libraries;
mod listen;
mod restart;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod troubles;

use std::{thread, time::Duration};

use purser_core::webhook::WebhookSecret;
use serde_json::{Value, json};
use support::{Answer, Buyer, Client, Merchant, World, text};

use self::endpoint::{Endpoint, Got};

/// A merchant with an endpoint, and a buyer with money.
struct Scene {
    merchant: Merchant,
    buyer: Buyer,
}

/// What a merchant was answered about a new endpoint.
struct Hook {
    path: String,
    secret: WebhookSecret,
}

impl Scene {
    fn of(world: &World) -> Self {
        Self { merchant: world.merchant("DE"), buyer: world.buyer_with("500.00") }
    }

    /// Tells an endpoint of this test of all events.
    fn hook(&self, endpoint: &Endpoint) -> Hook {
        self.hook_of(&json!({ "url": endpoint.url, "events": ["*"] }))
    }

    fn hook_of(&self, wish: &Value) -> Hook {
        let made = self.merchant.client.post("/v1/webhooks", None, wish).ok(201);
        Hook {
            path: format!("/v1/webhooks/{}", text(&made, "/id")),
            secret: WebhookSecret::parse(&text(&made, "/secret")).unwrap(),
        }
    }

    /// Buys something, and says which event it made.
    fn buy(&self) -> String {
        let before = self.events();
        let offer = self.merchant.offer("5.00", "EUR");
        self.buyer.buy(&[&offer]).ok(201);
        let is_new = |event: &&String| !before.contains(event);
        eventually("the event is placed", || self.events().iter().find(is_new).cloned())
    }

    /// The merchant's newest events.
    fn events(&self) -> Vec<String> {
        let listed = self.merchant.client.get("/v1/events?limit=100").ok(200);
        listed["data"].as_array().unwrap().iter().map(|event| text(event, "/id")).collect()
    }

    /// What the gateway says of the delivery of an event.
    fn delivery(&self, hook: &Hook, event: &str) -> Option<Value> {
        let listed =
            self.merchant.client.get(&format!("{}/deliveries?limit=100", hook.path)).ok(200);
        listed["data"].as_array().unwrap().iter().find(|row| row["event"] == event).cloned()
    }

    /// The delivery of an event, once it is as it should be.
    fn delivery_when(&self, hook: &Hook, event: &str, is: impl Fn(&Value) -> bool) -> Value {
        eventually("the delivery is as it should be", || {
            self.delivery(hook, event).filter(|row| is(row))
        })
    }

    fn settled(&self, hook: &Hook, event: &str, status: &str) -> Value {
        self.delivery_when(hook, event, |row| row["status"] == status)
    }

    fn change(&self, hook: &Hook, change: &Value) -> Answer {
        self.merchant.client.patch(&hook.path, change)
    }

    fn replay(&self, hook: &Hook, delivery: &Value) -> Answer {
        let path = format!("{}/deliveries/{}/replay", hook.path, text(delivery, "/id"));
        self.merchant.client.post(&path, None, &json!({}))
    }
}

/// Looks until there is something to see: what happens behind an answer is seen by nothing else.
#[track_caller]
fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    for _ in 0..2_000 {
        if let Some(seen) = look() {
            return seen;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("not in 20 seconds: {what}");
}

/// Whether a secret made one of the signatures of a message.
fn is_signed(got: &Got, secret: &WebhookSecret) -> bool {
    let timestamp = got.header("webhook-timestamp").parse().unwrap();
    let own = secret.sign(got.header("webhook-id"), timestamp, &got.body);
    got.header("webhook-signature").split(' ').any(|signature| signature == own)
}

fn attempts(delivery: &Value) -> &Vec<Value> {
    delivery["attempts"].as_array().unwrap()
}

fn anyone_of(world: &World, key: &str) -> Client {
    Client::new(&world.base, Some(key))
}
