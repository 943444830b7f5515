//! Where a plugin answers and under which configuration: what is tried before it is bound, and what comes back.

use super::*;
use crate::on_both_databases;

on_both_databases! {
    fn a_plugin_that_gets_no_time_is_not_called_bad(world: &World) {
        let answer = world.operator.post_bytes("/v1/plugins", &version("6.6.6"));
        answer.problem(503, "overloaded");
        let detail = text(&answer.body, "/detail");
        assert!(detail.contains("the machine was too busy") && detail.contains("`purser plugin test`"), "{detail}");
        let plugins = world.operator.get("/v1/plugins").ok(200);
        assert!(!plugins.to_string().contains("6.6.6"), "{plugins:#}");
    }

    fn a_configuration_that_the_plugin_cannot_use_is_refused_in_its_words(world: &World) {
        let misconfigured = |id: &str, verb: &str, body: &Value, why: &str| {
            let answer = act(world, id, verb, body);
            refused(&answer, why);
            assert_eq!(answer.body["field"], "config", "{answer:?}");
        };
        let table = for_any_country(world);
        let under = |config: Value| json!({ "countries": ["SG"], "config": config });
        misconfigured(&table, "enable", &json!({ "countries": ["SG"] }), "there is none: this plugin needs a table");
        misconfigured(&table, "enable", &under(json!({ "places": [] })), "config.places: name at least one");
        misconfigured(&table, "enable", &under(json!("{")), "at config");
        assert_eq!((&get(world, &table)["status"], &get(world, &table)["bindings"]), (&json!("installed"), &json!([])), "nothing is bound");
        let good: Value = serde_json::from_str(include_str!("../../../../examples/tax-tables/SG.json")).unwrap();
        act(world, &table, "enable", &under(good)).ok(200);
        act(world, &table, "enable", &json!({ "countries": ["SG"] })).ok(200);
        let post = named(world, "stamps-open");
        misconfigured(&post, "enable", &json!({ "config": { "currency": "EUR" } }), "missing field");
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        misconfigured(&one, "enable", &json!({ "config": "trap" }), "trap");
        act(world, &one, "enable", &json!({})).ok(200);
        misconfigured(&two, "activate", &json!({ "config": "trap" }), "trap");
        assert_eq!(text(&get(world, &one), "/status"), "active");
    }

    fn a_rollback_reaches_the_configuration_before(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        act(world, &one, "enable", &json!({ "config": "20" })).ok(200);
        act(world, &two, "activate", &json!({ "config": "30" })).ok(200);
        act(world, &two, "enable", &json!({ "config": "30" })).ok(200);
        act(world, &two, "enable", &json!({ "config": "40" })).ok(200);
        assert_eq!(price(&buyer, &shop), "14.00");
        let rolled_back = act(world, &two, "rollback", &json!({})).ok(200);
        assert_eq!((&rolled_back["status"], &rolled_back["bindings"][0]["config"]), (&json!("active"), &json!("30")));
        assert_eq!((price(&buyer, &shop), text(&get(world, &one), "/status")), ("13.00".to_owned(), "retired".to_owned()));
        world.check();
    }

    fn what_the_operator_disabled_comes_back_by_no_swap_of_another(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        act(world, &one, "enable", &json!({})).ok(200);
        act(world, &one, "disable", &json!({})).ok(200);
        act(world, &two, "enable", &json!({ "config": "panic" })).ok(200);
        refused(&act(world, &two, "rollback", &json!({})), "nothing answered before");
        fails_for_several(world, &shop);
        quarantine(world);
        buy(&buyer, &shop).problem(422, "tax-country-unsupported");
        assert_eq!(text(&get(world, &one), "/status"), "retired");
        world.check();
    }

    fn a_plugin_that_lost_its_last_place_is_not_called_active(world: &World) {
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        let status = |id: &str| text(&get(world, id), "/status");
        act(world, &one, "enable", &json!({})).ok(200);
        act(world, &two, "enable", &json!({ "from": "2024-07-01" })).ok(200);
        assert_eq!((status(&one), status(&two)), ("active".into(), "active".into()), "until that day");
        world.set_clock("2024-07-01T12:00:00Z");
        let retire = || actix_web::rt::System::new().block_on(purser::app::plugin::retire(&world.gateway)).unwrap();
        retire();
        assert_eq!((status(&one), status(&two)), ("retired".into(), "active".into()));
        act(world, &one, "enable", &json!({ "allow_older": true })).ok(200);
        assert_eq!((status(&one), status(&two)), ("active".into(), "retired".into()), "enabled in its place, at once");
        act(world, &two, "shadow", &json!({ "countries": ["XX"] })).ok(200);
        retire();
        assert_eq!(status(&two), "shadow");
        assert_eq!(status(&for_any_country(world)), "installed", "of no place of its own");
    }
}

/// A plugin for any country, which an operator may ask for one that is none.
pub(crate) fn for_any_country(world: &World) -> String {
    named(world, "tax-table")
}

/// A plugin that comes with the gateway.
pub(crate) fn named(world: &World, name: &str) -> String {
    let plugins = world.operator.get("/v1/plugins?limit=100").ok(200);
    let mut plugins = plugins["data"].as_array().unwrap().iter();
    text(plugins.find(|plugin| plugin["name"] == name).unwrap(), "/id")
}

#[track_caller]
fn wrong_country(answer: &Answer, field: &str, why: &str) {
    answer.problem(400, "malformed-request");
    assert_eq!(answer.body["field"], field, "{answer:?}");
    let detail = text(&answer.body, "/detail");
    assert!(detail.contains(why), "{detail}");
}

#[test]
fn a_plugin_is_enabled_where_there_is_a_country() {
    let world = World::on_sqlite();
    let any = for_any_country(&world);
    for verb in ["enable", "shadow"] {
        for wrong in ["ZZ", "US-CA", "de"] {
            let body = json!({ "countries": ["FR", wrong], "config": "x" });
            wrong_country(&act(&world, &any, verb, &body), "countries[1]", "country");
        }
        let twice = json!({ "countries": ["FR", "FR"], "config": "x" });
        wrong_country(&act(&world, &any, verb, &twice), "countries[1]", "named before");
    }
    let real = World::with(|settings| {
        settings.sandbox = false;
        settings.clock = None;
    });
    let hostile = install(&real, purser_hostile::component());
    wrong_country(
        &act(&real, &hostile, "enable", &json!({})),
        "countries",
        "there is no country XX",
    );
    let named = json!({ "countries": ["XX"] });
    wrong_country(
        &act(&real, &hostile, "enable", &named),
        "countries[0]",
        "there is no country XX",
    );
}
