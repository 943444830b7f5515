//! A merchant's desk, as a browser without scripts meets it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

#[path = "../pages/browser.rs"]
mod browser;
#[allow(dead_code, reason = "the tests of webhooks use the rest of it")]
#[path = "../webhooks/endpoint.rs"]
mod endpoint;
mod keys;
mod money;
mod offers;
#[path = "../support/mod.rs"]
mod support;
mod webhooks;

use serde_json::{Value, json};

use self::{
    browser::Browser,
    support::{Client, Merchant, World, text},
};

/// A merchant whose desk is open in a browser.
struct Shop {
    merchant: Merchant,
    browser: Browser,
}

impl Shop {
    /// With a key of every scope.
    fn new(world: &World) -> Self {
        Self::named(world, "Shop")
    }

    fn named(world: &World, name: &str) -> Self {
        let body = json!({
            "name": name, "country": "DE", "fee_percent": "1", "return_origins": ["https://shop.example"],
        });
        let made = world.operator.post("/v1/merchants", None, &body).ok(201);
        let key = text(&made, "/secret_key");
        let mut browser = Browser::new(world);
        browser.open_desk("/desk", &key);
        let merchant = Merchant {
            id: text(&made, "/id"),
            client: Client::new(&world.base, Some(&key)),
            kid: text(&made, "/offer_key/kid"),
            secret: text(&made, "/offer_key/secret"),
        };
        Self { merchant, browser }
    }

    /// A browser in which the desk was opened with a key of these scopes, and the key's id.
    fn with_scopes(&self, world: &World, scopes: &[&str]) -> (Browser, String) {
        let made = self.merchant.client.post("/v1/api-keys", None, &json!({ "scopes": scopes }));
        let made = made.ok(201);
        let mut browser = Browser::new(world);
        browser.open_desk("/desk", &text(&made, "/key"));
        (browser, text(&made, "/id"))
    }
}

/// An offer of a thing of this title.
fn titled(title: &str, amount: &str, currency: &str) -> Value {
    json!({
        "item": { "id": "thing", "title": title },
        "price": { "amount": amount, "currency": currency },
    })
}

on_both_databases! {
    /// The parts of the desk that its key's scopes open, and no other.
    fn a_key_sees_what_its_scopes_allow(world: &World) {
        let shop = Shop::new(world);
        let parts = [
            ("sales:read", "/desk/sales"),
            ("offers", "/desk/offers"),
            ("payouts:read", "/desk/statements"),
            ("payouts:read", "/desk/payouts"),
            ("webhooks", "/desk/webhooks"),
            ("keys", "/desk/keys"),
            ("keys", "/desk/offer-keys"),
            ("keys", "/desk/logins"),
        ];
        for scope in ["sales:read", "offers", "payouts:read", "webhooks", "keys"] {
            let (mut browser, _) = shop.with_scopes(world, &[scope]);
            let home = browser.get("/desk").ok();
            assert_eq!(home.body.contains("lacks the scope sales:read"), scope != "sales:read");
            for (needs, path) in parts {
                let page = browser.get(path);
                let linked = home.body.contains(&format!("href=\"{path}\""));
                if needs == scope {
                    page.ok();
                } else {
                    page.problem(403, "scope-missing");
                    assert!(!linked, "{path} with {scope}");
                }
            }
        }
    }

    /// Whoever has no key, and whoever has one no more.
    fn without_a_key_every_part_leads_to_the_sign_in(world: &World) {
        let shop = Shop::new(world);
        let (mut browser, id) = shop.with_scopes(world, &["sales:read", "keys"]);
        let keys = browser.get("/desk/keys").ok();
        let deleted = browser.send(&keys, &format!("/desk/keys/{id}/delete"), &[]);
        deleted.leads_to("/desk/keys");
        browser.get("/desk/sales").leads_to("/desk/login?next=%2Fdesk%2Fsales");
        let sent = browser.send(&keys, "/desk/keys", &[("scopes[]", "offers")]);
        assert_eq!(sent.status, 303, "{}", sent.body);
        assert!(sent.header("location").unwrap().starts_with("/desk/login"));
        let mut stranger = Browser::new(world);
        for path in ["/desk", "/desk/keys", "/desk/webhooks", "/desk/statements/2024-06.csv"] {
            assert_eq!(stranger.get(path).status, 303, "{path}");
        }
        // A stream is no page: it ends with the problem, and leads nowhere.
        let mut listener = stranger.sending("Accept", "text/event-stream");
        listener.headers.remove(0);
        assert_eq!(listener.get("/desk/events").status, 401);
    }

    /// What people typed is text, wherever it is shown.
    fn script_in_names_is_text(world: &World) {
        let evil = "<script>alert(1)</script>";
        let shown = "&#60;script&#62;alert(1)&#60;/script&#62;";
        let mut shop = Shop::named(world, evil);
        let buyer = world.buyer_with("100.00");
        let offer = shop.merchant.offer_of(&titled(evil, "5.00", "USD"));
        let sold = buyer.buy(&[&offer]).ok(201);
        let item = text(&sold, "/items/0/id");
        let sale = format!("/desk/sales/{item}");
        for path in ["/desk", "/desk/sales", &sale, "/desk/statements?month=2024-06"] {
            let page = shop.browser.get(path).ok();
            assert!(!page.body.contains("<script>alert"), "{path}");
            page.says(shown);
        }
        let csp = shop.browser.get(&sale).ok();
        assert!(csp.header("content-security-policy").unwrap().contains("script-src 'self';"));
        let form = shop.browser.get("/desk/offers").ok();
        let made = shop.browser.send(&form, "/desk/offers", &[
            ("item.title", evil), ("item.id", "x"), ("price.amount", "5.00"), ("price.currency", "USD"),
            ("expires_in", "day"),
        ]);
        assert_eq!(made.status, 201);
        assert!(!made.body.contains("<script>alert"));
        made.says(shown);
    }
}
