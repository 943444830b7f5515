//! Stamps plugins that misbehave leave no charge, and webhook plugins that do fail no endpoint but the one that they are
//! asked for.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

#[allow(dead_code, reason = "other tests use all of it")]
#[path = "webhooks/endpoint.rs"]
mod endpoint;
mod support;

use std::{thread, time::Duration};

use endpoint::Endpoint;
use purser_hostile_stamps::{Alone, Crime, Deed, Lie, Stage};
use serde_json::{Value, json};
use support::{Answer, Buyer, Merchant, World, new_key, text};

/// More faults in a row than any plugin is kept for.
const MANY: usize = 20;

fn install(world: &World, component: &[u8], enabling: &Value) -> String {
    let plugin = world.operator.post_bytes("/v1/plugins", component).ok(201);
    let id = text(&plugin, "/id");
    world.operator.post(&format!("/v1/plugins/{id}/enable"), None, enabling).ok(200);
    id
}

fn install_stamps(world: &World) -> String {
    let granted = json!({ "grants": { "hosts": ["post.localhost"] } });
    install(world, purser_hostile_stamps::component(), &granted)
}

/// A vendor of what a plugin stamps.
fn vendor(world: &World, plugin: &str) -> String {
    let post = json!({ "name": plugin, "country": "DE", "stamps_plugin": plugin });
    text(&world.operator.post("/v1/merchants", None, &post).ok(201), "/id")
}

fn letter(vendor: &str, service: &str) -> Value {
    json!({ "vendor": vendor, "origin": "DE-10115", "destination": "DE-80331", "weight_g": 20, "service": service })
}

fn buy(buyer: &Buyer, key: &str, body: &Value) -> Answer {
    buyer.client.post("/v1/stamps", Some(key), body)
}

/// What a buyer is told of a crime; where time or instructions end first depends on the machine.
const fn faults_of(crime: Crime) -> &'static [&'static str] {
    match crime {
        Crime::Loop => &["fuel", "deadline"],
        Crime::MemoryBomb => &["memory"],
        Crime::StackOverflow | Crime::Panic => &["trap"],
        Crime::HugeAnswer => &["output-too-large"],
        Crime::UnknownRefusal => &["bad-output"],
    }
}

/// What the detail of a stamp says that was paid and then not made: one of these.
fn why(deed: Deed) -> Vec<String> {
    let said = match deed {
        Deed::Honest | Deed::LogFlood => return Vec::new(),
        Deed::Crime(crime, _) => {
            return faults_of(crime).iter().map(|fault| format!("failed ({fault})")).collect();
        }
        Deed::Lie(lie) => match lie {
            Lie::FetchForever => "post.localhost: ",
            Lie::FetchElsewhere => "asks for elsewhere.example, which was not granted",
            Lie::FetchLoopback => "asks for 127.0.0.1, which was not granted",
            Lie::FetchPlain => "asks for post.localhost, which was not granted",
            Lie::RefusesLate => "out of paper",
            Lie::SaysPrice => "the indicium's value is not what was ordered",
            Lie::SaysCurrency => "the indicium's currency is not what was ordered",
            Lie::SaysCounter => "the indicium's piece-counter is not what was ordered",
            Lie::SaysVendor => "the indicium's vendor is not what was ordered",
            Lie::SaysKey => "the indicium's key-id is not what was ordered",
            Lie::SaysDay => "the indicium's expires-on is not what was ordered",
            Lie::SaysSigned => "the indicium's signed is not what was ordered",
            _ => "failed (bad-output)",
        },
    };
    vec![said.to_owned()]
}

