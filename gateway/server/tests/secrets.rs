//! Nothing that a buyer types as a secret stays: not in a table, not in a log line of any level, not in an event, not in
//! what an endpoint is told and not in what plugins are asked. The same holds for keys of merchants, operators and cards.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

#[path = "pages/browser.rs"]
mod browser;
#[allow(dead_code, reason = "each test uses its part")]
#[path = "webhooks/endpoint.rs"]
mod endpoint;
mod support;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
};

use browser::Browser;
use endpoint::{Endpoint, Got};
use purser_core::card::sun::{FileReadKey, MetaReadKey};
use serde_json::{Value, json};
use support::{
    Client, Process, RATES, START, drop_database, every_row, new_database, new_key, raw, tap_under,
    text,
};

/// What no other text holds by chance.
const EMAIL: &str = "ann.unmistakable@example.org";
const PIN: &str = "58209741";
const PASSWORD: &str = "correct horse battery unmistakable";
const NEW_PIN: &str = "90417265";
const META_READ: &str = "5ec2e7a90b1c2d3e4f5061728394a5b6";
const FILE_READ: &str = "5ec2e7b80b1c2d3e4f5061728394a5b6";
const UID: &str = "045ec2e7c7c7c7";
/// What somebody types into the wrong place.
const MISPLACED: &str = "unmistakably-misplaced";

#[test]
fn neither_sqlite_nor_logs_nor_streams_hold_a_secret() {
    let files = |folder: &Path| {
        let files = fs::read_dir(folder.join("data")).unwrap().map(|file| file.unwrap().path());
        let of_database =
            |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with("purser.db");
        let files = files.filter(|path| of_database(path));
        files.map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect()
    };
    holds_no_secret(&[], files);
}

#[test]
fn nor_does_postgres() {
    let database = new_database();
    holds_no_secret(&["--database", &database], |_| every_row(&database));
    drop_database(&database);
}

/// Tells the story to a gateway with these arguments, and looks through everything that it keeps and says.
fn holds_no_secret(arguments: &[&str], tables: impl FnOnce(&Path) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let all = [
        "--sandbox",
        "--log",
        "json",
        "--clock",
        START,
        "--step-up-limit",
        "5.00",
        "--data",
        "data",
    ];
    let process = Process::start(folder.path(), &[&all, arguments].concat());
    let operator_key = fs::read_to_string(folder.path().join("data/operator.key")).unwrap();
    let mut told = vec![operator_key.trim().to_owned()];
    let endpoint = Endpoint::new();
    let (purchase, streams) = play(&process, &endpoint, &mut told);
    misuse(&process);
    browse(&process, &mut told);
    shop_around(&process, &endpoint, &mut told);
    // A purchase, its refund, and another purchase.
    let hook = |got: Got| {
        format!("{} {:?} {}", got.target, got.headers, String::from_utf8_lossy(&got.body))
    };
    let hooks: String = (0..3).map(|_| hook(endpoint.got())).collect();
    drop(process);
    told.extend([EMAIL, PASSWORD, PIN, NEW_PIN, META_READ, FILE_READ, UID].map(str::to_owned));
    told.extend(["unmistakabl".to_owned(), "ann.un".to_owned()]);
    // Codes are typed with hyphens and without, and bytes are shown in hexadecimal.
    let forms = |secret: &String| {
        let plain = secret.replace('-', "");
        let hex = data_encoding::HEXLOWER.encode(secret.as_bytes());
        [secret.to_ascii_lowercase(), plain.to_ascii_lowercase(), hex]
    };
    let secrets: Vec<String> = told.iter().flat_map(forms).collect();

    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.lines().any(|line| line.contains("\"TRACE\"")), "every level is looked at");
    for part in [
        "/v1/vault/loads",
        "/signup",
        "/wallet/load",
        "/wallet/account/credentials",
        "/desk",
        "/oauth/authorize/login",
        "/pay",
        "/recover",
        "/wallet/account/passkeys",
    ] {
        assert!(log.contains(part), "the story is in it: {part}");
    }
    holds_none("the log", &log.to_ascii_lowercase(), &secrets);
    assert!(streams.contains("purchase.paid") && streams.contains("card-refused"), "{streams}");
    holds_none("a stream", &streams.to_ascii_lowercase(), &secrets);
    assert!(hooks.contains("purchase.paid") && hooks.contains("webhook-signature"), "{hooks}");
    holds_none("a webhook", &hooks.to_ascii_lowercase(), &secrets);
    let tables = tables(folder.path());
    assert!(tables.contains(&purchase), "the story is in it");
    holds_none("the database", &tables.to_ascii_lowercase(), &secrets);
}

