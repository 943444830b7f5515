//! What a merchant sees first: what it is owed, and how its sales went lately.

use askama::Template;
use purser_money::Money;
use purser_store::{facts::merchant::Merchant, read::sale::merchant_balances};

use super::scope;
use crate::{
    app::turnover::{Days, Turnover, turnover},
    pages::{
        Answered,
        chart::{Chart, Figure},
        shell::Shell,
        visit::MerchantVisit,
    },
};

#[derive(Template)]
#[template(path = "desk/overview.html")]
struct OverviewPage<'a> {
    shell: &'a Shell,
    merchant: Merchant,
    balances: Vec<Money>,
    turnover: Option<Turnover>,
    charts: Vec<Chart>,
}

/// The page.
pub async fn page(visit: MerchantVisit) -> Answered {
    let id = visit.id;
    let merchant = visit.profile().await?;
    let balances = visit.gateway.store.read(move |db| merchant_balances(db, id)).await?;
    let turnover =
        if visit.may(scope::SALES) { Some(turnover(&visit.gateway, id).await?) } else { None };
    let days = turnover.iter().flat_map(|turnover| &turnover.days);
    let charts = days.map(|days| chart(&visit.shell, days)).collect();
    let page = OverviewPage { shell: &visit.shell, merchant, balances, turnover, charts };
    visit.show(&page).send()
}

fn chart(shell: &Shell, days: &Days) -> Chart {
    let figure = |(day, gross): &(jiff::civil::Date, Money)| Figure {
        label: day.to_string(),
        amount: gross.minor(),
        shown: shell.money(gross),
    };
    Chart {
        title: shell.say("desk-chart").arg("currency", days.currency).to_string(),
        label_head: shell.t("desk-day"),
        amount_head: shell.t("desk-gross"),
        figures: days.gross.iter().map(figure).collect(),
    }
}
