//! The till: what is shown, agreed to and paid, the ways there and back, and what stops a payment.

mod attacks;
mod refusals;
mod ways;

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use data_encoding::BASE64URL_NOPAD;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    browser::{Browser, Page},
    on_both_databases,
    support::{Client, World, text},
};

/// A shop in Germany that wants its buyers back.
pub(crate) struct Shop {
    pub(crate) id: String,
    pub(crate) client: Client,
    pub(crate) kid: String,
    pub(crate) secret: String,
}

pub(crate) const SHOP: &str = "https://shop.example";

/// A shop of this name.
pub(crate) fn shop_named(world: &World, name: &str) -> Shop {
    let body = json!({ "name": name, "country": "DE", "return_origins": [SHOP] });
    let made = world.operator.post("/v1/merchants", None, &body).ok(201);
    Shop {
        id: text(&made, "/id"),
        client: Client::new(&world.base, Some(&text(&made, "/secret_key"))),
        kid: text(&made, "/offer_key/kid"),
        secret: text(&made, "/offer_key/secret"),
    }
}

impl Shop {
    /// The till's address for a thing of so much, after which the buyer stays here.
    pub(crate) fn link(&self, amount: &str, currency: &str) -> String {
        let price = json!({ "amount": amount, "currency": currency });
        self.link_of(&json!({ "item": { "id": "thing", "title": "A thing" }, "price": price }))
    }

    /// The same for a thing after which the buyer goes back to the shop.
    pub(crate) fn link_back(&self, amount: &str, currency: &str) -> String {
        let price = json!({ "amount": amount, "currency": currency });
        let item = json!({ "id": "thing", "title": "A thing" });
        let back = format!("{SHOP}/orders/7?from=till");
        self.link_of(&json!({ "item": item, "price": price, "return_url": back }))
    }

    pub(crate) fn link_of(&self, offer: &Value) -> String {
        format!("/pay?offer={}", self.offer_of(offer))
    }

    pub(crate) fn offer_of(&self, offer: &Value) -> String {
        text(&self.client.post("/v1/offers", None, offer).ok(201), "/offer")
    }
}

/// A browser of a buyer in Germany with so many dollars, and the login.
pub(crate) fn buyer_with(world: &World, dollars: &str) -> (Browser, Value) {
    let (mut browser, login) = Browser::of_buyer(world);
    load(world, &mut browser, dollars);
    (browser, login)
}

/// Loads a card of so many dollars.
pub(crate) fn load(world: &World, browser: &mut Browser, dollars: &str) {
    let code = world.cards(1, dollars, "USD").remove(0);
    let page = browser.get("/wallet/load").ok();
    browser.submit(&page, &[("code", &code)]).leads_to("/wallet");
}

/// The vault, as a program sees it.
pub(crate) fn vault(world: &World, login: &Value) -> Value {
    let session = world.sign_in(login).ok(200);
    Client::new(&world.base, Some(&text(&session, "/access_token"))).get("/v1/vault").ok(200)
}

/// What the vault holds, in dollars.
pub(crate) fn balance(world: &World, login: &Value) -> String {
    text(&vault(world, login), "/balance/amount")
}

/// The parameters of an address.
pub(crate) fn parameters(address: &str) -> BTreeMap<String, String> {
    url::Url::parse(address).unwrap().query_pairs().into_owned().collect()
}

