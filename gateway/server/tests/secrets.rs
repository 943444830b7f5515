//! Nothing that a buyer types as a secret stays: not in a table, not in a log line of any level, not in an event and
//! not in what plugins are asked. The same holds for keys of merchants, operators and cards.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use purser_core::card::sun::{FileReadKey, MetaReadKey};
use serde_json::{Value, json};
use support::{Client, RATES, START, new_key, raw, tap_under, text};

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

/// A gateway in a process of its own, so that everything it writes is seen. Ends with the test, however that ends.
struct Process {
    child: Child,
    base: String,
}

impl Process {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
        command.args(["serve", "--sandbox", "--listen", "127.0.0.1:0", "--log", "json"]);
        command.args(["--clock", START, "--step-up-limit", "5.00", "--data"]);
        command.arg(folder.join("data")).current_dir(folder).env("PURSER_LOG", "trace");
        command.stdout(Stdio::piped()).stderr(File::create(folder.join("log")).unwrap());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        Self { child, base: base.to_owned() }
    }

    fn client(&self, bearer: &str) -> Client {
        Client::new(&self.base, Some(bearer))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn neither_tables_nor_logs_hold_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path());
    let operator_key = fs::read_to_string(folder.path().join("data/operator.key")).unwrap();
    let mut told = vec![operator_key.trim().to_owned()];
    let purchase = play(&process, &mut told);
    misuse(&process);
    drop(process);
    told.extend([EMAIL, PASSWORD, PIN, NEW_PIN, META_READ, FILE_READ, UID].map(str::to_owned));
    told.extend(["unmistakabl".to_owned(), "ann.un".to_owned()]);
    // Codes are typed with hyphens and without.
    let plain = |secret: &String| secret.replace('-', "").to_ascii_lowercase();
    let secrets: Vec<String> =
        told.iter().flat_map(|secret| [secret.to_ascii_lowercase(), plain(secret)]).collect();

    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.lines().any(|line| line.contains("\"TRACE\"")), "every level is looked at");
    assert!(log.contains("/v1/vault/loads"), "the story is in it");
    holds_none("the log", &log.to_ascii_lowercase(), &secrets);
    let mut tables = String::new();
    for file in fs::read_dir(folder.path().join("data")).unwrap().map(|file| file.unwrap().path()) {
        if file.file_name().unwrap().to_string_lossy().starts_with("purser.db") {
            tables.push_str(&String::from_utf8_lossy(&fs::read(file).unwrap()));
        }
    }
    assert!(tables.contains(&purchase), "the story is in it");
    holds_none("the database", &tables.to_ascii_lowercase(), &secrets);
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

/// The story, with everything that is secret in it; gives the purchase's name.
fn play(process: &Process, told: &mut Vec<String>) -> String {
    let operator = process.client(&told[0]);
    operator.post_bytes("/v1/rates?feed=ecb-daily", RATES).ok(201);
    let shop = json!({ "name": "Shop", "country": "DE" });
    let shop = operator.post("/v1/merchants", None, &shop).ok(201);
    told.extend(["/secret_key", "/offer_key/secret"].map(|secret| text(&shop, secret)));
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
    text(&purchase, "/id")
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
