//! Sending value to another buyer, and being found by others: the handle, and its QR code.

use actix_web::web::Query;
use askama::Template;
use purser_core::vault::VaultView;
use serde::Deserialize;

use super::{amount, vault_of};
use crate::{
    app::transfer::{self, Asked, Transferred},
    http::{body, buyer},
    pages::{
        Answered,
        form::Form,
        qr,
        shell::{Flash, Shell},
        shown::Faults,
        visit::BuyerVisit,
    },
    problem::{self, Problem},
};

/// Longer than any handle, however it is spaced.
const HANDLE_CHARS_MAX: usize = 64;

#[derive(Template)]
#[template(path = "wallet/transfer.html")]
struct TransferPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    form: &'a TransferForm,
    vault: &'a VaultView,
    /// Above this the PIN is asked for.
    pin_above: Option<String>,
    symbol: String,
}

/// To whom, as the QR code of a handle says.
#[derive(Deserialize)]
pub struct TransferQuery {
    to: Option<String>,
}

/// To whom, and how much.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferForm {
    #[serde(default)]
    to: String,
    #[serde(default)]
    amount: String,
    pin: Option<String>,
}

/// The form.
pub async fn page(visit: BuyerVisit, query: Query<TransferQuery>) -> Answered {
    let to = query.into_inner().to.unwrap_or_default();
    let to = transfer::handle(&to).unwrap_or_default();
    show(&visit, &TransferForm { to, ..TransferForm::default() }, Faults::default()).await
}

/// Sends.
pub async fn send(visit: BuyerVisit, form: Form<TransferForm>) -> Answered {
    match sent(&visit, &form).await {
        Ok(Transferred { to, amount, .. }) => {
            let amount = visit.shell.words.money(amount);
            let flash = Flash::good("wallet-sent").arg("amount", amount).arg("to", to);
            Ok(visit.go_saying("/wallet", &flash))
        }
        Err(problem) => {
            let faults = visit.mend(in_form(problem))?;
            show(&visit, &form.fields, faults).await
        }
    }
}

async fn sent(visit: &BuyerVisit, form: &Form<TransferForm>) -> Result<Transferred, Problem> {
    let (claim, answered) = form.claim(visit.payer.account).await?;
    if let Some(outcome) = answered {
        return transfer::transferred(outcome);
    }
    let TransferForm { to, amount: typed, pin } = &form.fields;
    let to = body::text(to, 0..=HANDLE_CHARS_MAX, "to")?;
    let asked = Asked {
        to: transfer::handle(&to),
        amount: amount(typed, visit.gateway.settings.unit_of_account)?,
        pin: buyer::pin(pin.clone())?,
    };
    transfer::transfer(&visit.gateway, &visit.payer, claim, &asked).await
}

/// A handle that nobody has is what can be mended here; and which PIN is not right needs no more words.
fn in_form(problem: Problem) -> Problem {
    match problem.kind {
        problem::NOT_FOUND => problem.field("to"),
        problem::PIN_REQUIRED => Problem { field: None, ..problem },
        _ => problem,
    }
}

async fn show(visit: &BuyerVisit, form: &TransferForm, faults: Faults) -> Answered {
    let vault = vault_of(visit, &visit.payer).await?;
    let link = format!("{}/wallet/transfer?to={}", visit.gateway.issuer, vault.handle);
    let limit = visit.gateway.settings.step_up_limit;
    let page = TransferPage {
        shell: &visit.shell,
        form,
        symbol: qr::svg(&link, &visit.shell.t("wallet-handle-symbol"))?,
        pin_above: limit.map(|limit| visit.shell.words.money(limit)),
        vault: &vault,
        faults,
    };
    visit.show(&page).about(&page.faults).send()
}