/// What a JWS says, without a look at its signature.
pub(crate) fn claims(jws: &str) -> Value {
    let payload = jws.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

/// Where a page leads.
pub(crate) fn location(page: &Page) -> String {
    assert_eq!(page.status, 303, "{}", page.body);
    page.header("location").unwrap().to_owned()
}

on_both_databases! {
    fn what_is_shown_is_agreed_to_and_paid_and_the_shop_gets_its_receipt(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let (mut browser, login) = buyer_with(world, "100.00");
        let till = browser.get(&shop.link_back("10.00", "EUR")).ok();
        for shown in ["Lantern Books", "A thing", "€10.00", "€1.90", "19 %", "€11.90", "1 EUR = 1.0705 USD", "$12.74", "$87.26"] {
            till.says(shown);
        }
        assert_eq!(balance(world, &login), "100.00", "looking moves nothing");
        let paid = browser.submit(&till, &[]);
        let back = location(&paid);
        assert!(back.starts_with("https://shop.example/orders/7?from=till&receipt="), "{back}");
        let receipt = claims(&parameters(&back)["receipt"]);
        assert_eq!((&receipt["aud"], &receipt["items"][0]["title"]), (&json!(shop.id), &json!("A thing")));
        assert!(!receipt.to_string().contains("pur_") && !receipt.to_string().contains("acct_"), "{receipt:#}");
        assert_eq!(balance(world, &login), "87.26");
        // The button was pressed twice, and the answer loaded again.
        assert_eq!(location(&browser.submit(&till, &[])), back);
        assert_eq!(balance(world, &login), "87.26");
        world.check();
    }

    fn a_buyer_stays_with_the_receipt_where_the_shop_wants_nobody_back(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let (mut browser, login) = buyer_with(world, "100.00");
        let till = browser.get(&shop.link("10.00", "USD")).ok();
        let bought = location(&browser.submit(&till, &[]));
        assert!(bought.starts_with("/wallet/purchases/pur_"), "{bought}");
        let page = browser.get(&bought).ok();
        page.says("Paid").says("Lantern Books").says("$11.90");
        let receipt = browser.get(&format!("{bought}/receipt")).ok();
        assert!(receipt.header("content-disposition").unwrap().starts_with("attachment"));
        assert_eq!(claims(&receipt.body)["total"], json!({ "amount": "11.90", "currency": "USD" }));
        let own = browser.get(&format!("{bought}/receipts/{}", shop.id)).ok();
        assert_eq!(claims(&own.body)["aud"], json!(shop.id));
        let (mut other, _) = Browser::of_buyer(world);
        other.get(&bought).problem(404, "not-found");
        other.get(&format!("{bought}/receipt")).problem(404, "not-found");
        assert_eq!(balance(world, &login), "88.10");
        world.check();
    }

    fn several_shops_are_paid_at_once_and_each_gets_its_own_receipt(world: &World) {
        let (one, two) = (shop_named(world, "One"), shop_named(world, "Two"));
        let (mut browser, login) = buyer_with(world, "100.00");
        let second = two.link_back("5.00", "USD");
        let till = browser.get(&format!("{}&{}", one.link_back("10.00", "USD"), second.trim_start_matches("/pay?"))).ok();
        till.says("One").says("Two").says("$17.85");
        let done = location(&browser.submit(&till, &[]));
        assert!(done.starts_with("/pay/done?purchase=pur_"), "{done}");
        let page = browser.get(&done).ok();
        let ways: Vec<String> = page.body.split("href=\"").skip(1)
            .map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"))
            .filter(|href| href.starts_with(SHOP))
            .collect();
        let audiences: Vec<Value> = ways.iter().map(|way| claims(&parameters(way)["receipt"])["aud"].clone()).collect();
        assert_eq!(audiences, [json!(one.id), json!(two.id)]);
        let (mut other, _) = Browser::of_buyer(world);
        other.get(&done).problem(404, "not-found");
        assert_eq!(balance(world, &login), "82.15");
        world.check();
    }
}

/// Long enough to be seen before it is over.
const LATER: SignedDuration = SignedDuration::from_secs(3);

#[test]
fn the_way_back_to_one_of_several_shops_is_there_once_it_is_told() {
    let world = World::with(|settings| settings.shops_told_within = LATER);
    let (one, two) = (shop_named(&world, "One"), shop_named(&world, "Two"));
    let (mut browser, _) = buyer_with(&world, "100.00");
    let second = two.link_back("5.00", "USD");
    let both = format!("{}&{}", one.link_back("10.00", "USD"), second.trim_start_matches("/pay?"));
    let till = browser.get(&both).ok();
    let mut done = location(&browser.submit(&till, &[]));
    let mut seen = BTreeSet::new();
    let started = Instant::now();
    loop {
        let page = browser.get(&done).ok();
        let ways = page.body.matches("receipt=").count();
        let waiting = page.body.matches("is told in a little while").count();
        assert_eq!(ways + waiting, 2, "{}", page.body);
        seen.insert(waiting);
        let again = page.body.split("class=\"button\" href=\"/pay/done?").nth(1);
        assert_eq!(again.is_some(), waiting > 0);
        let Some(again) = again else { break };
        let query = again.split('"').next().unwrap().replace("&#38;", "&");
        done = format!("/pay/done?{query}");
        assert!(started.elapsed() < Duration::from_secs(20), "the shops are told");
        thread::sleep(Duration::from_millis(100));
    }
    assert!(seen.len() > 1, "both were told at once: {seen:?}");
    world.check();
}
