//! A shop's buyer agrees to what the shop will see.

use actix_web::HttpRequest;
use askama::Template;
use serde::Deserialize;

use super::{authorize::form_page, params};
use crate::{
    app::oidc::authorize::{self, Asked, Step},
    pages::{Answered, form::Form, shell::Shell, visit::Visit},
};

#[derive(Template)]
#[template(path = "login/consent.html")]
struct ConsentPage<'a> {
    shell: &'a Shell,
    asked: &'a Asked,
    origin: String,
}

/// Nothing is filled in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentForm {}

/// What the shop will see.
pub(super) fn page(visit: &Visit, asked: &Asked) -> Answered {
    let page = ConsentPage { shell: &visit.shell, asked, origin: asked.origin() };
    visit.show(&page).form_may_end_at(&page.origin).send()
}

/// The buyer agrees, and goes back to the shop.
pub async fn agree(visit: Visit, request: HttpRequest, _: Form<ConsentForm>) -> Answered {
    match authorize::agree(&visit.gateway, &params(&request)?, visit.payer()).await? {
        Step::Back(shop) => Ok(visit.go(&shop)),
        // The session has ended since, or another began.
        Step::SignIn(_) | Step::Agree(_) | Step::Offer(_) => Ok(form_page(request).await),
    }
}
