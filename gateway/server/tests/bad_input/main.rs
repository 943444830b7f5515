//! For every field of every call of the served document: wrong types, wrong forms, too much, nothing at all. Always
//! a 4xx that names the field, never a 5xx, and nothing moves.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod books;
mod calls;
mod frame;
mod schema;
#[path = "../support/mod.rs"]
mod support;
mod tender;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::{
    books::Books,
    calls::{Call, Cast},
    schema::{Field, Wrong},
    support::{Answer, Client, World, new_key, text},
};

/// The problem's name, behind its `type`.
fn name(answer: &Answer) -> &str {
    answer.body["type"].as_str().and_then(|uri| uri.rsplit('/').next()).unwrap_or("none")
}

/// Answers that are not as they should be: all of them are told together.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    /// The answer is to be a 4xx that is a problem document, and names `field` unless nothing can be named.
    fn look(&mut self, answer: &Answer, field: Option<&str>, about: &str) {
        let (status, named) = (answer.status, answer.body["field"].as_str());
        let is_problem = (400..500).contains(&status) && answer.body["status"] == status;
        let is_named = field.is_none_or(|field| {
            let behind = named.and_then(|named| named.strip_prefix(field));
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(['.', '[']))
        });
        if !(is_problem && is_named) {
            let about: String = about.chars().take(160).collect();
            let body: String = answer.body.to_string().chars().take(300).collect();
            self.0.push(format!("{about}: {status} {body}"));
        }
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        let shown = self.0.iter().take(100).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.0.is_empty() || std::thread::panicking(), "{} faults:\n{shown}", self.0.len());
    }
}

impl Call {
    fn send(&self, body: &str) -> Answer {
        self.who.send(
            self.method,
            &self.path,
            Some(&new_key()),
            body.as_bytes(),
            "application/json",
        )
    }
}

/// The served document.
fn document(world: &World) -> Value {
    world.anyone().get("/openapi.json").ok(200)
}

/// Each operation: its method, its path, and what the document says of it.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let each = item.as_object().unwrap().clone();
        let each =
            each.into_iter().map(|(method, what)| (method.to_uppercase(), path.clone(), what));
        each.collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

/// What the body of an operation is, where it is JSON.
fn body_of(operation: &Value) -> Option<&Value> {
    operation.pointer("/requestBody/content/application~1json/schema")
}

/// The examples show every field of every call in the document, so that none is forgotten.
fn check_examples(document: &Value, calls: &[Call]) {
    for (method, path, operation) in operations(document) {
        let Some(schema) = body_of(&operation) else { continue };
        let (mut all, mut shown) = (BTreeSet::new(), BTreeSet::new());
        schema::places(document, schema, "", &mut all);
        for call in calls.iter().filter(|call| call.method == method && call.route == path) {
            let fields = schema::fields(document, schema, &call.body);
            shown.extend(fields.iter().map(schema::place));
        }
        assert_eq!(shown, all, "examples of {method} {path}");
    }
}

fn schema_of<'a>(operations: &'a [(String, String, Value)], call: &Call) -> &'a Value {
    let found =
        operations.iter().find(|(method, path, _)| method == call.method && path == call.route);
    body_of(&found.expect("an operation of the document").2).expect("a body of JSON")
}

/// Tries everything wrong in one field.
fn try_field(call: &Call, field: &Field, faults: &mut Faults) {
    let at = format!("{} {} with {}", call.method, call.path, field.name);
    for Wrong { raw, is_text } in schema::wrong(field, &call.body, call.takes_zero()) {
        let answer = call.send(&schema::with(&call.body, field, &raw));
        let about = format!("{at} = {raw}");
        match call.guess(&field.name).filter(|_| is_text) {
            Some(problem) if name(&answer) == problem => faults.look(&answer, None, &about),
            _ => faults.look(&answer, Some(&field.name), &about),
        }
    }
    if field.required {
        let answer = call.send(&schema::without(&call.body, field).to_string());
        // Without a recovery code it is the other way, which is for those who are signed in.
        let other_way = field.name == "recovery_code" && answer.status == 401;
        let named = (!other_way).then_some(field.name.as_str());
        faults.look(&answer, named, &format!("{at} left out"));
    }
}

