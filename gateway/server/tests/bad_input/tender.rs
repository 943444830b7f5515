//! Prices in what is no tender any more.

use purser_core::{
    offer::{ItemClaims, OfferClaims, OfferSecret},
    secret::SecretText,
    tax::Category,
};
use purser_money::{Currency, Money};
use serde_json::{Value, json};

use crate::support::{Client, Merchant, World, new_key};

/// The clock of the tests is in 2024, when Bulgaria has no euro yet and Croatia has.
#[test]
fn nothing_new_is_priced_in_what_the_euro_replaced() {
    let world = World::on_sqlite();
    let (shop, buyer) = (world.merchant("DE"), world.buyer());
    let refused = |currency: &str| {
        let price = json!({ "amount": "1.00", "currency": currency });
        let check = |client: &Client, path: &str, body: Value, field: &str| {
            let answer = client.post(path, Some(&new_key()), &body);
            answer.problem(400, "unknown-currency");
            assert_eq!(answer.body["field"], field, "{path}");
        };
        let item = json!({ "id": "x", "title": "X" });
        let offer = json!({ "item": item, "price": price });
        check(&shop.client, "/v1/offers", offer, "price.currency");
        let signed = signed_by(&shop, &world, currency);
        check(
            &buyer.client,
            "/v1/quotes",
            json!({ "offers": [signed], "country": "DE" }),
            "offers[0].price.currency",
        );
        let batch = json!({ "count": 1, "face": price });
        check(&world.operator, "/v1/card-batches", batch, "face.currency");
        let card = json!({ "face": price, "uid": "04112233445566" });
        check(&world.operator, "/v1/smart-cards", card, "face.currency");
    };
    for currency in ["DEM", "HRK", "ITL"] {
        refused(currency);
    }
    let pay = json!({ "to": buyer.handle, "amount": { "amount": "1.00", "currency": "DEM" } });
    buyer.client.post("/v1/transfers", Some(&new_key()), &pay).problem(400, "unknown-currency");
    shop.offer("1.00", "BGN");
    world.set_clock("2026-01-01T00:00:00Z");
    let price = json!({ "amount": "1.00", "currency": "BGN" });
    let batch = json!({ "count": 1, "face": price });
    world.operator.post("/v1/card-batches", None, &batch).problem(400, "unknown-currency");
}

/// An offer that the merchant signs itself, without a look at what is in it.
fn signed_by(shop: &Merchant, world: &World, currency: &str) -> String {
    let now_s = world.gateway.now().as_second();
    let claims = OfferClaims {
        iss: shop.id.parse().unwrap(),
        aud: world.gateway.issuer.clone(),
        jti: "1".to_owned(),
        iat: now_s,
        exp: now_s + 600,
        item: ItemClaims {
            id: "x".to_owned(),
            title: "X".to_owned(),
            category: Category::General,
            url: None,
        },
        price: Money::new(100, Currency::parse(currency).unwrap()),
        tax_inclusive: false,
        single_use: false,
        refund_window_days: None,
        return_url: None,
    };
    let secret = OfferSecret::new(SecretText::new(shop.secret.clone())).unwrap();
    claims.sign_hs256(&shop.kid, &secret).unwrap()
}
