//! What stops a payment: each has a page that says what happened, that no money moved, and what to do.

use purser_core::{
    offer::{ItemClaims, OfferClaims, OfferSecret},
    secret::SecretText,
    tax::Category,
};
use purser_hostile::Deed;
use purser_money::{Currency, Money};
use serde_json::json;

use super::{SHOP, Shop, balance, buyer_with, location, shop_named};
use crate::{
    browser::{Browser, Page},
    on_both_databases,
    support::{World, drop_database, text},
};

/// An offer that the shop signs for another gateway.
fn foreign(world: &World, shop: &Shop) -> String {
    let now_s = world.gateway.now().as_second();
    let claims = OfferClaims {
        iss: shop.id.parse().unwrap(),
        aud: "https://other.example".into(),
        jti: "offer-1".into(),
        iat: now_s,
        exp: now_s + 600,
        item: ItemClaims {
            id: "thing".into(),
            title: "A thing".into(),
            category: Category::General,
            url: None,
        },
        price: Money::parse("10.00", Currency::parse("USD").unwrap()).unwrap(),
        tax_inclusive: false,
        single_use: false,
        refund_window_days: None,
        return_url: None,
    };
    let secret = OfferSecret::new(SecretText::new(shop.secret.clone())).unwrap();
    format!("/pay?offer={}", claims.sign_hs256(&shop.kid, &secret).unwrap())
}

/// A page about a problem that says that nothing moved, and what to do.
#[track_caller]
fn stopped(page: Page, status: u16, name: &str) {
    let page = page.problem(status, name);
    page.says("No money moved").says("What you can do");
}

