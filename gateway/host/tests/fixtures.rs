//! Plugins that were built against a contract that is released go on working, to the byte.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::{fs, path::Path};

use purser_core::{
    money::{Currency, Money},
    place::Place,
    rate::ConversionPolicy,
    tax::{Category, Line, Sale},
};
use purser_host::{ByHandError, CallError, Limits, Plugin, Plugins};
use purser_money::Rounding;
use serde_json::{Value, json};

/// A file, if it is the one that was made when its contract was released.
async fn fixture(name: &str, digest: &str) -> Plugin {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let plugin = plugins.install(fs::read(file).unwrap()).await.unwrap();
    assert_eq!(plugin.digest().to_string(), digest, "{name} is never built again");
    plugin
}

async fn tax() -> Plugin {
    fixture("tax-1.0.0.wasm", TAX).await
}

async fn currency() -> Plugin {
    fixture("currency-1.0.0.wasm", CURRENCY).await
}

const TAX: &str = "f2d562cbfc9909d04cb53d3f8a6c20703c9d89dd7a778636c399312deebb141e";
const CURRENCY: &str = "077c8f2026b151f1f3e6b28fb6f0f5af5fa4e194707b4357d29935a13e0ce9d0";

const STAMPS: &str = "3b5bff9c165b94b08c01626d613ebab6f590eba9cbc65912f788daed31895fc7";
const WEBHOOK: &str = "69c2191d7a76688c58df007139d4e18f415798475d8897b7e5d9459fafc0e49c";

async fn answer(plugin: &Plugin, function: &str, input: Value) -> Value {
    let called = plugin.call_json(function, &input.to_string()).await.unwrap();
    serde_json::from_str(&called.value).unwrap()
}

async fn code(plugin: &Plugin, function: &str, input: Value) -> String {
    match plugin.call_json(function, &input.to_string()).await {
        Err(ByHandError::Call(CallError::Refused(error))) => error.code,
        other => panic!("{other:?}"),
    }
}

fn sale(minor: i64) -> Value {
    json!({
        "date": "2026-01-15", "currency": "EUR",
        "seller": { "country": "DE", "subdivision": "BY" }, "buyer": { "country": "XX", "subdivision": "A1" },
        "registrations": [{ "authority": "XX", "scheme": "vat", "number": "XX1" }],
        "buyer-tax-id": "XX2", "attributes": [["config", "c"]],
        "lines": [{
            "id": 1, "category": "book", "quantity": 2, "amount": { "minor": minor, "currency": "EUR" },
            "tax-inclusive": false, "attributes": [["colour", "red"]],
        }],
    })
}

