//! Signing in to a merchant's or the operator's desk, with a key.

use actix_web::{HttpRequest, web::Query};
use askama::Template;
use serde::Deserialize;

use super::{go_on, login::NextQuery};
use crate::{
    app::browser::{self, DeskKind},
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
}

impl<'a> DeskPage<'a> {
    fn new(shell: &'a Shell, faults: Faults, next: &'a str) -> Self {
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
        Self { shell, faults, next, title, lead, hint }
    }
}

/// A key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskForm {
    #[serde(default)]
    key: String,
    next: Option<Next>,
}

/// The form.
pub async fn page(visit: Visit, query: Query<NextQuery>) -> Answered {
    let next = within(&visit, query.next.as_ref());
    if visit.is_signed_in() {
        return Ok(visit.go(next));
    }
    visit.show(&DeskPage::new(&visit.shell, Faults::default(), next)).send()
}

/// Opens the desk.
pub async fn sign_in(visit: Visit, request: HttpRequest, form: Form<DeskForm>) -> Answered {
    let next = within(&visit, form.fields.next.as_ref());
    let kind = match visit.shell.area {
        Area::Operator => DeskKind::Operator,
        Area::Desk | Area::Wallet => DeskKind::Merchant,
    };
    match browser::open_desk(&visit.gateway, kind, &form.fields.key, address(&request)).await {
        Ok(cookie) => go_on(&visit, &cookie, next).await,
        Err(problem) => {
            let page = DeskPage::new(&visit.shell, visit.mend(problem)?, next);
            visit.show(&page).about(&page.faults).send()
        }
    }
}

/// A page of the same desk: another one would ask for a sign-in again.
fn within<'a>(visit: &Visit, next: Option<&'a Next>) -> &'a str {
    let area = visit.shell.area;
    next.and_then(Next::path).filter(|path| Area::of_address(path) == area).unwrap_or(area.home())
}
