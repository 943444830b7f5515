//! Signing in to a merchant's or the operator's desk, with a key.

use actix_web::{HttpRequest, web::Query};
use askama::Template;
use serde::Deserialize;

use super::{
    go_on,
    login::NextQuery,
    passkey::{self, AnswerForm},
};
use crate::{
    app::{
        self,
        browser::{self, DeskKind, SignIn},
    },
    http::address::address,
    pages::{
        Answered,
        form::Form,
        next::Next,
        shell::{Area, Shell},
        shown::Faults,
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "account/desk.html")]
struct DeskPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    next: &'a str,
    title: String,
    lead: String,
    hint: String,
    passkeys: bool,
}

impl<'a> DeskPage<'a> {
    fn new(visit: &'a Visit, faults: Faults, next: &'a str) -> Self {
        let shell = &visit.shell;
        let (title, lead, hint) = match shell.area {
            Area::Operator => (
                shell.t("operator-login-title"),
                shell.t("operator-login-lead"),
                shell.t("hint-operator-key"),
            ),
            Area::Desk | Area::Wallet => {
                (shell.t("desk-login-title"), shell.t("desk-login-lead"), shell.t("hint-desk-key"))
            }
        };
        let passkeys = visit.gateway.passkeys.are_offered();
        Self { shell, faults, next, title, lead, hint, passkeys }
    }
}

/// A key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskForm {
    #[serde(default)]
    key: String,
    /// Whether a passkey is shown in the place of the key.
    passkey: Option<String>,
    next: Option<Next>,
}

/// The form.
pub async fn page(visit: Visit, query: Query<NextQuery>) -> Answered {
    let next = within(&visit, query.next.as_ref());
    if visit.is_signed_in() {
        return Ok(visit.go(next));
    }
    visit.show(&DeskPage::new(&visit, Faults::default(), next)).send()
}

/// Opens the desk.
pub async fn sign_in(visit: Visit, request: HttpRequest, form: Form<DeskForm>) -> Answered {
    let next = within(&visit, form.fields.next.as_ref());
    let kind = kind(&visit);
    let opened = if form.fields.passkey.is_some() {
        let asked =
            app::passkey::ask_at_desk(&visit.gateway, visit.cookie(), address(&request)).await;
        asked.map(SignIn::Passkey)
    } else {
        let key = &form.fields.key;
        let opened = browser::open_desk(&visit.gateway, kind, key, address(&request)).await;
        opened.map(SignIn::Done)
    };
    match opened {
        Ok(SignIn::Done(cookie)) => go_on(&visit, &cookie, next).await,
        Ok(SignIn::Passkey(challenge)) => {
            let back = passkey::login(&visit, next);
            let action = format!("{}/passkey", visit.shell.area.login());
            passkey::asked(&visit.shell, challenge, &action, &back).then(next).show(&visit).send()
        }
        Err(problem) => {
            let page = DeskPage::new(&visit, visit.mend(problem)?, next);
            visit.show(&page).about(&page.faults).send()
        }
    }
}

/// Answers with a passkey in the place of the key.
pub async fn open_with_passkey(visit: Visit, form: Form<AnswerForm>) -> Answered {
    let next = within(&visit, form.fields.next.as_ref());
    let (gateway, browser, answer) = (&visit.gateway, visit.cookie(), form.fields.answer());
    match app::passkey::open_desk(gateway, browser, kind(&visit), answer).await {
        Ok(cookie) => go_on(&visit, &cookie, next).await,
        Err(problem) => passkey::refused(&visit, problem, &passkey::login(&visit, next)),
    }
}

fn kind(visit: &Visit) -> DeskKind {
    match visit.shell.area {
        Area::Operator => DeskKind::Operator,
        Area::Desk | Area::Wallet => DeskKind::Merchant,
    }
}

/// A page of the same desk: another one would ask for a sign-in again.
fn within<'a>(visit: &Visit, next: Option<&'a Next>) -> &'a str {
    let area = visit.shell.area;
    next.and_then(Next::path).filter(|path| Area::of_address(path) == area).unwrap_or(area.home())
}
