//! One remittance: its return, where that was sent, and what became of it.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web::Path};
use askama::Template;
use purser_core::{ids::RemittanceId, liability::ReturnRow, outgoing::Settled};
use purser_store::read::remittance::{FilingSent, StoredRemittance, filing_get};
use serde::Deserialize;
use serde_json::json;

use super::{SCOPE, taxes::LIST};
use crate::{
    app::{outgoing, remittance, return_send},
    http::{download, taxes::SendIn},
    pages::{
        Answered,
        call::{self, Nothing, lines},
        form::Form,
        shell::{Flash, Shell},
        shown::Faults,
        visit::OperatorVisit,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "operator/remittance.html")]
struct RemittancePage<'a> {
    shell: &'a Shell,
    faults: Faults,
    stored: StoredRemittance,
    rows: Vec<ReturnRow>,
    sent: Vec<FilingSent>,
    form: &'a SendForm,
}

/// Where a return is sent to.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SendForm {
    url: String,
    headers: String,
    again: Option<String>,
}

/// The remittance.
pub async fn page(visit: OperatorVisit, id: Path<String>) -> Answered {
    let stored = found(&visit, &id).await?;
    show(&visit, stored, Faults::default(), &SendForm::default()).await
}

/// Its return, as the plugin wrote it.
pub async fn file(visit: OperatorVisit, id: Path<String>) -> Answered {
    let id = found(&visit, &id).await?.record.id;
    let filing = visit.gateway.store.read(move |db| filing_get(db, id)).await?;
    let filing = filing.ok_or_else(|| Problem::internal("a remittance has no return"))?;
    download::file(&filing.media_type, &filing.file_name, filing.body)
}

/// Sends its return to the authority.
pub async fn send(visit: OperatorVisit, id: Path<String>, form: Form<SendForm>) -> Answered {
    let stored = found(&visit, &id).await?;
    match sent(&visit, stored.record.id, &form).await {
        Ok(sent) => {
            let status = sent.status.unwrap_or_default();
            let flash = match status {
                200..300 => Flash::good("op-return-sent"),
                _ => Flash::bad("op-return-refused"),
            };
            let here = format!("{LIST}/{}", stored.record.id);
            Ok(visit.go_saying(&here, &flash.arg("status", status)))
        }
        Err(problem) => {
            let faults = visit.mend(problem)?;
            // What is in headers opens the authority's door: it is typed again.
            let form = SendForm { headers: String::new(), ..form.fields };
            show(&visit, stored, faults, &form).await
        }
    }
}

/// The authority has the money.
pub async fn confirm(visit: OperatorVisit, id: Path<String>, form: Form<Nothing>) -> Answered {
    settle(&visit, &id, &form, Settled::Confirmed).await
}

/// The money did not get there, or the return was refused.
pub async fn fail(visit: OperatorVisit, id: Path<String>, form: Form<Nothing>) -> Answered {
    settle(&visit, &id, &form, Settled::Failed).await
}

async fn settle(
    visit: &OperatorVisit,
    id: &str,
    form: &Form<Nothing>,
    settled: Settled,
) -> Result<HttpResponse, Problem> {
    let id: RemittanceId = id.parse().map_err(|_| Problem::not_found())?;
    let (gateway, version) = (&visit.gateway, visit.facts_version);
    let settle = async |claim| remittance::settle(gateway, version, claim, id, settled).await;
    let outcome = form.answer(SCOPE, settle).await?;
    outgoing::settled(outcome)?;
    let flash = match settled {
        Settled::Confirmed => Flash::good("op-remittance-confirmed"),
        Settled::Failed => Flash::good("op-remittance-failed"),
    };
    Ok(visit.go_saying(&format!("{LIST}/{id}"), &flash))
}

async fn sent(
    visit: &OperatorVisit,
    id: RemittanceId,
    form: &Form<SendForm>,
) -> Result<FilingSent, Problem> {
    let claim = form.key(SCOPE)?;
    if let Some(sent) = return_send::answered(&visit.gateway, &claim).await? {
        return Ok(sent);
    }
    let SendForm { url, headers: typed, again } = &form.fields;
    let mut headers = BTreeMap::new();
    for line in lines(typed) {
        let (name, value) = line.split_once(':').ok_or_else(|| {
            Problem::malformed("headers", "on each line a name, a colon, a value")
        })?;
        headers.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    let to: SendIn =
        call::body(&json!({ "url": url, "headers": headers, "again": again.is_some() }))?;
    return_send::send(&visit.gateway, claim, id, to.read()?).await
}

async fn found(visit: &OperatorVisit, id: &str) -> Result<StoredRemittance, Problem> {
    let id: RemittanceId = id.parse().map_err(|_| Problem::not_found())?;
    remittance::get(&visit.gateway, id).await
}

async fn show(
    visit: &OperatorVisit,
    stored: StoredRemittance,
    faults: Faults,
    form: &SendForm,
) -> Result<HttpResponse, Problem> {
    let record = &stored.record;
    let rows = record.lines.rows(record.period, record.account.currency);
    let rows = rows.map_err(Problem::internal)?;
    let sent = return_send::list(&visit.gateway, record.id).await?;
    let page = RemittancePage { shell: &visit.shell, faults, stored, rows, sent, form };
    visit.show(&page).about(&page.faults).send()
}
