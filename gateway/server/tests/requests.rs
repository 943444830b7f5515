//! How requests are read and answered, whatever they are about: keys, methods, bodies, lists and problems.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::cell::Cell;

use purser::{
    app::intent::{Making, carry_out},
    problem,
    random::id_bits,
};
use purser_core::{command::Command, ids::CardId, stock::BlockCard};
use serde_json::{Value, json};
use support::{Client, World, text};

on_both_databases! {
    fn lists_are_cut_as_they_are_asked_for(world: &World) {
        let shop = world.merchant("DE");
        world.merchant("FR");
        for _ in 0..2 {
            shop.client.post("/v1/offer-keys", None, &json!({ "alg": "HS256" })).ok(201);
            shop.client.post("/v1/api-keys", None, &json!({ "scopes": ["offers"] })).ok(201);
        }
        let ids = |page: &Value| -> Vec<String> {
            let rows = page["data"].as_array().unwrap().iter();
            rows.map(|row| row["id"].as_str().or(row["kid"].as_str()).unwrap().to_owned()).collect()
        };
        for (who, list) in [
            (&world.operator, "/v1/merchants"), (&world.operator, "/v1/plugins"),
            (&shop.client, "/v1/offer-keys"), (&shop.client, "/v1/api-keys"),
        ] {
            let whole = ids(&who.get(list).ok(200));
            assert!(whole.len() >= 2, "{list}");
            let first = who.get(&format!("{list}?limit=1")).ok(200);
            assert_eq!((ids(&first), text(&first, "/next")), (whole[..1].to_vec(), whole[0].clone()), "{list}");
            let rest = who.get(&format!("{list}?limit=100&after={}", whole[0])).ok(200);
            assert_eq!((ids(&rest), &rest["next"]), (whole[1..].to_vec(), &Value::Null), "{list}");
            assert_eq!(ids(&who.get(&format!("{list}?after=unknown")).ok(200)), Vec::<String>::new(), "{list}");
            for wrong in ["limit=0", "limit=101", "limit=x", "page=1"] {
                who.get(&format!("{list}?{wrong}")).problem(400, "malformed-request");
            }
        }
    }

    /// An operator who swaps plugins back and forth changes the facts ten times in a second, and no purchase fails for
    /// it: so one is prepared again twenty times, and only then given up.
    fn a_stale_command_is_prepared_twenty_times_again(world: &World) {
        let (gateway, prepared) = (&world.gateway, Cell::new(0));
        // Whenever it is prepared, somebody changes the facts.
        let prepare = |_: Making| {
            prepared.set(prepared.get() + 1);
            async move {
                gateway.store.change_facts(|_| Ok(())).await.unwrap();
                Ok(Command::BlockCard(BlockCard { card: CardId::from_random(id_bits()) }))
            }
        };
        let carried = carry_out(gateway, None, gateway.store.facts_version(), prepare);
        let refused = actix_web::rt::System::new().block_on(carried).unwrap_err();
        assert_eq!((refused.kind, prepared.get()), (problem::OVERLOADED, 21));
    }
}

#[test]
fn calls_that_take_no_body_take_no_other() {
    let world = World::on_sqlite();
    let face = json!({ "amount": "1.00", "currency": "USD" });
    let batch = world.operator.post("/v1/card-batches", None, &json!({ "count": 1, "face": face }));
    let card = text(&batch.ok(201), "/cards/0/id");
    let plugins = world.operator.get("/v1/plugins").ok(200);
    let plugin = text(&plugins, "/data/0/id");
    for call in [format!("/v1/smart-cards/{card}/block"), format!("/v1/plugins/{plugin}/disable")] {
        let refused = world.operator.post(&call, None, &json!({ "x": 1 }));
        refused.problem(400, "malformed-request");
        assert_eq!(refused.body["field"], "x", "{call}");
        world.operator.post_bytes(&call, b"").ok(200);
    }
}

