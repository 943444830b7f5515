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

use purser_core::{
    offer::{ItemClaims, OfferClaims, OfferSecret},
    secret::SecretText,
    tax::Category,
};
use purser_money::{Currency, Money};
use serde_json::{Value, json};
use support::{Client, Merchant, World, new_key, raw, text};

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
    check("/v1/refunds", json!({}), "malformed-request", "item");
    check("/v1/transfers", json!({}), "malformed-request", "to");
    check("/v1/transfers", json!({ "to": "x" }), "malformed-request", "amount");
    check(
        "/v1/transfers",
        json!({ "to": "x", "amount": { "amount": "1" } }),
        "malformed-request",
        "amount.currency",
    );
    check("/v1/vault/loads", json!({ "amount": {} }), "malformed-request", "amount.amount");
    check("/v1/purchases", json!({}), "malformed-request", "offers");
    check("/v1/refunds", json!(["x"]), "malformed-request", "");
    let fee = json!({ "name": "N", "country": "DE", "fee_percent": "100.1" });
    let fee = world.operator.post("/v1/merchants", None, &fee);
    fee.problem(400, "malformed-request");
    assert_eq!(fee.body["field"], "fee_percent");
}

/// The clock of the tests is in 2024, when Bulgaria has no euro yet and Croatia has.
#[test]
fn nothing_new_is_priced_in_what_the_euro_replaced() {
    let world = World::on_sqlite();
    let (shop, buyer) = (world.merchant("DE"), world.buyer());
    let refused = |currency: &str| {
        let price = json!({ "amount": "1.00", "currency": currency });
        let check = |client: &Client, path: &str, body: Value, field: &str| {
            let answer = client.post(path, Some(&new_key()), &body);
            answer.problem(400, "unknown-currency");
            assert_eq!(answer.body["field"], field, "{path}");
        };
        let item = json!({ "id": "x", "title": "X" });
        let offer = json!({ "item": item, "price": price });
        check(&shop.client, "/v1/offers", offer, "price.currency");
        let signed = signed_by(&shop, &world, currency);
        check(
            &buyer.client,
            "/v1/quotes",
            json!({ "offers": [signed], "country": "DE" }),
            "offers[0].price.currency",
        );
        let batch = json!({ "count": 1, "face": price });
        check(&world.operator, "/v1/card-batches", batch, "face.currency");
        let card = json!({ "face": price, "uid": "04112233445566" });
        check(&world.operator, "/v1/smart-cards", card, "face.currency");
    };
    for currency in ["DEM", "HRK", "ITL"] {
        refused(currency);
    }
    let pay = json!({ "to": buyer.handle, "amount": { "amount": "1.00", "currency": "DEM" } });
    buyer.client.post("/v1/transfers", Some(&new_key()), &pay).problem(400, "unknown-currency");
    shop.offer("1.00", "BGN");
    world.set_clock("2026-01-01T00:00:00Z");
    let price = json!({ "amount": "1.00", "currency": "BGN" });
    let batch = json!({ "count": 1, "face": price });
    world.operator.post("/v1/card-batches", None, &batch).problem(400, "unknown-currency");
}

/// An offer that the merchant signs itself, without a look at what is in it.
fn signed_by(shop: &Merchant, world: &World, currency: &str) -> String {
    let now_s = world.gateway.now().as_second();
    let claims = OfferClaims {
        iss: shop.id.parse().unwrap(),
        aud: world.gateway.issuer.clone(),
        jti: "1".to_owned(),
        iat: now_s,
        exp: now_s + 600,
        item: ItemClaims {
            id: "x".to_owned(),
            title: "X".to_owned(),
            category: Category::General,
            url: None,
        },
        price: Money::new(100, Currency::parse(currency).unwrap()),
        tax_inclusive: false,
        single_use: false,
        refund_window_days: None,
        return_url: None,
    };
    let secret = OfferSecret::new(SecretText::new(shop.secret.clone())).unwrap();
    claims.sign_hs256(&shop.kid, &secret).unwrap()
}

