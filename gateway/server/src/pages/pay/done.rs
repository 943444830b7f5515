//! After a purchase at several shops: back to each of them, with its own receipt.

use std::sync::Arc;

use actix_web::{HttpRequest, web::Query};
use askama::Template;
use purser_core::ids::PurchaseId;
use purser_store::{
    facts::merchant::Merchant,
    read::{
        purchase::{StoredPurchase, purchase_get},
        untold::is_untold,
    },
};
use serde::Deserialize;
use url::Url;

use super::{
    address::PayAddress,
    back::{returns, with_receipt},
    offered_at,
};
use crate::{
    pages::{Answered, shell::Shell, visit::BuyerVisit},
    problem::Problem,
};

#[derive(Template)]
#[template(path = "pay/done.html")]
struct DonePage<'a> {
    shell: &'a Shell,
    purchase: &'a StoredPurchase,
    ways: Vec<Way>,
    again: String,
}

/// The way back to a shop: an address with its receipt, once the shop is told of the sale.
struct Way {
    shop: String,
    url: Option<Url>,
}

impl DonePage<'_> {
    /// Whether a shop is yet to be told.
    fn waits(&self) -> bool {
        self.ways.iter().any(|way| way.url.is_none())
    }
}

/// What was paid.
#[derive(Deserialize)]
pub struct DoneQuery {
    #[serde(default)]
    purchase: String,
}

/// The ways back.
pub async fn page(visit: BuyerVisit, request: HttpRequest, query: Query<DoneQuery>) -> Answered {
    let id: PurchaseId = query.purchase.parse().map_err(|_| Problem::not_found())?;
    let address = PayAddress::of(&request)?;
    let account = visit.payer.account;
    let found = visit.gateway.store.read(move |db| purchase_get(db, account, id)).await?;
    let purchase = found.ok_or_else(Problem::not_found)?;
    let offered = offered_at(&visit, &address, purchase.record.at).await.unwrap_or_default();
    let shops = returns(offered.iter().map(|(offer, merchant)| (offer, merchant.id)));
    let name = |of: &Arc<Merchant>| of.name.clone();
    let way = |shop: &super::back::Return| {
        let merchant = offered.iter().map(|(_, merchant)| merchant).find(|row| row.id == shop.0);
        let mut own = purchase.items.iter().map(|item| &item.record);
        let untold = own.any(|item| item.merchant == shop.0 && is_untold(item.id));
        Way {
            shop: merchant.map(name).unwrap_or_default(),
            url: (!untold).then(|| with_receipt(shop, &purchase)),
        }
    };
    let ways = shops.iter().map(way).collect();
    let again = address.done_path(id);
    visit.show(&DonePage { shell: &visit.shell, purchase: &purchase, ways, again }).send()
}
