//! One merchant, and what can be changed of it.

use actix_web::{HttpResponse, web::Path};
use askama::Template;
use purser_core::{account::Taxpayer, ids::MerchantId};
use purser_money::Money;
use purser_store::{
    facts::merchant::{Merchant, merchant_get},
    read::sale::merchant_balances,
};
use serde::Deserialize;
use serde_json::json;

use super::merchants::{LIST, registrations};
use crate::{
    app::merchant::change::change,
    http::operator::merchants::MerchantChange,
    pages::{
        Answered,
        call::{self, lines, number},
        form::Form,
        shell::{Flash, Shell},
        shown::Faults,
        visit::OperatorVisit,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "operator/merchant.html")]
struct MerchantPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    merchant: Merchant,
    balances: Vec<Money>,
    form: &'a ChangeForm,
}

impl MerchantPage<'_> {
    fn taxpayer(&self) -> &'static str {
        match self.merchant.taxpayer {
            Taxpayer::Operator => "operator",
            Taxpayer::Merchant(_) => "merchant",
        }
    }
}

/// What can be changed. Its inputs are named as the fields of the API.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeForm {
    name: String,
    fee_percent: String,
    #[serde(rename = "tax.registrations")]
    registrations: String,
    return_origins: String,
    void_hold_days: String,
}

impl ChangeForm {
    fn of(merchant: &Merchant) -> Self {
        let registered = merchant.registrations.iter();
        let registered =
            registered.map(|one| format!("{} {} {}", one.authority, one.scheme, one.number));
        let days = merchant.stamps.as_ref().map(|terms| terms.void_hold_days.to_string());
        Self {
            name: merchant.name.clone(),
            fee_percent: merchant.fee_percent.to_string(),
            registrations: registered.collect::<Vec<_>>().join("\n"),
            return_origins: merchant.return_origins.join("\n"),
            void_hold_days: days.unwrap_or_default(),
        }
    }
}

/// The merchant.
pub async fn page(visit: OperatorVisit, id: Path<String>) -> Answered {
    let merchant = found(&visit, &id).await?;
    let form = ChangeForm::of(&merchant);
    show(&visit, merchant, Faults::default(), &form).await
}

/// Changes it.
pub async fn save(visit: OperatorVisit, id: Path<String>, form: Form<ChangeForm>) -> Answered {
    let merchant = found(&visit, &id).await?;
    match changed(&visit, merchant.id, &form.fields).await {
        Ok(changed) => {
            let flash = Flash::good("op-merchant-changed").arg("name", changed.name);
            Ok(visit.go_saying(&format!("{LIST}/{}", changed.id), &flash))
        }
        Err(problem) => show(&visit, merchant, visit.mend(problem)?, &form.fields).await,
    }
}

async fn changed(
    visit: &OperatorVisit,
    id: MerchantId,
    form: &ChangeForm,
) -> Result<Merchant, Problem> {
    let asked: MerchantChange = call::body(&json!({
        "name": form.name,
        "fee_percent": form.fee_percent,
        "tax": { "registrations": registrations(&form.registrations) },
        "return_origins": lines(&form.return_origins),
        "void_hold_days": number::<u32>(&form.void_hold_days, "void_hold_days")?,
    }))?;
    change(&visit.gateway, id, asked.read(&visit.gateway)?).await
}

async fn found(visit: &OperatorVisit, id: &str) -> Result<Merchant, Problem> {
    let id: MerchantId = id.parse().map_err(|_| Problem::not_found())?;
    let row = visit.gateway.store.read(move |db| merchant_get(db, id)).await?;
    row.ok_or_else(Problem::not_found)
}

async fn show(
    visit: &OperatorVisit,
    merchant: Merchant,
    faults: Faults,
    form: &ChangeForm,
) -> Result<HttpResponse, Problem> {
    let id = merchant.id;
    let balances = visit.gateway.store.read(move |db| merchant_balances(db, id)).await?;
    let page = MerchantPage { shell: &visit.shell, faults, merchant, balances, form };
    visit.show(&page).about(&page.faults).send()
}
