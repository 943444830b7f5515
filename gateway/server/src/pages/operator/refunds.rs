//! How far refunds go, now and before.

use actix_web::HttpResponse;
use askama::Template;
use purser_core::{Timestamp, policy::RefundPolicy};
use purser_money::Currency;
use purser_store::facts::refund_policy::{
    refund_policy_current, refund_policy_insert, refund_policy_list,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    http::operator::books::PolicyIn,
    pages::{
        Answered,
        call::{self, number},
        form::{Form, typed_amount},
        shell::{Flash, Shell},
        shown::Faults,
        visit::OperatorVisit,
    },
    problem::Problem,
};

/// Policies that are shown.
const SHOWN_MAX: i64 = 50;

#[derive(Template)]
#[template(path = "operator/refunds.html")]
struct RefundsPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    policy: RefundPolicy,
    history: Vec<(Timestamp, RefundPolicy)>,
    unit: Currency,
    form: &'a PolicyForm,
}

/// A policy to be set. Its inputs are named as the fields of the API.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyForm {
    max_count: String,
    #[serde(rename = "max_total.amount")]
    max_total: String,
    window_days: String,
    period_days: String,
}

impl PolicyForm {
    fn of(policy: &RefundPolicy) -> Self {
        Self {
            max_count: policy.max_count.to_string(),
            max_total: policy.max_total.amount(),
            window_days: policy.window_days.to_string(),
            period_days: policy.period_days.to_string(),
        }
    }
}

/// The policy in force, and its history.
pub async fn page(visit: OperatorVisit) -> Answered {
    let policy = visit.gateway.store.read(refund_policy_current).await?;
    show(&visit, Faults::default(), &PolicyForm::of(&policy)).await
}

/// Sets a policy. A request is judged by the policy in force when it is made.
pub async fn save(visit: OperatorVisit, form: Form<PolicyForm>) -> Answered {
    match set(&visit, &form.fields).await {
        Ok(()) => Ok(visit.go_saying("/operator/refunds", &Flash::good("op-policy-set"))),
        Err(problem) => show(&visit, visit.mend(problem)?, &form.fields).await,
    }
}

async fn set(visit: &OperatorVisit, form: &PolicyForm) -> Result<(), Problem> {
    let unit = visit.gateway.settings.unit_of_account;
    let whole = |said: &str, field: &str| {
        let number = number::<u32>(said, field)?;
        number.ok_or_else(|| Problem::malformed(field, "this field is needed"))
    };
    let policy: PolicyIn = call::body(&json!({
        "max_count": whole(&form.max_count, "max_count")?,
        "max_total": { "amount": typed_amount(&form.max_total), "currency": unit.code() },
        "window_days": whole(&form.window_days, "window_days")?,
        "period_days": whole(&form.period_days, "period_days")?,
    }))?;
    let (policy, at) = (policy.read(unit)?, visit.gateway.now());
    visit.gateway.store.change_facts(move |db| refund_policy_insert(db, at, &policy)).await?;
    Ok(())
}

async fn show(
    visit: &OperatorVisit,
    faults: Faults,
    form: &PolicyForm,
) -> Result<HttpResponse, Problem> {
    let read = visit
        .gateway
        .store
        .read(|db| Ok((refund_policy_current(db)?, refund_policy_list(db, SHOWN_MAX)?)));
    let (policy, history) = read.await?;
    let unit = visit.gateway.settings.unit_of_account;
    let page = RefundsPage { shell: &visit.shell, faults, policy, history, unit, form };
    visit.show(&page).about(&page.faults).send()
}