/// Tries what is wrong with the whole body.
fn try_body(call: &Call, faults: &mut Faults) {
    let at = format!("{} {}", call.method, call.path);
    let mut extra = call.body.clone();
    extra["surprise"] = json!(1);
    faults.look(&call.send(&extra.to_string()), Some("surprise"), &format!("{at} with more"));
    for broken in ["{", "[]", "null", "7", "\"x\"", "{\"a\":1}{}", "\u{feff}{}", "{}}"] {
        faults.look(&call.send(broken), None, &format!("{at} with {broken:?}"));
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    faults.look(&call.send(&deep), None, &format!("{at} with a deep body"));
    let huge = call.send(&" ".repeat(1 << 20));
    assert_eq!(huge.status, 413, "{at} with a huge body: {huge:?}");
}

on_both_databases! {
    /// Every field of every call of the served document.
    fn no_field_takes_the_wrong_thing(world: &World) {
        let (document, cast) = (document(world), Cast::of(world));
        let (operations, calls) = (operations(&document), calls::all(world, &cast));
        check_examples(&document, &calls);
        let (before, mut faults) = (Books::of(world, &cast), Faults::default());
        for call in &calls {
            try_body(call, &mut faults);
            for field in schema::fields(&document, schema_of(&operations, call), &call.body) {
                try_field(call, &field, &mut faults);
            }
        }
        drop(faults);
        assert_eq!(Books::of(world, &cast), before, "nothing moves");
        world.check();
        // What was tried was wrong in one field each: the examples themselves are taken.
        for call in &calls {
            let answer = call.send(&call.body.to_string());
            assert!(answer.status < 300, "{} {}: {answer:?}", call.method, call.path);
        }
    }

    /// Calls that need no body know no field, and no address takes what is no id.
    fn what_needs_no_body_takes_none_and_no_id_is_malformed(world: &World) {
        let (document, cast) = (document(world), Cast::of(world));
        let (before, mut faults) = (Books::of(world, &cast), Faults::default());
        let ids = ["x", "%00", "%FF", "item_%00", "-1", "1e400", "NaN", "%F0%9F%92%B6", &"x".repeat(5_000)];
        for (method, route, operation) in of_the_api(&document) {
            let who = who_asks(world, &cast, &operation);
            let send = |path: &str, body: &str| {
                who.send(&method, path, Some(&new_key()), body.as_bytes(), "application/json")
            };
            let bare = method == "POST" && operation.get("requestBody").is_none();
            for id in ids.iter().filter(|_| route.contains('{')) {
                let path = fill(&route, id);
                faults.look(&send(&path, "{}"), None, &format!("{method} {path}"));
            }
            if bare {
                let path = fill(&route, &calls::plugin(world, "tax-eu"));
                let surprised = send(&path, "{\"surprise\":1}");
                faults.look(&surprised, Some("surprise"), &format!("{method} {path}"));
                for broken in ["{", "[]", "null", "7"] {
                    faults.look(&send(&path, broken), None, &format!("{method} {path} {broken}"));
                }
            }
            let keyed = operation["parameters"].as_array().is_some_and(|parameters| {
                parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key" && parameter["required"] == true)
            });
            if keyed {
                let path = fill(&route, "x");
                let unkeyed = who.send(&method, &path, None, b"{}", "application/json");
                unkeyed.problem(400, "idempotency-key-missing");
                assert_eq!(unkeyed.body["field"], "Idempotency-Key");
            }
        }
        assert_eq!(Books::of(world, &cast), before, "nothing moves");
    }

    /// What stands behind the question mark, in every call of the served document.
    fn no_query_takes_the_wrong_thing(world: &World) {
        let (document, cast, mut faults) = (document(world), Cast::of(world), Faults::default());
        for (method, route, operation) in of_the_api(&document) {
            let who = who_asks(world, &cast, &operation);
            let path = fill(&route, &calls::plugin(world, "tax-eu"));
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
                let name = text(parameter, "/name");
                let mut values = vec!["x".repeat(5_000), "%00".into(), "x%07".into()];
                if parameter["schema"]["type"].to_string().contains("integer") {
                    values.extend(["", "0", "-1", "101", "1.5", "1e400", "NaN", "x"].map(str::to_owned));
                }
                for value in values {
                    let path = format!("{path}?{name}={value}");
                    let answer = who.send(&method, &path, None, b"", "application/json");
                    faults.look(&answer, Some(&name), &format!("{method} {path}"));
                }
            }
        }
    }

    /// What is no JSON but a file.
    fn no_file_but_the_right_one_is_taken(world: &World) {
        let cast = Cast::of(world);
        let (before, mut faults) = (Books::of(world, &cast), Faults::default());
        for bytes in [&b""[..], b"\0", b"{}", b"<xml/>", b"NaN", &[0xff; 1000]] {
            for path in ["/v1/rates?feed=ecb-daily", "/v1/plugins"] {
                faults.look(&world.operator.post_bytes(path, bytes), None, path);
            }
        }
        world.operator.post_bytes("/v1/rates?feed=ecb-daily", &[b' '; 2 << 20]).problem(413, "request-too-large");
        world.operator.post_bytes("/v1/plugins", &[0; 40 << 20]).problem(413, "request-too-large");
        assert_eq!(Books::of(world, &cast), before, "nothing moves");
    }
}

/// What is not a page for people.
fn of_the_api(document: &Value) -> Vec<(String, String, Value)> {
    let all = operations(document).into_iter();
    all.filter(|(_, path, _)| path.starts_with("/v1/")).collect()
}

/// Whoever the document says may ask.
fn who_asks(world: &World, cast: &Cast, operation: &Value) -> Client {
    match operation["security"].to_string() {
        who if who.contains("operator") => world.operator.clone(),
        who if who.contains("merchant") => cast.shop.client.clone(),
        who if who.contains("buyer") => cast.buyer.client.clone(),
        _ => world.anyone(),
    }
}

/// The path with `id` in each of its places.
fn fill(route: &str, id: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { id.to_owned() } else { part.to_owned() };
    route.split('/').map(part).collect::<Vec<_>>().join("/")
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
