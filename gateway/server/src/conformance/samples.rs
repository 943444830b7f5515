//! What every plugin is asked, whatever it is for: large, small, odd and hostile arguments.

use purser_host::Role;
use purser_money::{Currency, Money};
use serde_json::{Value, json};

use super::marks;

/// An argument that a plugin must survive: by an answer or a refusal, never by a fault.
pub(super) struct Sample {
    /// For people.
    pub(super) name: &'static str,
    /// The function, as the contract names it.
    pub(super) function: &'static str,
    /// Its arguments.
    pub(super) input: Value,
}

/// The arguments for a role. `place` is a country or currency that the plugin covers.
pub(super) fn of(role: Role, place: &str) -> Vec<Sample> {
    match role {
        Role::Tax => tax(place),
        Role::Currency => currency(),
        Role::Stamps => marks::samples(place),
        Role::Webhook => webhook(),
    }
}

fn tax(country: &str) -> Vec<Sample> {
    let sample = |name, input| Sample { name, function: "assess", input: json!({ "sale": input }) };
    let line = |minor: i64, currency: &str, category: &str| {
        json!({
            "id": 1, "category": category, "quantity": 1, "tax-inclusive": false, "attributes": [],
            "amount": { "minor": minor, "currency": currency },
        })
    };
    let sale = |country: &str, date: &str, lines: Value| {
        json!({
            "date": date, "currency": "EUR", "seller": { "country": country }, "registrations": [],
            "buyer": { "country": country }, "lines": lines, "attributes": [],
        })
    };
    let today = "2026-01-15";
    let check = |name, country: &str, number: String| Sample {
        name,
        function: "check-tax-id",
        input: json!({ "country": country, "number": number }),
    };
    vec![
        sample("no lines", sale(country, today, json!([]))),
        sample(
            "the largest amount",
            sale(country, today, json!([line(i64::MAX, "EUR", "general")])),
        ),
        sample("a negative amount", sale(country, today, json!([line(-1, "EUR", "general")]))),
        sample(
            "another currency in a line",
            sale(country, today, json!([line(100, "USD", "general")])),
        ),
        sample("an unknown currency", sale(country, today, json!([line(100, "\u{0}", "general")]))),
        sample("an unknown category", sale(country, today, json!([line(100, "EUR", "moon-dust")]))),
        sample("an unknown country", sale("ZZ", today, json!([line(100, "EUR", "general")]))),
        sample(
            "a country that is no code",
            sale("\u{202e}\u{0}", today, json!([line(100, "EUR", "general")])),
        ),
        sample("the first day", sale(country, "0001-01-01", json!([line(100, "EUR", "general")]))),
        sample("the last day", sale(country, "9999-12-31", json!([line(100, "EUR", "general")]))),
        sample(
            "a day that is none",
            sale(country, "2026-13-45", json!([line(100, "EUR", "general")])),
        ),
        check("no tax number", country, String::new()),
        check("a long tax number", country, "9".repeat(10_000)),
        check("a tax number of other letters", country, "\u{661}\u{1f4a3}\u{0}".to_owned()),
    ]
}

fn currency() -> Vec<Sample> {
    let feed = |name, bytes: &[u8]| Sample {
        name,
        function: "read-feed",
        input: json!({ "feed": "none", "bytes": data_encoding::BASE64.encode(bytes) }),
    };
    let deep = "<a>".repeat(50_000);
    let convert = |name, minor: i64, from: &str, to: &str, rates: Value| Sample {
        name,
        function: "convert",
        input: json!({
            "amount": { "minor": minor, "currency": from }, "to": to,
            "table": {
                "source": "test", "as-of": "2026-01-15", "base": "EUR", "rates": rates, "attributes": [],
            },
            "policy": { "today": "2026-01-15", "max-age-days": 5, "mode": "down" },
        }),
    };
    let rates = |count: usize| {
        let rows = (0..count).map(
            |index| json!({ "currency": if index == 0 { "USD" } else { "JPY" }, "rate": "1.5" }),
        );
        Value::from(rows.collect::<Vec<_>>())
    };
    vec![
        feed("an empty feed", b""),
        feed("a feed of zeros", &[0; 4096]),
        feed("a feed that is no text", &[0xff, 0xfe, 0x00, 0x3c]),
        feed("a feed that never closes", deep.as_bytes()),
        feed("a feed that refers to itself", b"<!DOCTYPE a [<!ENTITY b \"&b;&b;\">]><a>&b;</a>"),
        convert("a table without rates", 100, "EUR", "USD", json!([])),
        convert("a table of one rate", 100, "EUR", "USD", rates(1)),
        convert("a table of a thousand rates", 100, "EUR", "USD", rates(1000)),
        convert("the largest amount", i64::MAX, "EUR", "USD", rates(2)),
        convert("a negative amount", -100, "EUR", "USD", rates(2)),
        convert("an unknown currency", 100, "EUR", "QQQ", rates(2)),
        convert("a currency that is no code", 100, "\u{0}", "USD", rates(2)),
        convert("a rate of zero", 100, "EUR", "USD", json!([{ "currency": "USD", "rate": "0" }])),
        convert("a negative rate", 100, "EUR", "USD", json!([{ "currency": "USD", "rate": "-1" }])),
        convert(
            "the smallest rate",
            100,
            "USD",
            "EUR",
            json!([{ "currency": "USD", "rate": "0.000000000000000001" }]),
        ),
    ]
}

fn webhook() -> Vec<Sample> {
    let sample = |name, kind: &str, created_at: &str, data: String| Sample {
        name,
        function: "render",
        input: json!({
            "event": { "id": "evt_1", "kind": kind, "created-at": created_at, "data": data, "attributes": [] },
            "endpoint": { "id": "wh_1", "url": "https://shop.example/hooks", "attributes": [] },
        }),
    };
    let today = "2026-01-15T12:00:00Z";
    let item = json!({
        "id": "item_1", "offer_id": "o", "title": "<!channel>\u{202e}\"'&", "taxes": [],
        "price": { "amount": "11.90", "currency": "EUR" }, "gross": { "amount": "11.90", "currency": "EUR" },
    });
    let paid = |items: usize| json!({ "sale": "sale_1", "items": vec![item.clone(); items], "receipt": "a.b.c" });
    vec![
        sample("a purchase", "purchase.paid", today, paid(1).to_string()),
        sample("a purchase of fifty items", "purchase.paid", today, paid(50).to_string()),
        sample("a purchase of nothing", "purchase.paid", today, paid(0).to_string()),
        sample(
            "a refund",
            "refund.made",
            today,
            json!({ "refund": "ref_1", "gross": 5 }).to_string(),
        ),
        sample("an unknown kind", "moon.risen", today, "{}".to_owned()),
        sample("a kind that is none", "\u{0}\r\n", today, "{}".to_owned()),
        sample("a time that is none", "refund.made", "yesterday", "{}".to_owned()),
        sample("data that is no object", "purchase.paid", today, "[1, null]".to_owned()),
        sample("data that is no JSON", "purchase.paid", today, "{".to_owned()),
        sample("no data", "purchase.paid", today, String::new()),
        sample("deep data", "purchase.paid", today, "[".repeat(50_000)),
        sample("much data", "purchase.paid", today, format!("\"{}\"", "x".repeat(200_000))),
    ]
}

/// A price that no rounding leaves whole.
pub(super) fn odd_price(currency: Currency, index: i64) -> Money {
    Money::new(index.saturating_mul(7).saturating_add(333), currency)
}
