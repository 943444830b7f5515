//! Who visits: the cookie, and what it opens.
//!
//! The cookie is 256 random bits, of which the database keeps a keyed hash. A buyer's has the encrypted salt of its login
//! behind them, as a refresh token has, so that PIN and password can be changed without the e-mail, of which the gateway
//! keeps nothing. Somebody who is not signed in has one too, for the forms; of that one nothing is kept.
//!
//! A buyer's wallet, a merchant's desk and an operator's desk have cookies of their own: one person may have all three.

use std::{future::Future, ops::Deref, pin::Pin};

use actix_web::{FromRequest, HttpRequest, cookie::Cookie, dev::Payload, web::Data};
use purser_core::{
    Timestamp,
    ids::MerchantId,
    secret::{KeyedHash, SecretText},
};
use purser_host::Caller;

use super::shell::{Area, Shell};
use crate::{
    app::{
        browser::{self, Desk},
        intent::Payer,
        token::Access,
    },
    gateway::Gateway,
    keys::random_text,
    problem::{self, Problem},
};

/// Longer than any cookie of ours.
const COOKIE_BYTES_MAX: usize = 512;

/// Anybody who opens a page.
pub struct Visit {
    /// The gateway.
    pub gateway: Gateway,
    /// What every page has around its content.
    pub shell: Shell,
    /// The cookie, which a visitor without one is given with the answer.
    pub(super) cookie: SecretText,
    pub(super) is_new: bool,
    who: Who,
}

enum Who {
    Nobody,
    Buyer { payer: Payer, access: Access },
    Desk(Desk),
}

/// A buyer who is signed in.
pub struct BuyerVisit {
    visit: Visit,
    /// The buyer as the use cases know it.
    pub payer: Payer,
    /// The session as the use cases for credentials know it.
    pub access: Access,
}

/// A merchant that is signed in.
pub struct MerchantVisit {
    visit: Visit,
    /// Which.
    pub id: MerchantId,
    /// The keyed hash of the key that the desk was opened with.
    pub key: KeyedHash,
    /// What that key may be used for.
    pub scopes: Vec<String>,
    /// When that key ends, if ever.
    pub key_expires_at: Option<Timestamp>,
    /// The version of the facts that a command is prepared with.
    pub facts_version: i64,
}

/// An operator who is signed in.
pub struct OperatorVisit {
    visit: Visit,
    /// The keyed hash of the key that the desk was opened with.
    pub key: KeyedHash,
    /// The version of the facts that a command is prepared with.
    pub facts_version: i64,
}

impl Visit {
    /// Whether somebody is signed in here.
    pub const fn is_signed_in(&self) -> bool {
        !matches!(self.who, Who::Nobody)
    }

    /// The buyer, on a page that is for everybody.
    pub const fn payer(&self) -> Option<&Payer> {
        match &self.who {
            Who::Buyer { payer, .. } => Some(payer),
            Who::Nobody | Who::Desk(_) => None,
        }
    }

    /// The cookie as it came, for signing in and out.
    pub fn cookie(&self) -> &str {
        self.cookie.expose()
    }

    async fn read(request: HttpRequest) -> Result<Self, Problem> {
        let gateway = gateway(&request)?;
        let came = cookie(&gateway, &request);
        let area = Area::of(request.path());
        let who = match &came {
            Some(cookie) => who(&gateway, area, cookie.expose()).await?,
            None => Who::Nobody,
        };
        who.tell();
        let is_new = came.is_none();
        let cookie = came.unwrap_or_else(|| random_text(""));
        let mut shell = Shell::new(&gateway, &request, cookie.expose());
        shell.signed_in = !matches!(who, Who::Nobody);
        Ok(Self { gateway, shell, cookie, is_new, who })
    }
}

impl Who {
    /// Says for whom plugins are called while this request is answered.
    fn tell(&self) {
        match self {
            Self::Nobody => {}
            Self::Buyer { payer, .. } => Caller::known(payer.account).tell(),
            Self::Desk(Desk::Merchant { id, .. }) => Caller::known(id).tell(),
            Self::Desk(Desk::Operator { .. }) => Caller::Gateway.tell(),
        }
    }
}

async fn who(gateway: &Gateway, area: Area, cookie: &str) -> Result<Who, Problem> {
    Ok(match area {
        Area::Wallet => match browser::buyer(gateway, cookie).await? {
            Some((payer, access)) => Who::Buyer { payer, access },
            None => Who::Nobody,
        },
        Area::Desk | Area::Operator => match browser::desk(gateway, cookie).await? {
            Some(desk) if area == area_of(&desk) => Who::Desk(desk),
            Some(_) | None => Who::Nobody,
        },
    })
}

