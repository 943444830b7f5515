//! What everybody may see: health, metrics, keys, the documentation, and what each problem means.

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
/// Browsers get a page of the same address.
const VARIES: (&str, &str) = ("Vary", "Accept");
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
pub async fn problems_list() -> HttpResponse {
    let problems: Vec<_> = Kind::all().map(ProblemOut::from).collect();
    HttpResponse::Ok().insert_header(CACHED).insert_header(VARIES).json(problems)
}

/// What one problem means and what to do about it.
#[utoipa::path(get, path = "/problems/{name}", tag = "everyone",
    params(("name" = String, Path, description = "The last part of `type`", example = "offer-expired")),
    responses(
        (status = 200, content((ProblemOut = "application/json"), (String = "text/html"))),
        (status = 404, description = "`not-found`",
            content((openapi::ProblemDocument = "application/problem+json"), (String = "text/html"))),
        openapi::Problems))]
pub async fn problem_get(name: Path<String>) -> Answered {
    let kind = Kind::parse(&name).ok_or_else(|| Problem::new(problem::NOT_FOUND))?;
    Ok(HttpResponse::Ok().insert_header(CACHED).insert_header(VARIES).json(ProblemOut::from(kind)))
}
