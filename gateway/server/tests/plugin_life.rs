//! The whole life of a plugin over HTTP: whose it is, what it is given, how it is configured, what it would have answered,
//! and how one version takes the place of another.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

#[path = "plugin_life/history.rs"]
mod history;
#[path = "plugin_life/places.rs"]
mod places;
mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use purser::settings::Signatures;
use purser_pack::{SigningKey, sign};
use serde_json::{Value, json};
use support::{
    Answer, Buyer, Client, Merchant, World, new_key,
    plugin::{replace, version, with_manifest},
    text,
};

fn install(world: &World, component: &[u8]) -> String {
    text(&world.operator.post_bytes("/v1/plugins", component).ok(201), "/id")
}

/// The file signed with a key that is trusted from now on.
fn sign_and_trust(world: &World, component: &[u8]) -> Vec<u8> {
    let key = SigningKey::generate().unwrap();
    let trusted = json!({ "key": key.public().to_string() });
    world.operator.post("/v1/plugins/keys", None, &trusted).ok(201);
    sign(component, &key).unwrap()
}

#[track_caller]
fn refused(answer: &Answer, why: &str) {
    answer.problem(422, "plugin-refused");
    let detail = text(&answer.body, "/detail");
    assert!(detail.contains(why), "{detail}");
}

fn act(world: &World, id: &str, verb: &str, body: &Value) -> Answer {
    world.operator.post(&format!("/v1/plugins/{id}/{verb}"), None, body)
}

fn get(world: &World, id: &str) -> Value {
    world.operator.get(&format!("/v1/plugins/{id}")).ok(200)
}

fn buy(buyer: &Buyer, shop: &Merchant) -> Answer {
    let body = json!({ "offers": [shop.offer("10.00", "USD")], "country": "XX" });
    buyer.client.post("/v1/purchases", Some(&new_key()), &body)
}

/// What ten dollars cost in the country that the plugin is for.
fn price(buyer: &Buyer, shop: &Merchant) -> String {
    let body = json!({ "offers": [shop.offer("10.00", "USD")], "country": "XX" });
    text(&buyer.client.post("/v1/quotes", None, &body).ok(200), "/total/amount")
}

/// The buyer on another day, signed in anew.
fn on_day(world: &World, day: &str, buyer: &Buyer) -> Buyer {
    world.set_clock(&format!("{day}T12:00:00Z"));
    let session = world.sign_in(&buyer.login).ok(200);
    Buyer {
        client: Client::new(&world.base, Some(&text(&session, "/access_token"))),
        ..buyer.clone()
    }
}

/// A plugin that only fails does so for everybody.
fn fails_for_several(world: &World, shop: &Merchant) {
    let buyers = [(); 3].map(|()| world.buyer_with("10.00"));
    for buyer in buyers.iter().cycle().take(20) {
        buy(buyer, shop).problem(502, "plugin-failed");
    }
}

/// A round of the gateway's own work, now.
fn quarantine(world: &World) {
    let round = purser::app::plugin::quarantine(&world.gateway);
    actix_web::rt::System::new().block_on(round).unwrap();
}

