//! Plugins that misbehave in every way are contained: the caller is told, nothing moves, the next call works.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::time::Duration;

use purser_hostile::Deed;
use serde_json::{Value, json};
use support::{Answer, Buyer, Merchant, World, new_key, text};

/// What the sandbox allows a call by the wall clock.
const WALL_CLOCK: Duration = Duration::from_millis(100);
/// How late a machine that does other things too may notice it.
const MARGIN: Duration = Duration::from_millis(400);
/// More faults in a row than any plugin is kept for.
const MANY: usize = 20;

/// What a misdeed is told as; none, if it is no fault.
fn fault_of(deed: Deed) -> Option<&'static str> {
    match deed {
        Deed::Honest | Deed::HugeLog | Deed::Rant | Deed::Script => None,
        // Where time or instructions end first depends on the machine.
        Deed::Loop | Deed::Dawdle => Some("fuel or deadline"),
        // So it does where the system is slow to find as much memory.
        Deed::MemoryBomb => Some("memory or deadline"),
        Deed::StackOverflow | Deed::Panic => Some("trap"),
        Deed::HugeAnswer => Some("output-too-large"),
        Deed::Garbage
        | Deed::EndlessDecimals
        | Deed::UnknownCurrency
        | Deed::WrongCurrency
        | Deed::NegativeTax
        | Deed::WrongSum
        | Deed::UnknownLine
        | Deed::UnknownRefusal => Some("bad-output"),
    }
}

/// Installs the plugin that misbehaves on demand, for the country that it is for.
fn install(world: &World, component: &[u8], places: &Value) -> String {
    let plugin = world.operator.post_bytes("/v1/plugins", component).ok(201);
    let id = text(&plugin, "/id");
    world.operator.post(&format!("/v1/plugins/{id}/enable"), None, places).ok(200);
    id
}

fn install_hostile(world: &World) -> String {
    install(world, purser_hostile::component(), &json!({ "countries": ["XX"] }))
}

fn buy(buyer: &Buyer, shop: &Merchant, country: &str) -> Answer {
    let body = json!({ "offers": [shop.offer("10.00", "USD")], "country": country });
    buyer.client.post("/v1/purchases", Some(&new_key()), &body)
}

/// The sum and the count of the time that calls of a function took, by the gateway's own measure.
fn calls(world: &World, function: &str) -> (Duration, u64) {
    let metrics = world.operator.get("/metrics").body;
    let metrics = metrics.as_str().unwrap();
    let value = |name: &str| {
        let start =
            format!("purser_plugin_call_duration_seconds_{name}{{function=\"{function}\"}}");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&start));
        line.map_or(0.0, |value| value.trim().parse::<f64>().unwrap())
    };
    (Duration::from_secs_f64(value("sum")), value("count") as u64)
}

fn status(world: &World, id: &str) -> String {
    let all = world.operator.get("/v1/plugins").ok(200);
    let found = all["data"].as_array().unwrap().iter().find(|plugin| plugin["id"] == id);
    text(found.unwrap(), "/status")
}

/// A round of the gateway's own work, now.
fn quarantine(world: &World) {
    let round = purser::app::plugin::quarantine(&world.gateway);
    actix_web::rt::System::new().block_on(round).unwrap();
}

