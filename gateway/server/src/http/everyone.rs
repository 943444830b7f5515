//! What everybody may see: health, metrics, keys, the documentation, and what each problem means.

mod page;

use std::sync::{Arc, LazyLock};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    http::header::{self, ContentType},
    web::{Data, Path},
};
use purser_core::Timestamp;
use purser_money::Currency;
use purser_store::facts::refund_policy::refund_policy_current;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_swagger_ui::Config;

use super::{auth::Operator, openapi};
use crate::{
    gateway::Gateway,
    problem::{self, Kind, Problem},
};

type Answered = Result<HttpResponse, Problem>;

/// Public keys and documents change with a rotation or a new version, which nobody needs to see at once.
const CACHED: (&str, &str) = ("Cache-Control", "public, max-age=300");
/// The viewer runs its own scripts and asks this gateway only.
const VIEWER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "everyone",
    responses((status = 200, body = String, content_type = "text/plain", description = "It does")))]
pub async fn health() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("ok\n")
}

/// Whether requests can be served: the database answers.
#[utoipa::path(get, path = "/readyz", tag = "everyone",
    responses((status = 200, body = String, content_type = "text/plain", description = "They can"), openapi::Problems))]
pub async fn ready(gateway: Data<Gateway>) -> Answered {
    gateway.store.read(refund_policy_current).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body("ready\n"))
}

/// Counters for Prometheus: from this machine, or with the operator's key.
#[utoipa::path(get, path = "/metrics", tag = "everyone", security((), ("operator" = [])),
    responses((status = 200, body = String, content_type = "text/plain"), openapi::Problems))]
pub async fn metrics(gateway: Data<Gateway>, request: HttpRequest) -> Answered {
    if !is_local(&request) {
        Operator::extract(&request).await?;
    }
    let text = gateway.metrics.render(gateway.store.teller_counts()).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

/// Whether a request was made on this machine. What a proxy forwards comes from loopback too, and says so.
fn is_local(request: &HttpRequest) -> bool {
    let forwarded = request.headers().contains_key(header::FORWARDED)
        || request.headers().contains_key(header::X_FORWARDED_FOR);
    let loopback = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
    loopback && !forwarded
}

/// The gateway.
#[derive(Debug, Serialize, ToSchema)]
pub struct GatewayOut {
    /// The address that offers name in `aud` and receipts in `iss`.
    #[schema(format = "uri")]
    issuer: String,
    /// The version that runs.
    version: &'static str,
    /// The currency that vaults are held in.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "USD")]
    unit_of_account: Currency,
    /// Whether money here is play money.
    sandbox: bool,
    /// The gateway's time.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
}

/// Which gateway this is.
#[utoipa::path(get, path = "/v1/gateway", tag = "everyone", responses((status = 200, body = GatewayOut)))]
pub async fn gateway_get(gateway: Data<Gateway>) -> HttpResponse {
    HttpResponse::Ok().json(GatewayOut {
        issuer: gateway.issuer.clone(),
        version: env!("CARGO_PKG_VERSION"),
        unit_of_account: gateway.settings.unit_of_account,
        sandbox: gateway.settings.sandbox,
        now: gateway.now(),
    })
}

/// What a client of OpenID Connect discovers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Discovery {
    /// The issuer of receipts and tokens.
    #[schema(format = "uri")]
    issuer: String,
    /// Where its public keys are.
    #[schema(format = "uri")]
    jwks_uri: String,
    /// How receipts are signed.
    id_token_signing_alg_values_supported: [&'static str; 1],
    /// Each merchant knows a buyer by another name.
    subject_types_supported: [&'static str; 1],
}

/// Discovery: where the public keys are.
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "everyone",
    responses((status = 200, body = Discovery)))]
pub async fn openid_configuration(gateway: Data<Gateway>) -> HttpResponse {
    HttpResponse::Ok().insert_header(CACHED).json(Discovery {
        issuer: gateway.issuer.clone(),
        jwks_uri: format!("{}/.well-known/jwks.json", gateway.issuer),
        id_token_signing_alg_values_supported: ["EdDSA"],
        subject_types_supported: ["pairwise"],
    })
}

