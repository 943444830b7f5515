//! Publishers whose plugins are taken.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use data_encoding::BASE64URL_NOPAD;
use purser_core::Timestamp;
use purser_store::facts::plugin_key::PluginKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::plugin::keys,
    gateway::Gateway,
    http::{
        answer,
        auth::Operator,
        body::Json,
        operator::Answered,
        page::{PageParams, ShortListQuery},
    },
};

/// A key that plugins may be signed with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginKey)]
pub struct PluginKeyOut {
    /// Its thumbprint (RFC 7638).
    id: String,
    /// Whose it is.
    name: String,
    /// The 32 bytes of the Ed25519 key in base64url.
    key: String,
    /// Since when it is trusted.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
}

impl From<PluginKey> for PluginKeyOut {
    fn from(PluginKey { id, name, material, added_at }: PluginKey) -> Self {
        Self { id, name, key: BASE64URL_NOPAD.encode(&material), added_at }
    }
}

/// A key to trust.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PluginKeyRequest)]
pub struct PluginKeyIn {
    /// The publisher's Ed25519 public key: PEM, a JWK as text, or its 32 bytes in base64url.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    key: String,
    /// Whose it is, in your words.
    #[serde(default)]
    #[schema(max_length = 100)]
    name: String,
}

/// Trust a publisher: plugins that are signed with this key may be installed.
#[utoipa::path(post, path = "/v1/plugins/keys", tag = "operator", security(("operator" = [])),
    request_body = PluginKeyIn, responses((status = 201, body = PluginKeyOut), crate::http::openapi::Problems))]
pub async fn plugin_key_trust(
    gateway: Data<Gateway>,
    _operator: Operator,
    Json(PluginKeyIn { key, name }): Json<PluginKeyIn>,
) -> Answered {
    let trusted = keys::trust(&gateway, &key, &name).await?;
    Ok(HttpResponse::Created().json(PluginKeyOut::from(trusted)))
}

/// The publishers that are trusted, newest first.
#[utoipa::path(get, path = "/v1/plugins/keys", tag = "operator", security(("operator" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<PluginKeyOut>), crate::http::openapi::Problems))]
pub async fn plugin_keys_list(
    gateway: Data<Gateway>,
    _operator: Operator,
    list: ShortListQuery,
) -> Answered {
    let rows = keys::list(&gateway).await?;
    Ok(HttpResponse::Ok().json(list.page(rows, |key| key.id.clone(), PluginKeyOut::from)))
}

/// Trust a publisher no longer: nothing more of theirs is installed. What is installed stays.
#[utoipa::path(delete, path = "/v1/plugins/keys/{id}", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)),
    responses((status = 204), crate::http::openapi::Problems))]
pub async fn plugin_key_delete(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
) -> Answered {
    keys::forget(&gateway, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}
