//! What can be said of endpoints, and by whom.

use serde_json::json;

use super::*;
use crate::on_both_databases;

/// An endpoint that is never told anything.
const NOWHERE: &str = "http://127.0.0.1:9/";

on_both_databases! {
    fn an_address_into_a_private_network_is_refused_at_once(world: &World) {
        let scene = Scene::of(world);
        let create = |url: &str| scene.merchant.client.post("/v1/webhooks", None, &json!({ "url": url, "events": ["*"] }));
        for url in [
            "", "x", "ftp://shop.example/", "file:///etc/passwd", "javascript:alert(1)", "https://",
            "http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.1/", "http://100.64.0.1/",
            "http://169.254.169.254/latest/meta-data/", "http://0.0.0.0/", "http://0/", "http://255.255.255.255/",
            "http://224.0.0.1/", "http://192.0.2.1/", "http://0xa.0.0.1/", "http://012.0.0.1/", "http://167772161/",
            "http://10.0.0.1./", "http://[::]/", "http://[::ffff:10.0.0.1]/", "http://[::ffff:127.0.0.1]/",
            "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fd00::1]/", "http://[64:ff9b::a00:1]/",
            "http://[2002:a00:1::]/", "http://[2001:0:4136:e378::1]/", "http://[2001:db8::1]/", "http://[ff02::1]/",
            "http://user:password@shop.example/",
        ] {
            let refused = create(url);
            refused.problem(422, "webhook-url-refused");
            assert_eq!(refused.body["field"], "url", "{url}");
        }
        for length in [2_001, 2_048, 100_000] {
            create(&format!("https://shop.example/{}", "x".repeat(length - 21))).problem(422, "webhook-url-refused");
        }
        create(&format!("https://shop.example/{}", "\u{e9}".repeat(400))).problem(422, "webhook-url-refused");
        for url in ["https://shop.example/hooks#part", "http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/"] {
            create(url).ok(201);
        }
        let hook = scene.hook_of(&json!({ "url": NOWHERE, "events": ["*"] }));
        scene.change(&hook, &json!({ "url": "http://10.0.0.1/" })).problem(422, "webhook-url-refused");
        assert_eq!(scene.merchant.client.get(&hook.path).ok(200)["url"], NOWHERE);
    }

    fn an_endpoint_is_described_changed_and_deleted(world: &World) {
        let (scene, endpoint) = (Scene::of(world), Endpoint::new());
        let made = scene.merchant.client.post("/v1/webhooks", None, &json!({
            "url": "https://shop.example/hooks#part", "events": ["refund.made", "purchase.paid", "refund.made"],
        })).ok(201);
        let path = format!("/v1/webhooks/{}", text(&made, "/id"));
        assert!(text(&made, "/id").starts_with("wh_"));
        let mut shown = made.clone();
        shown.as_object_mut().unwrap().remove("secret");
        assert_eq!(scene.merchant.client.get(&path).ok(200), shown, "the secret is shown once");
        assert_eq!(scene.merchant.client.get("/v1/webhooks").ok(200)["data"], json!([shown]));
        assert_eq!(shown["url"], "https://shop.example/hooks");
        assert_eq!(shown["events"], json!(["purchase.paid", "refund.made"]));
        assert_eq!((&shown["plugin"], &shown["enabled"]), (&json!("webhook-standard"), &json!(true)));
        let change = |body: &Value| scene.merchant.client.patch(&path, body);
        let changed = change(&json!({ "url": endpoint.url, "enabled": false, "plugin": "webhook-chat" })).ok(200);
        assert_eq!((&changed["enabled"], &changed["disabled_reason"]), (&json!(false), &json!("disabled by the merchant")));
        scene.buy();
        change(&json!({ "enabled": true, "plugin": "webhook-standard" })).ok(200);
        endpoint.got();
        for (body, field) in [
            (json!({ "events": [] }), "events"),
            (json!({ "events": ["purchase.paid", "moon.risen"] }), "events[1]"),
            (json!({ "events": ["webhook.test"] }), "events[0]"),
            (json!({ "plugin": "tax-eu" }), "plugin"),
            (json!({ "plugin": "none" }), "plugin"),
            (json!({ "secret": "whsec_x" }), "secret"),
        ] {
            let refused = change(&body);
            refused.problem(400, "malformed-request");
            assert_eq!(refused.body["field"], field);
        }
        let all = scene.merchant.client.post("/v1/webhooks", None, &json!({ "url": NOWHERE, "enabled": false })).ok(201);
        assert_eq!(all["events"], json!(["*"]), "nothing said is everything");
        assert_eq!(scene.merchant.client.delete(&path).status, 204);
        scene.merchant.client.get(&path).problem(404, "not-found");
        scene.merchant.client.delete(&path).problem(404, "not-found");
        scene.buy();
        assert!(!endpoint.has_more());
        world.check();
    }

    fn somebody_elses_endpoint_is_not_there(world: &World) {
        let (scene, other) = (Scene::of(world), world.merchant("FR"));
        let endpoint = Endpoint::new();
        let hook = scene.hook(&endpoint);
        let event = scene.buy();
        let delivery = text(&scene.settled(&hook, &event, "delivered"), "/id");
        let own = other.client.post("/v1/webhooks", None, &json!({ "url": NOWHERE, "events": ["*"] })).ok(201);
        let own = format!("/v1/webhooks/{}", text(&own, "/id"));
        other.client.get(&hook.path).problem(404, "not-found");
        other.client.patch(&hook.path, &json!({ "enabled": false })).problem(404, "not-found");
        other.client.delete(&hook.path).problem(404, "not-found");
        other.client.get(&format!("{}/deliveries", hook.path)).problem(404, "not-found");
        for call in ["rotate".to_owned(), "test".to_owned(), format!("deliveries/{delivery}/replay")] {
            other.client.post(&format!("{}/{call}", hook.path), None, &json!({})).problem(404, "not-found");
        }
        other.client.post(&format!("{own}/deliveries/{delivery}/replay"), None, &json!({})).problem(404, "not-found");
        scene.merchant.client.get("/v1/webhooks/wh_x").problem(404, "not-found");
        let listed = other.client.get(&format!("{own}/deliveries")).ok(200);
        assert_eq!(listed["data"], json!([]), "nor is anything told of other merchants");
    }

    fn only_a_key_for_webhooks_may_look_or_change(world: &World) {
        let scene = Scene::of(world);
        let hook = scene.hook_of(&json!({ "url": NOWHERE, "events": ["*"] }));
        let key = scene.merchant.client.post("/v1/api-keys", None, &json!({ "scopes": ["sales:read", "keys"] })).ok(201);
        let caller = anyone_of(world, &text(&key, "/key"));
        caller.get("/v1/webhooks").problem(403, "scope-missing");
        caller.get(&hook.path).problem(403, "scope-missing");
        caller.get(&format!("{}/deliveries", hook.path)).problem(403, "scope-missing");
        caller.patch(&hook.path, &json!({})).problem(403, "scope-missing");
        caller.delete(&hook.path).problem(403, "scope-missing");
        for call in ["", "/test", "/rotate"] {
            let path = if call.is_empty() { "/v1/webhooks".to_owned() } else { format!("{}{call}", hook.path) };
            let body = if call.is_empty() { json!({ "url": NOWHERE, "events": ["*"] }) } else { json!({}) };
            caller.post(&path, None, &body).problem(403, "scope-missing");
        }
        world.anyone().get("/v1/webhooks").problem(401, "not-authenticated");
        let refused = scene.merchant.client.post(&format!("{}/rotate", hook.path), None, &json!({ "old_secret_expires_in": 604_801 }));
        refused.problem(400, "malformed-request");
        assert_eq!(refused.body["field"], "old_secret_expires_in");
    }

    fn an_endpoint_is_told_only_what_its_maker_may_read(world: &World) {
        let scene = Scene::of(world);
        let caller = |scopes: &[&str]| {
            let key = scene.merchant.client.post("/v1/api-keys", None, &json!({ "scopes": scopes })).ok(201);
            anyone_of(world, &text(&key, "/key"))
        };
        let (bare, sales) = (caller(&["webhooks"]), caller(&["webhooks", "sales:read"]));
        let both = caller(&["webhooks", "sales:read", "payouts:read"]);
        let wish = |events: &[&str]| json!({ "url": NOWHERE, "events": events });
        let create = |by: &Client, events: &[&str]| by.post("/v1/webhooks", None, &wish(events));
        create(&bare, &["merchant.updated"]).problem(403, "scope-missing");
        sales.post("/v1/webhooks", None, &json!({ "url": NOWHERE })).problem(403, "scope-missing");
        for events in [&["*"] as &[&str], &["payout.sent"], &["purchase.paid", "payout.failed"]] {
            create(&bare, events).problem(403, "scope-missing");
            create(&sales, events).problem(403, "scope-missing");
            create(&both, events).ok(201);
        }
        let made = create(&sales, &["purchase.paid", "refund.made"]).ok(201);
        let path = format!("/v1/webhooks/{}", text(&made, "/id"));
        let elsewhere = json!({ "url": "http://127.0.0.1:10/" });
        bare.patch(&path, &elsewhere).problem(403, "scope-missing");
        sales.patch(&path, &elsewhere).ok(200);
        for events in [json!(["*"]), json!(["payout.sent"])] {
            bare.patch(&path, &json!({ "events": events })).problem(403, "scope-missing");
            sales.patch(&path, &json!({ "events": events })).problem(403, "scope-missing");
        }
        bare.patch(&path, &json!({ "events": ["purchase.paid"], "enabled": false })).ok(200);
        bare.patch(&path, &json!({ "events": ["purchase.paid", "refund.made"] })).problem(403, "scope-missing");
        both.patch(&path, &json!({ "events": ["*"] })).ok(200);
        sales.patch(&path, &elsewhere).ok(200);
        sales.patch(&path, &json!({ "url": "http://127.0.0.1:11/" })).problem(403, "scope-missing");
        bare.patch(&path, &json!({ "events": ["*"], "enabled": true })).ok(200);
        world.check();
    }

    fn a_merchant_has_sixteen_endpoints_at_most(world: &World) {
        let scene = Scene::of(world);
        let wish = json!({ "url": NOWHERE, "events": ["*"] });
        let hooks: Vec<Hook> = (0..16).map(|_| scene.hook_of(&wish)).collect();
        scene.merchant.client.post("/v1/webhooks", None, &wish).problem(400, "malformed-request");
        assert_eq!(scene.merchant.client.delete(&hooks[0].path).status, 204);
        scene.hook_of(&wish);
    }
}
