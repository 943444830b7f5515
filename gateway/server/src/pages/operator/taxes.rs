//! What is owed to authorities, and what was set apart for them.

use actix_web::{HttpResponse, web::Query};
use askama::Template;
use purser_core::period::{Month, Period};
use purser_store::read::remittance::{StoredRemittance, remittances_page};
use serde::Deserialize;
use serde_json::json;

use super::SCOPE;
use crate::{
    app::{
        liability::{self, Owed, Part},
        remittance,
    },
    http::taxes::{RemittanceIn, period},
    pages::{
        Answered,
        call::{self, given},
        form::Form,
        paging::{After, Pager},
        shell::{Flash, Shell},
        visit::OperatorVisit,
    },
    problem::Problem,
};

pub(super) const LIST: &str = "/operator/taxes";

#[derive(Template)]
#[template(path = "operator/taxes.html")]
struct TaxesPage<'a> {
    shell: &'a Shell,
    period: Period,
    owed: Vec<Owed>,
    remittances: Vec<StoredRemittance>,
    pager: Pager,
}

/// Which period.
#[derive(Debug, Deserialize)]
pub struct PeriodQuery {
    period: Option<String>,
}

/// Tax to be set apart.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemitForm {
    authority: String,
    period: String,
    #[serde(default)]
    taxpayer: String,
    #[serde(default)]
    currency: String,
}

/// What is owed for a period, this month if none is asked for, and the remittances.
pub async fn page(
    visit: OperatorVisit,
    query: Query<PeriodQuery>,
    after: Query<After>,
) -> Answered {
    let period = match query.period.as_deref().and_then(given) {
        Some(text) => period(text.trim())?,
        None => Period::Month(Month::of(visit.gateway.clock.today())),
    };
    let part = Part { period, authority: None, taxpayer: None, currency: None };
    let owed = liability::owed(&visit.gateway, part).await?;
    let page = after.page()?;
    let found = visit.gateway.store.read(move |db| remittances_page(db, None, &page)).await?;
    let pager = after.pager(LIST, found.next.as_deref());
    let (shell, remittances) = (&visit.shell, found.rows);
    visit.show(&TaxesPage { shell, period, owed, remittances, pager }).send()
}

/// Sets the tax of a period apart, and has its return written.
pub async fn create(visit: OperatorVisit, form: Form<RemitForm>) -> Answered {
    let (claim, answered) = form.claim(SCOPE).await?;
    let RemitForm { authority, period, taxpayer, currency } = &form.fields;
    let id = match answered {
        Some(outcome) => remittance::remitted(outcome)?,
        None => {
            let wish: RemittanceIn = call::body(&json!({
                "authority": authority,
                "period": period,
                "taxpayer": given(taxpayer),
                "currency": given(currency),
            }))?;
            let (gateway, version) = (&visit.gateway, visit.facts_version);
            remittance::remit(gateway, version, claim, wish.read()?).await?
        }
    };
    let made: HttpResponse =
        visit.go_saying(&format!("{LIST}/{id}"), &Flash::good("op-remittance-made"));
    Ok::<_, Problem>(made)
}
