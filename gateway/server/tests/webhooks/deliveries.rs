//! What endpoints are told, and how it is signed.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{endpoint::Say, *};
use crate::on_both_databases;

on_both_databases! {
    fn an_event_reaches_every_endpoint_that_wants_it_signed(world: &World) {
        let (scene, all, refunds) = (Scene::of(world), Endpoint::new(), Endpoint::new());
        let hook = scene.hook(&all);
        let wish = json!({ "url": refunds.url, "events": ["refund.made"] });
        let refund_hook = scene.hook_of(&wish);
        let bought = scene.buyer.buy(&[&scene.merchant.offer("5.00", "EUR")]).ok(201);
        let got = all.got();
        assert_eq!(got.target, "/hooks?shop=1");
        assert_eq!(got.header("content-type"), "application/json");
        assert!(got.header("user-agent").starts_with("purser/"));
        let told = got.json();
        let shown = scene.merchant.client.get("/v1/events").ok(200)["data"][0].clone();
        assert_eq!(told["type"], "purchase.paid");
        assert_eq!((&told["timestamp"], &told["data"]), (&shown["created_at"], &shown["data"]));
        assert_eq!(told.as_object().unwrap().len(), 3);
        assert_eq!(got.header("webhook-id"), shown["id"], "stable, whatever else changes");
        // In the sandbox too, it is the time of whoever verifies.
        let at = Timestamp::from_second(got.header("webhook-timestamp").parse().unwrap()).unwrap();
        assert!(Timestamp::now().duration_since(at).abs() < SignedDuration::from_mins(5), "{at}");
        assert!(is_signed(&got, &hook.secret) && !is_signed(&got, &refund_hook.secret));

        scene.buyer.refund(&text(&bought, "/items/0/id")).ok(201);
        assert_eq!(all.got().json()["type"], "refund.made");
        let refunded = refunds.got();
        assert_eq!(refunded.json()["type"], "refund.made", "and nothing of the purchase");
        assert!(is_signed(&refunded, &refund_hook.secret));
        let row = scene.settled(&hook, &text(&shown, "/id"), "delivered");
        assert_eq!(row["type"], "purchase.paid");
        assert_eq!(attempts(&row).len(), 1);
        assert_eq!((&row["attempts"][0]["status"], &row["attempts"][0]["outcome"]), (&json!(204), &json!("delivered")));
        assert_eq!(row["next_attempt_at"], json!(null));
        assert!(!refunds.has_more() && !all.has_more());
        world.check();
    }

    fn a_rotated_secret_signs_beside_the_old_one_for_a_while(world: &World) {
        let (scene, endpoint) = (Scene::of(world), Endpoint::new());
        let old = scene.hook(&endpoint);
        let rotate = |body: &Value| {
            let made = scene.merchant.client.post(&format!("{}/rotate", old.path), None, body).ok(201);
            WebhookSecret::parse(&text(&made, "/secret")).unwrap()
        };
        let new = rotate(&json!({ "old_secret_expires_in": 3600 }));
        scene.buy();
        let got = endpoint.got();
        assert!(is_signed(&got, &old.secret) && is_signed(&got, &new));
        world.advance(3_601);
        scene.buyer.buy(&[&scene.merchant.offer("5.00", "EUR")]);
        scene.merchant.client.post(&format!("{}/test", old.path), None, &json!({})).ok(200);
        let got = endpoint.got();
        assert!(!is_signed(&got, &old.secret) && is_signed(&got, &new));
        let newest = rotate(&json!({ "old_secret_expires_in": 0 }));
        scene.merchant.client.post(&format!("{}/test", old.path), None, &json!({})).ok(200);
        let got = eventually("the test of the newest", || {
            let got = endpoint.got();
            is_signed(&got, &newest).then_some(got)
        });
        assert!(!is_signed(&got, &new));
    }

    fn a_chat_reads_a_message(world: &World) {
        let (scene, endpoint) = (Scene::of(world), Endpoint::new());
        scene.hook_of(&json!({ "url": endpoint.url, "events": ["*"], "plugin": "webhook-chat" }));
        let offer = scene.merchant.offer_of(&json!({
            "item": { "id": "b", "title": "<!channel> A notebook" },
            "price": { "amount": "10.00", "currency": "EUR" },
        }));
        scene.buyer.buy(&[&offer]).ok(201);
        let got = endpoint.got();
        assert_eq!(got.json()["text"], "Paid: &lt;!channel&gt; A notebook, 11.90 EUR");
        assert!(!got.headers.contains_key("webhook-signature"));
    }

    fn a_test_says_at_once_what_came_back(world: &World) {
        let (scene, endpoint) = (Scene::of(world), Endpoint::new());
        let hook = scene.hook(&endpoint);
        let test = || {
            let path = format!("{}/test", hook.path);
            scene.merchant.client.post(&path, None, &json!({})).ok(200)
        };
        let tested = test();
        assert_eq!((&tested["delivered"], &tested["attempts"][0]["status"]), (&json!(true), &json!(204)));
        let got = endpoint.got();
        assert_eq!(got.json()["type"], "webhook.test");
        assert_eq!(got.header("webhook-id"), tested["event"]);
        assert!(is_signed(&got, &hook.secret));
        endpoint.next(Say::Raw(b"HTTP/1.1 500 x\r\nContent-Length: 9\r\n\r\nno \x1b[1m\0!".to_vec()));
        let tested = test();
        assert_eq!(tested["delivered"], false);
        assert_eq!(tested["attempts"][0]["answer"], "no [1m!", "without what cannot be seen");
        let listed = scene.merchant.client.get(&format!("{}/deliveries", hook.path)).ok(200);
        assert_eq!(listed["data"], json!([]), "it is in no stream");
    }
}