/// The public keys that receipts are checked with, old ones too.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "everyone",
    responses((status = 200, body = serde_json::Value, description = "A JWK set (RFC 7517)")))]
pub async fn jwks(gateway: Data<Gateway>) -> HttpResponse {
    HttpResponse::Ok().insert_header(CACHED).json(gateway.keys.ring.jwks())
}

/// The OpenAPI document.
pub async fn openapi_json() -> Answered {
    let json = openapi::json().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().insert_header(CACHED).content_type(ContentType::json()).body(json))
}

/// To the viewer, which needs the slash to find its files.
pub async fn docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// A file of the viewer.
pub async fn docs_file(path: Path<String>) -> Answered {
    static VIEWER: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        let config = Config::from("/openapi.json").use_base_layout().validator_url("none");
        Arc::new(config.doc_expansion("list").default_models_expand_depth(0))
    });
    let file = utoipa_swagger_ui::serve(&path, Arc::clone(&VIEWER)).map_err(Problem::internal)?;
    let file = file.ok_or_else(|| Problem::new(problem::NOT_FOUND))?;
    let mut response = HttpResponse::Ok();
    response.content_type(file.content_type).insert_header(CACHED);
    response.insert_header((header::CONTENT_SECURITY_POLICY, VIEWER_POLICY));
    // They are kept compressed. Whoever names no coding takes any (RFC 9110, section 12.5.3).
    if file.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(response.body(file.bytes.into_owned()))
}

/// A problem: its name, what it means and what to do about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemOut {
    /// The last part of `type`.
    name: &'static str,
    /// The HTTP status.
    status: u16,
    /// One line for people.
    title: &'static str,
    /// What it means.
    meaning: &'static str,
    /// What to do.
    cure: &'static str,
}

impl From<Kind> for ProblemOut {
    fn from(kind: Kind) -> Self {
        Self {
            name: kind.name(),
            status: kind.status(),
            title: kind.title(),
            meaning: kind.meaning(),
            cure: kind.cure(),
        }
    }
}

/// Every problem that this gateway answers with.
#[utoipa::path(get, path = "/problems", tag = "everyone", responses((status = 200, content(
    (Vec<ProblemOut> = "application/json"), (String = "text/html")))))]
pub async fn problems_list(request: HttpRequest) -> HttpResponse {
    if wants_json(&request) {
        return HttpResponse::Ok()
            .insert_header(CACHED)
            .json(Kind::all().map(ProblemOut::from).collect::<Vec<_>>());
    }
    html(HttpResponse::Ok(), page::problems())
}

/// What one problem means and what to do about it.
#[utoipa::path(get, path = "/problems/{name}", tag = "everyone",
    params(("name" = String, Path, description = "The last part of `type`", example = "offer-expired")),
    responses(
        (status = 200, content((ProblemOut = "application/json"), (String = "text/html"))),
        (status = 404, description = "`not-found`",
            content((openapi::ProblemDocument = "application/problem+json"), (String = "text/html"))),
        openapi::Problems))]
pub async fn problem_get(request: HttpRequest, name: Path<String>) -> Answered {
    match (Kind::parse(&name), wants_json(&request)) {
        (Some(kind), true) => {
            Ok(HttpResponse::Ok().insert_header(CACHED).json(ProblemOut::from(kind)))
        }
        (Some(kind), false) => Ok(html(HttpResponse::Ok(), page::problem(kind))),
        (None, true) => Err(Problem::new(problem::NOT_FOUND)),
        (None, false) => Ok(html(HttpResponse::NotFound(), page::unknown())),
    }
}

/// A program names JSON and no HTML; a browser names HTML.
fn wants_json(request: &HttpRequest) -> bool {
    let accepted = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    accepted.contains("json") && !accepted.contains("text/html")
}

fn html(mut response: actix_web::HttpResponseBuilder, page: String) -> HttpResponse {
    response
        .content_type(ContentType::html())
        .insert_header((header::CONTENT_SECURITY_POLICY, page::POLICY.as_str()))
        .insert_header((header::VARY, "Accept"))
        .insert_header(CACHED)
        .body(page)
}
