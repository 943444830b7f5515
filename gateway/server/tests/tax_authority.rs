//! Returns of a real gateway are handed in at an authority that nobody of the gateway knows: accepted as they are, refused
//! with a reason when anything in them is changed. What was accepted is what the ledger holds.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use purser_core::account::Account;
use purser_store::open_balance;
use serde_json::{Value, json};
use support::{Answer, Buyer, Client, Merchant, RATES, World, new_key, text};

const SELLER: &str = "DE136695976";
const VRN: &str = "980780684";

/// The authority of the example, started as its README says, on a free port.
struct Authority {
    process: Child,
    base: String,
    token: String,
}

impl Authority {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let readme =
            std::fs::read_to_string(root.join("examples/tax-authority/README.md")).unwrap();
        let told = readme.lines().find_map(|line| line.strip_prefix("$ python3 ")).unwrap();
        let told: Vec<&str> = told.split(' ').collect();
        let token = told[told.iter().position(|part| *part == "--token").unwrap() + 1].to_owned();
        let told = told.iter().map(|part| if *part == "8090" { "0" } else { part });
        let mut command = Command::new("python3");
        command.args(told).current_dir(root).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the example is in Python: python3 is needed");
        let mut base = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut base).unwrap();
        Self { process, base: base.trim().to_owned(), token }
    }

    /// Hands a return in, without the gateway.
    fn hand_in(&self, path: &str, media_type: &str, body: &str) -> Answer {
        let client = Client::new(&self.base, Some(&self.token));
        client.send("POST", path, None, body.as_bytes(), media_type)
    }

    /// The tax of the return that was accepted.
    fn accepted(&self, taxpayer: &str, period: &str) -> String {
        let list = Client::new(&self.base, None).get("/returns").ok(200);
        let found = list["returns"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["taxpayer"] == taxpayer && one["period"] == period);
        text(found.unwrap_or_else(|| panic!("{taxpayer} {period} of {list:#}")), "/tax")
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A German seller, registered in the United Kingdom and for the one-stop shop.
fn shop(world: &World) -> Merchant {
    let made = world.operator.post(
        "/v1/merchants",
        None,
        &json!({
            "name": "Shop", "country": "DE", "fee_percent": "1",
            "tax": { "taxpayer": "merchant", "registrations": [
                { "authority": "DE", "scheme": "oss", "number": SELLER },
                { "authority": "GB", "scheme": "vat", "number": format!("GB{VRN}") },
            ]},
        }),
    );
    let made = made.ok(201);
    let client = Client::new(&world.base, Some(&text(&made, "/secret_key")));
    Merchant { id: text(&made, "/id"), client, kid: String::new(), secret: String::new() }
}

/// Sells things at these prices to somebody there; gives the items.
fn sell(shop: &Merchant, buyer: &Buyer, country: &str, prices: &[(&str, &str)]) -> Vec<String> {
    let offers: Vec<String> =
        prices.iter().map(|(amount, currency)| shop.offer(amount, currency)).collect();
    let wish = json!({ "offers": offers, "country": country });
    let purchase = buyer.client.post("/v1/purchases", Some(&new_key()), &wish).ok(201);
    let items = purchase["items"].as_array().unwrap();
    items.iter().map(|item| text(item, "/id")).collect()
}

fn remit(world: &World, authority: &str, period: &str) -> Value {
    let wish = json!({ "authority": authority, "period": period });
    world.operator.post("/v1/tax/remittances", Some(&new_key()), &wish).ok(201)
}

/// The body of a return.
fn return_of(world: &World, remittance: &Value) -> String {
    let url = text(remittance, "/return/url");
    match world.operator.get(url.strip_prefix(&world.base).unwrap()).ok(200) {
        Value::String(text) => text,
        json => json.to_string(),
    }
}

fn send(world: &World, authority: &Authority, remittance: &Value, path: &str) -> Answer {
    send_to(world, remittance, &destination(authority, path))
}

fn destination(authority: &Authority, path: &str) -> Value {
    json!({
        "url": format!("{}{path}", authority.base),
        "headers": { "Authorization": format!("Bearer {}", authority.token) },
    })
}

fn send_to(world: &World, remittance: &Value, to: &Value) -> Answer {
    let path = format!("/v1/tax/remittances/{}/send", text(remittance, "/id"));
    world.operator.post(&path, Some(&new_key()), to)
}

#[track_caller]
fn accepted(answer: Answer) {
    let sent = answer.ok(200);
    assert_eq!((&sent["accepted"], &sent["status"]), (&json!(true), &json!(201)), "{sent:#}");
}

fn confirm(world: &World, remittance: &Value) {
    let path = format!("/v1/tax/remittances/{}/confirm", text(remittance, "/id"));
    world.operator.post(&path, Some(&new_key()), &json!({})).ok(200);
}

fn holds(world: &World, account: &str) -> String {
    let account: Account = account.parse().unwrap();
    let held = world.gateway.store.read_now(|db| open_balance(db, &account)).unwrap();
    held.first().map_or("0.00".to_owned(), |held| held.amount())
}

/// Real pounds and euros, and a buyer with dollars.
fn begin(world: &World) -> (Merchant, Buyer) {
    let buyer = world.buyer_with("2000.00");
    for (amount, currency) in [("200.00", "EUR"), ("200.00", "GBP")] {
        let trade = json!({
            "sold": { "amount": "300.00", "currency": "USD" }, "bought": { "amount": amount, "currency": currency },
        });
        world.operator.post("/v1/treasury/trades", Some(&new_key()), &trade).ok(201);
    }
    (shop(world), buyer)
}

fn next_quarter(world: &World, buyer: &mut Buyer) {
    world.set_clock("2024-07-02T00:00:00Z");
    let rates = String::from_utf8(RATES.to_vec()).unwrap().replace("2024-06-28", "2024-07-02");
    world.operator.post_bytes("/v1/rates?feed=ecb-daily", rates.as_bytes()).ok(201);
    let session = world.sign_in(&buyer.login).ok(200);
    buyer.client = Client::new(&world.base, Some(&text(&session, "/access_token")));
}

on_both_databases! {
    fn returns_are_accepted_as_they_are_and_refused_when_they_were_changed(world: &World) {
        let authority = Authority::start();
        let (shop, mut buyer) = begin(world);
        let british = sell(&shop, &buyer, "GB", &[("10.00", "GBP"), ("20.00", "GBP"), ("0.99", "GBP")]);
        let finnish = sell(&shop, &buyer, "FI", &[("10.00", "EUR"), ("20.00", "EUR")]);
        buyer.refund(&british[0]).ok(201);
        next_quarter(world, &mut buyer);
        buyer.refund(&finnish[0]).ok(201);
        buyer.refund(&british[1]).ok(201);
        sell(&shop, &buyer, "FI", &[("50.00", "EUR")]);
        sell(&shop, &buyer, "GB", &[("100.00", "GBP")]);

        // What is sold and goes back in one quarter is in no box; what goes back in the next is taken off there.
        let gb = remit(world, "GB", "2024-Q2");
        let (gb_body, gb_path) = (return_of(world, &gb), format!("/organisations/vat/{VRN}/returns"));
        refuses_boxes(&authority, &gb_path, &gb_body);
        accepted(send(world, &authority, &gb, &gb_path));
        assert_eq!((text(&gb, "/tax/amount"), authority.accepted(VRN, "24C2")), ("4.20".into(), "4.20".into()));
        send(world, &authority, &gb, &gb_path).problem(409, "return-sent-before");
        let mut once_more = destination(&authority, &gb_path);
        once_more["again"] = true.into();
        let twice = send_to(world, &gb, &once_more).ok(200);
        assert_eq!((&twice["accepted"], &twice["status"]), (&json!(false), &json!(403)));
        assert!(text(&twice, "/answer").contains("was accepted before"), "{twice:#}");
        confirm(world, &gb);
        let gb = remit(world, "GB", "2024-Q3");
        accepted(send(world, &authority, &gb, &gb_path));
        assert_eq!((text(&gb, "/tax/amount"), authority.accepted(VRN, "24C3")), ("16.00".into(), "16.00".into()));
        confirm(world, &gb);

        let fi = remit(world, "FI", "2024-Q2");
        let fi_path = format!("/oss/{SELLER}/2024-Q2");
        refuses_rows(&authority, &fi_path, &return_of(world, &fi));
        accepted(send(world, &authority, &fi, &fi_path));
        assert_eq!((text(&fi, "/tax/amount"), authority.accepted(SELLER, "2024-Q2")), ("7.20".into(), "7.20".into()));
        confirm(world, &fi);
        let fi = remit(world, "FI", "2024-Q3");
        assert_eq!(text(&fi, "/corrections/0/corrects"), "2024-Q2");
        let fi_path = format!("/oss/{SELLER}/2024-Q3");
        refuses_corrections(&authority, &fi_path, &return_of(world, &fi));
        accepted(send(world, &authority, &fi, &fi_path));
        // 24 % of 50.00, less the 2.40 of what went back.
        assert_eq!((text(&fi, "/tax/amount"), authority.accepted(SELLER, "2024-Q3")), ("9.60".into(), "9.60".into()));
        confirm(world, &fi);

        for account in ["GB:GBP", "FI:EUR"] {
            assert_eq!(holds(world, &format!("tax:{}:{account}", shop.id)), "0.00", "all was paid");
        }
        let sent = world.operator.get(&format!("/v1/tax/remittances/{}", text(&fi, "/id"))).ok(200);
        assert_eq!(sent["sent"].as_array().unwrap().len(), 1);
        assert!(!sent.to_string().contains(&authority.token), "no header is kept");
        world.check();
    }

    fn what_cannot_be_sent_is_said(world: &World) {
        let (shop, buyer) = begin(world);
        sell(&shop, &buyer, "FI", &[("10.00", "EUR")]);
        let made = remit(world, "FI", "2024-Q2");
        let path = format!("/v1/tax/remittances/{}/send", text(&made, "/id"));
        let to = |to: Value| world.operator.post(&path, Some(&new_key()), &to);
        let refused = |wish: Value, field: &str| {
            let answer = to(wish);
            answer.problem(400, "malformed-request");
            assert_eq!(answer.body["field"], field, "{:#}", answer.body);
        };
        for url in ["", "ftp://a.example/", "https://user:pass@a.example/", "http://10.0.0.1/", "http://169.254.169.254/latest"] {
            refused(json!({ "url": url }), "url");
        }
        let here = "http://127.0.0.1:9/";
        refused(json!({ "url": here, "headers": { "content-type": "text/plain" } }), "headers");
        refused(json!({ "url": here, "headers": { "host": "elsewhere.example" } }), "headers");
        refused(json!({ "url": here, "headers": { "a": "b\r\nc: d" } }), "headers");
        refused(json!({ "url": here, "colour": "red" }), "colour");
        // Nobody listens there.
        to(json!({ "url": here })).problem(502, "return-not-sent");
        let seen = world.operator.get(&format!("/v1/tax/remittances/{}", text(&made, "/id"))).ok(200);
        assert_eq!((&seen["sent"][0]["accepted"], &seen["sent"][0]["status"]), (&json!(false), &Value::Null));
        world.operator.post("/v1/tax/remittances/nonsense/send", Some(&new_key()), &json!({ "url": here })).problem(404, "not-found");
        shop.client.post(&path, Some(&new_key()), &json!({ "url": here })).problem(401, "not-authenticated");
        let fail = format!("/v1/tax/remittances/{}/fail", text(&made, "/id"));
        world.operator.post(&fail, Some(&new_key()), &json!({})).ok(200);
        to(json!({ "url": here })).problem(409, "already-settled");
    }
}

#[track_caller]
fn refused(answer: Answer, code: &str, says: &str) {
    assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some(code)), "{answer:?}");
    assert!(text(&answer.body, "/message").contains(says), "{answer:?}");
}

