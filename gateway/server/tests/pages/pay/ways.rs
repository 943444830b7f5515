//! The ways to the till: signing in or up, naming a country, loading a card, showing the PIN.

use super::{balance, buyer_with, location, shop_named};
use crate::{
    browser::Browser,
    on_both_databases,
    support::{World, at_once, but, login, new_key},
};

fn encoded(path: &str) -> String {
    url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
}

on_both_databases! {
    fn a_stranger_sees_what_it_is_signs_in_and_comes_back(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let link = shop.link("10.00", "EUR");
        let mut browser = Browser::new(world);
        let till = browser.get(&link).ok();
        till.says("Lantern Books").says("A thing").says("€10.00");
        let way = format!("/login?next={}", encoded(&link));
        till.says(&format!("href=\"{way}\""));
        let login = login(&format!("{}@example.com", new_key()));
        world.sign_up(&but(&login, "country", "DE"));
        let page = browser.get(&way).ok();
        let fields = [("email", login["email"].as_str().unwrap()), ("pin", "271828"), ("password", "correct horse battery")];
        browser.submit(&page, &fields).leads_to(&link);
        browser.get(&link).ok().says("€11.90");
    }

    fn a_stranger_signs_up_names_a_country_loads_a_card_and_pays(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let link = shop.link("10.00", "EUR");
        let mut browser = Browser::new(world);
        let page = browser.get(&format!("/signup?next={}", encoded(&link))).ok();
        let email = format!("{}@example.com", new_key());
        let shown = browser.submit(&page, &[("email", &email), ("pin", "271828"), ("password", "correct horse battery")]).ok();
        shown.says(&format!("href=\"{link}\""));
        let asked = browser.get(&link).ok();
        asked.says("Country");
        let form = asked.form(0);
        assert_eq!(form.action, "/pay");
        let offer = &form.fields.iter().find(|(name, _)| name == "offer").unwrap().1;
        browser.get(&format!("/pay?offer={offer}&country=zz")).says("two letters");
        let here = format!("/pay?offer={offer}&country=de");
        let short = browser.get(&here).ok();
        short.says("€11.90").says("$12.74 is missing");
        assert_eq!(short.form(0).action, "/wallet/load");
        let wrong = browser.submit(&short, &[("code", "0000-0000")]);
        assert_eq!(wrong.status, 422, "{}", wrong.body);
        wrong.says("This card is not accepted");
        let code = world.cards(1, "20.00", "USD").remove(0);
        let loaded = location(&browser.submit(&wrong, &[("code", &code)]));
        assert_eq!(loaded, format!("/pay?offer={offer}&country=DE"));
        let till = browser.get(&loaded).ok();
        till.says("$20.00 was loaded");
        let bought = location(&browser.submit(&till, &[]));
        let login = but(&login(&email), "pin", "271828");
        assert_eq!(balance(world, &login), "7.26");
        browser.get(&bought).ok().says("Lantern Books");
        world.check();
    }

    fn a_business_is_shown_its_own_price_and_pays_that(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let (mut browser, login) = buyer_with(world, "100.00");
        let till = browser.get(&format!("{}&country=FR", shop.link("10.00", "USD"))).ok();
        till.says("$12.00");
        let wrong = browser.submit_nth(&till, 2, &[("tax_id", "FR00000000000")]);
        assert!(wrong.body.contains("This tax number is not valid") && wrong.status == 422, "{}", wrong.body);
        let business = browser.submit_nth(&till, 2, &[("tax_id", "FR40303265045")]).ok();
        business.says("$10.00");
        assert_eq!(balance(world, &login), "100.00");
        let bought = location(&browser.submit(&business, &[]));
        browser.get(&bought).ok().says("$10.00");
        assert_eq!(balance(world, &login), "90.00");
        world.check();
    }

    fn a_button_that_is_pressed_many_times_at_once_pays_once(world: &World) {
        let shop = shop_named(world, "Lantern Books");
        let (mut browser, login) = buyer_with(world, "100.00");
        let till = browser.get(&shop.link_back("10.00", "USD")).ok();
        let pressed = {
            let browser = browser.clone();
            at_once(6, move |_| location(&browser.clone().submit(&till, &[])))
        };
        assert!(pressed.iter().all(|back| *back == pressed[0]), "{pressed:?}");
        assert_eq!(balance(world, &login), "88.10");
        world.check();
    }
}