on_both_databases! {
    fn a_bad_offer_stops_before_anything_moves(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let (mut browser, login) = buyer_with(world, "100.00");
        let mut stranger = Browser::new(world);
        let good = shop.link("10.00", "USD");
        let (head, mac) = good.rsplit_once('.').unwrap();
        let other = if mac.starts_with('A') { "B" } else { "A" };
        let tampered = format!("{head}.{other}{}", mac.get(1..).unwrap());
        for visitor in [&mut browser, &mut stranger] {
            stopped(visitor.get("/pay"), 422, "offer-tampered");
            stopped(visitor.get("/pay?offer="), 422, "offer-tampered");
            stopped(visitor.get("/pay?offer=x.y.z"), 422, "offer-tampered");
            stopped(visitor.get("/pay?offer=%00%ff"), 422, "offer-tampered");
            stopped(visitor.get(&tampered), 422, "offer-tampered");
            stopped(visitor.get(&foreign(world, &shop)), 422, "offer-not-for-this-gateway");
        }
        let till = browser.get(&good).ok();
        world.advance(3_700);
        stopped(browser.submit(&till, &[]), 422, "offer-expired");
        stopped(browser.get(&good), 422, "offer-expired");
        stopped(stranger.get(&good), 422, "offer-expired");
        assert_eq!(balance(world, &login), "100.00");
        world.check();
    }

    fn an_offer_for_one_purchase_is_paid_once(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let (mut browser, login) = buyer_with(world, "100.00");
        let price = json!({ "amount": "10.00", "currency": "USD" });
        let seat = json!({ "item": { "id": "seat", "title": "Seat 1" }, "price": price, "single_use": true });
        let link = shop.link_of(&seat);
        let (one, two) = (browser.get(&link).ok(), browser.get(&link).ok());
        location(&browser.submit(&one, &[]));
        stopped(browser.submit(&two, &[]), 409, "offer-already-used");
        assert_eq!(balance(world, &login), "88.10");
        // Who bought it is told so, and nobody else before trying to.
        let mine = browser.get(&link).ok();
        mine.says("You have bought this already").says("/wallet/purchases/pur_");
        assert!(!mine.body.contains("Pay $"), "{}", mine.body);
        let (mut other, others) = buyer_with(world, "100.00");
        let till = other.get(&link).ok();
        till.says("Pay $11.90");
        stopped(other.submit(&till, &[]), 409, "offer-already-used");
        assert_eq!(balance(world, &others), "100.00");
        world.check();
    }

    fn what_ends_a_payment_leads_back_to_the_shop(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let (mut browser, _) = buyer_with(world, "1.00");
        let link = shop.link_back("10.00", "USD");
        let back = format!("href=\"{SHOP}/orders/7?from=till\"");
        browser.get(&link).ok().says("Do not pay").says(&back);
        world.advance(3_700);
        let over = browser.get(&link).problem(422, "offer-expired");
        over.says("Back to the shop").says(&back);
        let over = Browser::new(world).get(&link).problem(422, "offer-expired");
        over.says(&back);
        // Not where no offer was ever genuine.
        let (head, mac) = link.rsplit_once('.').unwrap();
        let forged = format!("{head}.{}", mac.chars().rev().collect::<String>());
        let forged = browser.get(&forged).problem(422, "offer-tampered");
        assert!(!forged.body.contains(SHOP), "{}", forged.body);
    }

    fn an_empty_vault_is_told_what_is_missing_and_a_closed_one_that_it_is_closed(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let (mut browser, login) = buyer_with(world, "12.00");
        let link = shop.link("10.00", "USD");
        let till = browser.get(&link).ok();
        // Somebody else's till was faster.
        let other = browser.get(&link).ok();
        location(&browser.submit(&other, &[]));
        let short = browser.submit(&till, &[]);
        assert_eq!(short.status, 402, "{}", short.body);
        short.says("There is not enough money").says("$11.80 is missing").says("/wallet/load");
        assert_eq!(balance(world, &login), "0.10");
        let policy = json!({ "max_count": 10, "max_total": { "amount": "1.00", "currency": "USD" }, "window_days": 14, "period_days": 90 });
        world.operator.put("/v1/policies/refunds", &policy).ok(200);
        let purchases = browser.get("/wallet/purchases").ok();
        let bought = purchases.body.split("/wallet/purchases/pur_").nth(1).unwrap();
        let bought = format!("/wallet/purchases/pur_{}", bought.split('"').next().unwrap());
        let page = browser.get(&bought).ok();
        browser.submit(&page, &[("agreed", "yes")]).leads_to("/wallet");
        stopped(browser.get(&link), 403, "vault-inactive");
        world.check();
    }

    fn a_dead_plugin_and_old_rates_stop_before_anything_moves(world: &World) {
        let plugin = world.operator.post_bytes("/v1/plugins", purser_hostile::component()).ok(201);
        let enable = format!("/v1/plugins/{}/enable", text(&plugin, "/id"));
        world.operator.post(&enable, None, &json!({ "countries": ["XX"] })).ok(200);
        let shop = shop_named(world, "Lantern Books");
        let (mut browser, login) = buyer_with(world, "100.00");
        let link = shop.link("10.00", "USD");
        for deed in [Deed::Panic, Deed::Loop, Deed::Garbage, Deed::WrongSum] {
            stopped(browser.get(&format!("{link}&country={}", deed.place())), 502, "plugin-failed");
        }
        // It answers while the price is shown, and dies when it is to be paid.
        let till = browser.get(&format!("{link}&country=XX")).ok();
        let dead = till.form(0).action.replace("country=XX", "country=XX-PAN");
        let fields = till.form(0).fields;
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        stopped(browser.post(&dead, &fields), 502, "plugin-failed");
        assert_eq!(balance(world, &login), "100.00");
        world.set_clock("2024-07-08T12:00:00Z");
        browser.cookies.clear();
        browser.sign_in(&login);
        let old = browser.get(&shop.link("10.00", "EUR"));
        assert!(old.header("retry-after").is_some());
        stopped(old, 503, "rates-too-old");
        // Another country can be chosen on the same page.
        let unknown = browser.get(&format!("{}&country=BR", shop.link("10.00", "USD")));
        assert_eq!(unknown.status, 422, "{}", unknown.body);
        unknown.says("Taxes of your country are not known here").says("name=\"country\"");
        assert_eq!(balance(world, &login), "100.00");
        world.check();
    }
}

#[test]
fn while_the_database_is_down_the_till_says_what_is_known() {
    let world = World::on_postgres();
    let shop = shop_named(&world, "Lantern Books");
    let (mut browser, _) = buyer_with(&world, "100.00");
    let link = shop.link("10.00", "USD");
    let till = browser.get(&link).ok();
    drop_database(world.gateway.settings.database.as_ref().unwrap());
    stopped(browser.get(&link), 503, "database-unavailable");
    let sent = browser.submit(&till, &[]);
    assert!(sent.header("retry-after").is_some());
    // Whether it happened is not known, and how it is found out is said: by sending it again, if the form was read before its
    // sender was looked up in vain.
    let page = sent.problem(503, "database-unavailable");
    let said = ["Look before you send", "never carried out twice"];
    let said = said.map(|words| page.body.contains(words));
    assert!(said[0] != said[1], "{}", page.body);
}
