//! What the vault holds, what may still be refunded, and what happened last.

use askama::Template;
use purser_core::{Timestamp, vault::VaultView};
use purser_money::Money;
use purser_store::read::page::Page;

use super::{Line, lines, vault_of};
use crate::{
    app::vault,
    pages::{Answered, shell::Shell, visit::BuyerVisit},
    problem::Problem,
};

/// Movements that are shown at first sight.
const LATEST: usize = 8;

#[derive(Template)]
#[template(path = "wallet/overview.html")]
struct OverviewPage<'a> {
    shell: &'a Shell,
    vault: &'a VaultView,
    left: Money,
    ends_at: Option<Timestamp>,
    /// The code of the card that holds the rest of a closed vault, and what is on it.
    compensation: Option<(String, Money)>,
    lines: Vec<Line>,
}

/// The first page of the wallet.
pub async fn page(visit: BuyerVisit) -> Answered {
    let vault = vault_of(&visit, &visit.payer).await?;
    let page = Page::new(None, LATEST).ok_or_else(|| Problem::internal("a page of few rows"))?;
    let newest = lines(&visit.gateway, visit.payer.account, page).await?.rows;
    let compensation = vault.compensation.map(|(card, left)| {
        (vault::compensation_code(&visit.gateway, card).expose().to_owned(), left)
    });
    let page = OverviewPage {
        shell: &visit.shell,
        left: vault.refund_left(),
        ends_at: vault.period_ends_at(),
        compensation,
        lines: newest.iter().map(|line| Line::of(visit.shell.words, line)).collect(),
        vault: &vault,
    };
    visit.show(&page).send()
}
