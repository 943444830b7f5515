//! For every field of every call that moves money or makes something: wrong types, wrong forms, too much. Always a
//! 4xx that names the field, never a 5xx, and nothing moves.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use serde_json::{Value, json};
use support::{Client, World, new_key, text};

/// A call with a body that would be accepted.
struct Call {
    who: Client,
    path: &'static str,
    body: Value,
}

/// Values that no field takes.
fn never() -> Vec<Value> {
    vec![
        json!([]),
        json!({ "deep": { "er": 1 } }),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(1.5),
    ]
}

/// Texts that no amount takes.
const NO_AMOUNTS: [&str; 16] = [
    "",
    "0",
    "0.00",
    "-1",
    "+1",
    "1e400",
    "NaN",
    "inf",
    "1.001",
    "1,00",
    " 1",
    "1 ",
    "01",
    ".5",
    "1.",
    "99999999999999999",
];
const NO_CURRENCIES: [&str; 7] = ["", "eur", "EURO", "XXX", "XAU", "ZZZ", "E\u{0}R"];

fn calls(world: &World) -> Vec<Call> {
    let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
    let other = world.buyer();
    let offer = shop.offer("10.00", "USD");
    let purchase = buyer.buy(&[&offer]).ok(201);
    let usd = json!({ "amount": "1.00", "currency": "USD" });
    let card = world.cards(1, "10.00", "USD").remove(0);
    let call = |who: &Client, path, body| Call { who: who.clone(), path, body };
    vec![
        call(&buyer.client, "/v1/vault/loads", json!({ "card": { "code": card }, "amount": usd })),
        call(&buyer.client, "/v1/quotes", json!({ "offers": [offer], "country": "DE" })),
        call(
            &buyer.client,
            "/v1/purchases",
            json!({ "offers": [offer], "country": "DE", "max_total": usd }),
        ),
        call(&buyer.client, "/v1/refunds", json!({ "item": text(&purchase, "/items/0/id") })),
        call(&buyer.client, "/v1/transfers", json!({ "to": other.handle, "amount": usd })),
        call(
            &shop.client,
            "/v1/offers",
            json!({ "item": { "id": "x", "title": "X" }, "price": usd }),
        ),
        call(&world.operator, "/v1/card-batches", json!({ "count": 1, "face": usd })),
        call(&world.operator, "/v1/smart-cards", json!({ "face": usd, "uid": "04112233445566" })),
        call(
            &world.operator,
            "/v1/merchants",
            json!({ "name": "N", "country": "DE", "fee_percent": "1" }),
        ),
        call(
            &world.operator,
            "/v1/treasury/trades",
            json!({ "sold": usd, "bought": { "amount": "1.00", "currency": "EUR" } }),
        ),
        call(
            &world.anyone(),
            "/v1/accounts",
            json!({ "email": "a@b.example", "pin": "123456", "password": "long enough" }),
        ),
        call(
            &world.anyone(),
            "/v1/sessions",
            json!({ "email": "a@b.example", "pin": "123456", "password": "long enough" }),
        ),
        call(&world.operator, "/v1/sandbox/clock", json!({ "now": "2024-06-29T00:00:00Z" })),
    ]
}

/// Every place in a body, by JSON pointer.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    if let Value::Object(members) = value {
        for (name, member) in members {
            let pointer = format!("{at}/{name}");
            found.push(pointer.clone());
            pointers(member, &pointer, found);
        }
    }
}

#[track_caller]
fn is_refused(call: &Call, body: &Value, about: &str) {
    let answer = call.who.post(call.path, Some(&new_key()), body);
    assert!(
        (400..500).contains(&answer.status),
        "{} with {about}: {} {:#}",
        call.path,
        answer.status,
        answer.body
    );
    assert_eq!(
        answer.body["status"], answer.status,
        "{} with {about} is no problem document",
        call.path
    );
}

#[test]
fn no_field_takes_the_wrong_thing() {
    let world = World::with(|settings| settings.throttle.sign_ups_per_minute = 1_000_000);
    for call in calls(&world) {
        let mut places = Vec::new();
        pointers(&call.body, "", &mut places);
        for place in &places {
            for value in never() {
                let mut body = call.body.clone();
                *body.pointer_mut(place).unwrap() = value.clone();
                is_refused(&call, &body, &format!("{place} = {value}"));
            }
            for texts in [("/amount", &NO_AMOUNTS[..]), ("/currency", &NO_CURRENCIES[..])] {
                if place.ends_with(texts.0) && !call.body.pointer(place).unwrap().is_object() {
                    for text in texts.1 {
                        let mut body = call.body.clone();
                        *body.pointer_mut(place).unwrap() = json!(text);
                        is_refused(&call, &body, &format!("{place} = {text:?}"));
                    }
                }
            }
        }
        let mut extra = call.body.clone();
        extra["surprise"] = json!(1);
        is_refused(&call, &extra, "an unknown field");
        for broken in ["", "{", "[]", "null", "\"x\"", "{\"a\":1}{}", "\u{feff}{}"] {
            let answer = call.who.send(
                "POST",
                call.path,
                Some(&new_key()),
                broken.as_bytes(),
                "application/json",
            );
            assert!(
                (400..500).contains(&answer.status),
                "{} with {broken:?}: {answer:?}",
                call.path
            );
        }
        let huge = vec![b' '; 1 << 20];
        let answer = call.who.send("POST", call.path, Some(&new_key()), &huge, "application/json");
        assert!((400..500).contains(&answer.status), "{} with a huge body: {answer:?}", call.path);
    }
    world.check();
}

#[test]
fn the_field_at_fault_is_named() {
    let world = World::on_sqlite();
    let buyer = world.buyer();
    let check = |path: &str, body: Value, name: &str, field: &str| {
        let answer = buyer.client.post(path, Some(&new_key()), &body);
        answer.problem(400, name);
        assert_eq!(answer.body["field"], field, "{:#}", answer.body);
    };
    let pay = |amount: &str, currency: &str| json!({ "to": "nobody", "amount": { "amount": amount, "currency": currency } });
    check("/v1/transfers", pay("1.001", "USD"), "invalid-amount", "amount.amount");
    check("/v1/transfers", pay("0", "USD"), "invalid-amount", "amount.amount");
    check("/v1/transfers", pay("1", "ZZZ"), "unknown-currency", "amount.currency");
    check(
        "/v1/transfers",
        json!({ "to": 5, "amount": { "amount": "1", "currency": "USD" } }),
        "malformed-request",
        "to",
    );
    check("/v1/purchases", json!({ "offers": [] }), "malformed-request", "offers");
    check("/v1/purchases", json!({ "offers": ["x", 7] }), "malformed-request", "offers[1]");
    check(
        "/v1/quotes",
        json!({ "offers": ["x"], "country": "Germany" }),
        "malformed-request",
        "country",
    );
    check("/v1/vault/loads", json!({ "card": {} }), "malformed-request", "card");
    check("/v1/refunds", json!({}), "malformed-request", "");
}