#[tokio::test]
async fn a_tax_plugin_of_contract_1_reads_and_answers_every_field() {
    let plugin = tax().await;
    let assessed = answer(&plugin, "assess", sale(1005)).await;
    let money = |minor: i64| json!({ "minor": minor, "currency": "EUR" });
    assert_eq!(
        assessed,
        json!({
            "taxes": [{
                "name": "Echo", "jurisdiction": "XX", "authority": "XX", "category": "book", "reason": "standard",
                "rate": "10.0", "base": money(1005), "tax": money(101), "lines": [1],
            }],
            "rounding": { "level": "rate", "mode": "half-up", "decimals": 2, "cash-step": 5 },
            "law": "2026-01-15 DE XX BY A1 XX2 XX vat XX1 config c colour red book 2 net",
        })
    );
    assert_eq!(code(&plugin, "assess", sale(-1)).await, "invalid-amount");
    let number = json!({ "country": "XX", "number": "XX3" });
    let verdict = json!({ "valid": true, "normalized": "XX3", "country": "XX" });
    assert_eq!(answer(&plugin, "check-tax-id", number).await, verdict);
    let totals = json!({
        "authority": "XX", "period": "2026-Q1", "number": "XX1", "attributes": [["config", "c"]],
        "lines": [{
            "jurisdiction": "XX", "category": "book", "reason": "standard", "rate": "10.0",
            "base": money(-1005), "tax": money(-101), "corrects": "2025-Q4",
        }],
    });
    let filed = answer(&plugin, "file-return", totals).await;
    let body = data_encoding::BASE64.decode(filed["body"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        "XX 2026-Q1 XX1 XX book standard 100 1 -1005 -101 2025-Q4 config c"
    );
}

#[tokio::test]
async fn a_tax_plugin_of_contract_1_taxes_a_sale() {
    let eur = Currency::parse("EUR").unwrap();
    let amount = Money::new(1005, eur);
    let sale = Sale {
        date: "2026-01-15".parse().unwrap(),
        currency: eur,
        seller: Place::parse("DE").unwrap(),
        registrations: Vec::new(),
        buyer: Place::parse("XX").unwrap(),
        buyer_tax_id: None,
        lines: vec![Line { category: Category::General, amount, tax_inclusive: false }],
    };
    let called = tax().await.tax().unwrap().assess(&sale).await.unwrap();
    assert_eq!(called.value.assessment.taxes[0].tax, Money::new(101, eur));
}

#[tokio::test]
async fn a_currency_plugin_of_contract_1_reads_and_converts() {
    let plugin = currency().await;
    let currency = plugin.currency().unwrap();
    let feeds = currency.feeds().await.unwrap().value;
    assert_eq!((feeds[0].id.as_str(), feeds[0].every_minutes), ("echo", 60));
    let table = currency.read_feed("echo", b"2026-01-15").await.unwrap().value.remove(0);
    assert_eq!(table.as_of.to_string(), "2026-01-15");
    let (eur, usd) = (Currency::parse("EUR").unwrap(), Currency::parse("USD").unwrap());
    let policy = ConversionPolicy { today: table.as_of, max_age_days: 5, rounding: Rounding::Down };
    let converted = currency.convert(Money::new(1005, eur), usd, &table, &policy).await.unwrap();
    assert_eq!((converted.value.as_of, converted.value.valid_until), (table.as_of, table.as_of));
    assert_eq!(converted.value.source, "echo");
    let none = json!({ "feed": "echo", "bytes": data_encoding::BASE64.encode(&[0xff]) });
    assert_eq!(code(&plugin, "read-feed", none).await, "malformed-request");
}

#[tokio::test]
async fn a_stamps_plugin_of_contract_1_stamps() {
    let plugin = fixture("stamps-1.0.0.wasm", STAMPS).await;
    let here = json!({ "country": "XX", "postcode": "A1 1" });
    let piece = json!({
        "date": "2026-01-15", "mailing-on": "2026-01-16", "origin": here, "destination": here, "weight-g": 18,
        "service": "letter", "attributes": [["config", "c"]],
    });
    let services = answer(&plugin, "services", json!([])).await;
    assert_eq!((&services[0]["id"], &services[0]["valid-days"]), (&json!("letter"), &json!(365)));
    let product = answer(&plugin, "quote", piece.clone()).await[0].clone();
    assert_eq!(product["price"], json!({ "minor": 95, "currency": "EUR" }));
    let order = json!({
        "issuer": "PUR", "key-id": 1, "vendor": 7, "product": product, "mailpiece": piece,
        "expires-on": "2027-01-14", "item-serial": 42, "nonce": data_encoding::BASE64.encode(&[1; 16]),
        "attributes": [],
    });
    let registers = json!({ "piece-counter": 42, "ascending": 95_000, "descending": 5_000 });
    let reply = json!({ "status": 200, "headers": [["x", "y"]], "body": "" });
    let draft = json!({ "order": order, "registers": registers, "replies": [reply] });
    let unsigned = answer(&plugin, "draft", draft).await["done"].clone();
    assert_eq!(unsigned["serial"], "7-42");
    let signature = data_encoding::BASE64.encode(&[7; 64]);
    let mark =
        answer(&plugin, "assemble", json!({ "unsigned": unsigned, "signature": signature })).await;
    let claims = answer(&plugin, "read", json!({ "indicium": mark["bytes"] })).await;
    assert_eq!((&claims["piece-counter"], &claims["value"]), (&json!(42), &json!(95_000)));
    assert_eq!(claims["signature"], signature);
    let none = json!({ "indicium": "" });
    assert_eq!(code(&plugin, "read", none).await, "indicium-unreadable");
    assert!(plugin.stamps().is_some());
}

#[tokio::test]
async fn a_webhook_plugin_of_contract_1_tells() {
    let plugin = fixture("webhook-1.0.0.wasm", WEBHOOK).await;
    let event = |kind: &str| {
        json!({
            "event": {
                "id": "evt_1", "kind": kind, "created-at": "2026-01-15T12:00:00Z", "data": "{}",
                "attributes": [["a", "b"]],
            },
            "endpoint": { "id": "whe_1", "url": "https://shop.example/hooks", "attributes": [] },
        })
    };
    let told = answer(&plugin, "render", event("purchase.paid")).await;
    let body = data_encoding::BASE64.encode(br#"{"event":"evt_1","kind":"purchase.paid"}"#);
    assert_eq!(
        told,
        json!([{
            "method": "post", "url": "https://shop.example/hooks", "body": body, "signing": "standard-webhooks",
            "headers": [["content-type", "application/json"]],
        }])
    );
    assert_eq!(answer(&plugin, "render", event("refund.made")).await, json!([]));
    assert!(plugin.webhook().is_some());
}