/// A live stream from now on.
fn listen(process: &Process, path: &str, bearer: &str) -> impl BufRead + use<> {
    let request = ureq::get(format!("{}{path}", process.base));
    let response = request.header("Authorization", format!("Bearer {bearer}")).call().unwrap();
    BufReader::new(response.into_body().into_reader())
}

/// What a stream says until it has told so many events.
fn heard(stream: impl BufRead, events: usize) -> String {
    let mut lines = stream.lines().map(Result::unwrap);
    let mut all = String::new();
    for _ in 0..events {
        for line in lines.by_ref() {
            all.push_str(&line);
            all.push('\n');
            if line.starts_with("data:") {
                break;
            }
        }
    }
    all
}

fn holds_none(place: &str, text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(secret.len() >= 6, "{secret:?} is found everywhere");
        if let Some(at) = text.find(secret) {
            let from = text.floor_char_boundary(at.saturating_sub(400));
            let to = text.floor_char_boundary((at + 400).min(text.len()));
            panic!("{place} holds {secret}: {}", &text[from..to]);
        }
    }
}

/// The story, with everything that is secret in it; gives the purchase's name, and what the streams told of it.
fn play(process: &Process, endpoint: &Endpoint, told: &mut Vec<String>) -> (String, String) {
    let operator = process.client(&told[0]);
    operator.post_bytes("/v1/rates?feed=ecb-daily", RATES).ok(201);
    let shop = json!({ "name": "Shop", "country": "DE" });
    let shop = operator.post("/v1/merchants", None, &shop).ok(201);
    told.extend(["/secret_key", "/offer_key/secret"].map(|secret| text(&shop, secret)));
    hook(process, &shop, endpoint, told);
    let anyone = Client::new(&process.base, None);
    let login = json!({ "email": EMAIL, "pin": PIN, "password": PASSWORD });
    let mut sign_up = login.clone();
    sign_up["country"] = "DE".into();
    let account = anyone.post("/v1/accounts", None, &sign_up).ok(201);
    let tokens = anyone.post("/v1/sessions", None, &login).ok(200);
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    let newer = anyone.post("/v1/sessions/refresh", None, &refresh).ok(200);
    told.push(text(&account, "/recovery_code"));
    for tokens in [&tokens, &newer] {
        told.extend(["/access_token", "/refresh_token"].map(|token| text(tokens, token)));
    }
    let events = listen(process, "/v1/events/stream", &text(&shop, "/secret_key"));
    let transactions = listen(process, "/v1/transactions/stream", &text(&newer, "/access_token"));
    let buyer = process.client(&text(&newer, "/access_token"));
    load(&operator, &buyer, told);

    let offer = json!({ "item": { "id": "1", "title": "One" }, "price": { "amount": "10.00", "currency": "EUR" } });
    let offer =
        process.client(&text(&shop, "/secret_key")).post("/v1/offers", None, &offer).ok(201);
    let buy = |pin: &str| {
        let body = json!({ "offers": [offer["offer"], offer["offer"]], "pin": pin });
        buyer.post("/v1/purchases", Some(&new_key()), &body)
    };
    buy(NEW_PIN).problem(403, "pin-required");
    let purchase = buy(PIN).ok(201);
    let refund = json!({ "item": purchase["items"][0]["id"] });
    buyer.post("/v1/refunds", Some(&new_key()), &refund).ok(201);
    // Paid and refunded; a wrong card, a card, a tap, paid and refunded.
    let streams = heard(events, 2) + &heard(transactions, 5);

    let recovery = json!({
        "recovery_code": account["recovery_code"], "email": EMAIL, "new_pin": NEW_PIN, "new_password": PASSWORD,
    });
    let recovered = anyone.post("/v1/account/credentials", None, &recovery).ok(200);
    told.push(text(&recovered, "/recovery_code"));
    let login = json!({ "email": EMAIL, "pin": NEW_PIN, "password": PASSWORD });
    let tokens = anyone.post("/v1/sessions", None, &login).ok(200);
    told.extend(["/access_token", "/refresh_token"].map(|token| text(&tokens, token)));
    let buyer = process.client(&text(&tokens, "/access_token"));
    let erase = json!({ "pin": NEW_PIN, "password": PASSWORD });
    let erased = buyer.delete_with("/v1/account", &new_key(), &erase).ok(200);
    told.push(text(&erased, "/compensation/code"));
    (text(&purchase, "/id"), streams)
}

