//! What merchants are owed on its way to their banks, over HTTP and on both databases.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Answer, Client, Merchant, World, at_once, new_key, text};

fn try_pay(world: &World, shop: &Merchant, currency: &str) -> Answer {
    let wish = json!({ "merchant": shop.id, "currency": currency });
    world.operator.post("/v1/payouts", Some(&new_key()), &wish)
}

fn settle(world: &World, payout: &Value, how: &str) -> Answer {
    let path = format!("/v1/payouts/{}/{how}", text(payout, "/id"));
    world.operator.post(&path, Some(&new_key()), &json!({}))
}

/// What the merchant's profile says that it is owed.
fn owed(shop: &Merchant) -> Value {
    shop.client.get("/v1/merchant").ok(200)["balances"].clone()
}

/// So many events of payouts, oldest first, as the merchant was told: they come right behind the commit.
fn told(shop: &Merchant, count: usize) -> Vec<(String, String)> {
    let begun = Instant::now();
    loop {
        let list = shop.client.get("/v1/events").ok(200);
        let events = list["data"].as_array().unwrap().iter().rev();
        let of_payouts = events.filter(|event| text(event, "/type").starts_with("payout."));
        let told: Vec<_> =
            of_payouts.map(|event| (text(event, "/type"), text(event, "/data/payout"))).collect();
        if told.len() >= count {
            return told;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{list:#}");
    }
}

fn dollars(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

on_both_databases! {
    fn a_merchant_is_paid_what_it_is_owed(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        buyer.buy(&[&shop.offer("10.00", "USD"), &shop.offer("20.00", "USD")]).ok(201);
        assert_eq!(owed(&shop), json!([dollars("29.70")]));
        let (key, wish) = (new_key(), json!({ "merchant": shop.id, "currency": "USD" }));
        let made = world.operator.post("/v1/payouts", Some(&key), &wish).ok(201);
        assert_eq!((&made["amount"], &made["status"], &made["merchant"]), (&dollars("29.70"), &json!("prepared"), &json!(shop.id)));
        assert_eq!(owed(&shop), json!([dollars("0.00")]));
        try_pay(world, &shop, "USD").problem(402, "insufficient-funds");
        let failed = settle(world, &made, "fail").ok(200);
        assert_eq!(failed["status"], "failed");
        assert_eq!(owed(&shop), json!([dollars("29.70")]));
        let settled = settle(world, &made, "confirm");
        settled.problem(409, "already-settled");
        assert_eq!(settled.body["settled"], "failed");
        let second = try_pay(world, &shop, "USD").ok(201);
        let confirmed = settle(world, &second, "confirm").ok(200);
        assert_eq!(confirmed["status"], "confirmed");
        assert_eq!(settle(world, &second, "confirm").ok(200), confirmed);
        assert_eq!(world.operator.post("/v1/payouts", Some(&key), &wish).ok(201), made, "the same key, the same answer");
        let expected = [("payout.failed".to_owned(), text(&made, "/id")), ("payout.sent".to_owned(), text(&second, "/id"))];
        assert_eq!(told(&shop, 2), expected);
        let list = shop.client.get("/v1/payouts").ok(200);
        let statuses: Vec<_> = list["data"].as_array().unwrap().iter().map(|payout| text(payout, "/status")).collect();
        assert_eq!(statuses, ["confirmed", "failed"]);
        world.check();
    }

    fn of_many_at_once_one_is_paid(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        buyer.buy(&[&shop.offer("10.00", "USD")]).ok(201);
        let (operator, id) = (world.operator.clone(), shop.id.clone());
        let pay = move |_| operator.post("/v1/payouts", Some(&new_key()), &json!({ "merchant": id, "currency": "USD" }));
        let answers = at_once(6, pay);
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:#?}");
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            refused.problem(402, "insufficient-funds");
        }
        assert_eq!(owed(&shop), json!([dollars("0.00")]));
        world.check();
    }

    fn what_went_back_after_a_payout_is_recovered_from_the_next(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let purchase = buyer.buy(&[&shop.offer("10.00", "USD")]).ok(201);
        settle(world, &try_pay(world, &shop, "USD").ok(201), "confirm").ok(200);
        buyer.refund(&text(&purchase, "/items/0/id")).ok(201);
        assert_eq!(owed(&shop), json!([dollars("-9.90")]));
        try_pay(world, &shop, "USD").problem(402, "insufficient-funds");
        buyer.buy(&[&shop.offer("30.00", "USD")]).ok(201);
        assert_eq!(try_pay(world, &shop, "USD").ok(201)["amount"], dollars("19.80"));
        world.check();
    }

    fn what_cannot_be_paid_is_refused(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        try_pay(world, &shop, "USD").problem(402, "insufficient-funds");
        try_pay(world, &shop, "XXX").problem(400, "unknown-currency");
        let nobody = Merchant { id: "merch_00000000000000000000000007".into(), ..shop.clone() };
        try_pay(world, &nobody, "USD").problem(400, "malformed-request");
        buyer.buy(&[&shop.offer("10.00", "EUR")]).ok(201);
        let wish = json!({ "merchant": shop.id, "currency": "EUR" });
        world.operator.post("/v1/payouts", None, &wish).problem(400, "idempotency-key-missing");
        shop.client.post("/v1/payouts", Some(&new_key()), &wish).problem(401, "not-authenticated");
        let made = try_pay(world, &shop, "EUR").ok(201);
        // Nobody brought real euros in.
        let refused = settle(world, &made, "confirm");
        refused.problem(402, "insufficient-funds");
        assert!(text(&refused.body, "/detail").contains("/v1/treasury/trades"));
        for id in ["pay_00000000000000000000000007", "nonsense"] {
            let unknown = json!({ "id": id });
            settle(world, &unknown, "confirm").problem(404, "not-found");
            settle(world, &unknown, "fail").problem(404, "not-found");
            world.operator.get(&format!("/v1/payouts/{id}/file")).problem(404, "not-found");
        }
    }

    fn the_bank_file_names_merchant_amount_and_reference(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        buyer.buy(&[&shop.offer("10.00", "USD")]).ok(201);
        let made = try_pay(world, &shop, "USD").ok(201);
        let path = format!("/v1/payouts/{}/file", text(&made, "/id"));
        let file = world.operator.get(&path).ok(200);
        let expected = format!("reference,merchant,name,amount,currency\n{},{},Shop DE,9.90,USD\n", text(&made, "/id"), shop.id);
        assert_eq!(file, Value::String(expected));
        shop.client.get(&path).problem(401, "not-authenticated");
    }

    fn a_statement_reconciles_to_the_cent(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("400.00"));
        let sold = buyer.buy(&[&shop.offer("10.00", "USD"), &shop.offer("20.00", "USD"), &shop.offer("5.00", "EUR")]).ok(201);
        let paid = try_pay(world, &shop, "USD").ok(201);
        settle(world, &paid, "fail").ok(200);
        world.set_clock("2024-07-01T00:00:00Z");
        let session = world.sign_in(&buyer.login).ok(200);
        let buyer = support::Buyer { client: Client::new(&world.base, Some(&text(&session, "/access_token"))), ..buyer };
        buyer.refund(&text(&sold, "/items/0/id")).ok(201);
        settle(world, &try_pay(world, &shop, "USD").ok(201), "confirm").ok(200);
        buyer.buy(&[&shop.offer("1.00", "USD")]).ok(201);
        let month = |name: &str| shop.client.get(&format!("/v1/statements/{name}")).ok(200);
        let june = month("2024-06");
        let seen = |statement: &Value, currency: &str| {
            let mut of = statement["data"].as_array().unwrap().iter();
            let of = of.find(|part| part["opening"]["currency"] == currency).cloned();
            let of = of.unwrap_or_else(|| panic!("{currency} of {statement:#}"));
            let lines = of["lines"].as_array().unwrap().iter();
            let lines: Vec<String> = lines.map(|line| format!("{} {}", text(line, "/kind"), text(line, "/amount/amount"))).collect();
            (text(&of, "/opening/amount"), lines.join(", "), text(&of, "/closing/amount"))
        };
        let is = |found: (String, String, String), expected: (&str, &str, &str)| {
            assert_eq!((found.0.as_str(), found.1.as_str(), found.2.as_str()), expected);
        };
        is(seen(&june, "EUR"), ("0.00", "sale 4.95", "4.95"));
        let lines = seen(&june, "USD").1;
        assert!(["sale 9.90, sale 19.80, ", "sale 19.80, sale 9.90, "].iter().any(|sales| lines == format!("{sales}payout -29.70, payout-failed 29.70")), "{lines}");
        assert_eq!(seen(&june, "USD").2, "29.70");
        let july = month("2024-07.json");
        is(seen(&july, "USD"), ("29.70", "refund -9.90, payout -19.80, sale 0.99", "0.99"));
        is(seen(&july, "EUR"), ("4.95", "", "4.95"));
        assert_eq!(owed(&shop), json!([{ "amount": "4.95", "currency": "EUR" }, dollars("0.99")]), "closing is what the ledger holds");
        let table = month("2024-07.csv");
        let table = table.as_str().unwrap();
        assert!(table.starts_with("at,kind,object,title,currency,amount,balance\n2024-07-01T00:00:00Z,opening,,,EUR,,4.95\n"), "{table}");
        assert!(table.ends_with("2024-08-01T00:00:00Z,closing,,,USD,,0.99\n"), "{table}");
        assert_eq!(month("2023-01")["data"], json!([]));
        shop.client.get("/v1/statements/2024-Q2").problem(404, "not-found");
        shop.client.get("/v1/statements/2024-13.csv").problem(404, "not-found");
        world.operator.get("/v1/statements/2024-06").problem(401, "not-authenticated");
        world.check();
    }

    fn payouts_are_seen_by_whoever_may(world: &World) {
        let (shop, other, buyer) = (world.merchant("DE"), world.merchant("FR"), world.buyer_with("100.00"));
        buyer.buy(&[&shop.offer("10.00", "USD"), &other.offer("10.00", "USD")]).ok(201);
        let (one, two) = (try_pay(world, &shop, "USD").ok(201), try_pay(world, &other, "USD").ok(201));
        let ids = |client: &Client, query: &str| -> Vec<String> {
            let list = client.get(&format!("/v1/payouts{query}")).ok(200);
            list["data"].as_array().unwrap().iter().map(|payout| text(payout, "/id")).collect()
        };
        assert_eq!(ids(&shop.client, ""), [text(&one, "/id")]);
        assert_eq!(ids(&world.operator, ""), [text(&two, "/id"), text(&one, "/id")]);
        assert_eq!(ids(&world.operator, "?limit=1"), [text(&two, "/id")]);
        assert_eq!(ids(&world.operator, &format!("?after={}", text(&two, "/id"))), [text(&one, "/id")]);
        assert_eq!(ids(&shop.client, &format!("?after={}", text(&two, "/id"))), [] as [String; 0]);
        let weak = shop.client.post("/v1/api-keys", None, &json!({ "scopes": ["offers"] })).ok(201);
        let weak = Client::new(&world.base, Some(&text(&weak, "/key")));
        weak.get("/v1/payouts").problem(403, "scope-missing");
        weak.get("/v1/statements/2024-06").problem(403, "scope-missing");
        world.anyone().get("/v1/payouts").problem(401, "not-authenticated");
    }
}
