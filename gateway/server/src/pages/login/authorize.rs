//! A shop's buyer arrives, and signs in.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use askama::Template;
use purser_core::secret::SecretText;
use serde::Deserialize;

use super::{as_address, consent, page_of_form, params, speak};
use crate::{
    app::{
        self,
        browser::{self, Origin, SignIn},
        oidc::{
            authorize::{self, Asked, Step},
            elsewhere::Elsewhere,
        },
        session::Login,
    },
    http::address::address,
    pages::{
        Answered,
        account::passkey::{self, AnswerForm},
        form::Form,
        shell::Shell,
        shown::Faults,
        visit::Visit,
    },
    problem::{self, Problem},
};

/// Where shops send their buyers.
const PATH: &str = "/oauth/authorize";

#[derive(Template)]
#[template(path = "login/sign_in.html")]
struct SignInPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    email: &'a str,
    asked: &'a Asked,
    again: String,
}

#[derive(Template)]
#[template(path = "login/elsewhere.html")]
struct ElsewherePage<'a> {
    shell: &'a Shell,
    elsewhere: Elsewhere,
}

/// What somebody signs in with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    password: String,
}

/// What is next: signing in, agreeing, or back to the shop.
pub async fn page(mut visit: Visit, request: HttpRequest) -> Answered {
    let params = params(&request)?;
    speak(&mut visit, &request, &params);
    match authorize::next(&visit.gateway, &params, visit.payer()).await? {
        Step::SignIn(asked) => sign_in_page(&visit, &asked, Faults::default(), ""),
        Step::Agree(asked) => consent::page(&visit, &asked),
        Step::Back(shop) => Ok(visit.go(&shop)),
        Step::Offer(elsewhere) => {
            visit.show(&ElsewherePage { shell: &visit.shell, elsewhere }).send()
        }
    }
}

/// The same request, sent by a form of the shop's.
pub async fn posted(body: Bytes) -> Answered {
    as_address(PATH, &body)
}

/// The page of a form that was asked for by its own address.
pub async fn form_page(request: HttpRequest) -> HttpResponse {
    page_of_form(PATH, &request)
}

/// Signs in, as whoever came through this shop: what is guessed there counts for it.
pub async fn sign_in(mut visit: Visit, request: HttpRequest, form: Form<SignInForm>) -> Answered {
    let params = params(&request)?;
    speak(&mut visit, &request, &params);
    let step = authorize::next(&visit.gateway, &params, visit.payer()).await?;
    let asked = match step {
        Step::SignIn(asked) => asked,
        Step::Agree(_) | Step::Back(_) | Step::Offer(_) => return Ok(form_page(request).await),
    };
    let SignInForm { email, pin, password } = &form.fields;
    let origin = Origin { address: address(&request), through: Some(asked.client.merchant) };
    let login = Login { email, pin, password };
    match browser::sign_in(&visit.gateway, visit.cookie(), &login, origin).await {
        Ok(SignIn::Done(cookie)) => signed_in(&visit, &asked, &cookie).await,
        Ok(SignIn::Passkey(challenge)) => {
            let action = format!("{PATH}/passkey?{}", asked.query);
            let back = format!("{PATH}?{}", asked.query);
            let page = passkey::asked(&visit.shell, challenge, &action, &back);
            page.show(&visit).form_may_end_at(&asked.origin()).send()
        }
        Err(problem) => {
            let faults = visit.mend(problem)?;
            sign_in_page(&visit, &asked, faults, email)
        }
    }
}

/// Answers with a passkey, beside what was typed.
pub async fn passkey(mut visit: Visit, request: HttpRequest, form: Form<AnswerForm>) -> Answered {
    let params = params(&request)?;
    speak(&mut visit, &request, &params);
    let step = authorize::next(&visit.gateway, &params, visit.payer()).await?;
    let Step::SignIn(asked) = step else { return Ok(form_page(request).await) };
    match app::passkey::sign_in(&visit.gateway, visit.cookie(), form.fields.answer()).await {
        Ok(cookie) => signed_in(&visit, &asked, &cookie).await,
        Err(problem) => passkey::refused(&visit, problem, &format!("{PATH}?{}", asked.query)),
    }
}

/// On with the request, as whoever has just signed in for it.
async fn signed_in(visit: &Visit, asked: &Asked, cookie: &SecretText) -> Answered {
    // Whoever was signed in here before is not any more.
    browser::sign_out(&visit.gateway, visit.cookie()).await?;
    let begun = browser::buyer(&visit.gateway, cookie.expose()).await?;
    let (payer, _) = begun.ok_or_else(|| Problem::new(problem::NOT_AUTHENTICATED))?;
    let query = authorize::signed_in(&visit.gateway, asked, payer.session);
    Ok(visit.go_as(&format!("{PATH}?{query}"), cookie))
}

fn sign_in_page(visit: &Visit, asked: &Asked, faults: Faults, email: &str) -> Answered {
    let again = format!("{PATH}?{}", asked.query);
    let page = SignInPage { shell: &visit.shell, faults, email, asked, again };
    // Who agreed before goes from here to the shop.
    visit.show(&page).about(&page.faults).form_may_end_at(&asked.origin()).send()
}
