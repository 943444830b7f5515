//! Accounts and sessions over HTTP: who gets in, who does not, and what nobody can tell.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use jiff::SignedDuration;
use purser::settings::Throttle;
use purser_money::{Currency, Money};
use serde_json::{Value, json};
use support::{Answer, Client, World, at_once, new_key, raw, text};

const PASSWORD: &str = "correct horse battery";

/// What somebody signs up and in with.
fn login(email: &str) -> Value {
    json!({ "email": email, "pin": "271828", "password": PASSWORD })
}

/// The same with one part changed.
fn but(login: &Value, part: &str, value: &str) -> Value {
    let mut login = login.clone();
    login[part] = value.into();
    login
}

fn sign_up(world: &World, login: &Value) -> Value {
    world.anyone().post("/v1/accounts", None, login).ok(201)
}

fn sign_in(world: &World, login: &Value) -> Answer {
    world.anyone().post("/v1/sessions", None, login)
}

fn client(world: &World, tokens: &Value) -> Client {
    Client::new(&world.base, Some(&text(tokens, "/access_token")))
}

fn refresh(world: &World, tokens: &Value) -> Answer {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    world.anyone().post("/v1/sessions/refresh", None, &body)
}

/// The answer without what differs between any two.
fn told(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("request_id").expect("every problem has one");
    json!({ "status": answer.status, "body": body })
}

/// Moves the clock on.
fn advance(world: &World, seconds: i64) {
    world.set_clock(&(world.gateway.now() + SignedDuration::from_secs(seconds)).to_string());
}

/// A tenth of the budgets that are wanted: the sandbox allows ten times as many.
fn throttled(logins_per_email: u32, logins_per_address: u32, sign_ups_per_minute: u32) -> World {
    let standard = Throttle::default();
    let throttle =
        Throttle { logins_per_email, logins_per_address, sign_ups_per_minute, ..standard };
    World::with(|settings| settings.throttle = throttle)
}

