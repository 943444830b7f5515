//! Signing in with e-mail, PIN and password.

use actix_web::{HttpRequest, HttpResponse, web::Query};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::{
        browser::{self, Origin},
        session::Login,
    },
    http::address::address,
    pages::{Answered, form::Form, next::Next, shell::Shell, shown::Faults, visit::Visit},
};

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
pub struct LoginQuery {
    next: Option<Next>,
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
pub async fn page(visit: Visit, query: Query<LoginQuery>) -> Answered {
    let next = path(query.next.as_ref());
    if visit.is_signed_in() {
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
    match browser::sign_in(&visit.gateway, &login, Origin::direct(address(&request))).await {
        Ok(cookie) => Ok(begun(&visit, &cookie, next).await?),
        Err(problem) => {
            let faults = visit.mend(problem)?;
            let page = LoginPage { shell: &visit.shell, faults, email, next };
            visit.show(&page).about(&page.faults).send()
        }
    }
}

/// On to where somebody was going, signed in; whoever was signed in here before is not any more.
async fn begun(
    visit: &Visit,
    cookie: &purser_core::secret::SecretText,
    next: &str,
) -> Result<HttpResponse, crate::problem::Problem> {
    browser::sign_out(&visit.gateway, visit.cookie()).await?;
    Ok(visit.go_as(next, cookie))
}

fn path(next: Option<&Next>) -> &str {
    next.and_then(Next::path).unwrap_or("/wallet")
}
