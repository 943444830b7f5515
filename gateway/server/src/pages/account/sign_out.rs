//! Signing out, of a wallet or of a desk.

use askama::Template;
use serde::Deserialize;

use crate::{
    app::browser,
    keys::random_text,
    pages::{
        Answered,
        form::Form,
        shell::{Area, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "account/sign_out.html")]
struct SignOutPage<'a> {
    shell: &'a Shell,
    lead: String,
}

/// Nothing but the button.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOutForm {}

/// Asks whether it is meant: a link that signs out could stand on any page.
pub async fn page(visit: Visit) -> Answered {
    let lead = match visit.shell.area {
        Area::Wallet => visit.shell.t("logout-lead"),
        Area::Desk | Area::Operator => visit.shell.t("logout-lead-desk"),
    };
    visit.show(&SignOutPage { shell: &visit.shell, lead }).send()
}

/// Signs out. The cookie is another one from then on.
pub async fn sign_out(visit: Visit, _: Form<SignOutForm>) -> Answered {
    browser::sign_out(&visit.gateway, visit.cookie()).await?;
    Ok(visit.go_as("/", &random_text("")))
}