on_both_databases! {
    fn the_same_three_values_are_the_same_account_and_anything_else_is_another(world: &World) {
        let ann = login("ann@example.org");
        let first = sign_up(world, &ann);
        assert_eq!(first["vault"]["status"], "active");
        assert_eq!(first["vault"]["balance"], json!({ "amount": "0.00", "currency": "USD" }));
        let again = sign_up(world, &but(&ann, "email", " ANN@Example.org "));
        assert_eq!(again["id"], first["id"]);
        assert_eq!(again["vault"], first["vault"]);
        assert_ne!(again["recovery_code"], first["recovery_code"], "shown once");
        for (part, value) in [("email", "bob@example.org"), ("pin", "271829"), ("password", "Correct horse battery")] {
            assert_ne!(sign_up(world, &but(&ann, part, value))["id"], first["id"], "another {part}");
        }
    }

    fn every_wrong_part_looks_the_same(world: &World) {
        let ann = login("ann@example.org");
        sign_up(world, &ann);
        let wrong = sign_in(world, &but(&ann, "email", "nobody@example.org"));
        wrong.problem(401, "wrong-credentials");
        for (part, value) in [
            ("pin", "271829"), ("pin", ""), ("pin", "letters"), ("password", "wrong horse battery"), ("password", "x"),
            ("email", "no e-mail"), ("email", ""),
        ] {
            assert_eq!(told(&sign_in(world, &but(&ann, part, value))), told(&wrong), "{part} {value}");
        }
        let longest = "x".repeat(100_000);
        assert_eq!(told(&sign_in(world, &but(&ann, "password", &longest))), told(&wrong));
        let tokens = sign_in(world, &ann).ok(200);
        assert_eq!((tokens["token_type"].as_str(), tokens["expires_in"].as_i64()), (Some("Bearer"), Some(300)));
    }

    fn signing_out_ends_the_tokens_at_once(world: &World) {
        let ann = login("ann@example.org");
        sign_up(world, &ann);
        let (one, two) = (sign_in(world, &ann).ok(200), sign_in(world, &ann).ok(200));
        client(world, &one).get("/v1/vault").ok(200);
        assert_eq!(client(world, &one).delete("/v1/sessions/current").status, 204);
        client(world, &one).get("/v1/vault").problem(401, "not-authenticated");
        refresh(world, &one).problem(401, "not-authenticated");
        client(world, &two).get("/v1/vault").ok(200);
    }

    fn a_used_refresh_token_ends_its_session(world: &World) {
        let ann = login("ann@example.org");
        sign_up(world, &ann);
        let first = sign_in(world, &ann).ok(200);
        let second = refresh(world, &first).ok(200);
        client(world, &first).get("/v1/vault").ok(200);
        client(world, &second).get("/v1/vault").ok(200);
        refresh(world, &first).problem(401, "not-authenticated");
        client(world, &second).get("/v1/vault").problem(401, "not-authenticated");
        refresh(world, &second).problem(401, "not-authenticated");
    }

    fn of_many_refreshes_at_once_one_succeeds_and_the_copies_end_the_session(world: &World) {
        let ann = login("ann@example.org");
        sign_up(world, &ann);
        let tokens = sign_in(world, &ann).ok(200);
        let (anyone, body) = (world.anyone(), json!({ "refresh_token": tokens["refresh_token"] }));
        let answers = at_once(50, move |_| anyone.post("/v1/sessions/refresh", None, &body));
        let done: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(done.len(), 1);
        client(world, &done[0].body).get("/v1/vault").problem(401, "not-authenticated");
    }

    fn new_credentials_end_the_other_sessions(world: &World) {
        let ann = login("ann@example.org");
        let account = sign_up(world, &ann);
        let (here, there) = (sign_in(world, &ann).ok(200), sign_in(world, &ann).ok(200));
        let change = |body: Value| client(world, &here).post("/v1/account/credentials", None, &body);
        change(json!({ "pin": "271828", "password": "wrong horse", "new_pin": "141421" })).problem(401, "wrong-credentials");
        change(json!({ "pin": "271828", "password": PASSWORD, "new_pin": "1414" })).problem(400, "malformed-request");
        client(world, &there).get("/v1/vault").ok(200);

        change(json!({ "pin": "271828", "password": PASSWORD, "new_pin": "141421" })).ok(200);
        client(world, &here).get("/v1/vault").ok(200);
        client(world, &there).get("/v1/vault").problem(401, "not-authenticated");
        refresh(world, &there).problem(401, "not-authenticated");
        sign_in(world, &ann).problem(401, "wrong-credentials");
        sign_in(world, &but(&ann, "pin", "141421")).ok(200);

        change(json!({ "pin": "141421", "password": PASSWORD, "new_password": "another password" })).ok(200);
        let now = json!({ "email": "Ann@example.org", "pin": "141421", "password": "another password" });
        assert_eq!(client(world, &sign_in(world, &now).ok(200)).get("/v1/vault").ok(200)["id"], account["id"]);
    }

    fn the_recovery_code_opens_the_account_and_is_used_up(world: &World) {
        let ann = login("ann@example.org");
        let account = sign_up(world, &ann);
        let tokens = sign_in(world, &ann).ok(200);
        let recover = |code: &str, pin: &str| {
            let body = json!({
                "recovery_code": code, "email": "ann@example.org", "new_pin": pin, "new_password": "new password",
            });
            world.anyone().post("/v1/account/credentials", None, &body)
        };
        let code = text(&account, "/recovery_code");
        recover("nonsense", "141421").problem(401, "wrong-credentials");
        recover(&code.replace('-', " ").to_lowercase(), "141421").ok(200);
        recover(&code, "161803").problem(401, "wrong-credentials");
        client(world, &tokens).get("/v1/vault").problem(401, "not-authenticated");
        sign_in(world, &ann).problem(401, "wrong-credentials");
        let now = json!({ "email": "ann@example.org", "pin": "141421", "password": "new password" });
        assert_eq!(client(world, &sign_in(world, &now).ok(200)).get("/v1/vault").ok(200)["id"], account["id"]);
    }

    fn an_erased_account_is_gone_and_a_retry_still_learns_where_the_money_went(world: &World) {
        let buyer = world.buyer_with("12.34");
        let body = json!({ "pin": buyer.login["pin"], "password": buyer.login["password"] });
        let wrong = but(&body, "password", "wrong horse");
        buyer.client.delete_with("/v1/account", &new_key(), &wrong).problem(401, "wrong-credentials");
        let key = new_key();
        let erased = buyer.client.delete_with("/v1/account", &key, &body).ok(200);
        assert_eq!(erased["compensation"]["amount"], json!({ "amount": "12.34", "currency": "USD" }));
        assert_eq!(buyer.client.delete_with("/v1/account", &key, &body).ok(200), erased);
        buyer.client.delete_with("/v1/account", &new_key(), &body).problem(401, "not-authenticated");
        buyer.client.get("/v1/vault").problem(401, "not-authenticated");
        sign_in(world, &buyer.login).problem(401, "wrong-credentials");
        let heir = world.buyer();
        heir.load(&text(&erased, "/compensation/code")).ok(201);
        assert_eq!(heir.balance(), "12.34");
        assert_ne!(sign_up(world, &buyer.login)["id"], Value::from(buyer.id), "the same values are a new account now");
        world.check();
    }
}

