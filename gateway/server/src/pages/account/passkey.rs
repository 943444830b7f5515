//! Showing a passkey: a browser hands the challenge to an authenticator, and a form brings the answer.

use askama::Template;
use serde::Deserialize;

use super::{go_on, path};
use crate::{
    app::passkey::{self, Answer, Challenge},
    pages::{
        Answered,
        form::Form,
        next::Next,
        shell::{Area, Flash, Shell},
        shown::Shown,
        visit::Visit,
    },
    problem::{self, Problem},
};

/// Where a buyer's answer goes that signs in to the wallet.
pub(super) const PASSKEY: &str = "/login/passkey";

/// The challenge, and where its answer goes.
#[derive(Template)]
#[template(path = "account/passkey.html")]
pub struct PasskeyPage<'a> {
    shell: &'a Shell,
    title: String,
    lead: String,
    /// What the script does with the challenge: `create` or `get`.
    does: &'static str,
    challenge: Challenge,
    action: &'a str,
    next: &'a str,
    back: &'a str,
}

/// What an authenticator answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerForm {
    /// Which challenge was answered.
    #[serde(default)]
    pub ceremony: String,
    /// The JSON of a `PublicKeyCredential`.
    #[serde(default)]
    pub answer: String,
    /// Where to afterwards.
    pub next: Option<Next>,
}

/// Asks for a passkey that is known; `back` is where the sign-in began.
pub fn asked<'a>(
    shell: &'a Shell,
    challenge: Challenge,
    action: &'a str,
    back: &'a str,
) -> PasskeyPage<'a> {
    PasskeyPage {
        shell,
        title: shell.t(match shell.area {
            Area::Wallet => "passkey-title",
            Area::Desk | Area::Operator => "passkey-desk-title",
        }),
        lead: shell.t("passkey-lead"),
        does: "get",
        challenge,
        action,
        next: "",
        back,
    }
}

/// Asks for a new passkey.
pub fn asked_for_new<'a>(
    shell: &'a Shell,
    challenge: Challenge,
    action: &'a str,
    back: &'a str,
) -> PasskeyPage<'a> {
    PasskeyPage {
        title: shell.t("passkey-new-title"),
        lead: shell.t("passkey-new-lead"),
        does: "create",
        ..asked(shell, challenge, action, back)
    }
}

impl<'a> PasskeyPage<'a> {
    /// With a path of this gateway to go on to afterwards.
    pub fn then(self, next: &'a str) -> Self {
        Self { next, ..self }
    }

    /// The page.
    pub fn show<'v>(&self, visit: &'v Visit) -> Shown<'v> {
        visit.show(self)
    }
}

impl AnswerForm {
    /// The answer alone.
    pub fn answer(&self) -> Answer<'_> {
        Answer { ceremony: &self.ceremony, answer: &self.answer }
    }
}

/// Signs in to the wallet.
pub async fn sign_in(visit: Visit, form: Form<AnswerForm>) -> Answered {
    let next = path(form.fields.next.as_ref());
    match passkey::sign_in(&visit.gateway, visit.cookie(), form.fields.answer()).await {
        Ok(cookie) => go_on(&visit, &cookie, next).await,
        Err(problem) => refused(&visit, problem, &login(&visit, next)),
    }
}

/// Where somebody signs in who was going somewhere.
pub(super) fn login(visit: &Visit, next: &str) -> String {
    let query =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{}?{query}", visit.shell.area.login())
}

/// A challenge is answered once: whoever is refused begins again, and is told so there.
pub fn refused(visit: &Visit, problem: Problem, again: &str) -> Answered {
    let mendable =
        [problem::PASSKEY_REFUSED, problem::WRONG_CREDENTIALS, problem::MALFORMED_REQUEST];
    if mendable.contains(&problem.kind) {
        return Ok(visit.go_saying(again, &Flash::bad("passkey-refused")));
    }
    Err(problem)
}
