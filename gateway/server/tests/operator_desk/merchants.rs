//! Merchants: signed up, and changed; over the pages and over the API.

use serde_json::{Value, json};

use super::{World, operator, secrets};
use crate::{
    on_both_databases,
    support::{Client, Merchant, text},
};

const GOOD: [(&str, &str); 6] = [
    ("name", "Bücher <i>& mehr</i>"),
    ("country", "DE"),
    ("fee_percent", "1.5"),
    ("tax.taxpayer", "merchant"),
    ("tax.registrations", "DE vat DE136695976\r\nIE oss EU372000041"),
    ("return_origins", "https://shop.example\r\nhttps://shop.example:8443"),
];

fn change(world: &World, id: &str, body: &Value) -> crate::support::Answer {
    world.operator.patch(&format!("/v1/merchants/{id}"), body)
}

/// The events of this kind that a merchant was told of, newest first.
fn told(merchant: &Client, count: usize) -> Vec<Value> {
    loop {
        let events =
            merchant.get("/v1/events?limit=100").ok(200)["data"].as_array().unwrap().clone();
        let of_kind: Vec<Value> =
            events.into_iter().filter(|event| event["type"] == "merchant.updated").collect();
        if of_kind.len() >= count {
            assert_eq!(of_kind.len(), count);
            return of_kind;
        }
        std::thread::yield_now();
    }
}

