//! What becomes of a plugin makes none of its stamps a forgery.

use super::*;
use crate::{on_both_databases, support::plugin::replace};

/// A version of a stamps plugin, installed. Gives its path.
fn install(world: &World, version: &str) -> String {
    let component = purser_hostile_stamps::component();
    let component = replace(component, env!("CARGO_PKG_VERSION"), version);
    let plugin = world.operator.post_bytes("/v1/plugins", &component).ok(201);
    format!("/v1/plugins/{}", text(&plugin, "/id"))
}

fn act(world: &World, plugin: &str, verb: &str) {
    let body = match verb {
        "enable" | "activate" => json!({ "grants": { "hosts": ["post.localhost"] } }),
        _ => json!({}),
    };
    world.operator.post(&format!("{plugin}/{verb}"), None, &body).ok(200);
}

on_both_databases! {
    fn whatever_becomes_of_its_plugin_a_stamp_stays_what_it_is(world: &World) {
        let one = install(world, "1.0.0");
        act(world, &one, "enable");
        let named = json!({ "name": "Post", "country": "DE", "stamps_plugin": "hostile-stamps" });
        let made = world.operator.post("/v1/merchants", None, &named).ok(201);
        let client = Client::new(&world.base, Some(&text(&made, "/secret_key")));
        let post = Vendor { id: text(&made, "/id"), client };
        let letter = post.but("service", "honest");
        let buyer = world.buyer_with("100.00");
        let sell = |buyer: &Buyer| buy(buyer, &letter).ok(201);
        let expired = sell(&buyer);
        world.advance(366 * 86_400);
        let buyer = again(world, &buyer);
        let [unused, used, given_back, scanned, uploaded, later] = [(); 6].map(|()| sell(&buyer));
        scan(&post.client, &used);
        void(&buyer, &given_back).ok(200);
        let stays = |fate: &str| {
            for (stamp, status) in [(&unused, "valid"), (&used, "duplicate"), (&given_back, "void"), (&expired, "expired")] {
                assert_eq!(verify(&world.anyone(), stamp)["status"], status, "{fate}");
            }
        };
        stays("active");

        let two = install(world, "2.0.0");
        act(world, &two, "activate");
        stays("replaced");
        let of_two = sell(&buyer);
        act(world, &two, "rollback");
        stays("restored");
        assert_eq!(verify(&world.anyone(), &of_two)["status"], "valid", "rolled back");
        act(world, &one, "disable");
        stays("disabled");
        buy(&buyer, &letter).problem(502, "plugin-failed");

        let statuses = [scan(&post.client, &scanned), scan(&post.client, &scanned), scan(&world.operator, &of_two)];
        assert_eq!(statuses.map(|told| text(&told, "/status")), ["valid", "duplicate", "valid"]);
        let batch = json!({ "scans": [{ "indicium": text(&uploaded, "/indicium") }, { "indicium": text(&expired, "/indicium") }] });
        let told = post.client.post("/v1/stamps/scans", None, &batch).ok(200);
        assert_eq!((&told["data"][0]["status"], &told["data"][1]["status"]), (&json!("valid"), &json!("expired")));
        assert_eq!(void(&buyer, &later).ok(200)["status"], "void");
        assert_eq!(verify(&world.anyone(), &later)["status"], "void");
        world.check();
    }
}