/// Asks until the answer is as it should be: what happens beside a purchase takes its time.
fn eventually(client: &Client, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let answer = client.get(path).ok(200);
        if holds(&answer) {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{answer:#}");
        thread::yield_now();
    }
}

on_both_databases! {
    fn a_configuration_goes_with_every_sale_from_its_day_on(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let id = install(world, purser_hostile::component());
        act(world, &id, "enable", &json!({ "config": "20" })).ok(200);
        assert_eq!(price(&buyer, &shop), "12.00");
        buy(&buyer, &shop).ok(201);
        act(world, &id, "enable", &json!({ "config": 30, "from": "2024-06-29" })).ok(200);
        assert_eq!(price(&buyer, &shop), "12.00", "tomorrow is not yet");
        let buyer = on_day(world, "2024-06-29", &buyer);
        assert_eq!(price(&buyer, &shop), "13.00");
        let calls = world.operator.get(&format!("/v1/plugins/{id}/calls")).ok(200);
        assert_eq!(calls["data"][0]["input"]["sale"]["attributes"], json!([["config", "20"]]), "it is evidence");
        act(world, &id, "enable", &json!({})).ok(200);
        assert_eq!(price(&buyer, &shop), "13.00", "what is not said stays");
        act(world, &id, "enable", &json!({ "config": "" })).ok(200);
        assert_eq!(price(&buyer, &shop), "11.00", "nothing said is something");
        let bindings = get(world, &id)["bindings"].clone();
        assert_eq!(bindings, json!([{ "place": "XX", "from": "2024-06-29" }]));
        let large = json!({ "config": "x".repeat(64 * 1024 + 1) });
        act(world, &id, "enable", &large).problem(400, "malformed-request");
        world.check();
    }

    fn a_signature_must_be_good_and_by_somebody_trusted(world: &World) {
        let key = SigningKey::generate().unwrap();
        let signed = sign(purser_hostile::component(), &key).unwrap();
        let post = |bytes: &[u8]| world.operator.post_bytes("/v1/plugins", bytes);
        refused(&post(&signed), "not trusted");
        let trust = |key: &str| world.operator.post("/v1/plugins/keys", None, &json!({ "key": key, "name": "Mammon" }));
        trust("nonsense").problem(400, "malformed-request");
        let trusted = trust(&key.public().to_pem()).ok(201);
        assert_eq!(trust(&key.public().to_string()).ok(201), trusted, "another form of the same key");
        let keys = world.operator.get("/v1/plugins/keys").ok(200);
        assert_eq!(keys["data"], json!([trusted]));
        let mut forged = signed.clone();
        let middle = forged.len() / 2;
        forged[middle] ^= 1;
        refused(&post(&forged), "");
        let mut forged = signed.clone();
        *forged.last_mut().unwrap() ^= 1;
        refused(&post(&forged), "changed after it was signed");
        let plugin = post(&signed).ok(201);
        assert_eq!(plugin["publisher"], trusted["id"]);
        world.operator.delete(&format!("/v1/plugins/keys/{}", text(&trusted, "/id"))).ok(204);
        world.operator.delete(&format!("/v1/plugins/keys/{}", text(&trusted, "/id"))).problem(404, "not-found");
        refused(&post(&sign(&version("0.1.1"), &key).unwrap()), "not trusted");
        post(&signed).ok(201);
        world.anyone().post("/v1/plugins/keys", None, &json!({ "key": "x" })).problem(401, "not-authenticated");
    }

    fn a_name_belongs_to_its_publisher_and_a_version_to_its_file(world: &World) {
        let (one, two) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        for key in [&one, &two] {
            world.operator.post("/v1/plugins/keys", None, &json!({ "key": key.public().to_string() })).ok(201);
        }
        let post = |query: &str, bytes: &[u8]| world.operator.post_bytes(&format!("/v1/plugins{query}"), bytes);
        let id = text(&post("", &sign(&version("0.2.0"), &one).unwrap()).ok(201), "/id");
        refused(&post("", &sign(&version("0.2.0"), &two).unwrap()), "installed already as another file");
        refused(&post("", &sign(&version("0.3.0"), &two).unwrap()), "allow_other_publisher");
        refused(&post("", &version("0.3.0")), "allow_other_publisher");
        let older = sign(&version("0.1.9"), &one).unwrap();
        act(world, &id, "enable", &json!({})).ok(200);
        refused(&post("", &older), "allow_older");
        let older = text(&post("?allow_older=true", &older).ok(201), "/id");
        refused(&act(world, &older, "enable", &json!({})), "0.2.0 of it answers");
        refused(&act(world, &older, "activate", &json!({})), "0.2.0 of it answers");
        act(world, &older, "activate", &json!({ "allow_older": true })).ok(200);
        assert_eq!(text(&get(world, &id), "/status"), "retired");
        post("?allow_other_publisher=true", &sign(&version("0.3.0"), &two).unwrap()).ok(201);
        post("?allow_nonsense=true", &older.into_bytes()).problem(400, "malformed-request");
    }

    fn nothing_is_given_that_was_not_granted(world: &World) {
        let greedy = with_manifest(purser_hostile::component(), |manifest| {
            manifest.hosts = vec!["api.post.example".to_owned()];
            manifest.secrets = vec!["api-key".to_owned()];
        });
        let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        for key in [&key, &other] {
            world.operator.post("/v1/plugins/keys", None, &json!({ "key": key.public().to_string() })).ok(201);
        }
        let plugin = world.operator.post_bytes("/v1/plugins", &sign(&greedy, &key).unwrap()).ok(201);
        assert_eq!(plugin["requests"], json!(["fetch api.post.example", "secret api-key"]));
        assert_eq!(plugin["grants"], json!([]));
        let id = text(&plugin, "/id");
        refused(&act(world, &id, "enable", &json!({})), "more than it was granted: fetch api.post.example, secret api-key");
        let half = json!({ "grants": { "hosts": ["api.post.example"] } });
        refused(&act(world, &id, "enable", &half), "more than it was granted: secret api-key");
        for wrong in [
            json!({ "hosts": ["other.example"] }),
            json!({ "secrets": { "other": "x" } }),
            json!({ "secrets": { "api-key": "" } }),
            json!({ "limits": "interpreter" }),
            json!({ "limits": "everything" }),
        ] {
            act(world, &id, "grants", &wrong).problem(400, "malformed-request");
        }
        act(world, &id, "grants", &json!({ "secrets": { "api-key": "s3cr3t-value" } })).ok(200);
        let enabled = act(world, &id, "enable", &half).ok(200);
        assert_eq!(enabled["grants"], json!(["fetch api.post.example", "secret api-key"]));
        assert!(!world.operator.get("/v1/plugins").body.to_string().contains("s3cr3t"));
        // The next version inherits what it asks for too, and nothing else.
        let next = |version| replace(&greedy, env!("CARGO_PKG_VERSION"), version);
        let next_id = install(world, &sign(&next("0.1.1"), &key).unwrap());
        let activated = act(world, &next_id, "activate", &json!({})).ok(200);
        assert_eq!(activated["grants"], json!(["fetch api.post.example", "secret api-key"]));
        for somebody_elses in [next("0.1.2"), sign(&next("0.1.3"), &other).unwrap()] {
            let taken = world.operator.post_bytes("/v1/plugins?allow_other_publisher=true", &somebody_elses).ok(201);
            refused(&act(world, &text(&taken, "/id"), "activate", &json!({})), "more than it was granted");
        }
        let next = next_id;
        let fill = |id: &str, text: &str| {
            let digest = purser_host::Digest::parse(&support::text(&get(world, id), "/digest")).unwrap();
            let filled = purser::app::plugin::grants::fill(&world.gateway, digest, text);
            let filled = actix_web::rt::System::new().block_on(filled);
            filled.map(|secret| secret.expose().to_owned())
        };
        assert_eq!(fill(&next, "Bearer {{secret:api-key}}!").unwrap(), "Bearer s3cr3t-value!");
        assert_eq!(fill(&next, "no secret").unwrap(), "no secret");
        fill(&next, "{{secret:other}}").unwrap_err();
        fill(&next, "{{secret:api-key").unwrap_err();
    }

    fn a_name_that_comes_with_the_gateway_is_not_taken_nor_what_goes_with_it(world: &World) {
        let bundled = purser_bundled::BUNDLED.iter().find(|bundled| bundled.name == "currency-ecb").unwrap();
        let foreign = replace(bundled.bytes, env!("CARGO_PKG_VERSION"), "9.9.0");
        refused(&world.operator.post_bytes("/v1/plugins", &foreign), "comes with the gateway");
        let taken = world.operator.post_bytes("/v1/plugins?allow_other_publisher=true", &foreign).ok(201);
        let id = text(&taken, "/id");
        refused(&act(world, &id, "activate", &json!({})), "more than it was granted: fetch www.ecb.europa.eu");
        let newer = sign_and_trust(world, &replace(bundled.bytes, env!("CARGO_PKG_VERSION"), "9.9.1"));
        refused(&world.operator.post_bytes("/v1/plugins", &newer), "comes with the gateway");
        let granted = json!({ "grants": { "hosts": ["www.ecb.europa.eu"] } });
        act(world, &id, "activate", &granted).ok(200);
        // The file itself is known.
        world.operator.post_bytes("/v1/plugins", bundled.bytes).ok(201);
    }

    fn nothing_but_enabling_forgets_that_a_version_only_failed(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let faulty = install(world, &version("0.1.1"));
        act(world, &faulty, "enable", &json!({ "config": "panic" })).ok(200);
        fails_for_several(world, &shop);
        quarantine(world);
        let status = || text(&get(world, &faulty), "/status");
        assert_eq!(status(), "quarantined");
        let good = install(world, &version("0.1.2"));
        act(world, &good, "enable", &json!({})).ok(200);
        let shadow = format!("/v1/plugins/{faulty}/shadow");
        act(world, &faulty, "shadow", &json!({ "countries": ["XX"], "config": "20" })).ok(200);
        assert_eq!((status().as_str(), &world.operator.get(&shadow).ok(200)["running"]), ("quarantined", &json!(true)));
        world.operator.delete(&shadow).ok(200);
        assert_eq!(status(), "quarantined");
        act(world, &faulty, "disable", &json!({})).ok(200);
        assert_eq!(status(), "quarantined");
        refused(&act(world, &good, "rollback", &json!({})), "nothing answered before");
        buy(&buyer, &shop).ok(201);
        act(world, &faulty, "enable", &json!({ "config": "20", "allow_older": true })).ok(200);
        assert_eq!(status(), "active");
        act(world, &good, "activate", &json!({ "config": "" })).ok(200);
        act(world, &good, "rollback", &json!({})).ok(200);
        assert_eq!(status(), "active", "it was enabled in between");
        world.check();
    }

    fn a_plugin_that_breaks_the_rules_is_not_taken(world: &World) {
        let wrong =
            replace(purser_hostile::component(), "tax-country-unsupported", "tax-country-unsupporter");
        let answer = world.operator.post_bytes("/v1/plugins", &wrong);
        refused(&answer, "breaks the rule `hostile input`");
        assert_eq!(text(&answer.body, "/rule"), "hostile input");
        let mut large = purser_hostile::component().to_vec();
        large.resize(3 << 20, 0);
        refused(&world.operator.post_bytes("/v1/plugins", &large), "allow_large");
        let huge = world.operator.post_bytes("/v1/plugins?allow_large=true", &vec![0; 50 << 20]);
        huge.problem(413, "request-too-large");
        assert!(text(&huge.body, "/detail").contains("at most 32 MiB"), "{huge:?}");
    }

    fn the_version_before_answers_again(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let one = install(world, &version("0.1.1"));
        refused(&act(world, &one, "activate", &json!({})), "no other version");
        refused(&act(world, &one, "rollback", &json!({})), "answers for nothing");
        act(world, &one, "enable", &json!({ "config": "20" })).ok(200);
        refused(&act(world, &one, "rollback", &json!({})), "nothing answered before");
        assert_eq!(price(&buyer, &shop), "12.00");
        let two = install(world, &version("0.1.2"));
        let activated = act(world, &two, "activate", &json!({ "config": "30" })).ok(200);
        assert_eq!(activated["bindings"][0]["config"], "30");
        assert_eq!((text(&get(world, &one), "/status"), price(&buyer, &shop)), ("retired".to_owned(), "13.00".to_owned()));
        let rolled_back = act(world, &two, "rollback", &json!({})).ok(200);
        assert_eq!((&rolled_back["status"], &rolled_back["bindings"]), (&json!("retired"), &json!([])));
        assert_eq!((text(&get(world, &one), "/status"), price(&buyer, &shop)), ("active".to_owned(), "12.00".to_owned()));
        buy(&buyer, &shop).ok(201);
        world.check();
    }

    fn the_return_of_a_period_is_written_by_the_version_that_assessed_it(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let one = install(world, &version("0.1.1"));
        act(world, &one, "enable", &json!({})).ok(200);
        buy(&buyer, &shop).ok(201);
        let two = install(world, &version("0.1.2"));
        act(world, &two, "activate", &json!({})).ok(200);
        buy(&on_day(world, "2024-07-02", &buyer), &shop).ok(201);
        world.set_clock("2024-08-01T12:00:00Z");
        for (period, writer, id) in [("2024-06", "0.1.1", &one), ("2024-07", "0.1.2", &two)] {
            let wish = json!({ "authority": "XX", "period": period });
            let made = world.operator.post("/v1/tax/remittances", Some(&new_key()), &wish).ok(201);
            let path = format!("/v1/tax/remittances/{}/return", text(&made, "/id"));
            let written = world.operator.get(&path).ok(200);
            assert_eq!(written, format!("written by the hostile plugin, version {writer}"));
            let calls = world.operator.get(&format!("/v1/plugins/{id}/calls")).ok(200);
            let filed = |call: &&Value| call["function"] == "tax.file-return";
            let filed: Vec<_> = calls["data"].as_array().unwrap().iter().filter(filed).collect();
            assert_eq!(filed.len(), 1, "{calls:#}");
            assert_eq!(filed[0]["input"]["totals"]["period"], period, "it is evidence");
        }
        world.check();
    }

    fn a_version_that_begins_to_trap_is_replaced_by_the_one_before(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let one = install(world, &version("0.1.1"));
        act(world, &one, "enable", &json!({})).ok(200);
        let two = install(world, &version("0.1.2"));
        act(world, &two, "activate", &json!({ "config": "panic" })).ok(200);
        fails_for_several(world, &shop);
        quarantine(world);
        assert_eq!(text(&get(world, &two), "/status"), "quarantined");
        assert_eq!(text(&get(world, &one), "/status"), "active");
        buy(&buyer, &shop).ok(201);
        assert_eq!(buyer.balance(), "89.00");
        world.check();
    }

    fn versions_are_swapped_under_load_without_a_failed_purchase(world: &World) {
        let shop = world.merchant("DE");
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        act(world, &one, "enable", &json!({ "config": "20" })).ok(200);
        let done = Arc::new(AtomicBool::new(false));
        let buyers: Vec<Buyer> = (0..3).map(|_| world.buyer_with("900.00")).collect();
        let buying = buyers.into_iter().map(|buyer| {
            let (done, shop) = (Arc::clone(&done), shop.clone());
            thread::spawn(move || {
                let mut bought = 0;
                while !done.load(Ordering::Relaxed) && bought < 60 {
                    let paid = buy(&buyer, &shop).ok(201);
                    let total = text(&paid, "/total/amount");
                    assert!(["12.00", "13.00"].contains(&total.as_str()), "{total}");
                    bought += 1;
                }
                bought
            })
        });
        let buying: Vec<_> = buying.collect();
        for _ in 0..5 {
            act(world, &two, "activate", &json!({ "config": "30" })).ok(200);
            act(world, &two, "rollback", &json!({})).ok(200);
        }
        done.store(true, Ordering::Relaxed);
        let bought: usize = buying.into_iter().map(|buyer| buyer.join().unwrap()).sum();
        assert!(bought > 0);
        world.check();
    }

    fn a_shadow_shows_the_difference_in_money_and_charges_nothing(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        act(world, &one, "enable", &json!({})).ok(200);
        buy(&buyer, &shop).ok(201);
        let path = format!("/v1/plugins/{two}/shadow");
        assert_eq!(world.operator.get(&path).ok(200)["running"], false);
        refused(&act(world, &one, "shadow", &json!({})), "answers already");
        act(world, &two, "shadow", &json!({ "countries": ["XX"], "config": "30" })).ok(200);
        assert_eq!(text(&get(world, &two), "/status"), "shadow");
        for _ in 0..3 {
            buy(&buyer, &shop).ok(201);
        }
        assert_eq!(buyer.balance(), "56.00", "charged by the one that answers");
        let seen = eventually(&world.operator, &path, |seen| seen["calls"] == 3);
        assert_eq!((&seen["equal"], &seen["different"], &seen["failed"], &seen["dropped"]), (&json!(0), &json!(3), &json!(0), &json!(0)));
        let of_merchant = &seen["differences"][0];
        assert_eq!((&of_merchant["country"], text(of_merchant, "/merchant")), (&json!("XX"), shop.id.clone()));
        assert_eq!(of_merchant["difference"], json!({ "amount": "6.00", "currency": "USD" }));
        assert_eq!(seen["examples"][0]["other"]["taxes"][0]["rate"], "30");
        // One that fails harms nobody but itself.
        act(world, &two, "shadow", &json!({ "config": "panic" })).ok(200);
        buy(&buyer, &shop).ok(201);
        let seen = eventually(&world.operator, &path, |seen| seen["calls"] == 1);
        assert_eq!(seen["failed"], 1, "{seen:#}");
        world.operator.delete(&path).ok(200);
        assert_eq!(text(&get(world, &two), "/status"), "installed");
        act(world, &two, "shadow", &json!({})).ok(200);
        buy(&buyer, &shop).ok(201);
        let seen = eventually(&world.operator, &path, |seen| seen["calls"] == 1);
        assert_eq!((&seen["equal"], &seen["examples"]), (&json!(1), &json!([])));
        act(world, &two, "activate", &json!({})).ok(200);
        assert_eq!(world.operator.get(&path).ok(200)["running"], false);
        world.check();
    }

    fn past_decisions_are_made_again(world: &World) {
        let (shop, other, buyer) = (world.merchant("DE"), world.merchant("FR"), world.buyer_with("100.00"));
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        act(world, &one, "enable", &json!({ "config": "20" })).ok(200);
        buy(&buyer, &shop).ok(201);
        let buyer = on_day(world, "2024-06-29", &buyer);
        buy(&buyer, &shop).ok(201);
        buy(&buyer, &other).ok(201);
        let replay = |body: &Value| act(world, &one, "replay", body).ok(200);
        let same = replay(&json!({}));
        assert_eq!((&same["calls"], &same["equal"], &same["inexact"]), (&json!(3), &json!(3), &json!(0)));
        let same = replay(&json!({ "with": two }));
        assert_eq!((&same["calls"], &same["equal"]), (&json!(3), &json!(3)), "under the configuration of then");
        let dearer = replay(&json!({ "with": two, "config": "30", "since": "2024-06-29" }));
        assert_eq!((&dearer["calls"], &dearer["different"], &dearer["next"]), (&json!(2), &json!(2), &Value::Null));
        let differences = dearer["differences"].as_array().unwrap();
        assert_eq!(differences.len(), 2, "by merchant: {dearer:#}");
        for difference in differences {
            assert_eq!(difference["difference"], json!({ "amount": "1.00", "currency": "USD" }));
        }
        let until = replay(&json!({ "with": two, "config": "30", "until": "2024-06-28" }));
        assert_eq!(until["calls"], 1);
        act(world, &one, "replay", &json!({ "with": "plg_nobody" })).problem(400, "malformed-request");
        assert_eq!(buyer.balance(), "64.00", "nothing moves");
        world.check();
    }
}

#[test]
fn a_gateway_with_real_money_takes_only_what_is_signed() {
    let world = World::with(|settings| settings.plugin_signatures = Signatures::Required);
    let post = |bytes: &[u8]| world.operator.post_bytes("/v1/plugins", bytes);
    refused(&post(purser_hostile::component()), "not signed");
    let key = SigningKey::generate().unwrap();
    let trusted = json!({ "key": key.public().to_string() });
    world.operator.post("/v1/plugins/keys", None, &trusted).ok(201);
    post(&sign(purser_hostile::component(), &key).unwrap()).ok(201);
    let bundled = purser_bundled::BUNDLED[0];
    post(bundled.bytes).ok(201);
}
