//! Erasing the account. What was left in the vault is put on a card, whose code is shown behind it.

use actix_web::{FromRequest as _, HttpRequest};
use askama::Template;
use data_encoding::BASE64URL_NOPAD;
use purser_core::{
    ids::{AccountId, CardId},
    vault::VaultView,
};
use purser_money::Money;
use serde::Deserialize;

use super::vault_of;
use crate::{
    app::{credentials, erase, vault},
    http::address::address,
    pages::{
        Answered, csrf,
        form::Form,
        shell::Shell,
        shown::Faults,
        visit::{BuyerVisit, Visit},
    },
    problem::{self, Problem},
};

#[derive(Template)]
#[template(path = "wallet/erase.html")]
struct ErasePage<'a> {
    shell: &'a Shell,
    faults: Faults,
    vault: &'a VaultView,
    who: String,
}

#[derive(Template)]
#[template(path = "wallet/erased.html")]
struct ErasedPage<'a> {
    shell: &'a Shell,
    compensation: Option<(String, Money)>,
}

/// What erases an account. `who` is whose it is, for us alone to read: an erasure ends the session that asked for it, and
/// whoever loads the page again must still learn where the money went.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EraseForm {
    #[serde(default)]
    pin: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    who: String,
}

/// What happens to the money, and the form.
pub async fn page(visit: BuyerVisit) -> Answered {
    show(&visit, Faults::default()).await
}

/// Erases.
pub async fn erase(visit: Visit, request: HttpRequest, form: Form<EraseForm>) -> Answered {
    let erased = match BuyerVisit::extract(&request).await {
        Ok(buyer) => match erased_now(&buyer, &request, &form).await {
            Ok(erased) => erased,
            Err(problem) => return show(&buyer, buyer.mend(problem)?).await,
        },
        Err(problem) if problem.kind == problem::NOT_AUTHENTICATED => {
            erased_before(&visit, &form).await?.ok_or(problem)?
        }
        Err(problem) => return Err(problem),
    };
    let mut visit = visit;
    visit.shell.signed_in = false;
    let compensation = erased.map(|(card, left)| {
        (vault::compensation_code(&visit.gateway, card).expose().to_owned(), left)
    });
    visit.show(&ErasedPage { shell: &visit.shell, compensation }).send()
}

/// The card that holds what was left, if anything was.
type Left = Option<(CardId, Money)>;

async fn erased_now(
    buyer: &BuyerVisit,
    request: &HttpRequest,
    form: &Form<EraseForm>,
) -> Result<Left, Problem> {
    let (claim, answered) = form.claim(buyer.payer.account).await?;
    if let Some(outcome) = answered {
        return erase::erased(outcome);
    }
    let EraseForm { pin, password, .. } = &form.fields;
    let (gateway, from) = (&buyer.gateway, address(request));
    credentials::confirm(gateway, &buyer.access, from, pin, password).await?;
    erase::erase(gateway, &buyer.payer, claim).await
}

async fn erased_before(visit: &Visit, form: &Form<EraseForm>) -> Result<Option<Left>, Problem> {
    let Some(account) = opened(visit, &form.fields.who) else { return Ok(None) };
    let (_, answered) = form.claim(account).await?;
    answered.map(erase::erased).transpose()
}

/// What the form's own field is encrypted for: this browser. A copy of the form opens nothing elsewhere.
fn purpose(visit: &Visit) -> String {
    format!("form of an erasure in {}", csrf::token(&visit.gateway, visit.cookie()))
}

async fn show(visit: &BuyerVisit, faults: Faults) -> Answered {
    let vault = vault_of(visit, &visit.payer).await?;
    let who = sealed(visit, visit.payer.account);
    let page = ErasePage { shell: &visit.shell, vault: &vault, who, faults };
    visit.show(&page).about(&page.faults).send()
}

fn sealed(visit: &Visit, account: AccountId) -> String {
    let purpose = purpose(visit);
    BASE64URL_NOPAD.encode(&visit.gateway.keys.wrap(&purpose, account.to_string().as_bytes()))
}

fn opened(visit: &Visit, who: &str) -> Option<AccountId> {
    let wrapped = BASE64URL_NOPAD.decode(who.as_bytes()).ok()?;
    let account = visit.gateway.keys.unwrap(&purpose(visit), &wrapped).ok()?;
    String::from_utf8(account).ok()?.parse().ok()
}
