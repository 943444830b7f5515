//! Plugins: installing, enabling by place and day, and what they decided.

use actix_web::{
    HttpResponse,
    web::{Bytes as Raw, Data, Path, PayloadConfig},
};
use jiff::civil::Date;
use purser_core::{Timestamp, ids::PluginId, record::EvidenceRecord};
use purser_host::{Limits, Manifest};
use purser_store::{
    facts::{
        plugin::{Plugin, digest_text},
        plugin_binding::Binding,
    },
    read::evidence::plugin_calls_page,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Answered, Nothing};
use crate::{
    app::plugin::{self, Installed, Places},
    gateway::Gateway,
    http::{
        answer,
        auth::Operator,
        body::{self, Json},
        page::{PageParams, PageQuery, ShortListQuery},
    },
    problem::Problem,
};

/// There are 249 countries and 180 currencies.
const PLACES_MAX: usize = 256;

/// The body of an installation: as large as a component may be, and a byte more, so that the sandbox says what is
/// wrong with one that is too large.
pub fn component_limit() -> PayloadConfig {
    PayloadConfig::new(Limits::default().component_bytes.saturating_add(1))
}

/// A plugin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plugin)]
pub struct PluginOut {
    /// Its name in the books.
    #[schema(value_type = String)]
    id: PluginId,
    /// Its name to people.
    name: String,
    /// Its version.
    version: String,
    /// What it decides.
    #[schema(example = "tax")]
    role: String,
    /// SHA-256 of its file.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    digest: String,
    /// What it asks the gateway for: hosts to fetch from, secrets to fill in.
    requests: Vec<String>,
    /// `installed`, `active`, `retired`, `quarantined` or `shadow`.
    #[schema(pattern = "^(installed|shadow|active|quarantined|retired)$")]
    status: &'static str,
    /// When it was installed.
    #[schema(value_type = String, format = DateTime)]
    installed_at: Timestamp,
    /// Where it answers.
    bindings: Vec<BindingOut>,
}

/// A place that a plugin answers for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginBinding)]
pub struct BindingOut {
    /// A country or a currency; `*` is every currency without a plugin of its own.
    place: String,
    /// From which day on.
    #[schema(value_type = String, format = Date)]
    from: Date,
}

impl From<Binding> for BindingOut {
    fn from(binding: Binding) -> Self {
        Self { place: binding.place, from: binding.from }
    }
}

impl PluginOut {
    fn of(row: Plugin, bindings: Vec<Binding>) -> Self {
        Self {
            id: row.id,
            requests: requests(&row.manifest),
            digest: digest_text(&row.digest),
            status: row.status.name(),
            name: row.name,
            version: row.version,
            role: row.role,
            installed_at: row.installed_at,
            bindings: bindings.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Installed> for PluginOut {
    fn from(Installed { row, bindings }: Installed) -> Self {
        Self::of(row, bindings)
    }
}

fn requests(manifest: &str) -> Vec<String> {
    let Ok(manifest) = Manifest::from_json(manifest.as_bytes()) else { return Vec::new() };
    let hosts = manifest.hosts.iter().map(|host| format!("fetch {host}"));
    hosts.chain(manifest.secrets.iter().map(|secret| format!("secret {secret}"))).collect()
}

/// Install a plugin: its file is the body. It is verified, and answers for nothing until it is enabled.
#[utoipa::path(post, path = "/v1/plugins", tag = "operator", security(("operator" = [])),
    request_body(content = super::FileBytes, content_type = "application/octet-stream", description = "The plugin's file"),
    responses((status = 201, body = PluginOut), crate::http::openapi::Problems))]
pub async fn plugin_install(gateway: Data<Gateway>, _operator: Operator, bytes: Raw) -> Answered {
    let row = plugin::install(&gateway, bytes.to_vec()).await?;
    Ok(HttpResponse::Created().json(PluginOut::of(row, Vec::new())))
}

/// All plugins, newest installation first, and where each answers.
#[utoipa::path(get, path = "/v1/plugins", tag = "operator", security(("operator" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<PluginOut>), crate::http::openapi::Problems))]
pub async fn plugins_list(
    gateway: Data<Gateway>,
    _operator: Operator,
    list: ShortListQuery,
) -> Answered {
    let rows = plugin::list(&gateway).await?;
    Ok(HttpResponse::Ok().json(list.page(
        rows,
        |plugin| plugin.row.id.to_string(),
        PluginOut::from,
    )))
}

/// Where a plugin is to answer.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EnableRequest)]
pub struct EnableIn {
    /// Of a tax plugin: countries; all that it covers, if left out.
    #[serde(default)]
    #[schema(max_items = 256)]
    countries: Vec<String>,
    /// Of a currency plugin: currencies, or `*`; every one, if left out.
    #[serde(default)]
    #[schema(max_items = 256)]
    currencies: Vec<String>,
    /// From which day on; today, if left out.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Date>,
}

/// Let a plugin answer for places, from a day on. What it decides from then on is its; the days before stay whose
/// they were.
#[utoipa::path(post, path = "/v1/plugins/{id}/enable", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)), request_body = EnableIn,
    responses((status = 200, body = PluginOut), crate::http::openapi::Problems))]
