//! Back to the shop, with its receipt.

use purser_core::{ids::MerchantId, offer::Offer};
use purser_store::read::purchase::StoredPurchase;
use url::Url;

use super::{address::PayAddress, offered};
use crate::{
    app::{basket, intent::Making},
    pages::{Answered, shell::Flash, trouble::RETURN_URL, visit::Visit},
    problem,
};

/// What servers take as an address without trouble. A shop whose receipt is longer hears of it from its webhook.
const URL_BYTES_MAX: usize = 8 * 1024;

/// A shop, and where its buyers go afterwards.
pub(super) type Return = (MerchantId, Url);

/// From the till to where the buyer goes next: to the shop, if it is one, and it said where.
pub(super) async fn after(
    visit: &Visit,
    address: &PayAddress,
    purchase: &StoredPurchase,
) -> Answered {
    // Whoever sends the form again a day later has paid all the same, though the offer is over by then.
    let offered = offered(visit, address).await.unwrap_or_default();
    let offers = || offered.iter().map(|(offer, merchant)| (offer, merchant.id));
    if let Some(shop) = only(offers()) {
        return Ok(visit.go(with_receipt(&shop, purchase).as_str()));
    }
    let id = purchase.record.id;
    if returns(offers()).is_empty() {
        return Ok(visit.go_saying(&format!("/wallet/purchases/{id}"), &Flash::good("pay-paid")));
    }
    Ok(visit.go(&address.done_path(id)))
}

/// Of what ends a payment for good, the way back to the shop, where there is one to start again from.
pub(super) async fn or_back(visit: &Visit, address: &PayAddress, answered: Answered) -> Answered {
    let ends = [problem::OFFER_EXPIRED, problem::OFFER_ALREADY_USED, problem::VAULT_INACTIVE];
    match answered {
        Err(problem) if ends.contains(&problem.kind) => {
            let gateway = &visit.gateway;
            let version = gateway.store.facts_version_recent().await?;
            let making = Making { at: gateway.now(), facts: gateway.facts.at(version) };
            let offered = basket::look_back(gateway, &making, address.offers()).await;
            let offered = offered.unwrap_or_default();
            let back = only(offered.iter().map(|(offer, merchant)| (offer, merchant.id)));
            Err(match back {
                Some((_, url)) => problem.with(RETURN_URL, url.as_str()),
                None => problem,
            })
        }
        answered => answered,
    }
}

/// Where the buyer goes, if all is of one shop that named one place.
pub(super) fn only<'a>(offers: impl Iterator<Item = (&'a Offer, MerchantId)>) -> Option<Return> {
    let offers: Vec<_> = offers.collect();
    let (_, first) = offers.first()?;
    let of_one = offers.iter().all(|(_, merchant)| merchant == first);
    let mut returns = returns(offers.iter().copied());
    (of_one && returns.len() == 1).then(|| returns.swap_remove(0))
}

/// The places that shops named, each once.
pub(super) fn returns<'a>(offers: impl Iterator<Item = (&'a Offer, MerchantId)>) -> Vec<Return> {
    let mut returns: Vec<Return> = Vec::new();
    for (offer, merchant) in offers {
        let named = offer.return_url.clone().map(|url| (merchant, url));
        returns.extend(named.filter(|named| !returns.contains(named)));
    }
    returns
}

/// The address of a shop with its own receipt, and no other's.
pub(super) fn with_receipt((shop, url): &Return, purchase: &StoredPurchase) -> Url {
    let receipts = &purchase.record.sale_receipts;
    let Some((_, receipt)) = receipts.iter().find(|(merchant, _)| merchant == shop) else {
        return url.clone();
    };
    let mut full = url.clone();
    full.query_pairs_mut().append_pair("receipt", receipt);
    if full.as_str().len() > URL_BYTES_MAX { url.clone() } else { full }
}
