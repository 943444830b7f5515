//! The operator's desk, as a browser without scripts meets it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

#[path = "../pages/browser.rs"]
mod browser;
mod cards;
mod merchants;
mod money;
mod plugins;
#[path = "../support/mod.rs"]
mod support;

use self::{
    browser::{Browser, Page},
    support::World,
};

/// A browser in which the operator's desk is open.
fn operator(world: &World) -> Browser {
    let file = world.gateway.settings.data.join("operator.key");
    let key = std::fs::read_to_string(file).unwrap();
    let mut browser = Browser::new(world);
    browser.open_desk("/operator", key.trim());
    browser
}

/// What stands in the secrets of a page that shows them once.
fn secrets(page: &Page) -> Vec<String> {
    let shown = page.body.split("class=\"secret\"").skip(1);
    shown
        .map(|rest| rest.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned())
        .collect()
}

/// The hidden field that every form has.
fn csrf(page: &Page) -> String {
    let fields = page.form(0).fields;
    fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1
}

const PAGES: [&str; 11] = [
    "/operator",
    "/operator/merchants",
    "/operator/cards",
    "/operator/smart-cards",
    "/operator/plugins",
    "/operator/rates",
    "/operator/taxes",
    "/operator/payouts",
    "/operator/treasury",
    "/operator/refunds",
    "/operator/check",
];

on_both_databases! {
    fn every_page_comes_in_every_language_and_only_to_operators(world: &World) {
        let mut browser = operator(world);
        let mut stranger = Browser::new(world);
        let merchant = world.merchant("DE");
        let key = merchant.client.post("/v1/api-keys", None, &serde_json::json!({ "scopes": ["keys"] })).ok(201);
        stranger.open_desk("/desk", key["key"].as_str().unwrap());
        for path in PAGES {
            let next = path.replace('/', "%2F");
            stranger.get(path).leads_to(&format!("/operator/login?next={next}"));
            for language in ["en", "de", "ja", "ar"] {
                let page = browser.get(&format!("{path}?lang={language}")).ok();
                page.says(&format!("<html lang=\"{language}\""));
                for key in ["op-", "desk-", "nav-"] {
                    let bare = format!(">{key}");
                    assert!(!page.body.contains(&bare), "a message is missing on {path} in {language}");
                }
            }
        }
    }

    fn the_overview_tells_how_the_gateway_is(world: &World) {
        let mut browser = operator(world);
        let page = browser.get("/operator").ok();
        page.says("Requests are served").says("2024-06-28").says("Not checked since the gateway started.");
        page.says("None is out of service for its faults.");
        world.set_clock("2024-07-10T00:00:00Z");
        operator(world).get("/operator").ok().says("Too old");
    }

    fn the_books_are_checked_while_somebody_watches(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        buyer.buy(&[&shop.offer("10.00", "USD")]).ok(201);
        let mut browser = operator(world);
        let page = browser.get("/operator/check").ok();
        browser.submit(&page, &[]).leads_to("/operator/check");
        let done = loop {
            let page = browser.get("/operator/check").ok();
            if !page.body.contains("The books are being checked.") {
                break page;
            }
            // Without scripts the page looks again by itself.
            page.says("<noscript><meta http-equiv=\"refresh\" content=\"1\"></noscript>");
            std::thread::yield_now();
        };
        done.says("The books are right.");
        let checks = world.operator.get("/v1/check").ok(200)["checks"].as_array().unwrap().len();
        assert_eq!(done.body.matches(">Right<").count(), checks);
        browser.get("/operator").ok().says("The books are right.");
    }
}
