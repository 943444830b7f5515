//! How the gateway is.

use askama::Template;
use purser_core::Timestamp;

use super::check::verdict;
use crate::{
    app::{
        check::{Ended, Run},
        health::{Health, health},
    },
    pages::{Answered, shell::Shell, visit::OperatorVisit},
};

#[derive(Template)]
#[template(path = "operator/overview.html")]
struct OverviewPage<'a> {
    shell: &'a Shell,
    health: Health,
    answered_in_ms: u128,
    check: Option<Run>,
    issuer: &'a str,
    version: &'static str,
    now: Timestamp,
}

impl OverviewPage<'_> {
    fn verdict(&self, ended: &Ended) -> (&'static str, &'static str) {
        verdict(*ended)
    }
}

/// The page.
pub async fn page(visit: OperatorVisit) -> Answered {
    let health = health(&visit.gateway).await?;
    let page = OverviewPage {
        shell: &visit.shell,
        answered_in_ms: health.answered_in.as_millis(),
        health,
        check: visit.gateway.checks.last(),
        issuer: &visit.gateway.issuer,
        version: env!("CARGO_PKG_VERSION"),
        now: visit.gateway.now(),
    };
    visit.show(&page).send()
}
