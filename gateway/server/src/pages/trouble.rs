//! What goes around every page: its headers, its language, and a page for every problem, which says what happened, that
//! no money moved, and what to do. It asks nothing of the database, which may be what is down.

use actix_web::{
    Error, HttpMessage as _, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    cookie::time::Duration,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use askama::Template;

use super::{
    form::Repeatable,
    shell::{Area, Shell},
    visit::own_cookie,
    words::{COOKIE, Language},
};
use crate::{
    gateway::Gateway,
    http::request_id::RequestId,
    problem::{self, Problem},
};

/// A year, in days.
const LANGUAGE_DAYS: i64 = 365;

/// What browsers must keep to, on every page.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Our own forms say where they come from; no other site learns which page linked to it.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The member of a problem that names where its shop wants the buyer back.
pub(super) const RETURN_URL: &str = "return_url";

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    shell: &'a Shell,
    title: String,
    cure: String,
    detail: Option<&'a str>,
    effect: String,
    wait: Option<i64>,
    request_id: Option<String>,
    again: Option<String>,
    /// Where the shop wants its buyers back.
    shop: Option<&'a str>,
    name: &'static str,
}

/// Goes around every page.
pub async fn around<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let answered = next.call(request).await?.map_into_boxed_body();
    let problem = trouble_of(&answered);
    let request = answered.request().clone();
    let mut answered = match problem {
        Some(problem) if !wants_json(request.headers()) => {
            let response = response(&request, &problem);
            answered.into_response(response)
        }
        _ => answered,
    };
    set_headers(answered.headers_mut());
    keep_language(&request, answered.response_mut());
    Ok(answered)
}

/// The problem as a page, for an address that has none.
pub fn page_of(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    let mut response = response(request, problem);
    set_headers(response.headers_mut());
    response
}

/// The status of a problem.
pub(super) fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What a page may load, and where its forms may end.
pub(super) fn policy(form_origin: Option<&str>) -> String {
    let forms = form_origin.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; \
         form-action 'self'{forms}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// A program names JSON and no HTML; a browser names HTML.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = accepted(headers);
    accepted.contains("json") && !accepted.contains("text/html")
}

/// Whether a browser asks, which names HTML.
pub fn wants_html(request: &HttpRequest) -> bool {
    accepted(request.headers()).contains("text/html")
}

fn accepted(headers: &HeaderMap) -> &str {
    let accept = headers.get(header::ACCEPT);
    accept.and_then(|accept| accept.to_str().ok()).unwrap_or_default()
}

/// The problem that a response is about. The frame's own have none, so they get one here.
fn trouble_of(answered: &ServiceResponse<BoxBody>) -> Option<Problem> {
    if answered.status() == StatusCode::METHOD_NOT_ALLOWED {
        return Some(Problem::new(problem::METHOD_NOT_ALLOWED));
    }
    let error = answered.response().error()?;
    Some(match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => Problem::of_frame(error),
    })
}

fn response(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    let streams = accepted(request.headers()).contains("text/event-stream");
    if problem.kind == problem::NOT_AUTHENTICATED && !streams {
        return to_sign_in(request);
    }
    let shell = Shell::bare(request);
    let html = page(request, &shell, problem).render().unwrap_or_else(|error| {
        tracing::error!(%error, alarm = true, "the page of a problem cannot be made");
        problem.kind.title().to_owned()
    });
    let mut response = HttpResponse::build(status(problem));
    if let Some(wait) = problem.retry_after {
        response.insert_header((header::RETRY_AFTER, wait.as_secs().max(1).to_string()));
    }
    if problem.kind == problem::METHOD_NOT_ALLOWED {
        let allowed = if request.method() == Method::GET { "POST" } else { "GET, HEAD" };
        response.insert_header((header::ALLOW, allowed));
    }
    response.content_type("text/html; charset=utf-8").body(html)
}

/// To where one signs in, and from there back to where one was going.
fn to_sign_in(request: &HttpRequest) -> HttpResponse {
    let area = Area::of(request.path());
    let mut location = area.login().to_owned();
    if request.method() == Method::GET {
        let here = request.uri().path_and_query().map_or(area.home(), |here| here.as_str());
        let next = url::form_urlencoded::byte_serialize(here.as_bytes()).collect::<String>();
        location = format!("{location}?next={next}");
    }
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}

fn page<'a>(request: &HttpRequest, shell: &'a Shell, problem: &'a Problem) -> TroublePage<'a> {
    let name = problem.kind.name();
    let sent = *request.method() == Method::POST;
    // After these it may have been committed, or may still be.
    let untold = [problem::DATABASE_UNAVAILABLE, problem::INTERNAL, problem::REQUEST_IN_PROGRESS];
    let unknown = sent && untold.contains(&problem.kind);
    let repeatable = request.extensions().contains::<Repeatable>();
    let effect = match (unknown, repeatable) {
        (false, _) => "trouble-nothing-moved",
        (true, true) => "trouble-unknown",
        (true, false) => "trouble-look",
    };
    // What the occurrence says of its own, in English, helps whoever can do something about it.
    let own = problem.detail != problem.kind.meaning() && problem.kind != problem::INTERNAL;
    TroublePage {
        title: shell.words.named("problem", name),
        cure: shell.words.named("problem", &format!("{name}-cure")),
        detail: own.then_some(problem.detail.as_str()),
        effect: shell.t(effect),
        wait: problem.retry_after.and_then(|wait| i64::try_from(wait.as_secs().max(1)).ok()),
        request_id: request.extensions().get::<RequestId>().map(|id| id.0.clone()),
        again: (!sent)
            .then(|| request.uri().to_string())
            .filter(|_| status(problem).is_server_error()),
        shop: problem.with.get(RETURN_URL).and_then(|url| url.as_str()),
        name,
        shell,
    }
}

fn set_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&policy(None))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// A language that was chosen is kept.
fn keep_language(request: &HttpRequest, response: &mut HttpResponse<BoxBody>) {
    let Some(language) = Language::chosen(request) else { return };
    let Some(gateway) = request.app_data::<Data<Gateway>>() else { return };
    let mut cookie = own_cookie(gateway, COOKIE, language.code());
    cookie.set_max_age(Duration::days(LANGUAGE_DAYS));
    // The cookie is ours and has no odd characters.
    let _ = response.add_cookie(&cookie);
}