const fn area_of(desk: &Desk) -> Area {
    match desk {
        Desk::Merchant { .. } => Area::Desk,
        Desk::Operator { .. } => Area::Operator,
    }
}

impl BuyerVisit {
    async fn read(request: HttpRequest) -> Result<Self, Problem> {
        let mut visit = Visit::read(request).await?;
        match std::mem::replace(&mut visit.who, Who::Nobody) {
            Who::Buyer { payer, access } => Ok(Self { visit, payer, access }),
            Who::Nobody | Who::Desk(_) => Err(not_signed_in()),
        }
    }
}

impl MerchantVisit {
    /// Refuses a key without this scope.
    pub fn require(&self, scope: &str) -> Result<(), Problem> {
        if self.scopes.iter().any(|held| held == scope) {
            return Ok(());
        }
        let detail = format!("this needs a key with the scope `{scope}`");
        Err(Problem::new(problem::SCOPE_MISSING).detail(detail))
    }

    async fn read(request: HttpRequest) -> Result<Self, Problem> {
        let mut visit = Visit::read(request).await?;
        match std::mem::replace(&mut visit.who, Who::Nobody) {
            Who::Desk(Desk::Merchant { id, key, scopes, key_expires_at, facts_version }) => {
                visit.shell.scopes.clone_from(&scopes);
                Ok(Self { visit, id, key, scopes, key_expires_at, facts_version })
            }
            Who::Nobody | Who::Buyer { .. } | Who::Desk(_) => Err(not_signed_in()),
        }
    }
}

impl OperatorVisit {
    async fn read(request: HttpRequest) -> Result<Self, Problem> {
        let visit = Visit::read(request).await?;
        match visit.who {
            Who::Desk(Desk::Operator { key, facts_version }) => {
                Ok(Self { visit, key, facts_version })
            }
            Who::Nobody | Who::Buyer { .. } | Who::Desk(_) => Err(not_signed_in()),
        }
    }
}

macro_rules! visits {
    ($($who:ident),*) => {$(
        impl FromRequest for $who {
            type Error = Problem;
            type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                Box::pin(Self::read(request.clone()))
            }
        }
    )*};
}

visits!(Visit, BuyerVisit, MerchantVisit, OperatorVisit);

macro_rules! is_a_visit {
    ($($who:ident),*) => {$(
        impl Deref for $who {
            type Target = Visit;

            fn deref(&self) -> &Visit {
                &self.visit
            }
        }
    )*};
}

is_a_visit!(BuyerVisit, MerchantVisit, OperatorVisit);

/// The cookie that a request shows for the area of its path, if it has the form of one.
pub(super) fn cookie(gateway: &Gateway, request: &HttpRequest) -> Option<SecretText> {
    let name = cookie_name(gateway, Area::of(request.path()));
    let value = request.cookie(&name)?.value().to_owned();
    let in_form = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let good = (43..=COOKIE_BYTES_MAX).contains(&value.len()) && value.bytes().all(in_form);
    good.then(|| SecretText::new(value))
}

/// The cookie to set, for as long as the browser runs.
pub(super) fn set_cookie(gateway: &Gateway, area: Area, value: &str) -> Cookie<'static> {
    own_cookie(gateway, &cookie_name(gateway, area), value)
}

/// A cookie of ours: no script reads it, and no other site sends it along but by a link.
pub(super) fn own_cookie(gateway: &Gateway, name: &str, value: &str) -> Cookie<'static> {
    Cookie::build(name.to_owned(), value.to_owned())
        .path("/")
        .http_only(true)
        .secure(is_secure(gateway))
        .same_site(actix_web::cookie::SameSite::Lax)
        .finish()
}

/// The prefix binds a cookie to this host, and browsers take it over https only; in the sandbox there is none.
pub(super) fn prefixed(gateway: &Gateway, name: &str) -> String {
    if is_secure(gateway) { format!("__Host-{name}") } else { name.to_owned() }
}

fn cookie_name(gateway: &Gateway, area: Area) -> String {
    prefixed(
        gateway,
        match area {
            Area::Wallet => "purser",
            Area::Desk => "purser-desk",
            Area::Operator => "purser-operator",
        },
    )
}

fn is_secure(gateway: &Gateway) -> bool {
    gateway.issuer.starts_with("https://")
}

fn gateway(request: &HttpRequest) -> Result<Gateway, Problem> {
    let gateway = request.app_data::<Data<Gateway>>().map(|data| data.get_ref().clone());
    gateway.ok_or_else(|| Problem::internal("a route without a gateway"))
}

/// On a page this leads to the sign-in, and back.
fn not_signed_in() -> Problem {
    Problem::new(problem::NOT_AUTHENTICATED)
}