#[test]
fn a_bad_sign_up_names_its_field() {
    let world = World::on_sqlite();
    let good = but(&login("ann@example.org"), "country", "DE");
    let check = |body: &Value, field: &str| {
        let answer = world.anyone().post("/v1/accounts", None, body);
        answer.problem(400, "malformed-request");
        assert_eq!(answer.body["field"], field, "{body}");
    };
    let cases = [
        ("email", "ann"),
        ("email", "ann@"),
        ("email", ""),
        ("email", "a b@c"),
        ("pin", "12345"),
        ("pin", "123456789"),
        ("pin", "12345a"),
        ("pin", "-12345"),
        ("password", "short"),
        ("password", ""),
        ("country", "Germany"),
        ("country", "de"),
        ("country", ""),
    ];
    for (field, value) in cases {
        check(&but(&good, field, value), field);
    }
    for field in ["email", "pin", "password", "country"] {
        for value in [json!(123_456), json!(true), json!([]), json!({})] {
            let mut body = good.clone();
            body[field] = value;
            check(&body, field);
        }
    }
    check(&but(&good, "name", "Ann"), "name");
    let mut without_country = good.clone();
    without_country.as_object_mut().unwrap().remove("country");
    sign_up(&world, &without_country);
}

#[test]
fn an_access_token_ends_after_five_minutes_of_the_gateways_clock() {
    let world = World::on_sqlite();
    sign_up(&world, &login("ann@example.org"));
    let tokens = sign_in(&world, &login("ann@example.org")).ok(200);
    advance(&world, 290);
    client(&world, &tokens).get("/v1/vault").ok(200);
    advance(&world, 11);
    client(&world, &tokens).get("/v1/vault").problem(401, "not-authenticated");
    let tokens = refresh(&world, &tokens).ok(200);
    client(&world, &tokens).get("/v1/vault").ok(200);
    advance(&world, 31 * 24 * 3600);
    refresh(&world, &tokens).problem(401, "not-authenticated");
}

#[test]
fn only_the_right_kind_of_credential_opens_a_call() {
    let world = World::on_sqlite();
    let (shop, buyer) = (world.merchant("DE"), world.buyer_with("20.00"));
    let receipt = text(&buyer.buy(&[&shop.offer("1.00", "USD")]).ok(201), "/receipt");
    for call in ["/v1/vault", "/v1/merchant", "/v1/plugins"] {
        world.anyone().get(call).problem(401, "not-authenticated");
    }
    shop.client.get("/v1/vault").problem(401, "not-authenticated");
    shop.client.get("/v1/plugins").problem(401, "not-authenticated");
    buyer.client.get("/v1/merchant").problem(401, "not-authenticated");
    buyer.client.get("/v1/plugins").problem(401, "not-authenticated");
    world.operator.get("/v1/vault").problem(401, "not-authenticated");
    Client::new(&world.base, Some(&receipt)).get("/v1/vault").problem(401, "not-authenticated");
    Client::new(&world.base, Some("op_test_wrong"))
        .get("/v1/plugins")
        .problem(401, "not-authenticated");
}

