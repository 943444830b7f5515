//! Amounts at the edge of what can be held: refused, and the books stay provable.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use serde_json::json;
use support::{World, new_key, text};

on_both_databases! {
    fn cards_that_do_not_fit_into_the_books_are_refused_and_the_books_stay_provable(world: &World) {
        let batch = |count: u32, amount: &str| {
            let body = json!({ "count": count, "face": { "amount": amount, "currency": "USD" } });
            world.operator.post("/v1/card-batches", None, &body)
        };
        batch(92, "999999999999999.99").problem(400, "invalid-amount");
        let sell = |id: &str, key: &str| {
            world.operator.post(&format!("/v1/card-batches/{id}/activate"), Some(key), &json!({}))
        };
        let most = text(&batch(9, "999999999999999.99").ok(201), "/id");
        sell(&most, &new_key()).ok(200);
        let (more, key) = (text(&batch(2, "999999999999999.99").ok(201), "/id"), new_key());
        sell(&more, &key).problem(400, "invalid-amount");
        sell(&more, &key).problem(400, "invalid-amount");
        let trade = json!({
            "sold": { "amount": "1.00", "currency": "USD" },
            "bought": { "amount": "999999999999999.99", "currency": "EUR" },
        });
        for _ in 0..10 {
            world.operator.post("/v1/treasury/trades", Some(&new_key()), &trade).ok(201);
        }
        world.operator.post("/v1/treasury/trades", Some(&new_key()), &trade).problem(400, "invalid-amount");
        world.check();
    }

    fn a_price_that_is_too_large_names_the_offer_and_not_the_plugin(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer());
        let fair = shop.offer("1.00", "EUR");
        let refused = |offers: &[&str]| {
            let answer = buyer.buy(offers);
            assert_eq!((answer.status, answer.body["field"].as_str()), (400, Some("offers[1].price.amount")), "{}", answer.body);
            answer.problem(400, "invalid-amount");
        };
        refused(&[&fair, &shop.offer("922337203685477.5807", "CLF")]);
        let dinars = shop.offer("999999999999999.999", "KWD");
        let mut many = vec![fair.as_str()];
        many.extend([dinars.as_str(); 49]);
        refused(&many);
        world.check();
    }

    fn no_name_holds_a_nul(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer());
        for path in ["/v1/offer-keys/%00", "/v1/api-keys/%00"] {
            shop.client.delete(path).problem(404, "not-found");
        }
        let of_operator = ["/v1/card-batches/%00/activate", "/v1/smart-cards/%00/activate", "/v1/smart-cards/%00/block"];
        for path in of_operator {
            world.operator.post(path, Some(&new_key()), &json!({})).problem(404, "not-found");
        }
        shop.client.post("/v1/sales/%00/refund", Some(&new_key()), &json!({})).problem(404, "not-found");
        for path in ["/v1/sales/%00", "/v1/offer-keys", "/v1/sales", "/v1/events", "/v1/api-keys"] {
            let one = path.ends_with("%00");
            let answer = shop.client.get(&if one { path.to_owned() } else { format!("{path}?after=%00") });
            answer.problem(if one { 404 } else { 400 }, if one { "not-found" } else { "malformed-request" });
        }
        for path in ["/v1/purchases", "/v1/transactions"] {
            buyer.client.get(&format!("{path}?after=%00")).problem(400, "malformed-request");
        }
        buyer.client.get("/v1/purchases/%00").problem(404, "not-found");
    }
}