/// Buys what is not made, twice with the same key: it is told why, in the same words, and nothing is charged.
fn is_not_made(buyer: &Buyer, vendor: &str, deed: Deed, stage: Stage) {
    let (key, body, balance) = (new_key(), letter(vendor, &deed.service()), buyer.balance());
    let first = buy(buyer, &key, &body);
    let told = |answer: &Answer| {
        (answer.status, text(&answer.body, "/type"), text(&answer.body, "/detail"))
    };
    match deed {
        Deed::Lie(Lie::RefusesLate) => first.problem(422, "postage-unsupported"),
        _ => first.problem(502, "plugin-failed"),
    }
    if stage == Stage::Quote {
        let expected = match deed {
            Deed::Crime(crime, _) => faults_of(crime),
            _ => &["bad-output"],
        };
        assert!(
            expected.contains(&text(&first.body, "/fault").as_str()),
            "{deed:?}: {:#}",
            first.body
        );
    } else {
        let detail = text(&first.body, "/detail");
        assert!(why(deed).iter().any(|why| detail.contains(why)), "{deed:?}: {detail}");
    }
    assert!(!first.body.to_string().contains("purpose"), "{:#}", first.body);
    assert_eq!(told(&buy(buyer, &key, &body)), told(&first), "{deed:?}");
    assert_eq!(buyer.balance(), balance, "after {deed:?}");
}

fn status(world: &World, id: &str) -> String {
    text(&world.operator.get(&format!("/v1/plugins/{id}")).ok(200), "/status")
}

