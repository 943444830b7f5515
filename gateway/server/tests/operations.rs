//! What operators and merchants do, and what everybody may see, on both databases.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use serde_json::{Value, json};
use support::{Client, World, at_once, new_key, text};

/// A merchant whose key is known here.
fn merchant_key(world: &World) -> (String, String) {
    let body = json!({ "name": "Shop", "country": "DE" });
    let made = world.operator.post("/v1/merchants", None, &body).ok(201);
    (text(&made, "/id"), text(&made, "/secret_key"))
}

fn offer_body(amount: &str) -> Value {
    json!({
        "item": { "id": "thing", "title": "A thing" }, "price": { "amount": amount, "currency": "USD" },
    })
}

on_both_databases! {
    fn keys_rotate_and_end(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let old = shop.offer("1.00", "USD");
        let made = shop.client.post("/v1/offer-keys", None, &json!({ "alg": "HS256" })).ok(201);
        assert!(text(&made, "/secret").len() >= 32);
        let new = shop.offer("2.00", "USD");
        buyer.buy(&[&old, &new]).ok(201);
        shop.client.delete(&format!("/v1/offer-keys/{}", shop.kid)).ok(204);
        buyer.buy(&[&old]).problem(422, "offer-tampered");
        buyer.buy(&[&new]).ok(201);
        let keys = shop.client.get("/v1/offer-keys").ok(200);
        assert_eq!(keys["data"].as_array().unwrap().len(), 1);
        assert!(keys.pointer("/data/0/secret").is_none(), "shown once");
        shop.client.delete("/v1/offer-keys/nonsense").problem(404, "not-found");
        world.merchant("FR").client.delete(&format!("/v1/offer-keys/{}", text(&made, "/kid"))).problem(404, "not-found");
    }

    fn a_key_does_what_its_scopes_allow_and_makes_no_stronger_one(world: &World) {
        let shop = world.merchant("DE");
        let keys = |client: &Client, scopes: &[&str]| client.post("/v1/api-keys", None, &json!({ "scopes": scopes }));
        let made = keys(&shop.client, &["offers", "keys"]).ok(201);
        let weak = Client::new(&world.base, Some(&text(&made, "/key")));
        weak.post("/v1/offers", None, &offer_body("1.00")).ok(201);
        weak.get("/v1/sales").problem(403, "scope-missing");
        keys(&weak, &["sales:read"]).problem(403, "scope-missing");
        keys(&shop.client, &["root"]).problem(400, "malformed-request");
        shop.client.delete(&format!("/v1/api-keys/{}", text(&made, "/id"))).ok(204);
        weak.post("/v1/offers", None, &offer_body("1.00")).problem(401, "not-authenticated");
        let past = json!({ "scopes": ["offers"], "expires_at": "2024-06-28T11:00:00Z" });
        shop.client.post("/v1/api-keys", None, &past).problem(400, "malformed-request");
        let soon = json!({ "scopes": ["offers"], "expires_at": "2024-06-28T13:00:00Z" });
        let ending = text(&shop.client.post("/v1/api-keys", None, &soon).ok(201), "/key");
        let ending = Client::new(&world.base, Some(&ending));
        ending.post("/v1/offers", None, &offer_body("1.00")).ok(201);
        world.set_clock("2024-06-28T13:00:00Z");
        ending.post("/v1/offers", None, &offer_body("1.00")).problem(401, "not-authenticated");
        shop.client.get("/v1/merchants").problem(401, "not-authenticated");
    }

    fn a_key_that_ends_makes_none_that_ends_later(world: &World) {
        let shop = world.merchant("DE");
        let make = |client: &Client, end: Option<&str>| {
            let body = json!({ "scopes": ["keys"], "expires_at": end });
            client.post("/v1/api-keys", None, &body)
        };
        let end = "2024-06-28T13:00:00Z";
        let made = make(&shop.client, Some(end)).ok(201);
        let ending = Client::new(&world.base, Some(&text(&made, "/key")));
        for later in [None, Some("2024-06-28T13:00:00.000001Z"), Some("2025-01-01T00:00:00Z")] {
            let refused = make(&ending, later);
            refused.problem(400, "malformed-request");
            assert_eq!(refused.body["field"], "expires_at");
            assert!(text(&refused.body, "/detail").contains(end), "{refused:?}");
        }
        let heir = Client::new(&world.base, Some(&text(&make(&ending, Some(end)).ok(201), "/key")));
        make(&heir, None).problem(400, "malformed-request");
        make(&shop.client, None).ok(201);
    }

    fn a_batch_is_printed_once_for_each_key(world: &World) {
        let print = |count: u32| json!({ "count": count, "face": { "amount": "20.00", "currency": "USD" } });
        let (operator, key) = (world.operator.clone(), new_key());
        let of_key = key.clone();
        let answers = at_once(4, move |_| operator.post("/v1/card-batches", Some(&of_key), &print(3)));
        let (made, told): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!((made.len(), told.len()), (1, 3), "{told:?}");
        let batch = text(&made[0].body, "/id");
        for answer in told {
            answer.problem(409, "batch-printed-before");
            assert_eq!(text(&answer.body, "/batch"), batch);
        }
        let again = |count, key: Option<&str>| world.operator.post("/v1/card-batches", key, &print(count));
        again(3, Some(&key)).problem(409, "batch-printed-before");
        again(4, Some(&key)).problem(422, "idempotency-key-reused");
        assert_ne!(text(&again(3, Some(&new_key())).ok(201), "/id"), batch);
        assert_ne!(text(&again(3, None).ok(201), "/id"), batch, "without a key each is another intent");
        again(3, Some("no good key")).problem(400, "malformed-request");
        world.check();
    }

    fn what_cannot_be_bought_is_not_signed(world: &World) {
        let shop = world.merchant("DE");
        let refused = |change: &dyn Fn(&mut Value), field: &str| {
            let mut body = offer_body("1.00");
            change(&mut body);
            let answer = shop.client.post("/v1/offers", None, &body);
            assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{:#}", answer.body);
        };
        refused(&|body| body["price"]["amount"] = "0".into(), "price.amount");
        refused(&|body| body["price"]["currency"] = "XXX".into(), "price.currency");
        refused(&|body| body["item"]["category"] = "moon-dust".into(), "item.category");
        refused(&|body| body["item"]["title"] = "".into(), "item.title");
        refused(&|body| body["expires_in"] = 0.into(), "expires_in");
        refused(&|body| body["refund_window_days"] = 4000.into(), "refund_window_days");
        refused(&|body| body["return_url"] = "https://elsewhere.example/".into(), "return_url");
        refused(&|body| body["colour"] = "red".into(), "colour");
    }

    fn a_merchant_gives_money_back_of_its_own_accord(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let mut offer = offer_body("10.00");
        offer["refund_window_days"] = 0.into();
        let purchase = buyer.buy(&[&shop.offer_of(&offer)]).ok(201);
        let item = text(&purchase, "/items/0/id");
        buyer.refund(&item).problem(409, "refund-window-closed");
        let (path, key) = (format!("/v1/sales/{item}/refund"), new_key());
        let first = shop.client.post(&path, Some(&key), &json!({})).ok(201);
        assert_eq!(first["amount"], json!({ "amount": "11.90", "currency": "USD" }));
        assert_eq!(shop.client.post(&path, Some(&key), &json!({})).ok(201), first, "the same key, the same answer");
        shop.client.post(&path, Some(&new_key()), &json!({})).problem(409, "already-refunded");
        shop.client.post(&path, None, &json!({})).problem(400, "idempotency-key-missing");
        let stranger = world.merchant("FR");
        stranger.client.post(&path, Some(&new_key()), &json!({})).problem(404, "not-found");
        assert_eq!(buyer.balance(), "100.00");
        let vault = buyer.client.get("/v1/vault").ok(200);
        assert_eq!(vault["refund_account"]["count"], 0, "outside the refund account");
        let sale = shop.client.get(&format!("/v1/sales/{item}")).ok(200);
        assert_eq!((&sale["refunded"], text(&sale, "/fee/amount").as_str()), (&json!(true), "0.10"));
        for absent in ["charged", "purchase", "account", "sub"] {
            assert!(sale.get(absent).is_none(), "{absent} is not the merchant's to know");
        }
        world.check();
    }

    fn a_merchant_who_changes_keys_without_end_stops_nobody_else(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let offer = world.merchant("FR").offer("1.00", "USD");
        let version = || world.gateway.store.facts_version();
        let before = version();
        let make = |path: &str, body: Value| shop.client.post(path, None, &body).ok(201);
        let offer_key = make("/v1/offer-keys", json!({ "alg": "HS256" }));
        let api_key = make("/v1/api-keys", json!({ "scopes": ["offers"] }));
        shop.client.delete(&format!("/v1/api-keys/{}", text(&api_key, "/id"))).ok(204);
        shop.client.delete("/v1/offer-keys/nonsense").problem(404, "not-found");
        assert_eq!(version(), before, "nobody's commands are stale");
        shop.client.delete(&format!("/v1/offer-keys/{}", text(&offer_key, "/kid"))).ok(204);
        assert_eq!(version(), before + 1, "what was signed with it is worth nothing any more");

        // In the sandbox 600 changes in ten minutes. These were three.
        for _ in 0..298 {
            let made = make("/v1/offer-keys", json!({ "alg": "HS256" }));
            shop.client.delete(&format!("/v1/offer-keys/{}", text(&made, "/kid"))).ok(204);
        }
        make("/v1/api-keys", json!({ "scopes": ["offers"] }));
        let body = json!({ "alg": "HS256" });
        shop.client.post("/v1/offer-keys", None, &body).problem(429, "too-many-requests");
        shop.client.delete(&format!("/v1/offer-keys/{}", shop.kid)).problem(429, "too-many-requests");
        buyer.buy(&[&offer]).ok(201);
    }

    fn plugins_answer_where_and_when_the_operator_says(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let plugins = world.operator.get("/v1/plugins?limit=100").ok(200);
        let named = |name: &str| {
            let mut all = plugins["data"].as_array().unwrap().iter();
            all.find(|plugin| plugin["name"] == name).unwrap().clone()
        };
        let (tax, currency) = (named("tax-eu"), named("currency-ecb"));
        assert_eq!((&tax["status"], &currency["bindings"][0]["place"]), (&json!("active"), &json!("*")));
        assert_eq!(currency["requests"], json!(["fetch www.ecb.europa.eu"]));
        let path = |verb: &str| format!("/v1/plugins/{}/{verb}", text(&tax, "/id"));
        let quote = |country: &str| {
            let body = json!({ "offers": [shop.offer("10.00", "USD")], "country": country });
            buyer.client.post("/v1/quotes", None, &body)
        };
        quote("DE").ok(200);
        world.operator.post(&path("disable"), None, &json!({})).ok(200);
        quote("DE").problem(422, "tax-country-unsupported");
        let soon = json!({ "countries": ["DE"], "from": "2024-07-01" });
        let enabled = world.operator.post(&path("enable"), None, &soon).ok(200);
        assert_eq!(enabled["bindings"], json!([{ "place": "DE", "from": "2024-07-01" }]));
        quote("DE").problem(422, "tax-country-unsupported");
        world.set_clock("2024-06-28T12:04:00Z");
        world.operator.post(&path("enable"), None, &json!({ "countries": ["FR"] })).ok(200);
        quote("FR").ok(200);
        world.operator.post(&path("enable"), None, &json!({ "countries": ["US"] })).problem(400, "malformed-request");
        world.operator.post(&path("enable"), None, &json!({ "currencies": ["EUR"] })).problem(400, "malformed-request");
        let calls = world.operator.get(&path("calls")).ok(200);
        assert_eq!(calls["data"], json!([]), "quotes move nothing, so they leave no evidence");
        buyer.client.post("/v1/purchases", Some(&new_key()), &json!({ "offers": [shop.offer("10.00", "USD")], "country": "FR" })).ok(201);
        let calls = world.operator.get(&path("calls")).ok(200);
        assert_eq!(text(&calls, "/data/0/function"), "tax.assess");
    }

    fn only_plugins_can_be_installed_and_each_once(world: &World) {
        world.operator.post_bytes("/v1/plugins", b"\0asm\x01\0\0\0").problem(422, "plugin-refused");
        world.operator.post_bytes("/v1/plugins", b"").problem(422, "plugin-refused");
        let bundled = purser_bundled::BUNDLED[0];
        let plugins = world.operator.get("/v1/plugins").ok(200);
        let again = world.operator.post_bytes("/v1/plugins", bundled.bytes).ok(201);
        assert_eq!(text(&again, "/name"), bundled.name);
        let after = world.operator.get("/v1/plugins").ok(200);
        assert_eq!(after, plugins, "the same file is the same plugin");
        world.anyone().post_bytes("/v1/plugins", bundled.bytes).problem(401, "not-authenticated");
    }

    fn rates_are_shown_until_they_are_old_and_longer(world: &World) {
        let again = world.operator.post_bytes("/v1/rates?feed=ecb-daily", support::RATES).ok(201);
        assert_eq!((&again["as_of"], &again["pairs"], &again["new"]), (&json!("2024-06-28"), &json!(30), &json!(0)));
        world.operator.post_bytes("/v1/rates?feed=other", support::RATES).problem(404, "not-found");
        world.operator.post_bytes("/v1/rates", support::RATES).problem(400, "malformed-request");
        world.operator.post_bytes("/v1/rates?feed=ecb-daily", b"<nonsense").problem(400, "malformed-request");
        let rate = world.operator.get("/v1/rates/EUR/USD").ok(200);
        assert_eq!((&rate["rate"], &rate["stale"]), (&json!("1.0705"), &json!(false)));
        assert_eq!(rate["legs"], json!([{ "operation": "multiply", "rate": "1.0705" }]));
        let cross = world.operator.get("/v1/rates/JPY/USD").ok(200);
        assert_eq!(cross["legs"].as_array().unwrap().len(), 2, "a cross rate is two published rates");
        world.operator.get("/v1/rates/EUR/XXX").problem(400, "unknown-currency");
        world.operator.get("/v1/rates/EUR/KPW").problem(422, "currency-unsupported");
        world.set_clock("2024-07-04T00:00:00Z");
        let rate = world.operator.get("/v1/rates/EUR/USD").ok(200);
        assert_eq!((&rate["rate"], &rate["stale"]), (&json!("1.0705"), &json!(true)));
        world.buyer().load(&world.cards(1, "50.00", "EUR")[0]).problem(503, "rates-too-old");
    }

    fn a_trade_is_booked_once_for_each_key(world: &World) {
        world.buyer().load(&world.cards(1, "50.00", "EUR")[0]).ok(201);
        let money = |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
        let half = json!({ "sold": money("25.00", "EUR"), "bought": money("26.70", "USD") });
        world.operator.post("/v1/treasury/trades", None, &half).problem(400, "idempotency-key-missing");
        let (key, operator, body) = (new_key(), world.operator.clone(), half.clone());
        let same = key.clone();
        let answers = at_once(20, move |_| operator.post("/v1/treasury/trades", Some(&same), &body));
        let first = world.operator.post("/v1/treasury/trades", Some(&key), &half).ok(201);
        for answer in answers {
            assert_eq!(answer.ok(201), first, "the same key, the same answer");
        }
        let other = json!({ "sold": money("24.00", "EUR"), "bought": money("26.70", "USD") });
        world.operator.post("/v1/treasury/trades", Some(&key), &other).problem(422, "idempotency-key-reused");
        // One half is left, so one half was booked.
        let second = world.operator.post("/v1/treasury/trades", Some(&new_key()), &half).ok(201);
        assert_ne!(second["id"], first["id"]);
        world.operator.post("/v1/treasury/trades", Some(&new_key()), &half).problem(402, "insufficient-funds");
        world.check();
    }

    fn positions_are_covered_and_policies_and_the_clock_are_bounded(world: &World) {
        let buyer = world.buyer();
        buyer.load(&world.cards(1, "50.00", "EUR")[0]).ok(201);
        let money = |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
        let trade = json!({ "sold": money("50.00", "EUR"), "bought": money("53.40", "USD") });
        let book = |trade: &Value| world.operator.post("/v1/treasury/trades", Some(&new_key()), trade);
        book(&trade).ok(201);
        let more = book(&json!({ "sold": money("0.01", "EUR"), "bought": money("0.01", "USD") }));
        more.problem(402, "insufficient-funds");
        assert_eq!(
            (&more.body["account"], &more.body["holds"]),
            (&json!("float:EUR"), &money("0.00", "EUR"))
        );
        let same = json!({ "sold": money("1.00", "EUR"), "bought": money("1.00", "EUR") });
        book(&same).problem(400, "malformed-request");
        let policy = json!({ "max_count": 3, "max_total": money("10.00", "USD"), "window_days": 7, "period_days": 30 });
        world.operator.put("/v1/policies/refunds", &policy).ok(200);
        assert_eq!(world.operator.get("/v1/policies/refunds").ok(200), policy);
        let wrong = json!({ "max_count": 3, "max_total": money("10.00", "EUR"), "window_days": 7, "period_days": 30 });
        let wrong = world.operator.put("/v1/policies/refunds", &wrong);
        wrong.problem(400, "invalid-amount");
        assert_eq!(wrong.body["field"], "max_total.currency");
        let back = json!({ "now": "2024-06-27T12:00:00Z" });
        world.operator.post("/v1/sandbox/clock", None, &back).problem(400, "malformed-request");
        world.check();
    }
}

#[test]
fn everybody_may_read_what_this_gateway_is() {
    let world = World::on_sqlite();
    let anyone = world.anyone();
    assert_eq!(anyone.get("/healthz").ok(200), "ok\n");
    assert_eq!(anyone.get("/readyz").ok(200), "ready\n");
    let gateway = anyone.get("/v1/gateway").ok(200);
    assert_eq!(
        (text(&gateway, "/issuer"), &gateway["sandbox"]),
        (world.base.clone(), &json!(true))
    );
    let found = anyone.get("/.well-known/openid-configuration").ok(200);
    assert_eq!(text(&found, "/jwks_uri"), format!("{}/.well-known/jwks.json", world.base));
    let keys = anyone.get("/.well-known/jwks.json").ok(200);
    assert_eq!(
        (text(&keys, "/keys/0/kty"), text(&keys, "/keys/0/crv")),
        ("OKP".to_owned(), "Ed25519".to_owned())
    );
    assert!(anyone.get("/metrics").ok(200).as_str().unwrap().contains("purser_build_info"));
    let document = anyone.get("/openapi.json").ok(200);
    assert!(text(&document, "/openapi").starts_with("3.1"));
    assert_eq!(anyone.get("/docs").status, 200);
    assert_eq!(anyone.get("/docs/swagger-ui-bundle.js").status, 200);
    anyone.get("/docs/nothing.js").problem(404, "not-found");
    let page = anyone.get("/problems/offer-expired").ok(200);
    assert!(page.as_str().unwrap().contains("What to do"));
    assert!(anyone.get("/problems").ok(200).as_str().unwrap().contains("card-refused"));
    assert_eq!(anyone.get("/problems/nonsense").status, 404);
}

#[test]
fn counters_are_for_this_machine_and_the_operator() {
    let world = World::on_sqlite();
    let forwarded = |bearer: Option<&str>| {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request =
            agent.get(format!("{}/metrics", world.base)).header("X-Forwarded-For", "192.0.2.1");
        if let Some(bearer) = bearer {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        request.call().unwrap().status().as_u16()
    };
    let (_, merchant) = merchant_key(&world);
    assert_eq!((forwarded(None), forwarded(Some(&merchant))), (401, 401));
}
