//! What was paid to the merchant's bank.

use actix_web::web::Query;
use askama::Template;
use purser_store::read::payout::{StoredPayout, payouts_page};

use super::scope;
use crate::pages::{
    Answered,
    paging::{After, Pager},
    shell::Shell,
    visit::MerchantVisit,
};

#[derive(Template)]
#[template(path = "desk/payouts.html")]
struct PayoutsPage<'a> {
    shell: &'a Shell,
    payouts: Vec<StoredPayout>,
    pager: Pager,
}

/// The list, newest first.
pub async fn page(visit: MerchantVisit, after: Query<After>) -> Answered {
    visit.require(scope::PAYOUTS)?;
    let (id, page) = (Some(visit.id), after.page()?);
    let found = visit.gateway.store.read(move |db| payouts_page(db, id, &page)).await?;
    let pager = after.pager("/desk/payouts", found.next.as_deref());
    visit.show(&PayoutsPage { shell: &visit.shell, payouts: found.rows, pager }).send()
}
