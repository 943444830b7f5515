//! Logging in at a shop: what its buyer sees on the way. Signing in, agreeing, and back; nothing between.
//!
//! The request travels in the address of every page and form, so that nothing is kept of visitors.

pub mod authorize;
pub mod consent;
pub mod end_session;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, LOCATION},
    web::Bytes,
};
use purser_core::login::params::{PARAMS_BYTES_MAX, Params};
use url::form_urlencoded;

use super::{
    Answered,
    visit::Visit,
    words::{self, Language, Words},
};
use crate::problem::{self, Problem};

/// The request in the address of a page.
fn params(request: &HttpRequest) -> Result<Params, Problem> {
    Params::parse(request.query_string()).map_err(too_much)
}

/// Speaks the language that the shop speaks, unless the buyer chose one.
fn speak(visit: &mut Visit, request: &HttpRequest, params: &Params) {
    let chosen = Language::chosen(request).is_some() || request.cookie(words::COOKIE).is_some();
    let asked = params.get("ui_locales").ok().flatten().filter(|_| !chosen);
    let known = asked.and_then(|asked| asked.split(' ').find_map(Language::parse));
    if let Some(language) = known {
        visit.shell.words = Words { language };
    }
}

/// A shop may send its buyer with a form of its own. Browsers send no cookie along with such a form, so who is signed in is
/// seen at the same address with the same parameters only.
fn as_address(path: &str, body: &Bytes) -> Answered {
    if body.len() > PARAMS_BYTES_MAX {
        return Err(Problem::new(problem::REQUEST_TOO_LARGE));
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form_urlencoded::parse(body))
        .finish();
    Ok(see_other(&format!("{path}?{query}")))
}

/// The page that a form belongs to, for who asks for the form's own address: to see it in another language, say.
fn page_of_form(path: &str, request: &HttpRequest) -> HttpResponse {
    see_other(&format!("{path}?{}", request.query_string()))
}

/// Without a cookie: whoever is signed in stays so.
fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

fn too_much(error: impl ToString) -> Problem {
    Problem::malformed("", error.to_string())
}
