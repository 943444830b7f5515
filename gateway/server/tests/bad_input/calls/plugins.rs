//! The calls about a plugin and the versions of it.

use serde_json::{Value, json};

use super::{Call, Cast, PUBLIC_KEY, call};
use crate::support::{
    World,
    plugin::{replace, version, with_manifest},
    text,
};

const HOST: &str = "api.post.example";

/// Of a plugin that asks for a host. The first version answers; the second runs beside it, and takes over.
pub(super) fn of_operators(world: &World, cast: &Cast) -> Vec<Call> {
    let operator = &world.operator;
    let greedy = with_manifest(&version("0.1.1"), |manifest| {
        manifest.hosts = vec![HOST.to_owned()];
    });
    let install =
        |component: &[u8]| text(&operator.post_bytes("/v1/plugins", component).ok(201), "/id");
    let (one, two) = (install(&greedy), install(&replace(&greedy, "0.1.1", "0.1.2")));
    let grants = json!({ "hosts": [HOST], "secrets": {}, "limits": null });
    let enable = json!({ "grants": grants });
    operator.post(&format!("/v1/plugins/{one}/enable"), None, &enable).ok(200);
    let of = |id: &str, route: &'static str, body: Value| Call {
        path: route.replace("{id}", id),
        ..call(operator, route, body)
    };
    let key = json!({ "key": PUBLIC_KEY, "name": "Mammon" });
    let shadow = json!({ "countries": ["XX"], "config": "20", "grants": grants });
    let replay = json!({
        "with": two, "config": "20", "since": "2024-06-28", "until": "2024-06-28", "after": cast.purchase,
    });
    let activate = json!({ "config": "30", "grants": grants, "allow_older": false });
    let enable = json!({
        "countries": ["XX"],
        "from": "2024-06-29",
        "config": 30,
        "grants": grants,
        "allow_older": false,
    });
    vec![
        call(operator, "/v1/plugins/keys", key),
        of(&two, "/v1/plugins/{id}/grants", grants.clone()),
        of(&two, "/v1/plugins/{id}/shadow", shadow),
        of(&one, "/v1/plugins/{id}/replay", replay),
        of(&two, "/v1/plugins/{id}/activate", activate),
        of(&two, "/v1/plugins/{id}/enable", enable),
    ]
}
