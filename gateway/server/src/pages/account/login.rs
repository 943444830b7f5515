//! Signing in with e-mail, PIN and password.

use actix_web::{HttpRequest, web::Query};
use askama::Template;
use serde::Deserialize;

use super::{
    go_on,
    passkey::{self, PASSKEY},
    path,
};
use crate::{
    app::{
        browser::{self, Origin, SignIn},
        session::Login,
    },
    http::address::address,
    pages::{Answered, form::Form, next::Next, shell::Shell, shown::Faults, visit::Visit},
    problem::Problem,
};

/// Where a merchant's website sends who is to sign in.
const AUTHORIZE: &str = "/oauth/authorize?";

#[derive(Template)]
#[template(path = "account/login.html")]
struct LoginPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    email: &'a str,
    next: &'a str,
}

/// Where to afterwards.
#[derive(Deserialize)]
pub struct NextQuery {
    /// A path of this gateway.
    pub next: Option<Next>,
}

/// What somebody signs in with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    password: String,
    next: Option<Next>,
}

/// The form.
pub async fn page(visit: Visit, query: Query<NextQuery>) -> Answered {
    let next = path(query.next.as_ref());
    // Who comes from a shop signs in on the page that may lead back to it: this one's form may end at home only.
    if visit.is_signed_in() || next.starts_with(AUTHORIZE) {
        return Ok(visit.go(next));
    }
    let page = LoginPage { shell: &visit.shell, faults: Faults::default(), email: "", next };
    visit.show(&page).send()
}

/// Signs in.
pub async fn sign_in(visit: Visit, request: HttpRequest, form: Form<LoginForm>) -> Answered {
    let LoginForm { email, pin, password, next } = &form.fields;
    let next = path(next.as_ref());
    let login = Login { email, pin, password };
    let origin = origin(&visit, &request, next).await?;
    match browser::sign_in(&visit.gateway, visit.cookie(), &login, origin).await {
        Ok(SignIn::Done(cookie)) => go_on(&visit, &cookie, next).await,
        Ok(SignIn::Passkey(challenge)) => {
            let back = passkey::login(&visit, next);
            passkey::asked(&visit.shell, challenge, PASSKEY, &back).then(next).show(&visit).send()
        }
        Err(problem) => {
            let faults = visit.mend(problem)?;
            let page = LoginPage { shell: &visit.shell, faults, email, next };
            visit.show(&page).about(&page.faults).send()
        }
    }
}

/// Where somebody signs in from: through the merchant that asked for it, if one did.
async fn origin(visit: &Visit, request: &HttpRequest, next: &str) -> Result<Origin, Problem> {
    let address = address(request);
    let Some(query) = next.strip_prefix(AUTHORIZE) else { return Ok(Origin::direct(address)) };
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    match parameters.find(|(name, _)| name == "client_id") {
        Some((_, client)) => browser::origin_through(&visit.gateway, address, &client).await,
        None => Ok(Origin::direct(address)),
    }
}
