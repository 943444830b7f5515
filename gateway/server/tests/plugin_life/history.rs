//! What was decided is taken back: one decision at a time, and what was planned for a day to come as well.

use super::*;
use crate::{
    on_both_databases,
    places::{for_any_country, named},
};

/// Where a plugin answers, and since when under which configuration, the first day first.
fn plan(world: &World, id: &str) -> Vec<(String, String, Value)> {
    let plugin = get(world, id);
    let bindings = plugin["bindings"].as_array().unwrap().iter();
    let mut plan: Vec<_> = bindings
        .map(|binding| (text(binding, "/place"), text(binding, "/from"), binding["config"].clone()))
        .collect();
    plan.sort_by_key(|(place, from, _)| (place.clone(), from.clone()));
    plan
}

/// The same of the country of the plugin that does as it is configured.
#[track_caller]
fn plans(world: &World, id: &str, expected: &[(&str, &str)]) {
    let there = plan(world, id).into_iter().map(|(_, from, config)| (from, config));
    let expected = expected.iter().map(|(from, config)| ((*from).to_owned(), json!(config)));
    assert_eq!(there.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

fn status(world: &World, id: &str) -> String {
    text(&get(world, id), "/status")
}

/// A configuration from a day on.
fn planned(config: &str, from: &str) -> Value {
    json!({ "config": config, "from": from })
}

const TODAY: &str = "2024-06-28";
const SOON: &str = "2024-07-01";
const LATER: &str = "2024-08-01";

on_both_databases! {
    fn a_rollback_undoes_one_decision_and_leaves_other_places_alone(world: &World) {
        let vat = named(world, "tax-eu");
        let places = || plan(world, &vat).into_iter().map(|(place, _, config)| (place, config)).collect::<Vec<_>>();
        let before = places();
        act(world, &vat, "enable", &json!({ "countries": ["AT"], "config": { "one_stop_shop": true } })).ok(200);
        let changed = places();
        assert_ne!(changed, before);
        // All places as they are: a decision that changes nothing.
        act(world, &vat, "enable", &json!({})).ok(200);
        assert_eq!(places(), changed);
        act(world, &vat, "rollback", &json!({})).ok(200);
        assert_eq!(places(), before, "Austria has no configuration again, and all others answer");
        act(world, &vat, "rollback", &json!({})).ok(200);
        assert_eq!(places(), changed, "a rollback is a decision too");
    }

    fn a_place_that_nobody_answered_for_before_has_nobody_again(world: &World) {
        let table = for_any_country(world);
        let enable = |country: &str, config: &str| {
            let config: Value = serde_json::from_str(config).unwrap();
            act(world, &table, "enable", &json!({ "countries": [country], "config": config })).ok(200);
        };
        enable("SG", include_str!("../../../../examples/tax-tables/SG.json"));
        enable("ZA", include_str!("../../../../examples/tax-tables/ZA.json"));
        let rolled_back = act(world, &table, "rollback", &json!({})).ok(200);
        assert_eq!((&rolled_back["bindings"][0]["place"], &rolled_back["bindings"][1]), (&json!("SG"), &Value::Null));
        refused(&act(world, &table, "rollback", &json!({})), "nothing answered before");
        assert_eq!(status(world, &table), "active");
    }

    fn what_was_planned_and_taken_back_leaves_no_trace(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        act(world, &one, "enable", &json!({ "config": "20" })).ok(200);
        act(world, &one, "enable", &planned("30", SOON)).ok(200);
        act(world, &one, "rollback", &json!({})).ok(200);
        plans(world, &one, &[(TODAY, "20"), (SOON, "20")]);
        assert_eq!(price(&buyer, &shop), "12.00", "today nothing changed");
        act(world, &one, "enable", &json!({ "config": "40" })).ok(200);
        plans(world, &one, &[(TODAY, "40"), (SOON, "40")]);
        act(world, &two, "enable", &planned("50", LATER)).ok(200);
        plans(world, &two, &[(LATER, "50")]);
        let disabled = act(world, &two, "disable", &json!({})).ok(200);
        assert_eq!((&disabled["status"], &disabled["bindings"]), (&json!("retired"), &json!([])));
        plans(world, &one, &[(TODAY, "40"), (SOON, "40"), (LATER, "40")]);
        act(world, &one, "rollback", &json!({})).ok(200);
        plans(world, &one, &[(TODAY, "20"), (SOON, "20"), (LATER, "20")]);
        assert_eq!(status(world, &two), "retired", "what was disabled comes back by no swap of another");
        act(world, &one, "disable", &json!({})).ok(200);
        act(world, &two, "enable", &json!({ "config": "60" })).ok(200);
        assert_eq!(price(&on_day(world, "2024-08-02", &buyer), &shop), "16.00");
        world.check();
    }

    fn a_rollback_of_what_was_planned_goes_on_with_who_answers_until_then(world: &World) {
        let [one, two, three] = ["0.1.1", "0.1.2", "0.1.3"].map(|number| install(world, &version(number)));
        act(world, &one, "enable", &json!({ "config": "20" })).ok(200);
        act(world, &two, "enable", &planned("30", SOON)).ok(200);
        act(world, &three, "enable", &json!({ "config": "40" })).ok(200);
        act(world, &two, "rollback", &json!({})).ok(200);
        plans(world, &three, &[(TODAY, "40"), (SOON, "40")]);
        act(world, &two, "enable", &json!({ "config": "50", "from": LATER, "allow_older": true })).ok(200);
        act(world, &three, "disable", &json!({})).ok(200);
        refused(&act(world, &two, "rollback", &json!({})), "nothing answered before");
        act(world, &two, "disable", &json!({})).ok(200);
        assert_eq!([&one, &two, &three].map(|id| plan(world, id).len()), [0, 0, 0]);
    }

    fn a_version_that_took_over_what_was_planned_gives_it_back(world: &World) {
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        act(world, &one, "enable", &json!({ "config": "20" })).ok(200);
        act(world, &one, "enable", &planned("30", SOON)).ok(200);
        for _ in 0..2 {
            act(world, &two, "activate", &json!({})).ok(200);
            plans(world, &two, &[(TODAY, "20"), (SOON, "30")]);
            act(world, &two, "rollback", &json!({})).ok(200);
            plans(world, &one, &[(TODAY, "20"), (SOON, "30")]);
            plans(world, &two, &[]);
        }
    }

    fn what_answered_before_is_what_held_that_day(world: &World) {
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        act(world, &one, "enable", &planned("20", "2024-06-01")).ok(200);
        act(world, &one, "enable", &planned("15", "2024-01-01")).ok(200);
        act(world, &two, "activate", &json!({ "config": "30" })).ok(200);
        act(world, &two, "rollback", &json!({})).ok(200);
        plans(world, &one, &[(TODAY, "20")]);
    }

    fn whatever_answers_or_is_disabled_runs_beside_nothing(world: &World) {
        let (one, two) = (install(world, &version("0.1.1")), install(world, &version("0.1.2")));
        let runs = |id: &str| world.operator.get(&format!("/v1/plugins/{id}/shadow")).ok(200)["running"].clone();
        act(world, &one, "enable", &json!({})).ok(200);
        act(world, &two, "activate", &json!({})).ok(200);
        act(world, &one, "shadow", &json!({})).ok(200);
        assert_eq!(runs(&one), true);
        act(world, &two, "rollback", &json!({})).ok(200);
        assert_eq!((runs(&one), status(world, &one)), (json!(false), "active".to_owned()));
        act(world, &two, "shadow", &json!({})).ok(200);
        assert_eq!(runs(&two), true);
        act(world, &two, "disable", &json!({})).ok(200);
        assert_eq!((runs(&two), status(world, &two)), (json!(false), "retired".to_owned()));
    }
}
