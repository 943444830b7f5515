//! The account: PIN and password, recovery code, and signing out everywhere.

use actix_web::HttpRequest;
use askama::Template;
use serde::Deserialize;

use crate::{
    app::{
        credentials::{self, Change},
        session,
    },
    http::address::address,
    pages::{
        Answered,
        account::CodePage,
        form::Form,
        shell::{Flash, Shell},
        shown::Faults,
        visit::BuyerVisit,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "wallet/account.html")]
struct AccountPage<'a> {
    shell: &'a Shell,
    country: Option<String>,
}

#[derive(Template)]
#[template(path = "wallet/credentials.html")]
struct CredentialsPage<'a> {
    shell: &'a Shell,
    faults: Faults,
}

#[derive(Template)]
#[template(path = "wallet/recovery_code.html")]
struct RecoveryCodePage<'a> {
    shell: &'a Shell,
    faults: Faults,
}

/// Other credentials, shown the old ones. What is left empty stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeForm {
    #[serde(default)]
    pin: String,
    #[serde(default)]
    password: String,
    new_pin: Option<String>,
    new_password: Option<String>,
}

/// Whoever is signed in, shown to be the owner.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerForm {
    #[serde(default)]
    pin: String,
    #[serde(default)]
    password: String,
}

/// A form that only says yes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YesForm {}

/// What can be done with it.
pub async fn page(visit: BuyerVisit) -> Answered {
    let country = visit.payer.country.as_ref().map(ToString::to_string);
    visit.show(&AccountPage { shell: &visit.shell, country }).send()
}

/// Signs out everywhere, here too.
pub async fn sign_out_everywhere(visit: BuyerVisit, _: Form<YesForm>) -> Answered {
    session::sign_out_everywhere(&visit.gateway, visit.payer.account).await?;
    Ok(visit.go_saying("/login", &Flash::good("wallet-signed-out")))
}

/// The form for a new PIN or password.
pub async fn credentials_page(visit: BuyerVisit) -> Answered {
    show_credentials(&visit, Faults::default())
}

/// Changes them. Every session ends, this one too.
pub async fn change(visit: BuyerVisit, request: HttpRequest, form: Form<ChangeForm>) -> Answered {
    let ChangeForm { pin, password, new_pin, new_password } = &form.fields;
    let changed = if new_pin.is_none() && new_password.is_none() {
        Err(Problem::malformed("new_pin", "a new PIN, a new password, or both"))
    } else {
        let (new_pin, new_password) = (new_pin.as_deref(), new_password.as_deref());
        let change = Change { pin, password, new_pin, new_password };
        credentials::change(&visit.gateway, &visit.access, address(&request), &change).await
    };
    match changed {
        Ok(()) => Ok(visit.go_saying("/login", &Flash::good("wallet-credentials-changed"))),
        Err(problem) => show_credentials(&visit, visit.mend(problem)?),
    }
}

/// The form for a new recovery code.
pub async fn recovery_code_page(visit: BuyerVisit) -> Answered {
    show_recovery_code(&visit, Faults::default())
}

/// Makes a new one, and shows it this once.
pub async fn new_recovery_code(
    visit: BuyerVisit,
    request: HttpRequest,
    form: Form<OwnerForm>,
) -> Answered {
    let OwnerForm { pin, password } = &form.fields;
    let (gateway, from) = (&visit.gateway, address(&request));
    match credentials::new_recovery_code(gateway, &visit.access, from, pin, password).await {
        Ok(code) => {
            let (onward, label) = ("/wallet/account", "code-continue");
            let page = CodePage { shell: &visit.shell, code: code.expose(), onward, label };
            visit.show(&page).send()
        }
        Err(problem) => show_recovery_code(&visit, visit.mend(problem)?),
    }
}

fn show_credentials(visit: &BuyerVisit, faults: Faults) -> Answered {
    let page = CredentialsPage { shell: &visit.shell, faults };
    visit.show(&page).about(&page.faults).send()
}

fn show_recovery_code(visit: &BuyerVisit, faults: Faults) -> Answered {
    let page = RecoveryCodePage { shell: &visit.shell, faults };
    visit.show(&page).about(&page.faults).send()
}
