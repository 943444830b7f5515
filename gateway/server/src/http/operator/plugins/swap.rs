//! One version in place of another.

use actix_web::{
    HttpResponse,
    web::{Bytes as Raw, Data, Path},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{GrantsIn, PluginOut, config_text, granting, plugin_id};
use crate::{
    app::plugin::{self, Activating},
    gateway::Gateway,
    http::{
        auth::Operator,
        body::{self, Json},
        operator::{Answered, Nothing},
    },
};

/// How a version takes the place of another.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ActivateRequest)]
pub struct ActivateIn {
    /// Another configuration; if left out, that of the version before goes on. An empty text is none.
    #[schema(value_type = Value, required = false)]
    config: Option<Value>,
    /// What it is given of what it asks for, beside what the version before was given.
    grants: Option<GrantsIn>,
    /// Whether it may take over from a newer version.
    #[serde(default)]
    allow_older: bool,
}

/// Let a version answer wherever another version of the same plugin does. No sale is lost: each is assessed by the one or
/// the other.
#[utoipa::path(post, path = "/v1/plugins/{id}/activate", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ActivateIn,
    responses((status = 200, body = PluginOut), crate::http::openapi::Problems))]
pub async fn plugin_activate(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    Json(input): Json<ActivateIn>,
) -> Answered {
    let ActivateIn { config, grants, allow_older } = input;
    let activating =
        Activating { config: config.map(config_text), granting: granting(grants), allow_older };
    let activated = plugin::activate(&gateway, plugin_id(&id)?, activating).await?;
    Ok(HttpResponse::Ok().json(PluginOut::from(activated)))
}

/// Undo the newest decision for a plugin: where it was made, what answered before answers again, under the configuration of
/// then.
#[utoipa::path(post, path = "/v1/plugins/{id}/rollback", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = PluginOut), crate::http::openapi::Problems))]
pub async fn plugin_rollback(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    let Nothing {} = body::parse(&bytes)?;
    let rolled_back = plugin::rollback(&gateway, plugin_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(PluginOut::from(rolled_back)))
}