on_both_databases! {
    fn each_kind_of_misbehaviour_moves_nothing(world: &World) {
        install_hostile(world);
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("1000.00"));
        let rows = || buyer.client.get("/v1/transactions?limit=100").ok(200)["data"].as_array().unwrap().len();
        for deed in Deed::ALL {
            let Some(fault) = fault_of(deed) else { continue };
            let ((before, asked), balance, logged) = (calls(world, "tax.assess"), buyer.balance(), rows());
            let failed = buy(&buyer, &shop, deed.place());
            let (after, asked_then) = calls(world, "tax.assess");
            failed.problem(502, "plugin-failed");
            assert!(fault.contains(&text(&failed.body, "/fault")), "{deed:?}: {:#}", failed.body);
            assert_eq!(asked_then, asked + 1, "{deed:?} is one call");
            assert!(after - before < WALL_CLOCK + MARGIN, "{deed:?} took {:?}", after - before);
            assert_eq!((buyer.balance(), rows()), (balance, logged), "after {deed:?}");
            assert!(!failed.body.to_string().contains("purpose"), "{:#}", failed.body);
            // The same plugin, and another.
            buy(&buyer, &shop, Deed::Honest.place()).ok(201);
            buy(&buyer, &shop, "DE").ok(201);
        }
        world.check();
    }

    fn what_is_no_fault_is_answered(world: &World) {
        install_hostile(world);
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("1000.00"));
        for deed in Deed::ALL.into_iter().filter(|deed| fault_of(*deed).is_none()) {
            match deed {
                Deed::Script => buy(&buyer, &shop, deed.place()).problem(422, "tax-category-unsupported"),
                Deed::Rant => buy(&buyer, &shop, deed.place()).problem(422, "tax-country-unsupported"),
                _ => drop(buy(&buyer, &shop, deed.place()).ok(201)),
            }
        }
    }

    fn a_key_stays_free_when_a_plugin_fails(world: &World) {
        install_hostile(world);
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let (key, offer) = (new_key(), shop.offer("10.00", "USD"));
        let body = json!({ "offers": [offer], "country": "XX-PAN" });
        buyer.client.post("/v1/purchases", Some(&key), &body).problem(502, "plugin-failed");
        buyer.client.post("/v1/purchases", Some(&key), &body).problem(502, "plugin-failed");
        let other = json!({ "offers": [offer], "country": "DE" });
        buyer.client.post("/v1/purchases", Some(&key), &other).ok(201);
        assert_eq!(buyer.balance(), "88.10");
        world.check();
    }

    /// Wrong money counts like a crash; a right answer in between begins anew. What fails for one buyer only may be that
    /// buyer's doing.
    fn a_plugin_that_only_fails_is_taken_out_of_service(world: &World) {
        let id = install_hostile(world);
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        for _ in 1..MANY {
            buy(&buyer, &shop, "XX-NEG").problem(502, "plugin-failed");
        }
        quarantine(world);
        assert_eq!(status(world, &id), "active", "it may recover");
        buy(&buyer, &shop, "XX").ok(201);
        for country in ["XX-SUM", "XX-CUR", "XX-PAN", "XX-WHY"].iter().cycle().take(MANY) {
            buy(&buyer, &shop, country).problem(502, "plugin-failed");
        }
        quarantine(world);
        assert_eq!(status(world, &id), "active", "one buyer took it out of service");
        let others = [(); 2].map(|()| world.buyer_with("100.00"));
        for (other, expected) in others.iter().zip(["active", "quarantined"]) {
            buy(other, &shop, "XX-PAN").problem(502, "plugin-failed");
            quarantine(world);
            assert_eq!(status(world, &id), expected);
        }
        buy(&buyer, &shop, "XX").problem(422, "tax-country-unsupported");
        buy(&buyer, &shop, "DE").ok(201);
        // The operator may try it again.
        let enable = format!("/v1/plugins/{id}/enable");
        world.operator.post(&enable, None, &json!({ "countries": ["XX"] })).ok(200);
        buy(&buyer, &shop, "XX").ok(201);
        world.check();
    }

    fn a_currency_plugin_that_lies_is_believed_nothing(world: &World) {
        use purser_hostile_rates::Deed;
        let currencies = Deed::ALL.map(Deed::currency);
        install(world, purser_hostile_rates::component(), &json!({ "currencies": currencies }));
        world.operator.post_bytes("/v1/rates?feed=hostile-daily", b"2024-06-28").ok(201);
        let buyer = world.buyer();
        let stale = world.cards(2, "10.00", Deed::Stale.currency());
        buyer.load(&stale[0]).ok(201);
        let balance = buyer.balance();
        for deed in Deed::ALL.into_iter().filter(|deed| *deed != Deed::Stale) {
            let code = world.cards(1, "10.00", deed.currency()).remove(0);
            let failed = buyer.load(&code);
            failed.problem(502, "plugin-failed");
            assert!(failed.body["fault"].is_string(), "{deed:?}: {:#}", failed.body);
            assert!(!failed.body.to_string().contains("first"), "{:#}", failed.body);
            assert_eq!(buyer.balance(), balance, "after {deed:?}");
        }
        assert!(calls(world, "currency.convert").1 >= 7 && calls(world, "currency.feeds").1 >= 1);
        world.set_clock("2024-07-04T12:00:00Z");
        let session = world.anyone().post("/v1/sessions", None, &buyer.login).ok(200);
        let client = support::Client::new(&world.base, Some(&text(&session, "/access_token")));
        let load = json!({ "card": { "code": stale[1] } });
        let late = client.post("/v1/vault/loads", Some(&new_key()), &load);
        late.problem(503, "rates-too-old");
        assert!(late.retry_after.is_some());
        world.check();
    }

    fn what_is_no_plugin_is_refused_with_a_reason(world: &World) {
        let refused = |bytes: &[u8]| world.operator.post_bytes("/v1/plugins", bytes);
        refused(b"not wasm at all").problem(422, "plugin-refused");
        refused(b"\0asm\x01\0\0\0").problem(422, "plugin-refused");
        refused(&[]).problem(422, "plugin-refused");
        let large = refused(&vec![0; 3 << 20]);
        assert!((400..500).contains(&large.status), "{large:?}");
        let greedy = refused(&wanting_a_clock());
        greedy.problem(422, "plugin-refused");
        assert!(text(&greedy.body, "/detail").contains("wasi:clocks"), "{:#}", greedy.body);
    }
}

/// The hostile plugin, but that it imports what no plugin may.
fn wanting_a_clock() -> Vec<u8> {
    let (wanted, unwanted) = (b"purser:plugin/log@1.0.0", b"wasi:clocks/walls@0.2.0");
    assert_eq!(wanted.len(), unwanted.len());
    let mut component = purser_hostile::component().to_vec();
    let found: Vec<usize> = component
        .windows(wanted.len())
        .enumerate()
        .filter_map(|(at, window)| (window == wanted).then_some(at))
        .collect();
    assert!(!found.is_empty(), "it imports its log");
    for at in found {
        component[at..at + wanted.len()].copy_from_slice(unwanted);
    }
    component
}