/// Changes the boxes of a good return one by one.
fn refuses_boxes(authority: &Authority, path: &str, good: &str) {
    let check = |change: &dyn Fn(&mut Value), code: &str, says: &str| {
        let mut boxes: Value = serde_json::from_str(good).unwrap();
        change(&mut boxes);
        let answer = authority.hand_in(path, "application/json", &boxes.to_string());
        refused(answer, code, says);
    };
    check(&|boxes| boxes["vatDueSales"] = json!(4.21), "VAT_TOTAL_VALUE", "box 1 + box 2");
    check(&|boxes| boxes["netVatDue"] = json!(4.21), "VAT_NET_VALUE", "boxes 3 and 4");
    check(&|boxes| boxes["netVatDue"] = json!(-4.2), "INVALID_NUMERIC_VALUE", "from 0");
    check(&|boxes| boxes["totalValueSalesExVAT"] = json!(20.99), "INVALID_NUMERIC_VALUE", "whole");
    check(&|boxes| boxes["vatDueAcquisitions"] = json!(0.001), "INVALID_NUMERIC_VALUE", "two");
    check(&|boxes| boxes["vatDueSales"] = json!("4.20"), "INVALID_NUMERIC_VALUE", "number");
    check(&|boxes| boxes["vatDueSales"] = json!(1e14), "INVALID_NUMERIC_VALUE", "from -");
    check(&|boxes| boxes["finalised"] = json!(false), "NOT_FINALISED", "final");
    check(&|boxes| boxes["periodKey"] = json!("2024-Q2"), "PERIOD_KEY_INVALID", "four");
    check(&|boxes| boxes["colour"] = json!("red"), "INVALID_REQUEST", "colour");
    let without = |boxes: &mut Value| drop(boxes.as_object_mut().unwrap().remove("netVatDue"));
    check(&without, "MANDATORY_FIELD_MISSING", "netVatDue");
    let json = "application/json";
    refused(authority.hand_in(path, json, "no"), "INVALID_REQUEST", "JSON");
    refused(authority.hand_in(path, "text/csv", good), "CONTENT_TYPE", "json");
    let wrong = path.replace(VRN, "980780685");
    refused(authority.hand_in(&wrong, json, good), "VRN_INVALID", "check digit");
    let stranger =
        Client::new(&authority.base, None).send("POST", path, None, good.as_bytes(), json);
    assert_eq!((stranger.status, &stranger.body["code"]), (401, &json!("INVALID_CREDENTIALS")));
}

