//! What goes around every request: its id, its line in the log, its count, and the last touch to its problem.
//!
//! The log names the route, never the path with its ids, and nothing that a client sent: no address, no body.

use std::{
    collections::HashMap,
    sync::LazyLock,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage as _, HttpResponse, ResponseError,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use data_encoding::HEXLOWER;
use purser_host::Caller;
use serde_json::Value;
use tracing::Instrument;

use super::openapi;
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random,
};

/// The id of a request, for whoever shows it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Goes around every request.
pub async fn around(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let started = Instant::now();
    let id = format!("req_{}", HEXLOWER.encode(&random::bytes::<12>()));
    let span = tracing::info_span!("request", request.id = id);
    let method = method_name(request.method());
    let only_head = request.method() == Method::HEAD;
    if only_head {
        // What GET answers, HEAD answers without the body (RFC 9110, section 9.3.2), so it is routed as one.
        request.head_mut().method = Method::GET;
    }
    request.extensions_mut().insert(RequestId(id.clone()));
    let answering = Caller::Stranger.scope(next.call(request));
    let answered = answering.instrument(span.clone()).await?;
    let mut answered = match fault(&answered) {
        Some(problem) => with_problem(answered, &problem, &id),
        None => answered,
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        answered.headers_mut().insert(HEADER, value);
    }
    span.in_scope(|| record(&answered, method, started.elapsed()));
    Ok(if only_head { without_stream(answered) } else { answered })
}

/// A body of known length is left out where it is written, and its length is told; a live stream would be waited for.
fn without_stream(answered: ServiceResponse) -> ServiceResponse {
    match answered.response().body().size() {
        BodySize::Stream => answered.map_body(|_, _| BoxBody::new(())),
        BodySize::None | BodySize::Sized(_) => answered,
    }
}

/// The problem that a response is about. The frame's own errors have none, so they get one here.
fn fault(answered: &ServiceResponse) -> Option<Problem> {
    let status = answered.status();
    if is_page(answered) {
        return None;
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        return Some(Problem::new(problem::METHOD_NOT_ALLOWED));
    }
    let error = answered.response().error()?;
    Some(match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => Problem::of_frame(error),
    })
}

/// Whether a problem is told as a page already.
fn is_page(answered: &ServiceResponse) -> bool {
    let media_type = answered.headers().get(header::CONTENT_TYPE);
    media_type.is_some_and(|media_type| media_type.as_bytes().starts_with(b"text/html"))
}

/// The response with a whole problem document: where its type is explained, and the request's id.
fn with_problem(answered: ServiceResponse, problem: &Problem, id: &str) -> ServiceResponse {
    let status = problem.status_code();
    let mut members = match answered.request().app_data::<Data<Gateway>>() {
        Some(gateway) => problem.document(&gateway.issuer),
        None => problem.members(),
    };
    members.insert("request_id".into(), id.into());
    let (request, response) = answered.into_parts();
    let (mut response, _) = response.into_parts();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = request.match_pattern().and_then(|route| ROUTES.get(&route));
        // What the document does not describe are files of the viewer.
        let allowed = allowed.cloned().unwrap_or(HeaderValue::from_static("GET, HEAD"));
        let methods = allowed.to_str().unwrap_or_default();
        members.insert("detail".into(), format!("this address takes {methods}").into());
        headers.insert(header::ALLOW, allowed);
    }
    let response: HttpResponse =
        response.set_body(BoxBody::new(Value::Object(members).to_string()));
    ServiceResponse::new(request, response)
}

/// The one line and the one count of a request.
fn record(answered: &ServiceResponse, method: &'static str, took: Duration) {
    let (request, status) = (answered.request(), answered.status());
    // A path without parameters is its own route; looking it up is faster than matching it once more.
    let matched = match ROUTES.get_key_value(request.path()) {
        Some(_) => None,
        None => Some(request.match_pattern().unwrap_or_else(|| "unknown".to_owned())),
    };
    let route = matched.as_deref().unwrap_or_else(|| request.path());
    if let Some(gateway) = request.app_data::<Data<Gateway>>() {
        gateway.metrics.request(method, route, status.as_u16(), took);
    }
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        http.method = method,
        http.route = route,
        http.status = status.as_u16(),
        http.duration_us = duration_us,
        "answered"
    );
}

/// The method, if it is one of those that exist: what a client invents is counted together.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The methods of each route, as the document describes them.
static ROUTES: LazyLock<HashMap<String, HeaderValue>> = LazyLock::new(|| {
    let document = openapi::json().ok().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let paths =
        document.as_ref().and_then(|document| document.get("paths")).and_then(Value::as_object);
    let allowed = |(route, item): (&String, &Value)| {
        let methods = item.as_object()?.keys().map(|method| match method.as_str() {
            "get" => "GET, HEAD".to_owned(),
            other => other.to_ascii_uppercase(),
        });
        let methods: Vec<String> = methods.collect();
        Some((route.clone(), HeaderValue::from_str(&methods.join(", ")).ok()?))
    };
    paths.into_iter().flatten().filter_map(allowed).collect()
});