#[test]
fn above_the_limit_the_pin_is_asked_for_and_five_wrong_ones_end_the_session() {
    let dollars = |amount: &str| {
        let unit = purser_money::Currency::parse("USD").unwrap();
        purser_money::Money::parse(amount, unit).unwrap()
    };
    let limit = dollars("10.00");
    let world = World::with(|settings| settings.step_up_limit = Some(limit));
    let shop = shop_named(&world, "Lantern Books");
    let (mut browser, login) = buyer_with(&world, "100.00");
    let cheap = browser.get(&shop.link("5.00", "USD")).ok();
    assert!(!cheap.body.contains("name=\"pin\""), "{}", cheap.body);
    browser.submit(&cheap, &[]);
    assert_eq!(balance(&world, &login), "94.05");
    let link = shop.link("10.00", "USD");
    let till = browser.get(&link).ok();
    till.says("name=\"pin\"");
    let none = browser.submit(&till, &[]);
    assert_eq!(none.status, 403);
    none.says("The PIN is needed for this amount");
    // The same form with the PIN: it takes no part in what the form's key belongs to.
    let bought = location(&browser.submit(&till, &[("pin", "271828")]));
    browser.get(&bought).ok();
    assert_eq!(balance(&world, &login), "82.15");
    let till = browser.get(&link).ok();
    for _ in 0..5 {
        let wrong = browser.submit(&till, &[("pin", "000000")]);
        assert_eq!(wrong.status, 403, "{}", wrong.body);
    }
    let next = encoded(&till.form(0).action);
    browser.submit(&till, &[("pin", "271828")]).leads_to(&format!("/login?next={next}"));
    browser.get("/wallet").leads_to("/login?next=%2Fwallet");
    assert_eq!(balance(&world, &login), "82.15");
    world.check();
}

#[test]
fn a_price_above_what_was_shown_is_shown_and_asked_again() {
    let world = World::on_sqlite();
    let shop = shop_named(&world, "Lantern Books");
    let (mut browser, login) = buyer_with(&world, "100.00");
    let till = browser.get(&shop.link("10.00", "EUR")).ok();
    let total = till.form(0).fields.into_iter().find(|(name, _)| name == "max_total").unwrap().1;
    assert_eq!(total, "12.74", "what was shown is what is sent");
    // Dearer euros come in while the buyer reads.
    let rates = String::from_utf8(crate::support::RATES.to_vec()).unwrap();
    let dearer = rates.replace("currency='USD' rate='1.0705'", "currency='USD' rate='1.2705'");
    assert_ne!(rates, dearer);
    world.operator.post_bytes("/v1/rates?feed=ecb-daily", dearer.as_bytes()).ok(201);
    let again = browser.submit(&till, &[]);
    assert_eq!(again.status, 409, "{}", again.body);
    again.says("The price is now higher").says("$15.12");
    assert_eq!(balance(&world, &login), "100.00");
    browser.submit(&again, &[]);
    assert_eq!(balance(&world, &login), "84.88");
    world.check();
}

#[test]
fn the_till_speaks_the_languages_of_its_buyers() {
    let world = World::on_sqlite();
    let shop = shop_named(&world, "Lantern Books");
    let (mut browser, _) = buyer_with(&world, "100.00");
    let link = shop.link("10.00", "USD");
    browser.get(&format!("{link}&lang=de")).ok().says("<html lang=\"de\"").says("$11.90 bezahlen");
    // It is kept, and the page can be had in another one.
    let page = browser.get(&link).ok();
    page.says("Preis ohne Steuer").says(&format!("{}&#38;lang=ja", link));
    browser.get(&format!("{link}&lang=ja")).ok().says("税抜価格");
    browser.get(&format!("{link}&lang=ar")).ok().says("dir=\"rtl\"").says("السعر دون ضريبة");
    let mut other = Browser::new(&world).sending("Accept-Language", "fr, de;q=0.8");
    other.get(&link).ok().says("Verkauft von");
}