#[test]
fn a_changed_token_is_refused() {
    let world = World::on_sqlite();
    sign_up(&world, &login("ann@example.org"));
    let tokens = sign_in(&world, &login("ann@example.org")).ok(200);
    let token = text(&tokens, "/access_token");
    let parts: Vec<&str> = token.split('.').collect();
    let base64 = data_encoding::BASE64URL_NOPAD;
    let header = String::from_utf8(base64.decode(parts[0].as_bytes()).unwrap()).unwrap();
    let claims: Value =
        serde_json::from_slice(&base64.decode(parts[1].as_bytes()).unwrap()).unwrap();
    let encode = |text: &str| base64.encode(text.as_bytes());
    assert!(header.contains("at+jwt") && header.contains("EdDSA"));
    let mut forever = claims.clone();
    forever["exp"] = json!(4_102_444_800_i64);
    let refused = [
        format!("{}.{}.{}", parts[0], encode(&forever.to_string()), parts[2]),
        format!("{}.{}.", encode(&header.replace("EdDSA", "none")), parts[1]),
        format!("{}.{}.{}", encode(&header.replace("EdDSA", "HS256")), parts[1], parts[2]),
        format!("{}.{}.{}", encode(&header.replace("at+jwt", "JWT")), parts[1], parts[2]),
        format!("{token}A"),
        token.chars().take(token.len() - 1).collect(),
    ];
    client(&world, &tokens).get("/v1/vault").ok(200);
    for token in refused {
        Client::new(&world.base, Some(&token)).get("/v1/vault").problem(401, "not-authenticated");
    }
    for claim in ["iss", "aud", "sub", "sid", "jti", "iat", "exp"] {
        assert!(!claims[claim].is_null(), "{claim}");
    }
}

#[test]
fn failed_logins_wait_and_the_right_ones_get_in_again() {
    let world = throttled(1, 100, 60);
    let (ann, bob) = (login("ann@example.org"), login("bob@example.org"));
    sign_up(&world, &ann);
    sign_up(&world, &bob);
    let wrong = but(&ann, "pin", "000000");
    // The sign-up itself counted as a guess.
    for _ in 0..9 {
        sign_in(&world, &wrong).problem(401, "wrong-credentials");
    }
    sign_in(&world, &wrong).problem(429, "too-many-requests");
    sign_in(&world, &ann).problem(429, "too-many-requests");
    sign_in(&world, &but(&wrong, "email", "nobody@example.org")).problem(401, "wrong-credentials");
    sign_in(&world, &bob).ok(200);
    advance(&world, 60);
    sign_in(&world, &ann).ok(200);
    sign_in(&world, &wrong).problem(401, "wrong-credentials");
    sign_in(&world, &ann).problem(429, "too-many-requests");
    advance(&world, 600);
    for _ in 0..10 {
        sign_in(&world, &wrong).problem(401, "wrong-credentials");
    }
    sign_in(&world, &ann).problem(429, "too-many-requests");
}

#[test]
fn guesses_at_once_are_not_more_guesses() {
    let world = throttled(1, 100, 60);
    let (wrong, anyone) = (but(&login("ann@example.org"), "pin", "000000"), world.anyone());
    let answers = at_once(50, move |_| anyone.post("/v1/sessions", None, &wrong));
    let judged = answers.iter().filter(|answer| answer.status == 401).count();
    assert!((1..=10).contains(&judged), "{judged} were judged");
    answers
        .iter()
        .filter(|answer| answer.status != 401)
        .for_each(|answer| answer.problem(429, "too-many-requests"));
}

#[test]
fn an_address_has_a_budget_of_its_own() {
    let world = throttled(10, 1, 60);
    for index in 0..10 {
        sign_in(&world, &login(&format!("{index}@example.org"))).problem(401, "wrong-credentials");
    }
    sign_in(&world, &login("eleventh@example.org")).problem(429, "too-many-requests");
}

