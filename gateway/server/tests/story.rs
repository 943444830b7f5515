//! The main job over HTTP, on both databases.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use purser_core::{card::code::CardSerial, policy::Limits};
use purser_money::{Currency, Money};
use serde_json::{Value, json};
use support::{World, but, login, new_key, text};

on_both_databases! {
    /// The amounts are those of the ledger's examples.
    fn a_card_is_loaded_and_two_things_are_bought_and_one_goes_back(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer());
        let code = world.cards(1, "50.00", "EUR").remove(0);
        let load = buyer.load(&code).ok(201);
        assert_eq!(load["credited"], json!({ "amount": "53.25", "currency": "USD" }));
        assert_eq!(load["spread"], json!({ "amount": "0.27", "currency": "USD" }));
        assert_eq!(load["rate"], "1.0705");
        assert_eq!(load["rate_as_of"], "2024-06-28");

        let offer = shop.offer("10.00", "EUR");
        let purchase = buyer.buy(&[&offer, &offer]).ok(201);
        assert_eq!(purchase["total"], json!({ "amount": "25.48", "currency": "USD" }));
        assert_eq!(text(&purchase, "/items/0/charged/amount"), "12.74");
        assert_eq!(text(&purchase, "/items/0/gross/amount"), "11.90");
        assert_eq!(text(&purchase, "/items/0/taxes/0/tax/amount"), "1.90");
        assert_eq!(buyer.balance(), "27.77");
        let profile = shop.client.get("/v1/merchant").ok(200);
        assert_eq!(profile["balances"], json!([{ "amount": "19.80", "currency": "EUR" }]));

        let item = text(&purchase, "/items/0/id");
        let refund = buyer.refund(&item).ok(201);
        assert_eq!(refund["credited"], json!({ "amount": "12.74", "currency": "USD" }));
        assert_eq!(text(&refund, "/vault/refund_account/total/amount"), "12.74");
        assert_eq!(buyer.balance(), "40.51");
        buyer.refund(&item).problem(409, "already-refunded");
        world.buyer().refund(&text(&purchase, "/items/1/id")).problem(422, "not-purchased");
        let profile = shop.client.get("/v1/merchant").ok(200);
        assert_eq!(profile["balances"], json!([{ "amount": "9.90", "currency": "EUR" }]));
        world.check();
    }

    fn the_same_key_gets_the_same_answer_and_another_body_is_refused(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let (key, offer) = (new_key(), shop.offer("10.00", "USD"));
        let body = json!({ "offers": [offer] });
        let first = buyer.client.post("/v1/purchases", Some(&key), &body).ok(201);
        world.set_clock("2024-07-28T12:00:00Z");
        let session = world.anyone().post("/v1/sessions", None, &buyer.login).ok(200);
        let buyer = support::Client::new(&world.base, Some(&text(&session, "/access_token")));
        let again = buyer.post("/v1/purchases", Some(&key), &body).ok(201);
        assert_eq!(first, again, "although the offer has expired since");
        let other = json!({ "offers": [offer], "country": "FR" });
        buyer.post("/v1/purchases", Some(&key), &other).problem(422, "idempotency-key-reused");
        buyer.post("/v1/purchases", None, &body).problem(400, "idempotency-key-missing");
        world.check();
    }

    fn a_refusal_is_kept_with_its_key(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("1.00"));
        let (key, body) = (new_key(), json!({ "offers": [shop.offer("10.00", "USD")] }));
        buyer.client.post("/v1/purchases", Some(&key), &body).problem(402, "insufficient-funds");
        buyer.load(&world.cards(1, "100.00", "USD")[0]).ok(201);
        buyer.client.post("/v1/purchases", Some(&key), &body).problem(402, "insufficient-funds");
        buyer.client.post("/v1/purchases", Some(&new_key()), &body).ok(201);
        world.check();
    }

    fn a_card_that_is_refused_stays_refused_under_its_key_and_stands_in_the_log(world: &World) {
        let face = json!({ "amount": "50.00", "currency": "EUR" });
        let batch = world.operator.post("/v1/card-batches", None, &json!({ "count": 1, "face": face })).ok(201);
        let (buyer, code) = (world.buyer(), text(&batch, "/cards/0/code"));
        let load = |key: &str, body: &Value| buyer.client.post("/v1/vault/loads", Some(key), body);
        let part = json!({ "card": { "code": code }, "amount": { "amount": "1.00", "currency": "EUR" } });
        let whole = json!({ "card": { "code": code } });
        let unknown = json!({ "card": { "code": "no code at all" } });
        let keys = [new_key(), new_key(), new_key()];
        let bodies = [&whole, &part, &unknown];
        for (key, body) in keys.iter().zip(bodies) {
            load(key, body).problem(422, "card-refused");
        }
        let sell = format!("/v1/card-batches/{}/activate", text(&batch, "/id"));
        world.operator.post(&sell, Some(&new_key()), &json!({})).ok(200);
        for (key, body) in keys.iter().zip(bodies) {
            load(key, body).problem(422, "card-refused");
        }
        load(&new_key(), &part).ok(201);
        load(&new_key(), &whole).ok(201);
        let log = buyer.client.get("/v1/transactions").ok(200);
        let outcomes: Vec<_> = log["data"].as_array().unwrap().iter().map(|line| text(line, "/outcome")).collect();
        assert_eq!(outcomes, ["done", "done", "card-refused", "card-refused", "card-refused"]);
        assert!(log["data"].as_array().unwrap().iter().all(|line| line["kind"] == "load"));
        world.check();
    }

    fn an_offer_for_one_purchase_is_not_bought_twice_in_one(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let seat = json!({
            "item": { "id": "seat", "title": "Seat 1" }, "price": { "amount": "10.00", "currency": "USD" },
            "single_use": true,
        });
        let (key, offer) = (new_key(), shop.offer_of(&seat));
        let twice = json!({ "offers": [offer, offer] });
        for _ in 0..2 {
            let refused = buyer.client.post("/v1/purchases", Some(&key), &twice);
            refused.problem(409, "offer-already-used");
            assert_eq!(refused.body.get("offer_id"), None, "of several it is not said which");
        }
        let log = buyer.client.get("/v1/transactions").ok(200);
        assert_eq!(text(&log, "/data/0/outcome"), "offer-already-used");
        buyer.buy(&[&offer]).ok(201);
        let again = buyer.buy(&[&offer]);
        again.problem(409, "offer-already-used");
        assert!(text(&again.body, "/offer_id").starts_with("offer_"));
        assert_eq!(buyer.balance(), "88.10");
        world.check();
    }

    fn refunds_past_the_threshold_close_the_vault_and_nothing_is_lost(world: &World) {
        let policy = json!({
            "max_count": 10, "max_total": { "amount": "11.90", "currency": "USD" }, "window_days": 14, "period_days": 90,
        });
        world.operator.put("/v1/policies/refunds", &policy).ok(200);
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("50.00"));
        let offer = shop.offer("10.00", "USD");
        let purchase = buyer.buy(&[&offer, &offer, &offer]).ok(201);
        let at = buyer.refund(&text(&purchase, "/items/0/id")).ok(201);
        assert_eq!(text(&at, "/vault/status"), "active", "at the threshold is not above it");
        let above = buyer.refund(&text(&purchase, "/items/1/id")).ok(201);
        assert_eq!(text(&above, "/vault/status"), "inactive");
        assert_eq!(text(&above, "/vault/compensation/amount/amount"), "38.10");
        buyer.refund(&text(&purchase, "/items/2/id")).problem(403, "vault-inactive");
        buyer.buy(&[&offer]).problem(403, "vault-inactive");
        let other = world.buyer();
        other.pay(&buyer.handle, "1.00").problem(404, "not-found");
        let code = text(&buyer.client.get("/v1/vault").ok(200), "/compensation/code");
        assert_eq!(code, text(&above, "/vault/compensation/code"));
        other.load(&code).ok(201);
        assert_eq!(other.balance(), "38.10");
        assert_eq!(buyer.client.get("/v1/vault").ok(200)["compensation"], Value::Null);
        world.check();
    }

    fn the_refund_account_starts_anew_after_its_period(world: &World) {
        let policy = json!({
            "max_count": 1, "max_total": { "amount": "500.00", "currency": "USD" }, "window_days": 365, "period_days": 90,
        });
        world.operator.put("/v1/policies/refunds", &policy).ok(200);
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("50.00"));
        let offer = shop.offer("10.00", "USD");
        let purchase = buyer.buy(&[&offer, &offer]).ok(201);
        buyer.refund(&text(&purchase, "/items/0/id")).ok(201);
        buyer.refund(&text(&purchase, "/items/1/id")).problem(409, "refund-limit-exceeded");
        world.set_clock("2024-09-27T12:00:00Z");
        let session = world.anyone().post("/v1/sessions", None, &buyer.login).ok(200);
        let client = support::Client::new(&world.base, Some(&text(&session, "/access_token")));
        let vault = client.get("/v1/vault").ok(200);
        assert_eq!(vault["refund_account"]["count"], 0, "shown at once");
        let refund = json!({ "item": text(&purchase, "/items/1/id") });
        client.post("/v1/refunds", Some(&new_key()), &refund).ok(201);
        world.check();
    }

    fn a_tap_loads_once_and_an_older_one_never(world: &World) {
        let (uid, buyer) = ([4, 1, 2, 3, 4, 5, 6], world.buyer());
        world.smart_card(uid, "30.00", "USD");
        let load = |count, dollars: Option<&str>| {
            let mut body = json!({ "card": world.tap(uid, count) });
            if let Some(dollars) = dollars {
                body["amount"] = json!({ "amount": dollars, "currency": "USD" });
            }
            buyer.client.post("/v1/vault/loads", Some(&new_key()), &body)
        };
        load(5, Some("10.00")).ok(201);
        load(5, Some("10.00")).problem(422, "card-refused");
        load(4, Some("10.00")).problem(422, "card-refused");
        load(6, Some("20.01")).problem(402, "insufficient-funds");
        load(7, None).ok(201);
        load(8, None).problem(409, "card-already-used");
        assert_eq!(buyer.balance(), "30.00");
        world.check();
    }

    fn the_log_has_one_currency_whatever_the_card_had(world: &World) {
        let buyer = world.buyer_with("50.00");
        let code = world.cards(1, "10.00", "EUR").remove(0);
        let load = || {
            let body = json!({ "card": { "code": code } });
            buyer.client.post("/v1/vault/loads", Some(&new_key()), &body)
        };
        load().ok(201);
        load().problem(409, "card-already-used");
        let log = buyer.client.get("/v1/transactions").ok(200);
        assert_eq!(log["data"][0]["outcome"], "card-already-used");
        for line in log["data"].as_array().unwrap() {
            for money in ["amount", "balance"] {
                assert_eq!(line[money]["currency"], "USD", "{line:#}");
            }
        }
        assert_eq!(text(&log, "/data/0/balance/amount"), buyer.balance());
    }

    fn a_merchant_gives_a_refund_of_its_own_accord(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("50.00"));
        let body = json!({
            "item": { "id": "x", "title": "A final sale" },
            "price": { "amount": "10.00", "currency": "USD" },
            "refund_window_days": 0,
        });
        let purchase = buyer.buy(&[&shop.offer_of(&body)]).ok(201);
        let item = text(&purchase, "/items/0/id");
        buyer.refund(&item).problem(409, "refund-window-closed");
        let path = format!("/v1/sales/{item}/refund");
        world.merchant("DE").client.post(&path, Some(&new_key()), &json!({})).problem(404, "not-found");
        let given = shop.client.post(&path, Some(&new_key()), &json!({})).ok(201);
        assert_eq!(given["amount"], json!({ "amount": "11.90", "currency": "USD" }));
        assert_eq!(buyer.balance(), "50.00");
        let vault = buyer.client.get("/v1/vault").ok(200);
        assert_eq!(vault["refund_account"]["count"], 0, "outside the refund account");
        world.check();
    }

    fn a_merchant_does_not_learn_that_a_vault_is_closed(world: &World) {
        let shop = world.merchant("DE");
        let offer = shop.offer("10.00", "EUR");
        let give = |purchase: &Value, n: usize| {
            let item = text(purchase, &format!("/items/{n}/id"));
            let key = new_key();
            let path = format!("/v1/sales/{item}/refund");
            let given = shop.client.post(&path, Some(&key), &json!({})).ok(201);
            assert_eq!(given, shop.client.post(&path, Some(&key), &json!({})).ok(201));
            let mut members: Vec<_> = given.as_object().unwrap().keys().cloned().collect();
            members.sort();
            assert_eq!(members, ["amount", "id", "item"]);
            assert_eq!(given["amount"], json!({ "amount": "11.90", "currency": "EUR" }));
        };
        // Open; erased with something left; erased with nothing left, twice.
        let (open, rich, poor) = (world.buyer_with("40.00"), world.buyer_with("40.00"), world.buyer_with("25.48"));
        let bought = |buyer: &support::Buyer| buyer.buy(&[&offer, &offer]).ok(201);
        let (of_open, of_rich, of_poor) = (bought(&open), bought(&rich), bought(&poor));
        let erase = json!({ "pin": "271828", "password": "correct horse battery" });
        let left = rich.client.delete_with("/v1/account", &new_key(), &erase).ok(200);
        let nothing = poor.client.delete_with("/v1/account", &new_key(), &erase).ok(200);
        assert_eq!(nothing["compensation"], Value::Null);
        give(&of_open, 0);
        give(&of_rich, 0);
        give(&of_poor, 0);
        give(&of_poor, 1);
        assert_eq!(open.balance(), "27.26");
        let heir = world.buyer();
        heir.load(&text(&left, "/compensation/code")).ok(201);
        assert_eq!(heir.balance(), "27.26", "what was left, and the gift");
        world.check();
    }

    fn lines_of_one_command_are_listed_in_its_order(world: &World) {
        let policy = json!({
            "max_count": 10, "max_total": { "amount": "0.01", "currency": "USD" }, "window_days": 14, "period_days": 90,
        });
        world.operator.put("/v1/policies/refunds", &policy).ok(200);
        let shop = world.merchant("DE");
        // A refund that closes the vault writes two lines at the same moment. Their ids are random, so once is no proof.
        for _ in 0..6 {
            let buyer = world.buyer_with("20.00");
            let purchase = buyer.buy(&[&shop.offer("10.00", "USD")]).ok(201);
            buyer.refund(&text(&purchase, "/items/0/id")).ok(201);
            let kinds = |lines: &Value| {
                let lines = lines["data"].as_array().unwrap();
                lines.iter().map(|line| text(line, "/kind")).collect::<Vec<_>>()
            };
            let expected = ["compensation", "refund", "purchase", "load"];
            assert_eq!(kinds(&buyer.client.get("/v1/transactions").ok(200)), expected);
            let mut paged = Vec::new();
            let mut path = "/v1/transactions?limit=1".to_owned();
            loop {
                let page = buyer.client.get(&path).ok(200);
                paged.extend(kinds(&page));
                let Some(next) = page["next"].as_str() else { break };
                path = format!("/v1/transactions?limit=1&after={next}");
            }
            assert_eq!(paged, expected);
        }
    }

    fn a_handle_is_typed_in_any_way_and_a_wrong_one_is_unknown(world: &World) {
        let (payer, friend) = (world.buyer_with("10.00"), world.buyer());
        payer.pay(&friend.handle.replace('-', " ").to_lowercase(), "1.00").ok(201);
        assert_eq!(friend.balance(), "1.00");
        let unknown = payer.pay(&CardSerial::from_random(1).to_string(), "1.00");
        unknown.problem(404, "not-found");
        let last = friend.handle.chars().last().unwrap();
        let slip = friend.handle.trim_end_matches(last).to_owned() + if last == 'A' { "B" } else { "A" };
        for wrong in ["", "x", "\u{0}", &slip, &"9".repeat(10_000), &payer.handle] {
            let answer = payer.pay(wrong, "1.00");
            answer.problem(404, "not-found");
            assert_eq!(answer.body["detail"], unknown.body["detail"]);
            assert_eq!(answer.body.get("field"), None);
        }
        let lines = payer.client.get("/v1/transactions").ok(200);
        assert_eq!(lines["data"].as_array().unwrap().len(), 9, "refused transfers too");
        world.check();
    }

    fn nobody_learns_more_than_its_part(world: &World) {
        let (books, music, buyer) = (world.merchant("DE"), world.merchant("FR"), world.buyer_with("100.00"));
        let purchase = buyer.buy(&[&books.offer("10.00", "EUR"), &music.offer("20.00", "EUR")]).ok(201);
        let (events, sales) = (books.client.get("/v1/events").ok(200), books.client.get("/v1/sales").ok(200));
        for seen in [events.to_string(), sales.to_string()] {
            for hidden in [text(&purchase, "/id"), text(&purchase, "/items/1/id"), music.id.clone(), buyer.id.clone()] {
                assert!(!seen.contains(&hidden), "{hidden} in {seen}");
            }
        }
        let subject = |index: usize| {
            let receipt = text(&purchase, &format!("/receipts/{index}/receipt"));
            let payload = receipt.split('.').nth(1).unwrap().to_owned();
            let claims = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
            text(&serde_json::from_slice::<Value>(&claims).unwrap(), "/sub")
        };
        assert_ne!(subject(0), subject(1), "two merchants cannot link one buyer");
    }

    fn an_erased_account_gets_its_money_back_and_is_gone(world: &World) {
        let buyer = world.buyer_with("20.00");
        let body = json!({ "pin": "271828", "password": "correct horse battery" });
        let path = "/v1/account";
        let erased = buyer.client.delete_with(path, &new_key(), &body).ok(200);
        assert_eq!(text(&erased, "/compensation/amount/amount"), "20.00");
        buyer.client.get("/v1/vault").problem(401, "not-authenticated");
        world.anyone().post("/v1/sessions", None, &buyer.login).problem(401, "wrong-credentials");
        let other = world.buyer();
        other.load(&text(&erased, "/compensation/code")).ok(201);
        assert_eq!(other.balance(), "20.00");
        world.check();
    }
}