/// Has an endpoint told of everything at a merchant.
fn hook(process: &Process, shop: &Value, endpoint: &Endpoint, told: &mut Vec<String>) {
    let wish = json!({ "url": endpoint.url, "events": ["*"] });
    let merchant = process.client(&text(shop, "/secret_key"));
    let made = merchant.post("/v1/webhooks", None, &wish).ok(201);
    told.push(text(&made, "/secret"));
}

/// A card's code, a wrong one, and the tap of a card with keys from elsewhere.
fn load(operator: &Client, buyer: &Client, told: &mut Vec<String>) {
    let face = json!({ "amount": "50.00", "currency": "EUR" });
    let batch =
        operator.post("/v1/card-batches", None, &json!({ "count": 1, "face": face })).ok(201);
    let sell = |path: String| operator.post(&path, Some(&new_key()), &json!({})).ok(200);
    sell(format!("/v1/card-batches/{}/activate", text(&batch, "/id")));
    let code = text(&batch, "/cards/0/code");
    let load =
        |card: Value| buyer.post("/v1/vault/loads", Some(&new_key()), &json!({ "card": card }));
    load(json!({ "code": MISPLACED })).problem(422, "card-refused");
    load(json!({ "code": code })).ok(201);
    let keys = json!({ "meta_read": META_READ, "file_read": FILE_READ });
    let card = json!({ "face": face, "uid": UID, "keys": keys });
    let card = operator.post("/v1/smart-cards", None, &card).ok(201);
    sell(format!("/v1/smart-cards/{}/activate", text(&card, "/id")));
    let uid = data_encoding::HEXLOWER.decode(UID.as_bytes()).unwrap().try_into().unwrap();
    let meta_read = MetaReadKey::parse(META_READ).unwrap();
    let file_read = FileReadKey::parse(FILE_READ).unwrap();
    let tap = tap_under(&meta_read, &file_read, uid, 1);
    told.extend(["/picc_data", "/cmac"].map(|part| text(&tap, part)));
    told.extend([code, text(&card, "/code")]);
    load(tap).ok(201);
}

/// The same person again with a browser, and what is typed into the wrong field there; then the operator.
fn browse(process: &Process, told: &mut Vec<String>) {
    let mut browser = Browser::at(&process.base);
    let page = browser.get("/login").ok();
    let wrong = [("email", MISPLACED), ("pin", PIN), ("password", PASSWORD)];
    assert_eq!(browser.submit(&page, &wrong).status, 401);
    told.extend(browser.cookies.values().cloned());
    let page = browser.get("/signup").ok();
    let who = [("email", EMAIL), ("pin", PIN), ("password", PASSWORD), ("country", "DE")];
    let code = browser.submit(&page, &who).ok();
    let code = code.body.split("id=\"code\"").nth(1).and_then(|rest| rest.split(['>', '<']).nth(1));
    told.push(code.expect("the recovery code").to_owned());
    let page = browser.get("/wallet/load").ok();
    assert_eq!(browser.submit(&page, &[("code", MISPLACED)]).status, 422);
    let page = browser.get("/wallet/account/credentials").ok();
    let unreadable = [("pin", PIN), ("password", PASSWORD), ("new_pin", MISPLACED)];
    assert_eq!(browser.submit(&page, &unreadable).status, 400);
    let changed = [("pin", PIN), ("password", PASSWORD), ("new_pin", NEW_PIN)];
    assert_eq!(browser.submit(&page, &changed).status, 303);
    browser.open_desk("/operator", &told[0].clone());
    let page = browser.get("/desk/login").ok();
    assert_eq!(browser.submit(&page, &[("key", MISPLACED)]).status, 401);
    told.extend(browser.cookies.into_values().filter(|value| value.len() >= 20));
}

