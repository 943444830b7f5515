//! Batches of cards: printed, and sold.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use purser_core::ids::BatchId;
use purser_store::read::batch::{BatchSummary, batches_page};
use serde::Deserialize;
use serde_json::json;

use super::SCOPE;
use crate::{
    app::stock::{self, BATCH_MAX, printing},
    http::operator::cards::BatchIn,
    pages::{
        Answered,
        call::{self, Nothing, end_of_day, given, number},
        form::{Form, typed_amount},
        paging::{After, Pager},
        shell::{Flash, Shell},
        shown::Faults,
        visit::OperatorVisit,
    },
    problem::Problem,
};

const LIST: &str = "/operator/cards";

#[derive(Template)]
#[template(path = "operator/cards.html")]
struct CardsPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    batches: Vec<BatchSummary>,
    pager: Pager,
    form: &'a BatchForm,
    most: u32,
}

/// Cards to be printed. Its inputs are named as the fields of the API.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchForm {
    count: String,
    #[serde(rename = "face.amount")]
    amount: String,
    #[serde(rename = "face.currency")]
    currency: String,
    expires_at: String,
    country: String,
}

/// The list.
pub async fn page(visit: OperatorVisit, after: Query<After>) -> Answered {
    show(&visit, Faults::default(), (&BatchForm::default(), &after)).await
}

/// Begins to print a batch, and leads to where one watches.
pub async fn create(visit: OperatorVisit, form: Form<BatchForm>) -> Answered {
    match begun(&visit, &form).await {
        Ok(watch) => Ok(visit.go(&watch)),
        Err(problem) => {
            let faults = visit.mend(problem)?;
            show(&visit, faults, (&form.fields, &After::default())).await
        }
    }
}

/// Sells a batch: its cards are worth their face.
pub async fn activate(visit: OperatorVisit, id: Path<String>, form: Form<Nothing>) -> Answered {
    let batch: BatchId = id.parse().map_err(|_| Problem::not_found())?;
    let (gateway, version) = (&visit.gateway, visit.facts_version);
    let activate = async |claim| stock::batch_activate(gateway, version, claim, batch).await;
    let outcome = form.answer(SCOPE, activate).await?;
    let flash = Flash::good("op-batch-activated").arg("id", stock::batch_activated(outcome)?);
    Ok(visit.go_saying(LIST, &flash))
}

async fn begun(visit: &OperatorVisit, form: &Form<BatchForm>) -> Result<String, Problem> {
    let (key, form) = (form.key(SCOPE)?, &form.fields);
    let expires_at = end_of_day(&form.expires_at, "expires_at")?;
    let count = number::<u32>(&form.count, "count")?;
    let count = count.ok_or_else(|| Problem::malformed("count", "this field is needed"))?;
    let batch: BatchIn = call::body(&json!({
        "count": count,
        "face": { "amount": typed_amount(&form.amount), "currency": form.currency },
        "expires_at": expires_at,
        "country": given(&form.country),
    }))?;
    let name = printing::begin(&visit.gateway, key, batch.read(&visit.gateway)?).await?;
    Ok(format!("{LIST}/printing/{}", name.expose()))
}

async fn show(
    visit: &OperatorVisit,
    faults: Faults,
    (form, after): (&BatchForm, &After),
) -> Result<HttpResponse, Problem> {
    let page = after.page()?;
    let found = visit.gateway.store.read(move |db| batches_page(db, &page)).await?;
    let pager = after.pager(LIST, found.next.as_deref());
    let (shell, batches) = (&visit.shell, found.rows);
    let page = CardsPage { shell, faults, batches, pager, form, most: BATCH_MAX };
    visit.show(&page).about(&page.faults).send()
}
