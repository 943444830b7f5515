//! What is refused, and to whom.

use super::*;
use crate::on_both_databases;

on_both_databases! {
    fn what_a_vendor_does_not_carry_is_refused_with_the_field(world: &World) {
        let (post, shop, buyer) = (vendor(world, 0), world.merchant("DE"), world.buyer_with("10.00"));
        let refused = |body: &Value, status: u16, name: &str, field: &str| {
            let answer = buy(&buyer, body);
            answer.problem(status, name);
            assert_eq!(answer.body["field"], field, "{:#}", answer.body);
        };
        for vendor in ["merch_0000000000000000000000000x", "x", &shop.id] {
            refused(&post.but("vendor", vendor), 404, "not-found", "vendor");
        }
        refused(&post.but("service", "balloon"), 422, "postage-unsupported", "service");
        refused(&post.but("weight_g", 101), 422, "postage-unsupported", "service");
        refused(&post.but("service", "a b"), 400, "malformed-request", "service");
        for weight in [json!(0), json!(2_000_001), json!(-1), json!("20"), json!(1.5)] {
            refused(&post.but("weight_g", weight), 400, "malformed-request", "weight_g");
        }
        for place in ["", "de", "Germany", "ZZ", "XX", "XX-1", "DE-", "DE-1234567890123", "DE-a_b"] {
            refused(&post.but("origin", place), 400, "malformed-request", "origin");
            refused(&post.but("destination", place), 400, "malformed-request", "destination");
        }
        refused(&post.but("surprise", 1), 400, "malformed-request", "surprise");
        refused(&post.but("origin", "AQ"), 422, "tax-country-unsupported", "origin");
        let nowhere = buy(&buyer, &post.but("destination", "XX"));
        assert!(text(&nowhere.body, "/detail").contains("there is no country XX"), "{nowhere:?}");
        let heavy = post.but("weight_g", 50_000);
        let mut heavy = heavy.clone();
        heavy.as_object_mut().unwrap().remove("service");
        let none = buyer.client.post("/v1/stamps/quotes", None, &heavy).ok(200);
        assert_eq!(none, json!({ "data": [] }), "nothing carries it");
        let unknown = buyer.client.post("/v1/stamps/quotes", None, &post.but("service", "pigeon"));
        unknown.problem(422, "postage-unsupported");
        assert_eq!(unknown.body["field"], "service");
        assert_eq!(buyer.balance(), "10.00");
        world.check();
    }

    fn the_price_is_agreed_to_and_paid_or_nothing_is_sold(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("1.00"));
        let most = |amount: &str| post.but("max_total", json!({ "amount": amount, "currency": "USD" }));
        let changed = buy(&buyer, &most("0.77"));
        changed.problem(409, "price-changed");
        assert_eq!(changed.body["quote"]["total"]["amount"], "0.78");
        let stamp = buy(&buyer, &most("0.78")).ok(201);
        buy(&buyer, &post.letter()).problem(402, "insufficient-funds");
        let log = buyer.client.get("/v1/transactions").ok(200);
        assert_eq!((&log["data"][0]["kind"], &log["data"][0]["outcome"]), (&json!("purchase"), &json!("insufficient-funds")));
        assert_eq!((stamp["piece"].clone(), buyer.balance()), (json!(1), "0.22".to_owned()));
        buyer.load(&world.cards(1, "5.00", "USD")[0]).ok(201);
        assert_eq!(post.sell_to(&buyer)["piece"], 2, "what was refused took no number");
        world.check();
    }

    fn somebody_elses_stamp_is_unknown(world: &World) {
        let (post, buyer, other) = (vendor(world, 0), world.buyer_with("10.00"), world.buyer());
        let stamp = post.sell_to(&buyer);
        let path = format!("/v1/stamps/{}", text(&stamp, "/id"));
        other.client.get(&path).problem(404, "not-found");
        other.client.get("/v1/stamps/x").problem(404, "not-found");
        void(&other, &stamp).problem(404, "not-found");
        other.client.post("/v1/stamps/x/void", Some(&new_key()), &json!({})).problem(404, "not-found");
        other.refund(&text(&stamp, "/item")).problem(422, "not-purchased");
        assert_eq!(other.client.get("/v1/stamps").ok(200)["data"], json!([]));
        world.anyone().get(&path).problem(401, "not-authenticated");
        assert_eq!(status(&buyer, &stamp), "issued");
    }

    fn only_the_vendor_with_the_scope_and_the_operator_scan(world: &World) {
        let (post, rival, buyer) = (vendor(world, 0), vendor(world, 0), world.buyer_with("10.00"));
        let stamp = post.sell_to(&buyer);
        let asked = json!({ "indicium": text(&stamp, "/indicium"), "scan": true });
        let with_scopes = |scopes: Value| {
            let made = post.client.post("/v1/api-keys", None, &json!({ "scopes": scopes })).ok(201);
            Client::new(&world.base, Some(&text(&made, "/key")))
        };
        let ask = |who: &Client| who.post("/v1/stamps/verify", None, &asked);
        ask(&world.anyone()).problem(401, "not-authenticated");
        ask(&buyer.client).problem(403, "scope-missing");
        ask(&rival.client).problem(403, "scope-missing");
        ask(&with_scopes(json!(["offers"]))).problem(403, "scope-missing");
        ask(&Client::new(&world.base, Some("sk_test_wrong"))).problem(401, "not-authenticated");
        let batch = json!({ "scans": [{ "indicium": text(&stamp, "/indicium") }] });
        for (who, status, name) in [
            (world.anyone(), 401, "not-authenticated"),
            (with_scopes(json!(["offers"])), 403, "scope-missing"),
            (buyer.client.clone(), 403, "scope-missing"),
        ] {
            who.post("/v1/stamps/scans", None, &batch).problem(status, name);
        }
        let foreign = rival.client.post("/v1/stamps/scans", None, &batch).ok(200);
        assert_eq!((&foreign["data"][0]["status"], &foreign["data"][0]["stamp"]), (&json!("refused"), &Value::Null));
        assert!(text(&foreign, "/data/0/problem/type").ends_with("/problems/scope-missing"), "{foreign:#}");
        assert_eq!(verify(&rival.client, &stamp)["stamp"].get("id"), None, "another vendor is anyone");
        assert_eq!(ask(&with_scopes(json!(["stamps:scan"]))).ok(200)["status"], "valid");
        world.check();
    }

    fn what_was_never_printed_here_is_forged(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        let mut card = post.but("service", "card");
        card["weight_g"] = 10.into();
        for stamp in [post.sell_to(&buyer), buy(&buyer, &card).ok(201)] {
            let good = indicium(&stamp);
            let mut forgeries = vec![Vec::new(), b"hello".to_vec(), good[1..].to_vec(), vec![0; 2_048], vec![0; 3_000]];
            forgeries.extend((0..good.len()).map(|at| {
                let mut changed = good.clone();
                changed[at] ^= 1;
                changed
            }));
            for forged in forgeries {
                let asked = json!({ "indicium": BASE64.encode(&forged) });
                let answer = world.operator.post("/v1/stamps/verify", None, &asked).ok(200);
                assert_eq!(answer, json!({ "status": "forged", "stamp": null, "first_scanned_at": null }));
            }
            assert_eq!(verify(&world.anyone(), &stamp)["status"], "valid");
        }
        for broken in ["%", "AAA", "AA==AA==", "AAAA\n", &"A".repeat(4_100)] {
            let answer = world.anyone().post("/v1/stamps/verify", None, &json!({ "indicium": broken }));
            answer.problem(400, "malformed-request");
            assert_eq!(answer.body["field"], "indicium");
        }
    }

    fn a_stamp_expires(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        let (one, two) = (post.sell_to(&buyer), post.sell_to(&buyer));
        world.set_clock("2025-06-27T23:59:59Z");
        assert_eq!(scan(&post.client, &one)["status"], "valid", "on its last day");
        world.set_clock("2025-06-28T00:00:00Z");
        assert_eq!(verify(&world.anyone(), &two)["status"], "expired");
        assert_eq!(scan(&post.client, &two)["status"], "expired");
        let late = json!({ "indicium": text(&two, "/indicium"), "scan": true, "scanned_at": "2025-06-27T10:00:00Z" });
        assert_eq!(post.client.post("/v1/stamps/verify", None, &late).ok(200)["status"], "valid", "scanned in time");
        let ahead = json!({ "indicium": text(&two, "/indicium"), "scan": true, "scanned_at": "2026-01-01T00:00:00Z" });
        let ahead = post.client.post("/v1/stamps/verify", None, &ahead);
        ahead.problem(400, "malformed-request");
        assert_eq!(ahead.body["field"], "scanned_at");
        world.check();
    }

    fn a_stamp_was_not_scanned_before_it_was_bought(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        world.set_clock("2024-06-29T12:00:00Z");
        let stamp = post.sell_to(&again(world, &buyer));
        let kept = |at: &str| json!({ "indicium": text(&stamp, "/indicium"), "scanned_at": at });
        let early = post.client.post("/v1/stamps/scans", None, &json!({ "scans": [kept("0001-01-01T00:00:00Z")] }));
        let early = early.ok(200);
        assert_eq!(early["data"][0]["status"], "refused");
        assert_eq!(early["data"][0]["problem"]["field"], "scans[0].scanned_at");
        let verified = |at: &str| {
            let mut asked = kept(at);
            asked["scan"] = json!(true);
            post.client.post("/v1/stamps/verify", None, &asked)
        };
        let early = verified("2024-06-29T11:54:50Z");
        early.problem(400, "malformed-request");
        assert_eq!(early.body["field"], "scanned_at");
        assert_eq!(verified("2024-06-29T11:55:30Z").ok(200)["status"], "valid", "clocks drift");
        world.check();
    }

    fn a_vendor_needs_a_plugin_that_answers(world: &World) {
        let sign_up = |more: Value| {
            let mut body = json!({ "name": "Post", "country": "DE" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            world.operator.post("/v1/merchants", None, &body)
        };
        for (more, field) in [
            (json!({ "stamps_plugin": "stamps-none" }), "stamps_plugin"),
            (json!({ "stamps_plugin": "tax-eu" }), "stamps_plugin"),
            (json!({ "stamps_plugin": "" }), "stamps_plugin"),
            (json!({ "void_hold_days": 3 }), "void_hold_days"),
            (json!({ "stamps_plugin": "stamps-open", "void_hold_days": 366 }), "void_hold_days"),
        ] {
            let answer = sign_up(more);
            answer.problem(400, "malformed-request");
            assert_eq!(answer.body["field"], field, "{:#}", answer.body);
        }
        vendor(world, 5);
        let listed = world.operator.get("/v1/merchants").ok(200);
        assert_eq!((&listed["data"][0]["stamps_plugin"], &listed["data"][0]["void_hold_days"]), (&json!("stamps-open"), &json!(5)));
        let shop = world.merchant("DE");
        let rotate = |vendor: &str| world.operator.post("/v1/stamps/keys", None, &json!({ "vendor": vendor }));
        for vendor in [&shop.id, "x"] {
            rotate(vendor).problem(404, "not-found");
        }
        shop.client.post("/v1/stamps/keys", None, &json!({ "vendor": shop.id })).problem(401, "not-authenticated");
    }
}
