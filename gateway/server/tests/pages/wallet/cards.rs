//! Loading cards: printed codes and taps.

use serde_json::json;

use super::refused;
use crate::{
    browser::Browser,
    on_both_databases,
    pay::balance,
    support::{World, text},
};

const UID: [u8; 7] = [4, 1, 2, 3, 4, 5, 6];

fn tap_link(world: &World, count: u32) -> String {
    let tap = world.tap(UID, count);
    format!("/wallet/load?picc_data={}&cmac={}", text(&tap, "/picc_data"), text(&tap, "/cmac"))
}

on_both_databases! {
    fn a_card_is_loaded_once_and_what_it_cost_is_said(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        let code = world.cards(1, "50.00", "EUR").remove(0);
        let page = browser.get("/wallet/load").ok();
        browser.submit(&page, &[("code", &code)]).leads_to("/wallet");
        let wallet = browser.get("/wallet").ok();
        wallet.says("$53.25 was loaded for €50.00, at a rate of 1.0705").says("$0.27").says("+$53.25");
        assert!(!browser.get("/wallet").ok().body.contains("was loaded for"), "said once");
        // The button was pressed twice.
        browser.submit(&page, &[("code", &code)]).leads_to("/wallet");
        assert_eq!(balance(world, &login), "53.25");
        let mut again = |fields: &[(&str, &str)]| {
            let page = browser.get("/wallet/load").ok();
            browser.submit(&page, fields)
        };
        refused(again(&[("code", &code)]), 409, "This card is empty");
        refused(again(&[("code", "ABCD-EFGH")]), 422, "This card is not accepted");
        refused(again(&[]), 400, "Enter the code that is printed on the card");
        world.check();
    }

    fn a_part_of_a_card_is_loaded(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        let code = world.cards(1, "50.00", "USD").remove(0);
        let page = browser.get("/wallet/load").ok();
        for (amount, currency, said) in [
            ("1,000", "USD", "Enter an amount above zero"),
            ("0", "USD", "Enter an amount above zero"),
            ("10", "XXX", "three letters"),
            ("10", "EUR", "three letters"),
            ("10", "", "three letters"),
        ] {
            let sent = browser.submit(&page, &[("code", &code), ("amount", amount), ("currency", currency)]);
            refused(sent, 400, said);
        }
        refused(browser.submit(&page, &[("code", &code), ("amount", "50.01"), ("currency", "USD")]), 402, "not enough money");
        let page = browser.get("/wallet/load").ok();
        browser.submit(&page, &[("code", &code), ("amount", "12,5"), ("currency", "usd")]).leads_to("/wallet");
        assert_eq!(balance(world, &login), "12.50");
        world.check();
    }

    fn a_tap_opens_the_form_and_takes_nothing_until_it_is_loaded(world: &World) {
        world.smart_card(UID, "20.00", "USD");
        let link = tap_link(world, 1);
        let mut stranger = Browser::new(world);
        let way = stranger.get(&link);
        let login = format!("/login?next={}", url::form_urlencoded::byte_serialize(link.as_bytes()).collect::<String>());
        way.leads_to(&login);
        let (mut browser, login) = Browser::of_buyer(world);
        browser.get(&link).ok();
        let page = browser.get(&link).ok();
        page.says("Your card was read");
        assert_eq!(balance(world, &login), "0.00", "opening takes nothing");
        browser.submit(&page, &[]).leads_to("/wallet");
        assert_eq!(balance(world, &login), "20.00");
        // A tap is good once; the same form is the same command.
        browser.submit(&page, &[]).leads_to("/wallet");
        assert_eq!(balance(world, &login), "20.00");
        let again = browser.get(&link).ok();
        refused(browser.submit(&again, &[]), 422, "This card is not accepted");
        let garbled = browser.get("/wallet/load?picc_data=zz&cmac=00").ok();
        refused(browser.submit(&garbled, &[]), 422, "This card is not accepted");
        world.check();
    }
}

#[test]
fn above_the_tap_limit_the_printed_code_is_asked_for() {
    let dollars = |amount: &str| {
        purser_money::Money::parse(amount, purser_money::Currency::parse("USD").unwrap()).unwrap()
    };
    let limit = dollars("10.00");
    let world = World::with(|settings| {
        settings.tap_limits.insert(limit.currency(), limit);
    });
    let face = json!({ "amount": "20.00", "currency": "USD" });
    let uid = data_encoding::HEXLOWER.encode(&UID);
    let card = world.operator.post("/v1/smart-cards", None, &json!({ "face": face, "uid": uid }));
    let card = card.ok(201);
    let activate = format!("/v1/smart-cards/{}/activate", text(&card, "/id"));
    world.operator.post(&activate, Some("activate"), &json!({})).ok(200);
    let (mut browser, login) = Browser::of_buyer(&world);
    let page = browser.get(&tap_link(&world, 1)).ok();
    let asked = browser.submit(&page, &[]);
    assert_eq!(asked.status, 400, "{}", asked.body);
    asked.says("Enter the code that is printed on the card").says("<details open>");
    browser.submit(&asked, &[("code", &text(&card, "/code"))]).leads_to("/wallet");
    assert_eq!(balance(&world, &login), "20.00");
}

#[test]
fn a_card_leads_on_to_where_its_buyer_was_going_and_never_to_another_site() {
    let world = World::on_sqlite();
    let (mut browser, _) = Browser::of_buyer(&world);
    let mut codes = world.cards(3, "5.00", "USD").into_iter();
    let mut leads = |next: &str, to: &str| {
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let page = browser.get(&format!("/wallet/load?next={next}")).ok();
        browser.submit(&page, &[("code", &codes.next().unwrap())]).leads_to(to);
    };
    leads("/pay?offer=a.b.c&country=DE", "/pay?offer=a.b.c&country=DE");
    leads("https://evil.example", "/wallet");
    leads("//evil.example", "/wallet");
}