#[test]
fn a_key_is_ignored_where_none_is_needed() {
    let world = World::on_sqlite();
    let (shop, buyer) = (world.merchant("DE"), world.buyer());
    let send = |client: &Client, method: &str, path: &str, body: &Value| {
        client
            .send(
                method,
                path,
                Some("no good key"),
                body.to_string().as_bytes(),
                "application/json",
            )
            .ok(200)
    };
    send(&buyer.client, "GET", "/v1/vault", &json!({}));
    send(&shop.client, "GET", "/v1/merchant", &json!({}));
    send(&world.operator, "GET", "/v1/check", &json!({}));
    let quote = json!({ "offers": [shop.offer("1.00", "USD")] });
    send(&buyer.client, "POST", "/v1/quotes", &quote);
}

#[test]
fn head_is_answered_where_get_is_and_without_a_body() {
    let world = World::on_sqlite();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let buyer = world.buyer();
    let session = world.sign_in(&buyer.login).ok(200);
    let head = |path: &str, expected: u16| {
        let request = agent.head(format!("{}{path}", world.base));
        let request =
            request.header("Authorization", format!("Bearer {}", text(&session, "/access_token")));
        let mut answer = request.call().unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{path}");
        assert_eq!(answer.body_mut().read_to_string().unwrap(), "", "{path}");
        answer.headers().clone()
    };
    let length =
        |headers: &ureq::http::HeaderMap| headers["content-length"].to_str().unwrap().to_owned();
    assert_eq!(length(&head("/healthz", 200)), "3");
    for path in
        ["/readyz", "/openapi.json", "/v1/gateway", "/v1/vault", "/v1/transactions", "/docs"]
    {
        assert_ne!(length(&head(path, 200)), "0", "{path}");
    }
    assert_eq!(head("/v1/transactions/stream", 200)["content-type"], "text/event-stream");
    head("/v1/nowhere", 404);
    head("/v1/merchant", 401);
    assert_eq!(head("/v1/quotes", 405)["allow"], "POST");
}

#[test]
fn problems_are_whole_and_every_answer_has_an_id() {
    let world = World::on_sqlite();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let header = |answer: &ureq::http::Response<ureq::Body>, name: &str| {
        answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let get = |path: &str| agent.get(format!("{}{path}", world.base)).call().unwrap();
    assert!(header(&get("/v1/gateway"), "x-request-id").is_some());
    let check = |mut answer: ureq::http::Response<ureq::Body>, status: u16, name: &str| {
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(header(&answer, "content-type").as_deref(), Some("application/problem+json"));
        let id = header(&answer, "x-request-id").unwrap();
        let body: Value = answer.body_mut().read_json().unwrap();
        assert_eq!(body["type"], format!("{}/problems/{name}", world.base));
        assert_eq!((&body["status"], &body["request_id"]), (&json!(status), &json!(id)));
        assert!(body["title"].is_string() && body["detail"].is_string());
    };
    check(get("/v1/nowhere"), 404, "not-found");
    check(get("/v1/vault"), 401, "not-authenticated");
    assert_eq!(header(&get("/v1/vault"), "www-authenticate").as_deref(), Some("Bearer"));
    let wrong_method = || agent.delete(format!("{}/v1/purchases", world.base)).call().unwrap();
    assert_eq!(header(&wrong_method(), "allow").as_deref(), Some("GET, HEAD, POST"));
    assert_eq!(wrong_method().status().as_u16(), 405);
}

#[test]
fn an_idempotency_key_is_one_word_of_visible_characters() {
    let world = World::on_sqlite();
    let buyer = world.buyer();
    let body = json!({ "item": "item_unknown" });
    buyer.client.post("/v1/refunds", None, &body).problem(400, "idempotency-key-missing");
    for key in ["", "two words", &"k".repeat(256)] {
        let answer = buyer.client.post("/v1/refunds", Some(key), &body);
        answer.problem(400, "malformed-request");
        assert_eq!(answer.body["field"], "Idempotency-Key");
    }
    buyer.client.post("/v1/refunds", Some(&"k".repeat(255)), &body).problem(422, "not-purchased");
}
