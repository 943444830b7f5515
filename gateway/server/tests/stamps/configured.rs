//! A vendor with a tariff of its own, in another currency, and with a service that no mark has room for.

use super::*;
use crate::on_both_databases;

/// Gives the plugin a tariff in euro.
fn configure(world: &World) {
    let prices = json!({ "domestic": [{ "up_to_g": 50, "price": "0.95" }] });
    let service =
        |id: &str| json!({ "id": id, "title": "Letter", "symbol": "full", "prices": prices });
    let tariff = json!({
        "currency": "EUR",
        "valid_days": 30,
        "zones": [{ "id": "domestic", "domestic": true }],
        "services": [service("letter"), service("overlong-name")],
    });
    let plugins = world.operator.get("/v1/plugins?limit=100").ok(200);
    let all = plugins["data"].as_array().unwrap().iter();
    let open = all.into_iter().find(|plugin| plugin["name"] == "stamps-open").unwrap();
    let path = format!("/v1/plugins/{}/enable", text(open, "/id"));
    world.operator.post(&path, None, &json!({ "config": tariff })).ok(200);
}

on_both_databases! {
    fn a_stamp_priced_in_euro_is_charged_at_the_days_rate_and_comes_back_at_it(world: &World) {
        configure(world);
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        let stamp = post.sell_to(&buyer);
        assert_eq!((&stamp["price"], &stamp["valid_until"]), (&json!({ "amount": "0.95", "currency": "EUR" }), &json!("2024-07-27")));
        assert_eq!(buyer.balance(), "8.98", "0.95 at 1.0705, rounded up");
        assert_eq!(verify(&world.anyone(), &stamp)["status"], "valid");
        void(&buyer, &stamp).ok(200);
        assert_eq!(buyer.balance(), "10.00");
        world.check();
    }

    fn what_the_plugin_sells_and_cannot_issue_is_not_charged(world: &World) {
        configure(world);
        let (post, buyer, key) = (vendor(world, 0), world.buyer_with("10.00"), new_key());
        let wish = post.but("service", "overlong-name");
        let ask = || buyer.client.post("/v1/stamps", Some(&key), &wish);
        let refused = ask();
        refused.problem(422, "postage-unsupported");
        let again = ask();
        assert_eq!((&again.body["type"], &again.body["detail"]), (&refused.body["type"], &refused.body["detail"]));
        assert_eq!(buyer.balance(), "10.00");
        let stamps = buyer.client.get("/v1/stamps").ok(200);
        assert_eq!((&stamps["data"][0]["status"], &stamps["data"][0]["piece"]), (&json!("void"), &json!(1)));
        let failed = &stamps["data"][0];
        buyer.client.get(&format!("/v1/stamps/{}.png", text(failed, "/id"))).problem(409, "already-refunded");
        let purchases = buyer.client.get("/v1/purchases").ok(200);
        assert_eq!(purchases["data"][0]["items"][0]["refunded"], true);
        let vault = buyer.client.get("/v1/vault").ok(200);
        assert_eq!(vault["refund_account"]["count"], 0, "no refund that the buyer took");
        let profile = post.client.get("/v1/merchant").ok(200);
        assert_eq!(profile["balances"][0]["amount"], "0.00");
        assert_eq!(post.events(world), ["purchase.paid", "refund.made"]);
        assert_eq!(post.sell_to(&buyer)["piece"], 2);
        world.check();
    }
}