/// What an HTTP library would never send, byte by byte.
#[test]
fn what_no_library_sends_is_refused_as_a_problem() {
    let world = World::on_sqlite();
    let check = |request: &str, status: &str, name: &str| {
        let request = request.replace('\n', "\r\n");
        let answer = raw(&world.base, request.as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let shown = request.chars().take(80).collect::<String>();
        assert!(head.contains(&format!(" {status} ")), "{shown:?}: {answer}");
        assert!(head.contains("content-type: application/problem+json"), "{shown:?}: {answer}");
        let document: Value = serde_json::from_str(body).unwrap();
        let found = text(&document, "/type").rsplit('/').next().unwrap().to_owned();
        assert_eq!(found, name, "{shown:?}: {answer}");
        assert_eq!(document["status"].to_string(), status);
        assert!(text(&document, "/request_id").starts_with("req_"));
        head.to_owned()
    };
    let host = "Host: x\nConnection: close\n";
    let post = |length: usize, body: &str| {
        format!("POST /v1/sessions HTTP/1.1\n{host}Content-Length: {length}\n\n{body}")
    };
    let allow = |head: &str, methods: &str| {
        assert!(head.contains(&format!("allow: {methods}")), "{head}");
    };
    check(&format!("GET /nowhere HTTP/1.1\n{host}\n"), "404", "not-found");
    check(&format!("GET /v1/%zz HTTP/1.1\n{host}\n"), "404", "not-found");
    check(
        &format!("GET /problems/%FF HTTP/1.1\n{host}Accept: application/json\n\n"),
        "404",
        "not-found",
    );
    check(&format!("GET /{} HTTP/1.1\n{host}\n", "x".repeat(20_000)), "404", "not-found");
    check("GET /nowhere HTTP/1.0\n\n", "404", "not-found");
    check("POST /v1/sessions HTTP/1.0\nContent-Length: 0\n\n", "400", "malformed-request");
    let head = check(&format!("PUT /v1/sessions HTTP/1.1\n{host}\n"), "405", "method-not-allowed");
    allow(&head, "POST");
    let head =
        check(&format!("BREW /v1/purchases HTTP/1.1\n{host}\n"), "405", "method-not-allowed");
    allow(&head, "GET, POST");
    let head =
        check(&format!("DELETE /openapi.json HTTP/1.1\n{host}\n"), "405", "method-not-allowed");
    allow(&head, "GET");
    check(&post(0, ""), "400", "malformed-request");
    check(&post(5, "<xml>"), "400", "malformed-request");
    check(&post(600_000, &"x".repeat(600_000)), "413", "request-too-large");
    let chunk = format!("80000\n{}\n", "x".repeat(0x80000));
    let chunked = format!(
        "POST /v1/sessions HTTP/1.1\n{host}Transfer-Encoding: chunked\n\n{chunk}{chunk}0\n\n"
    );
    check(&chunked, "413", "request-too-large");
    let encoded =
        "Content-Type: application/json\nContent-Encoding: gzip\nContent-Length: 3\n\nxyz";
    check(&format!("POST /v1/sessions HTTP/1.1\n{host}{encoded}"), "400", "malformed-request");

    let not_utf8 =
        [post(11, "").replace('\n', "\r\n").into_bytes(), b"{\"email\":\"\xFF".to_vec()].concat();
    let answer = raw(&world.base, &not_utf8);
    assert!(answer.contains(" 400 ") && answer.contains("malformed-request"), "{answer}");
    // What is no HTTP at all reaches no handler: it gets a status, and the connection ends.
    for broken in [
        "POST /v1/sessions HTTP/1.1\nHost: x\nContent-Length: 2\nContent-Length: 3\n\n{}",
        "POST /v1/sessions HTTP/1.1\nHost: x\nContent-Length: -1\n\n{}",
        "POST /v1/sessions HTTP/1.0\n\n",
        "GET / HTTP/9.9\n\n",
        "nonsense\n\n",
    ] {
        let answer = raw(&world.base, broken.replace('\n', "\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{broken:?}: {answer}");
    }
    world.check();
}
