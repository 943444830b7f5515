//! Payouts: what merchants are owed goes to their banks.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use purser_core::{
    ids::{MerchantId, PayoutId},
    outgoing::Settled,
};
use purser_store::read::payout::{StoredPayout, payouts_page};
use serde::Deserialize;

use super::SCOPE;
use crate::{
    app::{
        outgoing,
        payout::{self, Payable},
    },
    http::{body, download},
    pages::{
        Answered,
        call::Nothing,
        form::Form,
        paging::{After, Pager},
        shell::{Flash, Shell},
        visit::OperatorVisit,
    },
    problem::Problem,
};

const LIST: &str = "/operator/payouts";

#[derive(Template)]
#[template(path = "operator/payouts.html")]
struct PayoutsPage<'a> {
    shell: &'a Shell,
    owed: Vec<Payable>,
    payouts: Vec<StoredPayout>,
    pager: Pager,
}

/// A payout to be prepared.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutForm {
    merchant: String,
    currency: String,
}

/// What is owed, and what was paid.
pub async fn page(visit: OperatorVisit, after: Query<After>) -> Answered {
    let page = after.page()?;
    let owed = payout::payable(&visit.gateway).await?;
    let found = visit.gateway.store.read(move |db| payouts_page(db, None, &page)).await?;
    let pager = after.pager(LIST, found.next.as_deref());
    visit.show(&PayoutsPage { shell: &visit.shell, owed, payouts: found.rows, pager }).send()
}

/// Sets all that a merchant is told that it is owed in one currency apart.
pub async fn create(visit: OperatorVisit, form: Form<PayoutForm>) -> Answered {
    let (claim, answered) = form.claim(SCOPE).await?;
    let merchant: Result<MerchantId, _> = form.fields.merchant.parse();
    let merchant = merchant.map_err(|_| Problem::not_found())?;
    let to = (merchant, body::currency(&form.fields.currency, "currency")?);
    let id = match answered {
        Some(outcome) => payout::paid_out(outcome)?,
        None => payout::pay_out(&visit.gateway, visit.facts_version, claim, to).await?,
    };
    let amount = payout::get(&visit.gateway, id).await?.record.amount;
    let flash = Flash::good("op-payout-made").arg("amount", visit.shell.money(&amount));
    Ok(visit.go_saying(LIST, &flash))
}

/// The bank has paid.
pub async fn confirm(visit: OperatorVisit, id: Path<String>, form: Form<Nothing>) -> Answered {
    settle(&visit, &id, &form, Settled::Confirmed).await
}

/// The bank has not paid.
pub async fn fail(visit: OperatorVisit, id: Path<String>, form: Form<Nothing>) -> Answered {
    settle(&visit, &id, &form, Settled::Failed).await
}

async fn settle(
    visit: &OperatorVisit,
    id: &str,
    form: &Form<Nothing>,
    settled: Settled,
) -> Result<HttpResponse, Problem> {
    let id: PayoutId = id.parse().map_err(|_| Problem::not_found())?;
    let (gateway, version) = (&visit.gateway, visit.facts_version);
    let settle = async |claim| payout::settle(gateway, version, claim, id, settled).await;
    let outcome = form.answer(SCOPE, settle).await?;
    outgoing::settled(outcome)?;
    let flash = match settled {
        Settled::Confirmed => Flash::good("op-payout-confirmed"),
        Settled::Failed => Flash::good("op-payout-failed"),
    };
    Ok(visit.go_saying(LIST, &flash))
}

/// The file for the bank.
pub async fn file(visit: OperatorVisit, id: Path<String>) -> Answered {
    let id: PayoutId = id.parse().map_err(|_| Problem::not_found())?;
    let file = payout::bank_file(&visit.gateway, id).await?;
    download::file(download::CSV, &format!("{id}.csv"), file)
}
