//! A vendor with a tariff of its own, in another currency.

use super::*;
use crate::on_both_databases;

/// Gives the plugin a tariff in euro.
fn configure(world: &World) {
    let prices = json!({ "domestic": [{ "up_to_g": 50, "price": "0.95" }] });
    let tariff = json!({
        "currency": "EUR",
        "valid_days": 30,
        "zones": [{ "id": "domestic", "domestic": true }],
        "services": [{ "id": "letter", "title": "Letter", "symbol": "full", "prices": prices }],
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
}
