//! What is tried at the till: forged forms, frames, markup in names, and addresses that are too long.

use serde_json::json;

use super::{SHOP, balance, buyer_with, shop_named};
use crate::{
    browser::Browser,
    support::{World, raw},
};

#[test]
fn a_payment_that_the_buyer_did_not_send_is_refused() {
    let world = World::on_sqlite();
    let shop = shop_named(&world, "Lantern Books");
    let (mut browser, login) = buyer_with(&world, "100.00");
    let link = shop.link("10.00", "USD");
    let till = browser.get(&link).ok();
    let (mut attacker, _) = buyer_with(&world, "100.00");
    let foreign = attacker.get(&link).ok();
    // The attacker's own form in the buyer's browser, and the buyer's from another site.
    browser.submit(&foreign, &[]).problem(403, "form-expired");
    for (name, value) in
        [("Origin", "https://evil.example"), ("Origin", SHOP), ("Sec-Fetch-Site", "cross-site")]
    {
        browser.sending(name, value).submit(&till, &[]).problem(403, "form-expired");
    }
    browser.submit(&till, &[("csrf", "")]).problem(403, "form-expired");
    browser.post(&link, &[("max_total", "11.90")]).problem(403, "form-expired");
    let csrf = till.form(0).fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    let no_key = browser.post(&link, &[("csrf", &csrf), ("max_total", "11.90")]);
    no_key.problem(400, "idempotency-key-missing");
    // One form's key does not pay another offer.
    let fields = till.form(0).fields;
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.submit(&till, &[]);
    assert_eq!(balance(&world, &login), "88.10");
    browser.post(&shop.link("10.00", "USD"), &fields).problem(422, "idempotency-key-reused");
    assert_eq!(balance(&world, &login), "88.10");
    world.check();
}

#[test]
fn the_till_is_shown_in_no_frame_and_its_form_ends_at_the_shop_only() {
    let world = World::on_sqlite();
    let shop = shop_named(&world, "Lantern Books");
    let (mut browser, _) = buyer_with(&world, "100.00");
    let pages = [
        browser.get(&shop.link("10.00", "USD")).ok(),
        Browser::new(&world).get(&shop.link("10.00", "USD")).ok(),
        browser.get("/pay?offer=x"),
        browser.get("/wallet").ok(),
    ];
    for page in &pages {
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.contains("form-action 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    let back = browser.get(&shop.link_back("10.00", "USD")).ok();
    let policy = back.header("content-security-policy").unwrap();
    assert!(policy.contains(&format!("form-action 'self' {SHOP};")), "{policy}");
}

#[test]
fn names_and_titles_are_text() {
    let world = World::on_sqlite();
    let script = "<script>alert(1)</script>\"'<img src=x onerror=alert(1)>";
    let shop = shop_named(&world, script);
    let (mut browser, _) = buyer_with(&world, "100.00");
    let price = json!({ "amount": "10.00", "currency": "USD" });
    let back = format!("{SHOP}/\"onmouseover=\"alert(1)");
    let offer =
        json!({ "item": { "id": script, "title": script }, "price": price, "return_url": back });
    let link = shop.link_of(&offer);
    let till = browser.get(&link).ok();
    let mut pages = vec![till.clone(), Browser::new(&world).get(&link).ok()];
    browser.submit(&till, &[]);
    let list = browser.get("/wallet/purchases").ok();
    let bought =
        list.body.split("/wallet/purchases/pur_").nth(1).unwrap().split('"').next().unwrap();
    pages.push(browser.get(&format!("/wallet/purchases/pur_{bought}")).ok());
    pages.extend([list, browser.get("/wallet/shops").ok()]);
    for page in &pages {
        page.says("&#60;script&#62;alert(1)");
        assert!(
            !page.body.contains("<script>alert") && !page.body.contains("<img src=x"),
            "{}",
            page.body
        );
        assert!(!page.body.contains("\"onmouseover"), "{}", page.body);
    }
}

#[test]
fn the_till_weighs_less_than_thirty_kilobytes() {
    let world = World::on_sqlite();
    let shop = shop_named(&world, "Lantern Books");
    let (mut browser, _) = buyer_with(&world, "100.00");
    let mut poor = Browser::of_buyer(&world).0;
    let link = shop.link_back("10.00", "EUR");
    for language in ["en", "de", "ja", "ar"] {
        let link = format!("{link}&lang={language}");
        for page in
            [browser.get(&link).ok(), poor.get(&link).ok(), Browser::new(&world).get(&link).ok()]
        {
            let css = page
                .body
                .split("rel=\"stylesheet\" href=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            let css = browser.get(css).ok();
            let bytes = page.body.len() + css.body.len();
            assert!(bytes < 30_000, "{language}: {bytes}");
            assert!(!page.body.contains("<script"), "nothing more is loaded");
        }
    }
}

#[test]
fn offers_of_eight_kibibytes_are_shown_and_longer_ones_refused() {
    let world = World::on_sqlite();
    let shop = shop_named(&world, "Lantern Books");
    let (mut browser, login) = buyer_with(&world, "1000.00");
    let long = |bytes: usize| format!("{SHOP}/{}", "a".repeat(bytes - SHOP.len() - 1));
    let large = |title: &str| {
        json!({
            "item": { "id": "𝄞".repeat(128), "title": title, "url": long(2_048) },
            "price": { "amount": "1.00", "currency": "USD" }, "return_url": long(2_048),
        })
    };
    let offer = shop.offer_of(&large(&"𝄞".repeat(200)));
    assert!((7_000..8_192).contains(&offer.len()), "{}", offer.len());
    let till = browser.get(&format!("/pay?offer={offer}")).ok();
    assert!(browser.submit(&till, &[]).header("location").unwrap().starts_with(SHOP));
    // Signing in on the way loses none of it.
    let stranger = Browser::new(&world).get(&format!("/pay?offer={offer}")).ok();
    let way = stranger.body.split("href=\"/login?next=").nth(1).unwrap().split('"').next().unwrap();
    let mut other = Browser::new(&world);
    let page = other.get(&format!("/login?next={way}")).ok();
    let field = |name: &str| login[name].as_str().unwrap().to_owned();
    let (email, pin, password) = (field("email"), field("pin"), field("password"));
    let fields = [("email", &*email), ("pin", &*pin), ("password", &*password)];
    other.submit(&page, &fields).leads_to(&format!("/pay?offer={offer}"));
    let seven = vec![format!("offer={offer}"); 7].join("&");
    browser.get(&format!("/pay?{seven}")).ok().says("$8.33");
    browser.get(&format!("/pay?offer={}", "a".repeat(9_000))).problem(422, "offer-tampered");
    let many = vec!["offer=a"; 51].join("&");
    browser.get(&format!("/pay?{many}")).problem(400, "malformed-request");
    // Beyond what an address may be, nobody answers with more than a refusal.
    let host = world.base.trim_start_matches("http://");
    let endless = format!(
        "GET /pay?offer={} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "a".repeat(200_000)
    );
    let refused = raw(&world.base, endless.as_bytes());
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 4"), "{refused}");
    browser.get("/wallet").ok();
    assert_eq!(balance(&world, &login), "998.81");
    world.check();
}