/// Looks until there is something to see: what happens behind an answer is seen by nothing else.
#[track_caller]
fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    for _ in 0..2_000 {
        if let Some(seen) = look() {
            return seen;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("not in 20 seconds: {what}");
}

/// Tells an endpoint of all events, in a plugin's words. Gives its path.
fn hook(shop: &Merchant, url: &str, plugin: &str) -> String {
    let wish = json!({ "url": url, "events": ["*"], "plugin": plugin });
    format!("/v1/webhooks/{}", text(&shop.client.post("/v1/webhooks", None, &wish).ok(201), "/id"))
}

/// What the gateway says of the delivery of an event, once it was tried and is so.
fn delivery(shop: &Merchant, hook: &str, event: &str, status: &str) -> Value {
    eventually("the delivery was tried", || {
        let listed = shop.client.get(&format!("{hook}/deliveries?limit=100")).ok(200);
        let rows = listed["data"].as_array().unwrap().iter();
        let tried =
            |row: &&Value| row["attempts"].as_array().is_some_and(|tries| !tries.is_empty());
        rows.filter(tried).find(|row| row["event"] == event && row["status"] == status).cloned()
    })
}

on_both_databases! {
    fn each_misdeed_of_a_stamps_plugin_is_told_and_charges_nothing(world: &World) {
        install_stamps(world);
        let (hostile, post) = (vendor(world, "hostile-stamps"), vendor(world, "stamps-open"));
        let buyer = world.buyer_with("1000.00");
        buy(&buyer, &new_key(), &letter(&hostile, &Deed::LogFlood.service())).ok(201);
        for deed in Deed::all() {
            let Some(stage) = deed.stage() else { continue };
            is_not_made(&buyer, &hostile, deed, stage);
            // The same vendor, and another.
            let honest = buy(&buyer, &new_key(), &letter(&hostile, "honest")).ok(201);
            assert_eq!(honest["status"], "issued", "after {deed:?}");
            buy(&buyer, &new_key(), &letter(&post, "letter")).ok(201);
        }
        let vault = buyer.client.get("/v1/vault").ok(200);
        assert_eq!(vault["refund_account"]["count"], 0, "no refund that the buyer took");
        world.check();
    }

    fn what_somebody_shows_reaches_no_plugin(world: &World) {
        let id = install_stamps(world);
        let (hostile, post) = (vendor(world, "hostile-stamps"), vendor(world, "stamps-open"));
        let buyer = world.buyer_with("10.00");
        let stamp = buy(&buyer, &new_key(), &letter(&post, "letter")).ok(201);
        // The hostile plugin would compute for ever over each of these.
        let shown = json!({ "indicium": text(&stamp, "/indicium") });
        let like_it = json!({ "indicium": data_encoding::BASE64.encode(&[b"ES".as_slice(), &[0; 140]].concat()) });
        for _ in 0..MANY {
            for (shown, status) in [(&shown, "valid"), (&like_it, "forged")] {
                let found = world.anyone().post("/v1/stamps/verify", None, shown).ok(200);
                assert_eq!(found["status"], status, "{found:#}");
            }
        }
        let round = purser::app::plugin::quarantine(&world.gateway);
        actix_web::rt::System::new().block_on(round).unwrap();
        assert_eq!(status(world, &id), "active", "strangers took it out of service");
        buy(&buyer, &new_key(), &letter(&hostile, "honest")).ok(201);
        world.check();
    }

    fn a_stamps_plugin_whose_mark_says_what_nobody_signed_is_not_taken(world: &World) {
        let post = |alone| world.operator.post_bytes("/v1/plugins", &purser_hostile_stamps::component_alone(alone));
        for (alone, why) in [
            (Alone::Careless, "is read as if it were whole"),
            (Alone::Generous, "the indicium's expires-on is not what was ordered"),
            (Alone::Credulous, "says something else under the same signature"),
        ] {
            let refused = post(alone);
            refused.problem(422, "plugin-refused");
            assert_eq!(refused.body["rule"], "marks", "{alone:?}: {:#}", refused.body);
            let detail = text(&refused.body, "/detail");
            assert!(detail.contains(why), "{alone:?}: {detail}");
        }
        post(Alone::Truthful).ok(201);
    }

    fn a_stamps_plugin_that_was_not_granted_its_host_is_not_enabled(world: &World) {
        let plugin = world.operator.post_bytes("/v1/plugins", purser_hostile_stamps::component()).ok(201);
        let enable = format!("/v1/plugins/{}/enable", text(&plugin, "/id"));
        let refused = world.operator.post(&enable, None, &json!({}));
        refused.problem(422, "plugin-refused");
        let detail = text(&refused.body, "/detail");
        assert!(detail.contains("more than it was granted: fetch post.localhost"), "{detail}");
    }

    fn each_misdeed_of_a_webhook_plugin_fails_its_own_endpoint_only(world: &World) {
        use purser_hostile_webhooks::{Crime, Deed};
        install(world, purser_hostile_webhooks::component(), &json!({}));
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("1000.00"));
        let (target, same, other) = (Endpoint::new(), Endpoint::new(), Endpoint::new());
        let address = |deed: Deed| target.url.replace("?shop=1", &format!("?do={}", deed.name()));
        let failing = hook(&shop, &address(Deed::Crime(Crime::Panic)), "hostile-webhooks");
        let same_hook = hook(&shop, &same.url, "hostile-webhooks");
        let other_hook = hook(&shop, &other.url, "webhook-standard");
        let mut failed = Vec::new();
        for deed in Deed::all().filter(|deed| matches!(deed, Deed::Crime(_) | Deed::Lie(_))) {
            shop.client.patch(&failing, &json!({ "url": address(deed) })).ok(200);
            buyer.buy(&[&shop.offer("5.00", "EUR")]).ok(201);
            let event = same.got().header("webhook-id").to_owned();
            assert_eq!(other.got().header("webhook-id"), event, "while {deed:?}");
            for hook in [&same_hook, &other_hook] {
                let told = delivery(&shop, hook, &event, "delivered");
                assert_eq!(told["attempts"].as_array().unwrap().len(), 1, "at once: {told:#}");
            }
            let row = delivery(&shop, &failing, &event, "waiting");
            let tried = &row["attempts"][0];
            let expected = match deed {
                Deed::Crime(Crime::Loop) => &["fuel", "deadline"][..],
                // On a busy machine its time is over before its memory is.
                Deed::Crime(Crime::MemoryBomb) => &["memory", "deadline"],
                Deed::Crime(Crime::StackOverflow | Crime::Panic) => &["trap"],
                Deed::Crime(Crime::HugeAnswer) => &["output-too-large"],
                _ => &["bad-output"],
            };
            let answer = text(tried, "/answer");
            assert!(tried["outcome"] == "plugin-failed" && tried["status"].is_null(), "{deed:?}: {row:#}");
            assert!(expected.iter().any(|fault| answer.contains(&format!("plugin-failed ({fault})"))), "{deed:?}: {answer}");
            assert!(!answer.contains("purpose"), "{answer}");
            failed.push(row);
        }
        assert!(!target.has_more(), "nothing of it was sent");
        // Once its plugin words something, what waited is told.
        shop.client.patch(&failing, &json!({ "url": address(Deed::LogFlood) })).ok(200);
        let again = format!("{failing}/deliveries/{}/replay", text(&failed[0], "/id"));
        shop.client.post(&again, None, &json!({})).ok(200);
        delivery(&shop, &failing, &text(&failed[0], "/event"), "delivered");
        target.got();
        world.check();
    }
}
