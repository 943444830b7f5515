//! What is printed of a stamp.

use purser_core::{
    ids::{AccountId, StampId},
    stamp::{Stamp, StampState, Use},
};
use purser_store::read::stamp::stamps_of;

use super::{Ordered, complete::complete, void::own};
use crate::{
    clock::day,
    gateway::Gateway,
    problem::{self, Problem},
    stamp::StampView,
};

/// Stamps on the sheets of one document.
pub const PRINTED_MAX: usize = 100;

/// A buyer's own stamp, to be printed.
pub async fn one(gateway: &Gateway, account: AccountId, id: StampId) -> Result<StampView, Problem> {
    view(gateway, own(gateway, account, id).await?).await
}

/// A buyer's own stamps, in the order in which they were asked for. Of one that is not there nothing is printed.
pub async fn several(
    gateway: &Gateway,
    account: AccountId,
    ids: Vec<StampId>,
) -> Result<Vec<StampView>, Problem> {
    let count = ids.len();
    let stamps = gateway.store.read(move |db| stamps_of(db, account, &ids)).await?;
    if stamps.len() != count {
        return Err(Problem::not_found().field("ids"));
    }
    let mut views = Vec::with_capacity(count);
    for stamp in stamps {
        views.push(view(gateway, stamp).await?);
    }
    Ok(views)
}

/// The mark of a stamp whose money came back is not printed again: it is no postage.
async fn view(gateway: &Gateway, stamp: Stamp) -> Result<StampView, Problem> {
    let stamp = complete(gateway, stamp).await?;
    let product = Ordered::of(&stamp)?.product;
    let record = stamp.record;
    let issue = match stamp.state {
        StampState::Issued(issue, Use::Unused | Use::Used(_) | Use::VoidPending { .. }) => issue,
        StampState::Issued(_, Use::Void) | StampState::Failed(_) | StampState::Issuing => {
            return Err(Problem::new(problem::ALREADY_REFUNDED)
                .detail("this stamp is void: what was paid for it came back"));
        }
    };
    Ok(StampView {
        indicium: issue.indicium,
        symbol: product.symbol,
        price: record.price,
        title: product.title,
        issued_on: day(record.at),
        expires_on: record.expires_on,
        serial: issue.serial,
        s10: issue.s10,
        printed: issue.printed,
        verify_at: format!("{}/v1/stamps/verify", gateway.issuer),
    })
}
