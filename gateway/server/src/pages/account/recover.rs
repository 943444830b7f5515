//! Getting back in with the recovery code.

use actix_web::HttpRequest;
use askama::Template;
use serde::Deserialize;

use super::CodePage;
use crate::{
    app::credentials::{self, Recovery},
    http::address::address,
    pages::{Answered, form::Form, shell::Shell, shown::Faults, visit::Visit},
};

#[derive(Template)]
#[template(path = "account/recover.html")]
struct RecoverPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    email: &'a str,
}

/// What somebody who lost PIN or password shows and chooses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoverForm {
    #[serde(default)]
    recovery_code: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    new_pin: String,
    #[serde(default)]
    new_password: String,
}

/// The form.
pub async fn page(visit: Visit) -> Answered {
    let page = RecoverPage { shell: &visit.shell, faults: Faults::default(), email: "" };
    visit.show(&page).send()
}

/// Sets the new PIN and password, and shows the next recovery code: the one that was shown is used up.
pub async fn recover(visit: Visit, request: HttpRequest, form: Form<RecoverForm>) -> Answered {
    let RecoverForm { recovery_code, email, new_pin, new_password } = &form.fields;
    let recovery = Recovery { code: recovery_code, email, new_pin, new_password };
    match credentials::recover(&visit.gateway, address(&request), &recovery).await {
        Ok(next) => {
            let (shell, code) = (&visit.shell, next.expose());
            visit.show(&CodePage { shell, code, onward: "/login", label: "code-sign-in" }).send()
        }
        Err(problem) => {
            let page = RecoverPage { shell: &visit.shell, faults: visit.mend(problem)?, email };
            visit.show(&page).about(&page.faults).send()
        }
    }
}
