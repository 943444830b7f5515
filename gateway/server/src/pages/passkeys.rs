//! The passkeys of whoever is signed in: which there are, a new one, and one less. The wallet and both desks have them; a
//! wallet asks for PIN and password before anything changes, a desk for the key that opened it.

use askama::Template;
use data_encoding::BASE64URL_NOPAD;
use purser_core::ids::SessionId;
use purser_store::facts::passkey::{PasskeyOwner, PasskeyRow};
use serde::Deserialize;

use super::{
    Answered,
    account::{
        CodePage,
        passkey::{AnswerForm, asked_for_new, refused},
    },
    shell::{Area, Flash, Shell},
    shown::Faults,
    visit::Visit,
};
use crate::{app::passkey, problem::Problem};

#[derive(Template)]
#[template(path = "passkeys.html")]
struct PasskeysPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    /// What was typed, where something is wrong with it.
    filled: &'a str,
    at: &'static str,
    lead: String,
    passkeys: Vec<PasskeyRow>,
    offered: bool,
    /// Whether PIN and password are asked for, and not a desk's key.
    is_wallet: bool,
}

impl PasskeysPage<'_> {
    fn id(&self, passkey: &PasskeyRow) -> String {
        BASE64URL_NOPAD.encode(&passkey.id)
    }
}

/// A new passkey.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewForm {
    /// What it is to be called.
    pub passkey_name: String,
    /// The buyer's.
    pub pin: String,
    /// The buyer's.
    pub password: String,
    /// The one that a desk was opened with.
    pub key: String,
}

/// A passkey to take away.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveForm {
    /// Its id.
    pub passkey: String,
    /// The buyer's.
    pub pin: String,
    /// The buyer's.
    pub password: String,
    /// The one that a desk was opened with.
    pub key: String,
}

/// Where the passkeys of an area are.
const fn place(area: Area) -> &'static str {
    match area {
        Area::Wallet => "/wallet/account/passkeys",
        Area::Desk => "/desk/passkeys",
        Area::Operator => "/operator/passkeys",
    }
}

/// The list.
pub async fn page(visit: &Visit, owner: PasskeyOwner) -> Answered {
    show(visit, owner, Faults::default(), "").await
}

/// Gives the browser a challenge, or says what is wrong with the form.
pub async fn ask(
    visit: &Visit,
    owner: PasskeyOwner,
    confirmed: Result<(), Problem>,
    name: &str,
) -> Answered {
    let asked = match confirmed {
        Ok(()) => passkey::ask_for_new(&visit.gateway, visit.cookie(), owner, name).await,
        Err(problem) => Err(problem),
    };
    match asked {
        Ok(challenge) => {
            let back = place(visit.shell.area);
            let action = format!("{back}/add");
            asked_for_new(&visit.shell, challenge, &action, back).show(visit).send()
        }
        Err(problem) => show(visit, owner, visit.mend(problem)?, name).await,
    }
}

/// Keeps what the authenticator made.
pub async fn add(
    visit: &Visit,
    owner: PasskeyOwner,
    session: Option<SessionId>,
    form: &AnswerForm,
) -> Answered {
    let (gateway, browser, at) = (&visit.gateway, visit.cookie(), place(visit.shell.area));
    match passkey::add(gateway, browser, owner, session, form.answer()).await {
        Ok(None) => Ok(visit.go_saying(at, &Flash::good("passkey-added"))),
        Ok(Some(code)) => {
            let page = CodePage {
                shell: &visit.shell,
                code: code.expose(),
                onward: at,
                label: "code-continue",
            };
            visit.show(&page).send()
        }
        Err(problem) => refused(visit, problem, at),
    }
}

/// Takes one away.
pub async fn remove(
    visit: &Visit,
    owner: PasskeyOwner,
    confirmed: Result<(), Problem>,
    id: &str,
) -> Answered {
    let removed = match confirmed {
        Ok(()) => passkey::remove(&visit.gateway, owner, id).await,
        Err(problem) => Err(problem),
    };
    match removed {
        Ok(()) => Ok(visit.go_saying(place(visit.shell.area), &Flash::good("passkey-removed"))),
        Err(problem) => show(visit, owner, visit.mend(problem)?, "").await,
    }
}

async fn show(visit: &Visit, owner: PasskeyOwner, faults: Faults, name: &str) -> Answered {
    let area = visit.shell.area;
    let page = PasskeysPage {
        shell: &visit.shell,
        faults,
        filled: name,
        at: place(area),
        lead: visit.shell.t(match area {
            Area::Wallet => "passkeys-lead-wallet",
            Area::Desk | Area::Operator => "passkeys-lead-desk",
        }),
        passkeys: passkey::list(&visit.gateway, owner).await?,
        offered: visit.gateway.passkeys.are_offered(),
        is_wallet: area == Area::Wallet,
    };
    visit.show(&page).about(&page.faults).send()
}
