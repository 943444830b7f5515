//! Positions in currencies, and the trades that cover them.

use actix_web::HttpResponse;
use askama::Template;
use purser_core::record::TradeRecord;
use purser_store::read::trade::trade_list;
use serde::Deserialize;
use serde_json::json;

use super::SCOPE;
use crate::{
    app::trade::{self, Position},
    http::operator::books::TradeIn,
    pages::{
        Answered, call,
        form::{Form, typed_amount},
        shell::{Flash, Shell},
        shown::Faults,
        visit::OperatorVisit,
    },
    problem::Problem,
};

/// Trades that are shown.
const SHOWN_MAX: i64 = 50;

#[derive(Template)]
#[template(path = "operator/treasury.html")]
struct TreasuryPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    positions: Vec<Position>,
    trades: Vec<TradeRecord>,
    form: &'a TradeForm,
}

/// A trade at a bank. Its inputs are named as the fields of the API.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TradeForm {
    #[serde(rename = "sold.amount")]
    sold_amount: String,
    #[serde(rename = "sold.currency")]
    sold_currency: String,
    #[serde(rename = "bought.amount")]
    bought_amount: String,
    #[serde(rename = "bought.currency")]
    bought_currency: String,
}

/// Positions and trades.
pub async fn page(visit: OperatorVisit) -> Answered {
    show(&visit, Faults::default(), &TradeForm::default()).await
}

/// Books a trade.
pub async fn create(visit: OperatorVisit, form: Form<TradeForm>) -> Answered {
    match traded(&visit, &form).await {
        Ok((sold, bought)) => {
            let flash = Flash::good("op-trade-made").arg("sold", sold).arg("bought", bought);
            Ok(visit.go_saying("/operator/treasury", &flash))
        }
        Err(problem) => show(&visit, visit.mend(problem)?, &form.fields).await,
    }
}

async fn traded(
    visit: &OperatorVisit,
    form: &Form<TradeForm>,
) -> Result<(String, String), Problem> {
    let said = &form.fields;
    let trade: TradeIn = call::body(&json!({
        "sold": { "amount": typed_amount(&said.sold_amount), "currency": said.sold_currency },
        "bought": { "amount": typed_amount(&said.bought_amount), "currency": said.bought_currency },
    }))?;
    let (sold, bought) = trade.read()?;
    let (claim, answered) = form.claim(SCOPE).await?;
    match answered {
        Some(outcome) => trade::traded(outcome)?,
        None => trade::trade(&visit.gateway, visit.facts_version, claim, (sold, bought)).await?,
    };
    Ok((visit.shell.money(&sold), visit.shell.money(&bought)))
}

async fn show(
    visit: &OperatorVisit,
    faults: Faults,
    form: &TradeForm,
) -> Result<HttpResponse, Problem> {
    let positions = trade::positions(&visit.gateway).await?;
    let trades = visit.gateway.store.read(|db| trade_list(db, SHOWN_MAX)).await?;
    let page = TreasuryPage { shell: &visit.shell, faults, positions, trades, form };
    visit.show(&page).about(&page.faults).send()
}
