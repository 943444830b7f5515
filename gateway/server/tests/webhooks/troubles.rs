//! Endpoints that fail, hang, ask for patience or are gone.

use jiff::Timestamp;
use serde_json::json;

use super::{endpoint::Say, *};
use crate::on_both_databases;

/// Seconds from one try to the next.
const SCHEDULE_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

on_both_databases! {
    fn deliveries_made_again_are_counted(world: &World) {
        let (scene, endpoint) = (Scene::of(world), Endpoint::new());
        let hook = scene.hook(&endpoint);
        let row = scene.settled(&hook, &scene.buy(), "delivered");
        let (gateway, merchant) = (&world.gateway, scene.merchant.id.parse().unwrap());
        let budget = purser::app::throttle::Budget::webhook_replays_of(gateway, merchant);
        let now = gateway.now();
        // Ten times as many in the sandbox, and one is left.
        let spent = gateway.store.write(move |db| (1..3_000).try_for_each(|_| budget.count(db, now)));
        actix_web::rt::System::new().block_on(spent).unwrap();
        scene.replay(&hook, &row).ok(200);
        scene.replay(&hook, &row).problem(429, "too-many-requests");
    }

    fn a_failing_endpoint_is_tried_over_three_days_then_given_up_and_can_be_replayed(world: &World) {
        let (scene, endpoint) = (Scene::of(world), Endpoint::saying(Say::Status(503)));
        let hook = scene.hook(&endpoint);
        let event = scene.buy();
        let mut stamps = Vec::new();
        for (tried, wait_s) in (1..).zip(SCHEDULE_S) {
            let got = endpoint.got();
            assert_eq!(got.header("webhook-id"), event);
            assert!(is_signed(&got, &hook.secret));
            stamps.push(got.header("webhook-timestamp").to_owned());
            let row = scene.delivery_when(&hook, &event, |row| attempts(row).len() == tried);
            assert_eq!(row["status"], "waiting");
            let last = &attempts(&row)[tried - 1];
            assert_eq!((&last["outcome"], &last["status"]), (&json!("refused"), &json!(503)));
            let next_s = time(&row["next_attempt_at"]).duration_since(time(&last["at"])).as_secs();
            assert!((wait_s..=wait_s + wait_s / 10 + 2).contains(&next_s), "{tried}: {next_s}");
            assert!(!endpoint.has_more());
            world.set_clock(row["next_attempt_at"].as_str().unwrap());
        }
        endpoint.got();
        let row = scene.settled(&hook, &event, "failed");
        assert_eq!(attempts(&row).len(), 10, "every try is kept");
        endpoint.then(Say::Status(200));
        assert_eq!(scene.replay(&hook, &row).ok(200)["status"], "waiting");
        assert_eq!(endpoint.got().header("webhook-id"), event, "the same event");
        let row = scene.settled(&hook, &event, "delivered");
        assert_eq!(attempts(&row).len(), 11);
        world.check();
    }

    fn an_endpoint_that_is_gone_is_told_nothing_until_it_is_enabled_again(world: &World) {
        let (scene, endpoint) = (Scene::of(world), Endpoint::saying(Say::Status(410)));
        let hook = scene.hook(&endpoint);
        let event = scene.buy();
        endpoint.got();
        let row = scene.settled(&hook, &event, "failed");
        let shown = scene.merchant.client.get(&hook.path).ok(200);
        assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!("the endpoint answered 410 Gone")));
        time(&shown["disabled_at"]);
        scene.replay(&hook, &row).problem(409, "webhook-disabled");
        let missed = scene.buy();
        endpoint.then(Say::Status(200));
        let enabled = scene.change(&hook, &json!({ "enabled": true })).ok(200);
        assert_eq!((&enabled["enabled"], &enabled["disabled_at"]), (&json!(true), &json!(null)));
        assert_eq!(endpoint.got().header("webhook-id"), missed, "nothing is left out");
        scene.settled(&hook, &missed, "delivered");
        scene.replay(&hook, &row).ok(200);
        assert_eq!(endpoint.got().header("webhook-id"), event);
        scene.settled(&hook, &event, "delivered");
        world.check();
    }

    fn an_endpoint_that_asks_for_patience_is_given_it(world: &World) {
        let (scene, endpoint) = (Scene::of(world), Endpoint::new());
        let hook = scene.hook(&endpoint);
        for (asked, expected_s) in [("7200", 7_200), ("3", 5), ("999999999", 86_400)] {
            let answer = format!("HTTP/1.1 429 x\r\nRetry-After: {asked}\r\nContent-Length: 0\r\n\r\n");
            endpoint.next(Say::Raw(answer.into_bytes()));
            let event = scene.buy();
            endpoint.got();
            let row = scene.delivery_when(&hook, &event, |row| attempts(row).len() == 1);
            let next_s = time(&row["next_attempt_at"]).duration_since(time(&row["attempts"][0]["at"]));
            let next_s = next_s.as_secs();
            assert!((expected_s..=expected_s + 3).contains(&next_s), "{asked}: {next_s}");
        }
    }

    fn only_2xx_is_a_yes_and_nobody_is_sent_elsewhere(world: &World) {
        let (scene, endpoint, elsewhere) = (Scene::of(world), Endpoint::new(), Endpoint::new());
        let hook = scene.hook(&endpoint);
        let redirect = format!("HTTP/1.1 307 x\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.url);
        let endless = [b"HTTP/1.1 500 x\r\nContent-Length: 9999999\r\n\r\n".as_slice(), &[b'x'; 100_000]].concat();
        for (say, outcome, status, length) in [
            (redirect.into_bytes(), "refused", json!(307), 0),
            (endless, "refused", json!(500), 1_024),
            (b"garbage\r\n\r\n".to_vec(), "unreachable", json!(null), 0),
        ] {
            endpoint.next(Say::Raw(say));
            let event = scene.buy();
            endpoint.got();
            let row = scene.delivery_when(&hook, &event, |row| attempts(row).len() == 1);
            let tried = &row["attempts"][0];
            assert_eq!((&tried["outcome"], &tried["status"]), (&json!(outcome), &status));
            if length > 0 {
                assert_eq!(tried["answer"].as_str().unwrap().len(), length);
            }
        }
        assert!(!elsewhere.has_more());
    }

    fn endpoints_that_hang_or_are_dead_hold_up_nobody(world: &World) {
        let (scene, good, hangs) = (Scene::of(world), Endpoint::new(), Endpoint::saying(Say::Nothing));
        let dead = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}/", listener.local_addr().unwrap())
        };
        let hook = scene.hook(&good);
        scene.hook(&hangs);
        let dead = scene.hook_of(&json!({ "url": dead, "events": ["*"] }));
        let mut events: Vec<String> = (0..20).map(|_| scene.buy()).collect();
        let mut told: Vec<String> = (0..20).map(|_| good.got().header("webhook-id").to_owned()).collect();
        events.sort();
        told.sort();
        assert_eq!(told, events, "while the other has not answered once");
        hangs.got();
        for event in &events {
            scene.settled(&hook, event, "delivered");
        }
        let row = scene.delivery_when(&dead, &events[0], |row| !attempts(row).is_empty());
        assert_eq!(row["attempts"][0]["outcome"], "unreachable");
        assert_eq!(row["attempts"][0]["answer"], "cannot connect: connection refused");
        world.check();
    }
}