pub async fn plugin_enable(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    Json(input): Json<EnableIn>,
) -> Answered {
    let EnableIn { countries, currencies, from } = input;
    for (field, places) in [("countries", &countries), ("currencies", &currencies)] {
        if places.len() > PLACES_MAX {
            return Err(Problem::malformed(field, format!("at most {PLACES_MAX}")));
        }
    }
    let id: PluginId = id.parse().map_err(|_| Problem::not_found())?;
    let enabled = plugin::enable(&gateway, id, Places { countries, currencies, from }).await?;
    Ok(HttpResponse::Ok().json(PluginOut::from(enabled)))
}

/// Take a plugin out of service from today on.
#[utoipa::path(post, path = "/v1/plugins/{id}/disable", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = PluginOut), crate::http::openapi::Problems))]
pub async fn plugin_disable(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    let Nothing {} = body::parse(&bytes)?;
    let id: PluginId = id.parse().map_err(|_| Problem::not_found())?;
    Ok(HttpResponse::Ok().json(PluginOut::from(plugin::disable(&gateway, id).await?)))
}

/// One call that a plugin decided, with all that is needed to make it again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginCall)]
pub struct CallOut {
    /// Its name: a hash of what follows, so that equal calls are one.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    id: String,
    /// The function of the contract.
    #[schema(example = "tax.assess")]
    function: String,
    /// The engine that ran it.
    engine: String,
    /// What the plugin was asked.
    #[schema(value_type = Object)]
    input: Value,
    /// What it answered.
    #[schema(value_type = Object)]
    output: Value,
    /// What it cost.
    fuel: u64,
}

impl From<EvidenceRecord> for CallOut {
    fn from(record: EvidenceRecord) -> Self {
        let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        Self {
            id: data_encoding::HEXLOWER.encode(&record.id.0),
            input: json(&record.input),
            output: json(&record.output),
            function: record.function,
            engine: record.engine,
            fuel: record.fuel,
        }
    }
}

/// The calls of a plugin that moved money: the evidence of what it decided.
#[utoipa::path(get, path = "/v1/plugins/{id}/calls", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path), PageParams),
    responses((status = 200, body = answer::Page<CallOut>), crate::http::openapi::Problems))]
pub async fn plugin_calls(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    PageQuery(page): PageQuery,
) -> Answered {
    let id: PluginId = id.parse().map_err(|_| Problem::not_found())?;
    let digest = plugin::get(&gateway, id).await?.digest;
    let rows = gateway.store.read(move |db| plugin_calls_page(db, &digest, &page)).await?;
    Ok(HttpResponse::Ok().json(answer::Page::of(rows, CallOut::from)))
}
