//! What was bought: the list, each purchase with its receipts, and taking an item back with one click.

use std::collections::BTreeMap;

use actix_web::web::{Path, Query};
use askama::Template;
use purser_core::{
    Timestamp,
    ids::{ItemId, MerchantId, PurchaseId},
    vault::VaultView,
};
use purser_money::Money;
use purser_store::read::purchase::{StoredItem, StoredPurchase, purchase_get, purchases_page};
use serde::Deserialize;

use super::{Back, agree_to_closing, vault_of};
use crate::{
    app::{facts::Facts, refund, vault},
    http::download,
    pages::{
        Answered,
        form::Form,
        paging::{After, Pager},
        shell::{Flash, Shell},
        shown::Faults,
        visit::BuyerVisit,
    },
    problem::Problem,
};

/// A compact JWS (RFC 7515, section 9.2.1).
const JOSE: &str = "application/jose";

#[derive(Template)]
#[template(path = "wallet/purchases.html")]
struct ListPage<'a> {
    shell: &'a Shell,
    purchases: &'a [StoredPurchase],
    pager: Pager,
}

#[derive(Template)]
#[template(path = "wallet/purchase.html")]
struct PurchasePage<'a> {
    shell: &'a Shell,
    faults: Faults,
    purchase: &'a StoredPurchase,
    names: BTreeMap<MerchantId, String>,
    vault: &'a VaultView,
    left: Money,
    now: Timestamp,
}

/// What is to go back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundForm {
    #[serde(default)]
    item: String,
    /// That the vault closes by it, the buyer knows.
    agreed: Option<String>,
}

impl PurchasePage<'_> {
    fn seller(&self, merchant: &MerchantId) -> &str {
        self.names.get(merchant).map_or("", String::as_str)
    }

    fn is_converted(&self, price: &Money) -> bool {
        price.currency() != self.purchase.record.total.currency()
    }

    fn back(&self, item: &StoredItem) -> Back {
        Back::of(self.vault, &item.record, self.now)
    }

    /// Whether the vault closes, should this come back.
    fn closes(&self, charged: &Money) -> bool {
        self.vault.is_closed_by(*charged)
    }
}

/// The list.
pub async fn list(visit: BuyerVisit, after: Query<After>) -> Answered {
    let (account, page) = (visit.payer.account, after.page()?);
    let found = visit.gateway.store.read(move |db| purchases_page(db, account, &page)).await?;
    let page = ListPage {
        shell: &visit.shell,
        purchases: &found.rows,
        pager: after.pager("/wallet/purchases", found.next.as_deref()),
    };
    visit.show(&page).send()
}

/// One purchase.
pub async fn page(visit: BuyerVisit, id: Path<String>) -> Answered {
    let purchase = own(&visit, &id).await?;
    show(&visit, &purchase, Faults::default()).await
}

/// Takes an item back.
pub async fn take_back(visit: BuyerVisit, id: Path<String>, form: Form<RefundForm>) -> Answered {
    let purchase = own(&visit, &id).await?;
    match refunded(&visit, &purchase, &form).await {
        Ok(refunded) => Ok(said(&visit, &purchase, &refunded)),
        Err(problem) => {
            let faults = visit.mend(problem)?;
            show(&visit, &purchase, faults).await
        }
    }
}

/// The buyer's receipt.
pub async fn receipt(visit: BuyerVisit, id: Path<String>) -> Answered {
    let purchase = own(&visit, &id).await?;
    let record = purchase.record;
    download::file(JOSE, &format!("{}.jws", record.id), record.receipt.into_bytes())
}

/// What one of the sellers has as its receipt.
pub async fn sale_receipt(visit: BuyerVisit, path: Path<(String, String)>) -> Answered {
    let (id, merchant) = path.into_inner();
    let purchase = own(&visit, &id).await?;
    let merchant: MerchantId = merchant.parse().map_err(|_| Problem::not_found())?;
    let mut receipts = purchase.record.sale_receipts.into_iter();
    let receipt = receipts.find(|(seller, _)| *seller == merchant);
    let (_, receipt) = receipt.ok_or_else(Problem::not_found)?;
    download::file(JOSE, &format!("{id}-{merchant}.jws"), receipt.into_bytes())
}

async fn own(visit: &BuyerVisit, id: &str) -> Result<StoredPurchase, Problem> {
    let id: PurchaseId = id.parse().map_err(|_| Problem::not_found())?;
    let account = visit.payer.account;
    let found = visit.gateway.store.read(move |db| purchase_get(db, account, id)).await?;
    found.ok_or_else(Problem::not_found)
}

async fn refunded(
    visit: &BuyerVisit,
    purchase: &StoredPurchase,
    form: &Form<RefundForm>,
) -> Result<refund::Refunded, Problem> {
    let (claim, answered) = form.claim(visit.payer.account).await?;
    if let Some(outcome) = answered {
        return refund::refunded(outcome);
    }
    let item = form.fields.item.parse::<ItemId>().ok();
    let charged = purchase.items.iter().find(|bought| Some(bought.record.id) == item);
    if let Some(bought) = charged {
        let vault = vault_of(visit, &visit.payer).await?;
        agree_to_closing(&vault, bought.record.charged, form.fields.agreed.as_deref())?;
    }
    refund::refund(&visit.gateway, &visit.payer, claim, item).await
}

fn said(
    visit: &BuyerVisit,
    purchase: &StoredPurchase,
    refunded: &refund::Refunded,
) -> actix_web::HttpResponse {
    let credited = visit.shell.words.money(refunded.credited);
    if refunded.vault.as_ref().is_some_and(|vault| !vault.active) {
        let closed = Flash::bad("wallet-refunded-closed").arg("amount", credited);
        return visit.go_saying("/wallet", &closed);
    }
    let flash = Flash::good("wallet-refunded").arg("amount", credited);
    visit.go_saying(&format!("/wallet/purchases/{}", purchase.record.id), &flash)
}

async fn show(visit: &BuyerVisit, purchase: &StoredPurchase, faults: Faults) -> Answered {
    let looking = vault::looking(&visit.gateway, &visit.payer);
    let vault = vault::view(&visit.gateway, &visit.payer, &looking).await?;
    let facts: &Facts = &looking.facts;
    let mut names = BTreeMap::new();
    for item in &purchase.items {
        let id = item.record.merchant;
        let merchant = facts.merchant(&visit.gateway, id).await?;
        names.extend(merchant.map(|merchant| (id, merchant.name.clone())));
    }
    let page = PurchasePage {
        shell: &visit.shell,
        purchase,
        names,
        left: vault.refund_left(),
        vault: &vault,
        now: looking.at,
        faults,
    };
    visit.show(&page).about(&page.faults).send()
}
