//! A plugin that misbehaves in every way is contained: the caller is told, nothing moves, the next call works.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{World, new_key, text};

/// Far above the sandbox's wall clock of 100 ms, for a machine that does other things too.
const CONTAINED_WITHIN: Duration = Duration::from_secs(3);

/// Installs the plugin that misbehaves on demand, for the country that it is for.
fn install(world: &World) -> String {
    let plugin = world.operator.post_bytes("/v1/plugins", purser_hostile::component()).ok(201);
    let id = text(&plugin, "/id");
    let enable = format!("/v1/plugins/{id}/enable");
    world.operator.post(&enable, None, &json!({ "countries": ["XX"] })).ok(200);
    id
}

on_both_databases! {
    fn each_kind_of_misbehaviour_moves_nothing(world: &World) {
        install(world);
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let offer = shop.offer("10.00", "USD");
        let buy = |country: &str| {
            let body = json!({ "offers": [offer], "country": country });
            buyer.client.post("/v1/purchases", Some(&new_key()), &body)
        };
        for deed in ["LOP", "MEM", "STK", "PAN", "BIG", "GAR", "NEG", "SUM", "CUR"] {
            let started = Instant::now();
            buy(&format!("XX-{deed}")).problem(502, "plugin-failed");
            assert!(started.elapsed() < CONTAINED_WITHIN, "{deed} took {:?}", started.elapsed());
            assert_eq!(buyer.balance(), "100.00", "after {deed}");
            buy("DE").ok(201);
            let spent = buyer.client.get("/v1/purchases").ok(200);
            let item = text(&spent, "/data/0/items/0/id");
            shop.client.post(&format!("/v1/sales/{item}/refund"), Some(&new_key()), &json!({})).ok(201);
        }
        world.check();
    }

    fn a_key_stays_free_when_a_plugin_fails(world: &World) {
        install(world);
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

    fn what_is_no_plugin_is_refused_with_a_reason(world: &World) {
        let refused = |bytes: &[u8]| world.operator.post_bytes("/v1/plugins", bytes);
        refused(b"not wasm at all").problem(422, "plugin-refused");
        refused(b"\0asm\x01\0\0\0").problem(422, "plugin-refused");
        refused(&[]).problem(422, "plugin-refused");
        let large = refused(&vec![0; 3 << 20]);
        assert!((400..500).contains(&large.status), "{large:?}");
    }
}
