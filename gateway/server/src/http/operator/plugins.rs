//! Plugins: installing, enabling by place and day, and what they decided.

mod grants;
mod keys;
mod shadow;
mod swap;

pub use grants::*;
pub use keys::*;
pub use shadow::*;
pub use swap::*;

use actix_web::{
    HttpResponse,
    web::{Bytes as Raw, Data, Path, PayloadConfig, Query},
};
use jiff::civil::Date;
use purser_core::{Timestamp, ids::PluginId, record::EvidenceRecord};
use purser_host::Limits;
use purser_store::{
    facts::{
        plugin::{Plugin, digest_text},
        plugin_binding::Binding,
    },
    read::evidence::plugin_calls_page,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{Answered, Nothing};
use crate::{
    app::plugin::{
        self, Enabling, Installed, Permissions, Places,
        grants::{Granting, Grants},
    },
    gateway::Gateway,
    http::{
        answer,
        auth::Operator,
        body::{self, Json},
        page::{PageParams, PageQuery, ShortListQuery},
    },
    problem::{self, Problem},
};

/// How sizes of plugins are told.
const MIB: usize = 1024 * 1024;
/// There are 249 countries and 180 currencies.
const PLACES_MAX: usize = 256;

/// The body of an installation: as large as a component may be, and a byte more, so that the sandbox says what is
/// wrong with one that is too large.
pub fn component_limit() -> PayloadConfig {
    PayloadConfig::new(Limits::default().large_component_bytes.saturating_add(1))
}

/// What could not be read of an installation's body: of one that is too large, the most that it could be is told.
fn unread(error: &actix_web::Error) -> Problem {
    let problem = Problem::of_frame(error);
    if problem.kind != problem::REQUEST_TOO_LARGE {
        return problem;
    }
    let most = Limits::default().large_component_bytes / MIB;
    problem.detail(format!("a plugin has at most {most} MiB, and only with `allow_large`"))
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
    /// What it asks the gateway for: hosts to fetch from, secrets to fill in, more than the usual limits.
    #[schema(example = json!(["fetch api.post.example", "secret api-key", "limits interpreter"]))]
    requests: Vec<String>,
    /// What of that the operator granted.
    grants: Vec<String>,
    /// The name of the key that signed it; none, if nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
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
    /// The configuration that it is given there.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<String>,
}

impl From<Binding> for BindingOut {
    fn from(binding: Binding) -> Self {
        Self { place: binding.place, from: binding.from, config: binding.config }
    }
}

impl PluginOut {
    fn of(row: Plugin, bindings: Vec<Binding>) -> Self {
        Self {
            id: row.id,
            requests: plugin::manifest(&row)
                .map_or_else(|_| Vec::new(), |manifest| Grants::asked(&manifest).shown()),
            grants: Grants::of(&row).unwrap_or_default().shown(),
            publisher: row.publisher,
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

/// What is refused unless the operator says that it is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InstallParams {
    /// Take a file of up to 32 MiB: one that brings its language's runtime along.
    #[param(value_type = Option<bool>)]
    allow_large: Option<String>,
    /// Take a version that is older than one that answers.
    #[param(value_type = Option<bool>)]
    allow_older: Option<String>,
    /// Take a file of somebody else than who signed the versions before.
    #[param(value_type = Option<bool>)]
    allow_other_publisher: Option<String>,
}

impl InstallParams {
    /// What is said, with the one named that is neither.
    fn permissions(&self) -> Result<Permissions, Problem> {
        Ok(Permissions {
            large: is_true(self.allow_large.as_deref(), "allow_large")?,
            older: is_true(self.allow_older.as_deref(), "allow_older")?,
            other_publisher: is_true(
                self.allow_other_publisher.as_deref(),
                "allow_other_publisher",
            )?,
        })
    }
}

fn is_true(said: Option<&str>, field: &str) -> Result<bool, Problem> {
    match said {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::malformed(field, "true or false")),
    }
}

/// Install a plugin: its file is the body. It is verified (size, imports, manifest, signature) and held to the rules that
/// all plugins keep; it answers for nothing until it is enabled.
#[utoipa::path(post, path = "/v1/plugins", tag = "operator", security(("operator" = [])), params(InstallParams),
    request_body(content = super::FileBytes, content_type = "application/octet-stream", description = "The plugin's file"),
    responses((status = 201, body = PluginOut), crate::http::openapi::Problems))]
pub async fn plugin_install(
    gateway: Data<Gateway>,
    _operator: Operator,
    allowed: Result<Query<InstallParams>, actix_web::Error>,
    bytes: Result<Raw, actix_web::Error>,
) -> Answered {
    let bytes = bytes.map_err(|error| unread(&error))?;
    let allowed = allowed.map_err(|_| {
        Problem::malformed(
            "",
            "the query is `allow_large`, `allow_older`, `allow_other_publisher`, each once",
        )
    })?;
    let row = plugin::install(&gateway, bytes.to_vec(), allowed.permissions()?).await?;
    Ok(HttpResponse::Created().json(PluginOut::from(plugin::installed(&gateway, row.id).await?)))
}

/// A plugin: what it is, what it asks for and was granted, where it answers.
#[utoipa::path(get, path = "/v1/plugins/{id}", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = PluginOut), crate::http::openapi::Problems))]
pub async fn plugin_get(gateway: Data<Gateway>, _operator: Operator, id: Path<String>) -> Answered {
    let found = plugin::installed(&gateway, plugin_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(PluginOut::from(found)))
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

/// How a plugin is to answer.
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
    /// What the plugin is given with every call, at most 64 KiB: JSON, or a text as it is. If left out, the configuration
    /// that the same plugin has there goes on; an empty text is none.
    #[schema(value_type = Value, required = false)]
    config: Option<Value>,
    /// What it is given of what it asks for.
    grants: Option<GrantsIn>,
    /// Whether it may take over from a newer version of itself.
    #[serde(default)]
    allow_older: bool,
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
    let EnableIn { countries, currencies, from, config, grants, allow_older } = input;
    places_within("countries", &countries)?;
    places_within("currencies", &currencies)?;
    let enabling = Enabling {
        places: Places { countries, currencies, from },
        config: config.map(config_text),
        granting: granting(grants),
        allow_older,
    };
    let enabled = plugin::enable(&gateway, plugin_id(&id)?, enabling).await?;
    Ok(HttpResponse::Ok().json(PluginOut::from(enabled)))
}

pub(crate) fn places_within(field: &str, places: &[String]) -> Result<(), Problem> {
    match places.len() {
        ..=PLACES_MAX => Ok(()),
        _ => Err(Problem::malformed(field, format!("at most {PLACES_MAX}"))),
    }
}

/// A text stands for itself, anything else for its JSON.
fn config_text(config: Value) -> String {
    match config {
        Value::String(text) => text,
        json => json.to_string(),
    }
}

fn granting(grants: Option<GrantsIn>) -> Granting {
    grants.map_or_else(Granting::default, Into::into)
}

fn plugin_id(id: &str) -> Result<PluginId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
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
    let disabled = plugin::disable(&gateway, plugin_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(PluginOut::from(disabled)))
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
    let id = plugin_id(&id)?;
    let digest = plugin::get(&gateway, id).await?.digest;
    let rows = gateway.store.read(move |db| plugin_calls_page(db, &digest, &page)).await?;
    Ok(HttpResponse::Ok().json(answer::Page::of(rows, CallOut::from)))
}
