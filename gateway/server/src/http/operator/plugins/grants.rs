//! What the operator gives a plugin.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use purser_core::secret::SecretText;
use purser_host::LimitsClass;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PluginOut, plugin_id};
use crate::{
    app::plugin::{self, grants::Granting},
    gateway::Gateway,
    http::{
        auth::Operator,
        body::{Json, parts},
        operator::Answered,
    },
};

/// What a plugin is given of what it asks for.
#[derive(Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schema(as = PluginGrants)]
pub struct GrantsIn {
    /// Hosts that the gateway may fetch from for it.
    #[serde(default)]
    #[schema(max_items = 16)]
    hosts: Vec<String>,
    /// Secrets by name. They are stored encrypted and never shown again.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({ "api-key": "..." }))]
    secrets: BTreeMap<String, String>,
    /// `interpreter`: as much as a plugin needs that brings its language's runtime along.
    #[schema(value_type = Option<String>, example = "interpreter")]
    limits: Option<LimitsClass>,
}

parts!(GrantsIn);

/// Without the secrets.
impl std::fmt::Debug for GrantsIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GrantsIn").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl From<GrantsIn> for Granting {
    fn from(GrantsIn { hosts, secrets, limits }: GrantsIn) -> Self {
        let secrets = secrets.into_iter().map(|(name, secret)| (name, SecretText::new(secret)));
        Self { hosts, secrets: secrets.collect(), limits }
    }
}

/// Give a plugin what it asks for, beside what it has. A secret that it has already is replaced.
#[utoipa::path(post, path = "/v1/plugins/{id}/grants", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)), request_body = GrantsIn,
    responses((status = 200, body = PluginOut), crate::http::openapi::Problems))]
pub async fn plugin_grant(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    Json(input): Json<GrantsIn>,
) -> Answered {
    let id = plugin_id(&id)?;
    plugin::grants::grant(&gateway, id, input.into()).await?;
    Ok(HttpResponse::Ok().json(PluginOut::from(plugin::installed(&gateway, id).await?)))
}