#[test]
fn behind_a_trusted_proxy_each_client_has_its_own_budget() {
    // What comes from these clients, with the proxy on this machine.
    let statuses = |world: &World, clients: &[&str]| {
        let sent = |client: &&str| {
            let body = login("ann@example.org").to_string();
            let head = format!(
                "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: {client}"
            );
            let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            raw(&world.base, request.as_bytes()).split(' ').nth(1).unwrap().to_owned()
        };
        clients.iter().map(sent).collect::<Vec<_>>()
    };
    let throttle = Throttle { logins_per_address: 1, ..Throttle::default() };
    let guesser = ["198.51.100.7"; 10];
    let last = ["198.51.100.7", "203.0.113.1, 198.51.100.7", "203.0.113.1"];
    let trusting = World::with(|settings| {
        settings.throttle = throttle;
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    assert_eq!(statuses(&trusting, &guesser), ["401"; 10]);
    assert_eq!(statuses(&trusting, &last), ["429", "429", "401"]);
    let trusting_nobody = World::with(|settings| settings.throttle = throttle);
    assert_eq!(statuses(&trusting_nobody, &guesser), ["401"; 10]);
    assert_eq!(statuses(&trusting_nobody, &last), ["429"; 3]);
}

#[test]
fn sign_ups_of_an_address_are_counted_by_the_minute() {
    let world = World::with(|settings| {
        settings.throttle.sign_ups_per_minute = 2;
        // The sandbox would allow ten times as many.
        (settings.sandbox, settings.clock) = (false, None);
    });
    sign_up(&world, &login("one@example.org"));
    sign_up(&world, &login("two@example.org"));
    let third = login("three@example.org");
    world.anyone().post("/v1/accounts", None, &third).problem(429, "too-many-requests");
}

fn with_step_up() -> World {
    let limit = Money::parse("10.00", Currency::parse("USD").unwrap()).unwrap();
    World::with(|settings| settings.step_up_limit = Some(limit))
}

#[test]
fn a_large_payment_needs_the_pin_and_five_wrong_ones_end_the_session() {
    let world = with_step_up();
    let (buyer, friend) = (world.buyer_with("100.00"), world.buyer());
    let pay = |amount: &str, pin: Option<&str>| {
        let mut body =
            json!({ "to": friend.handle, "amount": { "amount": amount, "currency": "USD" } });
        if let Some(pin) = pin {
            body["pin"] = pin.into();
        }
        buyer.client.post("/v1/transfers", Some(&new_key()), &body)
    };
    pay("10.00", None).ok(201);
    pay("10.01", None).problem(403, "pin-required");
    for _ in 0..4 {
        pay("10.01", Some("000000")).problem(403, "pin-required");
    }
    pay("10.01", Some("271828")).ok(201);
    for _ in 0..5 {
        pay("10.01", Some("000000")).problem(403, "pin-required");
    }
    pay("10.01", Some("271828")).problem(401, "not-authenticated");
    buyer.client.get("/v1/vault").problem(401, "not-authenticated");
    assert_eq!(friend.balance(), "20.01");
    world.check();
}

#[test]
fn wrong_pins_at_once_are_not_more_wrong_pins() {
    let world = with_step_up();
    let (buyer, friend) = (world.buyer_with("100.00"), world.buyer());
    let (payer, to) = (buyer.client.clone(), friend.handle.clone());
    let answers = at_once(50, move |index| {
        let body = json!({
            "to": to, "amount": { "amount": "11.00", "currency": "USD" }, "pin": format!("{index:06}"),
        });
        payer.post("/v1/transfers", Some(&new_key()), &body)
    });
    let is_judged = |answer: &&Answer| answer.body["detail"] == "that PIN is not right";
    let judged = answers.iter().filter(is_judged).count();
    assert!((1..=5).contains(&judged), "{judged} were judged");
    assert!(answers.iter().all(|answer| answer.status == 403 || answer.status == 401));
    assert_eq!(friend.balance(), "0.00");
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
    assert_eq!(header(&wrong_method(), "allow").as_deref(), Some("GET, POST"));
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
