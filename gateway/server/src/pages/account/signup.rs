//! Opening an account, and the recovery code that is shown once.

use actix_web::{HttpRequest, web::Query};
use askama::Template;
use purser_core::secret::SecretText;
use serde::Deserialize;

use super::{CodePage, forget, login::NextQuery, path};
use crate::{
    app::{
        browser::{self, Origin, SignIn},
        session::Login,
        signup::{self, NewAccount},
    },
    http::address::address,
    pages::{Answered, form::Form, next::Next, shell::Shell, shown::Faults, visit::Visit},
    problem::Problem,
};

#[derive(Template)]
#[template(path = "account/signup.html")]
struct SignupPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    email: &'a str,
    country: &'a str,
    next: &'a str,
}

/// What an account is opened with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignupForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    password: String,
    country: Option<String>,
    next: Option<Next>,
}

/// The form.
pub async fn page(visit: Visit, query: Query<NextQuery>) -> Answered {
    let next = path(query.next.as_ref());
    let (faults, email, country) = (Faults::default(), "", "");
    visit.show(&SignupPage { shell: &visit.shell, faults, email, country, next }).send()
}

/// Opens the account, signs in, and shows the recovery code.
pub async fn sign_up(visit: Visit, request: HttpRequest, form: Form<SignupForm>) -> Answered {
    let SignupForm { email, country, next, .. } = &form.fields;
    let next = path(next.as_ref());
    match opened(&visit, &request, &form.fields).await {
        Ok((code, cookie)) => {
            let label = if cookie.is_some() { "code-continue" } else { "code-sign-in" };
            let onward = if cookie.is_some() { next } else { "/login" };
            let page = CodePage { shell: &visit.shell, code: code.expose(), onward, label };
            visit.show(&page).send_as(cookie.as_ref())
        }
        Err(problem) => {
            let faults = visit.mend(problem)?;
            let country = country.as_deref().unwrap_or_default();
            let page = SignupPage { shell: &visit.shell, faults, email, country, next };
            visit.show(&page).about(&page.faults).send()
        }
    }
}

/// The recovery code, and the cookie of whoever is signed in now. The account is there even if it cannot be signed in
/// to at once, and its code must be shown.
async fn opened(
    visit: &Visit,
    request: &HttpRequest,
    form: &SignupForm,
) -> Result<(SecretText, Option<SecretText>), Problem> {
    let SignupForm { email, pin, password, country, .. } = form;
    let country = country.as_deref().map(|text| text.trim().to_uppercase());
    let (gateway, address) = (&visit.gateway, address(request));
    let new = NewAccount::parse(gateway, email, pin, password, country.as_deref())?;
    let opened = signup::sign_up(gateway, new, address).await?;
    let login = Login { email, pin, password };
    let signed_in =
        browser::sign_in(gateway, visit.cookie(), &login, Origin::direct(address)).await;
    let Ok(SignIn::Done(cookie)) = signed_in else { return Ok((opened.recovery_code, None)) };
    forget(visit).await?;
    Ok((opened.recovery_code, Some(cookie)))
}
