//! Endpoints: their secrets once, their deliveries always, and nobody else's.

use serde_json::json;

use super::{
    Shop, World,
    endpoint::{Endpoint, Say},
};
use crate::{on_both_databases, support::text};

/// The id of the endpoint that a page was led to.
fn id_of(location: &str) -> String {
    location.rsplit('/').next().unwrap().to_owned()
}

/// Makes an endpoint, and gives its address on the desk and its secret.
fn made(shop: &mut Shop, url: &str, events: &[&str]) -> (String, String) {
    let page = shop.browser.get("/desk/webhooks").ok();
    let csrf = page.form(0).fields.into_iter().find(|(name, _)| name == "csrf").unwrap();
    let mut form = vec![("csrf", csrf.1.as_str()), ("url", url), ("plugin", "webhook-standard")];
    form.extend(events.iter().map(|kind| ("events[]", *kind)));
    let made = shop.browser.post("/desk/webhooks", &form);
    assert_eq!(made.status, 201, "{}", made.body);
    let secret = made.body.split("whsec_").nth(1).unwrap().split('<').next().unwrap();
    let back = made.body.split("href=\"/desk/webhooks/").nth(1).unwrap().split('"').next().unwrap();
    (format!("/desk/webhooks/{back}"), format!("whsec_{secret}"))
}

on_both_databases! {
    fn an_endpoint_is_made_tested_rotated_paused_and_deleted(world: &World) {
        let (mut shop, endpoint) = (Shop::new(world), Endpoint::new());
        let (path, secret) = made(&mut shop, &endpoint.url, &["purchase.paid"]);
        let page = shop.browser.get(&path).ok();
        assert!(!page.body.contains(&secret), "shown once");
        page.says("Told as things happen").says("Nothing was delivered yet.");
        let tested = shop.browser.send(&page, &format!("{path}/test"), &[]).ok();
        tested.says("The endpoint took the test.").says("204");
        assert_eq!(endpoint.got().json()["type"], "webhook.test");

        let rotated = shop.browser.send(&page, &format!("{path}/rotate"), &[]);
        assert_eq!(rotated.status, 201);
        rotated.says("whsec_");
        assert!(!rotated.body.contains(&secret), "another secret");
        shop.browser.get(&path).ok().says("signed with the secret before");

        shop.browser.send(&page, &format!("{path}/disable"), &[]).leads_to(&path);
        let page = shop.browser.get(&path).ok();
        page.says("disabled by the merchant");
        shop.browser.send(&page, &format!("{path}/enable"), &[]).leads_to(&path);
        let csrf = page.form(0).fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
        let change = [
            ("csrf", csrf.as_str()), ("url", "https://other.example/hooks"), ("events[]", "refund.made"), ("plugin", "webhook-chat"),
        ];
        shop.browser.post(&path, &change).leads_to(&path);
        let changed = shop.merchant.client.get(&format!("/v1/webhooks/{}", id_of(&path))).ok(200);
        assert_eq!(
            (text(&changed, "/url"), text(&changed, "/plugin"), &changed["events"]),
            ("https://other.example/hooks".into(), "webhook-chat".into(), &json!(["refund.made"]))
        );
        let page = shop.browser.get(&path).ok();
        shop.browser.send(&page, &format!("{path}/delete"), &[]).leads_to("/desk/webhooks");
        shop.browser.get(&path).problem(404, "not-found");
    }

    fn every_attempt_is_shown_and_can_be_made_again(world: &World) {
        let (mut shop, endpoint) = (Shop::new(world), Endpoint::new());
        endpoint.next(Say::Raw(b"HTTP/1.1 500 x\r\nContent-Length: 24\r\nConnection: close\r\n\r\n<script>alert(2)</script>"[..].to_vec()));
        let (path, _) = made(&mut shop, &endpoint.url, &["*"]);
        let buyer = world.buyer_with("100.00");
        buyer.buy(&[&shop.merchant.offer("1.00", "USD")]).ok(201);
        endpoint.got();
        let attempts = format!("/v1/webhooks/{}/deliveries", id_of(&path));
        let tried = || shop.merchant.client.get(&attempts).ok(200)["data"][0]["attempts"].as_array().map(Vec::len);
        while tried() != Some(1) {
            std::thread::yield_now();
        }
        let page = shop.browser.get(&path).ok();
        page.says("500").says("Refused").says("Waiting");
        assert!(!page.body.contains("<script>alert"), "what an endpoint answers is text");
        let list = shop.merchant.client.get(&attempts).ok(200);
        let replay = format!("{path}/deliveries/{}/replay", text(&list, "/data/0/id"));
        shop.browser.send(&page, &replay, &[]).leads_to(&path);
        endpoint.got();
        while tried() != Some(2) {
            std::thread::yield_now();
        }
        shop.browser.get(&path).ok().says("Delivered");
    }

    fn an_endpoint_needs_what_its_events_need_and_is_its_merchants(world: &World) {
        let (mut shop, mut other) = (Shop::new(world), Shop::new(world));
        let (path, _) = made(&mut shop, "https://shop.example/hooks", &["purchase.paid"]);
        other.browser.get(&path).problem(404, "not-found");
        let page = other.browser.get("/desk/webhooks").ok();
        let csrf = page.form(0).fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
        let fields = [("csrf", csrf.as_str())];
        for verb in ["test", "rotate", "enable", "disable", "delete"] {
            other.browser.post(&format!("{path}/{verb}"), &fields).problem(404, "not-found");
        }
        let delivery = format!("{path}/deliveries/dlv_1/replay");
        other.browser.post(&delivery, &fields).problem(404, "not-found");

        let (mut browser, _) = shop.with_scopes(world, &["webhooks"]);
        let page = browser.get("/desk/webhooks").ok();
        let csrf = page.form(0).fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
        let form = [("csrf", csrf.as_str()), ("url", "https://shop.example/hooks"), ("events[]", "purchase.paid")];
        assert_eq!(browser.post("/desk/webhooks", &form).status, 403, "it could not read these events");
        for (url, status) in [("http://10.0.0.1/", 422), ("https://169.254.169.254/", 422), ("nonsense", 422)] {
            let page = shop.browser.get("/desk/webhooks").ok();
            let csrf = page.form(0).fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
            let refused = shop.browser.post("/desk/webhooks", &[("csrf", &csrf), ("url", url), ("events[]", "*")]);
            assert_eq!(refused.status, status, "{url}");
            refused.says("This address cannot be used");
        }
    }
}