on_both_databases! {
    fn a_merchant_is_signed_up_and_its_keys_are_shown_once(world: &World) {
        let mut browser = operator(world);
        let page = browser.get("/operator/merchants").ok();
        let made = browser.send(&page, "/operator/merchants", &GOOD);
        assert_eq!(made.status, 201);
        let shown = secrets(&made);
        let (id, key, secret) = (&shown[0], &shown[1], &shown[3]);
        let client = Client::new(&world.base, Some(key));
        let profile = client.get("/v1/merchant").ok(200);
        assert_eq!((&profile["id"], &profile["name"], &profile["fee_percent"]), (&json!(id), &json!("Bücher <i>& mehr</i>"), &json!("1.5")));
        assert_eq!(profile["tax"]["registrations"][1], json!({ "authority": "IE", "scheme": "oss", "number": "EU372000041" }));
        assert_eq!(profile["return_origins"], json!(["https://shop.example", "https://shop.example:8443"]));
        for path in ["/operator/merchants".to_owned(), format!("/operator/merchants/{id}")] {
            let page = browser.get(&path).ok();
            assert!(!page.body.contains(key.as_str()) && !page.body.contains(secret.as_str()), "shown once");
            assert!(!page.body.contains("<i>"), "a name is text");
            page.says("Bücher &#60;i&#62;&#38; mehr&#60;/i&#62;");
        }
        for (name, value, said) in [
            ("name", "", "Enter a name"),
            ("country", "Germany", "Enter the two letters of a country"),
            ("fee_percent", "101", "Enter a number from 0 to 100"),
            ("tax.registrations", "DE vat", "On each line an authority"),
            ("return_origins", "https://shop.example/path", "Enter origins"),
            ("stamps_plugin", "none-such", "No stamps plugin of that name"),
            ("void_hold_days", "3", "only where postage is sold"),
        ] {
            let mut form: Vec<_> = GOOD.into_iter().filter(|(other, _)| *other != name).collect();
            form.push((name, value));
            let page = browser.get("/operator/merchants").ok();
            let refused = browser.send(&page, "/operator/merchants", &form);
            assert_eq!(refused.status, 400, "{name} = {value}: {}", refused.body);
            refused.says(said).says(&format!("href=\"#{name}\""));
        }
    }

    fn a_merchant_is_changed_on_the_desk_and_told(world: &World) {
        let mut browser = operator(world);
        let page = browser.get("/operator/merchants").ok();
        let shown = secrets(&browser.send(&page, "/operator/merchants", &GOOD));
        let path = format!("/operator/merchants/{}", shown[0]);
        let page = browser.get(&path).ok();
        page.says("DE vat DE136695976").says("value=\"1.5\"");
        let form = [("name", "Shoes"), ("fee_percent", "2"), ("tax.registrations", "DE vat DE136695976"), ("return_origins", "")];
        browser.send(&page, &path, &form).leads_to(&path);
        browser.get(&path).ok().says("Shoes is changed.").says("value=\"2\"");
        let event = told(&Client::new(&world.base, Some(&shown[1])), 1).remove(0);
        assert_eq!(event["data"]["changed"], json!(["fee_percent", "name", "return_origins", "tax"]));
        let refused = browser.send(&page, &path, &[("name", "Shoes"), ("fee_percent", "x")]);
        assert_eq!(refused.status, 400);
        refused.says("Enter a number from 0 to 100");
        let nobody = "/operator/merchants/merch_00000000000000000000000009";
        browser.get(nobody).problem(404, "not-found");
        browser.get("/operator/merchants/nonsense").problem(404, "not-found");
    }

    fn a_change_holds_for_sales_from_then_on(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("500.00"));
        let item = |shop: &Merchant| {
            let sold = buyer.buy(&[&shop.offer("100.00", "USD")]).ok(201);
            let path = format!("/v1/sales/{}", text(&sold, "/items/0/id"));
            (path.clone(), shop.client.get(&path).ok(200)["fee"]["amount"].clone())
        };
        let (before, fee) = item(&shop);
        assert_eq!(fee, "1.00");
        let changed = change(world, &shop.id, &json!({ "fee_percent": "2.5" })).ok(200);
        assert_eq!((&changed["fee_percent"], &changed["name"]), (&json!("2.5"), &json!("Shop DE")));
        assert_eq!(item(&shop).1, "2.50");
        assert_eq!(shop.client.get(&before).ok(200)["fee"]["amount"], "1.00", "what was sold stays");
        let back = json!({ "item": { "id": "x", "title": "X" }, "price": { "amount": "1.00", "currency": "USD" },
            "return_url": "https://new.example/thanks" });
        shop.client.post("/v1/offers", None, &back).problem(400, "malformed-request");
        change(world, &shop.id, &json!({ "return_origins": ["https://new.example"] })).ok(200);
        shop.client.post("/v1/offers", None, &back).ok(201);
        world.check();
    }

    fn a_merchant_is_told_what_is_new_and_of_nothing_when_nothing_is(world: &World) {
        let shop = world.merchant("DE");
        let registration = json!({ "authority": "DE", "scheme": "vat", "number": "DE136695976" });
        let all = json!({
            "name": "Other", "fee_percent": "0", "tax": { "registrations": [registration] },
            "return_origins": ["https://shop.example"],
        });
        let changed = change(world, &shop.id, &all).ok(200);
        assert_eq!((&changed["name"], &changed["tax"]["taxpayer"]), (&json!("Other"), &json!("merchant")));
        change(world, &shop.id, &all).ok(200);
        change(world, &shop.id, &json!({})).ok(200);
        change(world, &shop.id, &json!({ "name": "Another" })).ok(200);
        let events = told(&shop.client, 2);
        assert_eq!(events[0]["data"]["changed"], json!(["name"]));
        assert_eq!(events[1]["data"]["changed"], json!(["fee_percent", "name", "return_origins", "tax"]));
        assert_eq!(events[0]["data"]["merchant"]["name"], "Another");
        assert_eq!(events[0]["data"]["merchant"]["tax"]["registrations"], json!([registration]));
        assert_eq!(events[0]["data"]["merchant"]["id"], json!(shop.id));
    }

    fn what_cannot_be_changed_is_refused_and_changes_nothing(world: &World) {
        let shop = world.merchant("DE");
        for (body, field) in [
            (json!({ "name": "" }), "name"),
            (json!({ "name": "x".repeat(101) }), "name"),
            (json!({ "fee_percent": "100.1" }), "fee_percent"),
            (json!({ "fee_percent": 1 }), "fee_percent"),
            (json!({ "return_origins": ["http://shop.example/x"] }), "return_origins[0]"),
            (json!({ "return_origins": vec!["https://shop.example"; 21] }), "return_origins"),
            (json!({ "tax": { "registrations": [{ "authority": "de", "scheme": "vat", "number": "1" }] } }), "tax.registrations[0].authority"),
            (json!({ "tax": { "taxpayer": "operator" } }), "tax.taxpayer"),
            (json!({ "void_hold_days": 3 }), "void_hold_days"),
            (json!({ "void_hold_days": 366 }), "void_hold_days"),
            (json!({ "country": "FR" }), "country"),
            (json!({ "name": "Good", "fee_percent": "-1" }), "fee_percent"),
        ] {
            let refused = change(world, &shop.id, &body);
            refused.problem(400, "malformed-request");
            assert_eq!(refused.body["field"], field, "{body}");
        }
        assert_eq!(shop.client.get("/v1/merchant").ok(200)["name"], "Shop DE");
        change(world, "merch_00000000000000000000000009", &json!({ "name": "X" })).problem(404, "not-found");
        change(world, "nonsense", &json!({ "name": "X" })).problem(404, "not-found");
        let path = format!("/v1/merchants/{}", shop.id);
        shop.client.patch(&path, &json!({ "name": "X" })).problem(401, "not-authenticated");
        world.anyone().patch(&path, &json!({ "name": "X" })).problem(401, "not-authenticated");
        let post = json!({ "name": "Post", "country": "DE", "stamps_plugin": "stamps-open" });
        let post = text(&world.operator.post("/v1/merchants", None, &post).ok(201), "/id");
        assert_eq!(change(world, &post, &json!({ "void_hold_days": 7 })).ok(200)["void_hold_days"], 7);
    }
}
