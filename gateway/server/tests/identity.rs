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

use serde_json::{Value, json};
use support::{Answer, Client, World, at_once, but, login, new_key, raw, text};

const PASSWORD: &str = "correct horse battery";

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

/// Argon2 hashes that the gateway has made, by its own count.
fn hashes(world: &World) -> u64 {
    let metrics = world.operator.get("/metrics").body;
    let counts = metrics.as_str().unwrap().lines();
    let counts = counts.filter(|line| line.starts_with("purser_slow_hashes_total{"));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// What anybody on the way sees of an answer: its status, its headers with how long each is, and how long its body is;
/// and how many hashes it cost.
fn seen(world: &World, path: &str, body: &Value) -> (String, Vec<(String, usize)>, usize, u64) {
    let before = hashes(world);
    let body = body.to_string();
    let head = "Host: x\r\nConnection: close\r\nContent-Type: application/json";
    let length = body.len();
    let request =
        format!("POST {path} HTTP/1.1\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}");
    let answer = raw(&world.base, request.as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().to_owned();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.len()));
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    (status, headers, body.len(), hashes(world) - before)
}

on_both_databases! {
    /// No clock is looked at, which no test can rely on: what takes the time is counted.
    fn a_wrong_login_costs_the_same_and_looks_the_same_whatever_is_wrong(world: &World) {
        let ann = login("ann@example.org");
        world.sign_up(&ann);
        let unknown = seen(world, "/v1/sessions", &but(&ann, "email", "eve@example.org"));
        assert!(unknown.0.contains("401"), "{unknown:?}");
        assert_eq!(unknown.3, 1, "one hash");
        for (part, value) in [("pin", "271829"), ("password", "correct horse batterz"), ("pin", ""), ("email", "none")] {
            assert_eq!(seen(world, "/v1/sessions", &but(&ann, part, value)), unknown, "{part} {value}");
        }
    }

    fn a_sign_up_costs_the_same_and_looks_the_same_whoever_has_an_account(world: &World) {
        let ann = login("ann@example.org");
        let new = seen(world, "/v1/accounts", &ann);
        assert!(new.0.contains("201"), "{new:?}");
        assert_eq!(new.3, 2, "one hash to find the account by, and one of its PIN");
        for (part, value) in [("email", "eve@example.org"), ("pin", "271829"), ("password", "correct horse batterz")] {
            assert_eq!(seen(world, "/v1/accounts", &but(&ann, part, value)), new, "another {part}");
        }
        assert_eq!(seen(world, "/v1/accounts", &ann), new, "the same account again");
    }

    fn the_same_three_values_are_the_same_account_and_anything_else_is_another(world: &World) {
        let ann = login("ann@example.org");
        let first = world.sign_up(&ann);
        assert_eq!(first["vault"]["status"], "active");
        assert_eq!(first["vault"]["balance"], json!({ "amount": "0.00", "currency": "USD" }));
        let again = world.sign_up(&but(&ann, "email", " ANN@Example.org "));
        assert_eq!(again["id"], first["id"]);
        assert_eq!(again["vault"], first["vault"]);
        assert_ne!(again["recovery_code"], first["recovery_code"], "shown once");
        for (part, value) in [("email", "bob@example.org"), ("pin", "271829"), ("password", "Correct horse battery")] {
            assert_ne!(world.sign_up(&but(&ann, part, value))["id"], first["id"], "another {part}");
        }
    }

    fn every_wrong_part_looks_the_same(world: &World) {
        let ann = login("ann@example.org");
        world.sign_up(&ann);
        let wrong = world.sign_in(&but(&ann, "email", "nobody@example.org"));
        wrong.problem(401, "wrong-credentials");
        for (part, value) in [
            ("pin", "271829"), ("pin", ""), ("pin", "letters"), ("password", "wrong horse battery"), ("password", "x"),
            ("email", "no e-mail"), ("email", ""),
        ] {
            assert_eq!(told(&world.sign_in(&but(&ann, part, value))), told(&wrong), "{part} {value}");
        }
        let long = |chars: usize| world.sign_in(&but(&ann, "password", &"x".repeat(chars)));
        assert_eq!(told(&long(7_000)), told(&wrong));
        let huge = long(100_000);
        huge.problem(413, "request-too-large");
        assert_eq!(huge.body["detail"], "a body of JSON has at most 8192 bytes here");
        let mistaken = world.anyone().get("/v1/sessions");
        mistaken.problem(405, "method-not-allowed");
        assert_eq!(mistaken.body["detail"], "this address takes POST");
        let tokens = world.sign_in(&ann).ok(200);
        assert_eq!((tokens["token_type"].as_str(), tokens["expires_in"].as_i64()), (Some("Bearer"), Some(300)));
    }

    fn signing_out_ends_the_tokens_at_once(world: &World) {
        let ann = login("ann@example.org");
        world.sign_up(&ann);
        let (one, two) = (world.sign_in(&ann).ok(200), world.sign_in(&ann).ok(200));
        client(world, &one).get("/v1/vault").ok(200);
        assert_eq!(client(world, &one).delete("/v1/sessions/current").status, 204);
        client(world, &one).get("/v1/vault").problem(401, "not-authenticated");
        refresh(world, &one).problem(401, "not-authenticated");
        client(world, &two).get("/v1/vault").ok(200);
    }

    fn a_used_refresh_token_ends_its_session(world: &World) {
        let ann = login("ann@example.org");
        world.sign_up(&ann);
        let first = world.sign_in(&ann).ok(200);
        let second = refresh(world, &first).ok(200);
        client(world, &first).get("/v1/vault").ok(200);
        client(world, &second).get("/v1/vault").ok(200);
        refresh(world, &first).problem(401, "not-authenticated");
        client(world, &second).get("/v1/vault").problem(401, "not-authenticated");
        refresh(world, &second).problem(401, "not-authenticated");
    }

    fn of_many_refreshes_at_once_one_succeeds_and_the_copies_end_the_session(world: &World) {
        let ann = login("ann@example.org");
        world.sign_up(&ann);
        let tokens = world.sign_in(&ann).ok(200);
        let (anyone, body) = (world.anyone(), json!({ "refresh_token": tokens["refresh_token"] }));
        let answers = at_once(50, move |_| anyone.post("/v1/sessions/refresh", None, &body));
        let done: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(done.len(), 1);
        client(world, &done[0].body).get("/v1/vault").problem(401, "not-authenticated");
    }

    fn new_credentials_end_every_session(world: &World) {
        let ann = login("ann@example.org");
        let account = world.sign_up(&ann);
        let (here, there) = (world.sign_in(&ann).ok(200), world.sign_in(&ann).ok(200));
        let change_of = |tokens: &Value, body: Value| client(world, tokens).post("/v1/account/credentials", None, &body);
        let change = |body: Value| change_of(&here, body);
        change(json!({ "pin": "271828", "password": "wrong horse", "new_pin": "141421" })).problem(401, "wrong-credentials");
        change(json!({ "pin": "271828", "password": PASSWORD, "new_pin": "1414" })).problem(400, "malformed-request");
        client(world, &there).get("/v1/vault").ok(200);

        change(json!({ "pin": "271828", "password": PASSWORD, "new_pin": "141421" })).ok(200);
        for tokens in [&here, &there] {
            client(world, tokens).get("/v1/vault").problem(401, "not-authenticated");
            refresh(world, tokens).problem(401, "not-authenticated");
        }
        world.sign_in(&ann).problem(401, "wrong-credentials");
        let here = world.sign_in(&but(&ann, "pin", "141421")).ok(200);

        let change = json!({ "pin": "141421", "password": PASSWORD, "new_password": "another password" });
        change_of(&here, change).ok(200);
        let now = json!({ "email": "Ann@example.org", "pin": "141421", "password": "another password" });
        assert_eq!(client(world, &world.sign_in(&now).ok(200)).get("/v1/vault").ok(200)["id"], account["id"]);
    }

    fn the_recovery_code_opens_the_account_and_is_used_up(world: &World) {
        let ann = login("ann@example.org");
        let account = world.sign_up(&ann);
        let tokens = world.sign_in(&ann).ok(200);
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
        world.sign_in(&ann).problem(401, "wrong-credentials");
        let now = json!({ "email": "ann@example.org", "pin": "141421", "password": "new password" });
        assert_eq!(client(world, &world.sign_in(&now).ok(200)).get("/v1/vault").ok(200)["id"], account["id"]);
    }

    fn of_many_recoveries_with_one_code_one_succeeds(world: &World) {
        let ann = login("ann@example.org");
        let code = text(&world.sign_up(&ann), "/recovery_code");
        let (anyone, shown) = (world.anyone(), code.clone());
        let answers = at_once(10, move |index| {
            let pin = format!("14142{index}");
            let body = json!({ "recovery_code": shown, "email": "ann@example.org", "new_pin": pin, "new_password": PASSWORD });
            anyone.post("/v1/account/credentials", None, &body)
        });
        let done: Vec<_> = (0..10).filter(|index| answers[*index].status == 200).collect();
        assert_eq!(done.len(), 1, "{answers:#?}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.problem(401, "wrong-credentials");
        }
        for index in 0..10 {
            let signed_in = world.sign_in(&but(&ann, "pin", &format!("14142{index}"))).status;
            assert_eq!(signed_in == 200, done == [index], "the one that succeeded set the credentials");
        }
        let next = text(&answers[done[0]].body, "/recovery_code");
        let again = json!({ "recovery_code": next, "email": "ann@example.org", "new_pin": "161803", "new_password": PASSWORD });
        world.anyone().post("/v1/account/credentials", None, &again).ok(200);
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
        world.sign_in(&buyer.login).problem(401, "wrong-credentials");
        let heir = world.buyer();
        heir.load(&text(&erased, "/compensation/code")).ok(201);
        assert_eq!(heir.balance(), "12.34");
        assert_ne!(world.sign_up(&buyer.login)["id"], Value::from(buyer.id), "the same values are a new account now");
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
        ("country", "ZZ"),
        ("country", "UK"),
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
    world.sign_up(&without_country);
}

#[test]
fn an_access_token_ends_after_five_minutes_of_the_gateways_clock() {
    let world = World::on_sqlite();
    world.sign_up(&login("ann@example.org"));
    let tokens = world.sign_in(&login("ann@example.org")).ok(200);
    world.advance(290);
    client(&world, &tokens).get("/v1/vault").ok(200);
    world.advance(11);
    client(&world, &tokens).get("/v1/vault").problem(401, "not-authenticated");
    let tokens = refresh(&world, &tokens).ok(200);
    client(&world, &tokens).get("/v1/vault").ok(200);
    world.advance(31 * 24 * 3600);
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
    world.sign_up(&login("ann@example.org"));
    let tokens = world.sign_in(&login("ann@example.org")).ok(200);
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