#[test]
fn whoever_names_no_country_is_allowed_no_more_for_it() {
    let usd = |amount| Money::parse(amount, Currency::parse("USD").unwrap()).unwrap();
    let of = |most| Limits { load_max: Some(usd(most)), ..Limits::default() };
    let world = World::with(|settings| {
        settings.limits = [("DE".to_owned(), of("150.00"))].into();
        settings.limits_elsewhere = of("50.00");
    });
    let cards = world.cards(6, "100.00", "USD");
    for (index, (country, status)) in
        [(None, 422), (Some("FR"), 422), (Some("DE"), 201)].into_iter().enumerate()
    {
        let login = login(&format!("{index}@example.org"));
        world.sign_up(&country.map_or(login.clone(), |country| but(&login, "country", country)));
        let session = world.sign_in(&login).ok(200);
        let buyer = support::Client::new(&world.base, Some(&text(&session, "/access_token")));
        let load = |code: &str, amount: &str| {
            let amount = json!({ "amount": amount, "currency": "USD" });
            let body = json!({ "card": { "code": code }, "amount": amount });
            buyer.post("/v1/vault/loads", Some(&new_key()), &body)
        };
        load(&cards[2 * index], "50.00").ok(201);
        let more = load(&cards[2 * index + 1], "50.01");
        assert_eq!(more.status, status, "{country:?}: {:#}", more.body);
    }
}