/// That person at a shop of another merchant: a log-in, a payment above the limit, a passkey, and a recovery that fails.
fn shop_around(process: &Process, endpoint: &Endpoint, told: &mut Vec<String>) {
    let operator = process.client(&told[0]);
    let shop = json!({ "name": "Other", "country": "DE" });
    let shop = operator.post("/v1/merchants", None, &shop).ok(201);
    told.extend(["/secret_key", "/offer_key/secret"].map(|secret| text(&shop, secret)));
    hook(process, &shop, endpoint, told);
    let merchant = process.client(&text(&shop, "/secret_key"));
    let wish = json!({ "redirect_uris": ["http://127.0.0.1:9/callback"], "require_pkce": false });
    let client = merchant.post("/v1/login-clients", None, &wish).ok(201);
    told.push(text(&client, "/client_secret"));
    let asked = format!(
        "/oauth/authorize?response_type=code&scope=openid&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback&client_id={}",
        text(&client, "/client_id")
    );
    let mut browser = Browser::at(&process.base);
    let page = browser.get(&asked).ok();
    let wrong = [("email", MISPLACED), ("pin", NEW_PIN), ("password", PASSWORD)];
    assert_eq!(browser.submit(&page, &wrong).status, 401);
    let right = [("email", EMAIL), ("pin", NEW_PIN), ("password", PASSWORD)];
    let consent = browser.submit(&page, &right);
    let consent = browser.get(consent.header("location").unwrap()).ok();
    let back = browser.submit(&consent, &[]).header("location").unwrap().to_owned();
    told.push(back.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned());

    let face = json!({ "amount": "50.00", "currency": "EUR" });
    let batch = operator.post("/v1/card-batches", None, &json!({ "count": 1, "face": face }));
    let batch = batch.ok(201);
    let activate = format!("/v1/card-batches/{}/activate", text(&batch, "/id"));
    operator.post(&activate, Some(&new_key()), &json!({})).ok(200);
    told.push(text(&batch, "/cards/0/code"));
    let page = browser.get("/wallet/load").ok();
    assert_eq!(browser.submit(&page, &[("code", &text(&batch, "/cards/0/code"))]).status, 303);
    let offer = json!({ "item": { "id": "1", "title": "One" }, "price": { "amount": "10.00", "currency": "EUR" } });
    let offer = merchant.post("/v1/offers", None, &offer).ok(201);
    let page = browser.get(&format!("/pay?offer={}", text(&offer, "/offer"))).ok();
    assert_eq!(browser.submit(&page, &[("pin", PIN)]).status, 403);
    let page = browser.get(&format!("/pay?offer={}", text(&offer, "/offer"))).ok();
    assert_eq!(browser.submit(&page, &[("pin", NEW_PIN)]).status, 303);

    let passkeys = "/wallet/account/passkeys";
    let page = browser.get(passkeys).ok();
    let new = |pin| [("passkey_name", "blue"), ("pin", pin), ("password", PASSWORD)];
    assert_eq!(browser.send(&page, passkeys, &new(MISPLACED)).status, 401);
    browser.send(&page, passkeys, &new(NEW_PIN)).ok();
    let page = browser.get("/recover").ok();
    let lost = [
        ("recovery_code", MISPLACED),
        ("email", EMAIL),
        ("new_pin", NEW_PIN),
        ("new_password", PASSWORD),
    ];
    assert_eq!(browser.submit(&page, &lost).status, 401);
    told.extend(browser.cookies.into_values().filter(|value| value.len() >= 20));
}

/// Secrets where none belongs: in addresses, headers, wrong fields, and in what is no HTTP.
fn misuse(process: &Process) {
    let anyone = Client::new(&process.base, None);
    let wrong = json!({ "email": EMAIL, "pin": PIN, "password": MISPLACED });
    anyone.post("/v1/sessions", None, &wrong).problem(401, "wrong-credentials");
    let unreadable = json!({ "email": EMAIL, "pin": MISPLACED, "password": PASSWORD });
    anyone.post("/v1/accounts", None, &unreadable).problem(400, "malformed-request");
    for body in [
        json!({ "email": [MISPLACED], "pin": PIN, "password": PASSWORD }),
        json!({ MISPLACED: 1 }),
        json!(MISPLACED),
    ] {
        anyone.post("/v1/sessions", None, &body).problem(400, "malformed-request");
    }
    process.client(MISPLACED).get("/v1/vault").problem(401, "not-authenticated");
    process.client(MISPLACED).get("/v1/merchant").problem(401, "not-authenticated");
    anyone.get(&format!("/nowhere/{MISPLACED}?{MISPLACED}")).problem(404, "not-found");
    assert_eq!(anyone.get(&format!("/problems/{MISPLACED}")).status, 404);
    for request in [
        format!(
            "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{MISPLACED}"
        ),
        format!("GET /{MISPLACED} HTTP/7.7\r\n\r\n"),
        format!("{MISPLACED}\r\n\r\n"),
        format!(
            "POST /v1/sessions HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{MISPLACED}\r\n"
        ),
        format!("{MISPLACED} /v1/vault HTTP/1.1\r\nHost: {MISPLACED}\r\nConnection: close\r\n\r\n"),
        format!(
            "GET /v1/vault HTTP/1.1\r\nHost: x\r\n{MISPLACED}: {MISPLACED}\r\nBad Header: {MISPLACED}\r\n\r\n"
        ),
    ] {
        raw(&process.base, request.as_bytes());
    }
}
