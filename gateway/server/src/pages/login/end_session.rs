//! A shop's buyer comes to sign out.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use askama::Template;
use serde::Deserialize;

use super::{as_address, page_of_form, params, speak};
use crate::{
    app::{
        browser,
        oidc::{
            elsewhere::Elsewhere,
            end_session::{self, Ending},
        },
    },
    keys::random_text,
    pages::{Answered, form::Form, shell::Shell, visit::Visit},
};

/// Where shops send their buyers.
const PATH: &str = "/oauth/end-session";

#[derive(Template)]
#[template(path = "login/end_session.html")]
struct AskPage<'a> {
    shell: &'a Shell,
    shop: Option<String>,
    query: &'a str,
}

#[derive(Template)]
#[template(path = "login/ended.html")]
struct EndedPage<'a> {
    shell: &'a Shell,
    elsewhere: Option<Elsewhere>,
}

/// Nothing is filled in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndForm {}

/// Signs out, or asks first.
pub async fn page(mut visit: Visit, request: HttpRequest) -> Answered {
    let params = params(&request)?;
    speak(&mut visit, &request, &params);
    match end_session::next(&visit.gateway, &params, visit.payer()).await? {
        Ending::SignOut(back) => sign_out(&mut visit, back).await,
        Ending::Over(elsewhere) => {
            visit.show(&EndedPage { shell: &visit.shell, elsewhere: Some(elsewhere) }).send()
        }
        Ending::Ask { shop, back } => {
            let origin = back.as_deref().and_then(origin);
            let page = AskPage { shell: &visit.shell, shop, query: request.query_string() };
            let shown = visit.show(&page);
            match origin {
                Some(origin) => shown.form_may_end_at(&origin).send(),
                None => shown.send(),
            }
        }
    }
}

/// The same request, sent by a form of the shop's.
pub async fn posted(body: Bytes) -> Answered {
    as_address(PATH, &body)
}

/// The page of the form that was asked for by its own address.
pub async fn form_page(request: HttpRequest) -> HttpResponse {
    page_of_form(PATH, &request)
}

/// The buyer wants to.
pub async fn confirm(mut visit: Visit, request: HttpRequest, _: Form<EndForm>) -> Answered {
    let ending = end_session::next(&visit.gateway, &params(&request)?, visit.payer()).await?;
    let back = match ending {
        Ending::SignOut(back) | Ending::Ask { back, .. } => back,
        Ending::Over(_) => return Ok(form_page(request).await),
    };
    sign_out(&mut visit, back).await
}

/// The cookie opens nothing any more, and another takes its place.
async fn sign_out(visit: &mut Visit, back: Option<String>) -> Answered {
    let was_signed_in = visit.is_signed_in();
    if was_signed_in {
        browser::sign_out(&visit.gateway, visit.cookie()).await?;
    }
    let cookie = random_text("");
    match (back, was_signed_in) {
        (Some(shop), true) => Ok(visit.go_as(&shop, &cookie)),
        (Some(shop), false) => Ok(visit.go(&shop)),
        (None, _) => {
            visit.shell.signed_in = false;
            let page = EndedPage { shell: &visit.shell, elsewhere: None };
            visit.show(&page).send_as(was_signed_in.then_some(&cookie))
        }
    }
}

fn origin(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    Some(url.origin().ascii_serialization())
}