/// Changes the rows of a good return one by one.
fn refuses_rows(authority: &Authority, path: &str, good: &str) {
    let row = format!("1;{SELLER};1;FI;1;1;24;30,00;7,20;;;;\r\n");
    assert_eq!(good, row);
    let csv = "text/csv; charset=utf-8";
    let check = |from: &str, to: &str, code: &str, says: &str| {
        assert!(good.contains(from), "{from}");
        refused(authority.hand_in(path, csv, &good.replacen(from, to, 1)), code, says);
    };
    check("7,20", "7,02", "TAX", "is 7.20, not 7.02");
    check("7,20", "7.20", "AMOUNT", "no amount");
    check("30,00", "-30,00", "AMOUNT", "no amount");
    check("30,00", "30,001", "AMOUNT", "no amount");
    check(";24;", ";0;", "RATE", "no rate");
    check(";FI;", ";GR;", "MEMBER_STATE", "no member state");
    check(";FI;", ";DE;", "MEMBER_STATE", "domestic");
    check(";FI;1;", ";FI;3;", "CODE", "goods");
    check("1;DE", "2;DE", "COLUMN", "counts");
    check(";;;;", ";;;", "COLUMN", "13 columns");
    check(";;;;", ";;2024-Q1;;", "COLUMN", "empty");
    check(SELLER, "DE136695977", "VAT_NUMBER", "taxpayer's number");
    let twice = format!("{row}{}", row.replacen('1', "2", 1));
    refused(authority.hand_in(path, csv, &twice), "TWICE", "one row");
    let wrong = path.replace(SELLER, "DE136695977");
    refused(authority.hand_in(&wrong, csv, good), "VAT_NUMBER", "no VAT number");
    let month = path.replace("2024-Q2", "2024-06");
    refused(authority.hand_in(&month, csv, good), "PERIOD", "no quarter");
    refused(authority.hand_in(path, "application/json", good), "CONTENT_TYPE", "csv");
}

/// Changes a good correction.
fn refuses_corrections(authority: &Authority, path: &str, good: &str) {
    let correction = format!("2;{SELLER};2;;;;;;;;2024-Q2;FI;-2,40\r\n");
    assert!(good.ends_with(&correction), "{good}");
    let check = |from: &str, to: &str, code: &str, says: &str| {
        let changed = good.replacen(from, to, 1);
        let answer = authority.hand_in(path, "text/csv; charset=utf-8", &changed);
        refused(answer, code, says);
    };
    check("2024-Q2;FI", "2024-Q3;FI", "CORRECTION", "twelve quarters");
    check("2024-Q2;FI", "2021-Q2;FI", "CORRECTION", "twelve quarters");
    check("2024-Q2;FI", "2024-Q2;XX", "MEMBER_STATE", "no member state");
    check("-2,40", "-2.40", "AMOUNT", "no amount");
    check("2;;;;;;;;2024", "2;FI;;;;;;;2024", "COLUMN", "empty");
}
