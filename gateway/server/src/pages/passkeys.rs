//! The passkeys of whoever is signed in: which there are, a new one, and one less. The wallet and both desks have them; a
//! wallet asks for PIN and password before anything changes, a desk for the key that opened it.

use std::{future::Future, net::IpAddr, ops::Deref};

use actix_web::{FromRequest, HttpRequest};
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
    form::Form,
    shell::{Area, Flash, Shell},
    shown::Faults,
    visit::{BuyerVisit, MerchantVisit, OperatorVisit, Visit},
};
use crate::{
    app::{browser, credentials, passkey},
    http::address::address,
    problem::Problem,
};

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

/// What somebody shows again before anything changes.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    pin: &'a str,
    password: &'a str,
    key: &'a str,
}

/// Somebody who is signed in and may have passkeys.
pub trait Holder: FromRequest<Error = Problem> + Deref<Target = Visit> + 'static {
    /// Whose the passkeys are.
    fn owner(&self) -> PasskeyOwner;

    /// The session that goes on when a new one ends the others.
    fn session(&self) -> Option<SessionId> {
        None
    }

    /// Checks that it is the owner who asks.
    fn confirm(
        &self,
        from: IpAddr,
        shown: Secrets<'_>,
    ) -> impl Future<Output = Result<(), Problem>>;
}

impl Holder for BuyerVisit {
    fn owner(&self) -> PasskeyOwner {
        PasskeyOwner::Account(self.payer.account)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.payer.session)
    }

    async fn confirm(&self, from: IpAddr, shown: Secrets<'_>) -> Result<(), Problem> {
        credentials::confirm(&self.gateway, &self.access, from, shown.pin, shown.password).await
    }
}

macro_rules! holds_a_key {
    ($($visit:ident),*) => {$(
        impl Holder for $visit {
            fn owner(&self) -> PasskeyOwner {
                PasskeyOwner::Key(self.key)
            }

            async fn confirm(&self, from: IpAddr, shown: Secrets<'_>) -> Result<(), Problem> {
                browser::confirm_key(&self.gateway, self.key, shown.key, from).await
            }
        }
    )*};
}

holds_a_key!(MerchantVisit, OperatorVisit);

/// Where the passkeys of an area are.
const fn place(area: Area) -> &'static str {
    match area {
        Area::Wallet => "/wallet/account/passkeys",
        Area::Desk => "/desk/passkeys",
        Area::Operator => "/operator/passkeys",
    }
}

/// The list.
pub async fn page<V: Holder>(visit: V) -> Answered {
    show(&visit, visit.owner(), Faults::default(), "").await
}

/// Gives the browser a challenge, or says what is wrong with the form.
pub async fn ask<V: Holder>(visit: V, request: HttpRequest, form: Form<NewForm>) -> Answered {
    let NewForm { passkey_name: name, pin, password, key } = &form.fields;
    let (owner, secrets) = (visit.owner(), Secrets { pin, password, key });
    let asked = match visit.confirm(address(&request), secrets).await {
        Ok(()) => passkey::ask_for_new(&visit.gateway, visit.cookie(), owner, name).await,
        Err(problem) => Err(problem),
    };
    match asked {
        Ok(challenge) => {
            let back = place(visit.shell.area);
            let action = format!("{back}/add");
            asked_for_new(&visit.shell, challenge, &action, back).show(&visit).send()
        }
        Err(problem) => show(&visit, owner, visit.mend(problem)?, name).await,
    }
}

/// Keeps what the authenticator made.
pub async fn add<V: Holder>(visit: V, form: Form<AnswerForm>) -> Answered {
    let (gateway, browser, at) = (&visit.gateway, visit.cookie(), place(visit.shell.area));
    let answer = form.fields.answer();
    match passkey::add(gateway, browser, visit.owner(), visit.session(), answer).await {
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
        Err(problem) => refused(&visit, problem, at),
    }
}

/// Takes one away.
pub async fn remove<V: Holder>(visit: V, request: HttpRequest, form: Form<RemoveForm>) -> Answered {
    let RemoveForm { passkey: id, pin, password, key } = &form.fields;
    let (owner, secrets) = (visit.owner(), Secrets { pin, password, key });
    let removed = match visit.confirm(address(&request), secrets).await {
        Ok(()) => passkey::remove(&visit.gateway, owner, id).await,
        Err(problem) => Err(problem),
    };
    match removed {
        Ok(()) => Ok(visit.go_saying(place(visit.shell.area), &Flash::good("passkey-removed"))),
        Err(problem) => show(&visit, owner, visit.mend(problem)?, "").await,
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
