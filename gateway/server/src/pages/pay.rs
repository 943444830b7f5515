//! The till: what is sold, by whom and for how much, and the buyer's consent. Whoever is not signed in, has named no
//! country or has too little in the vault is led there and back.

mod address;
mod back;
mod done;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use purser_core::{Timestamp, ids::PurchaseId, offer::Offer, place::Place, vault::VaultView};
use purser_money::Money;
use purser_store::{
    facts::merchant::Merchant,
    read::purchase::{StoredPurchase, purchase_of_offer},
};
use serde::Deserialize;
use url::Url;

use self::address::PayAddress;
pub use self::done::page as done;
use super::{Answered, form::Form, shell::Shell, shown::Faults, visit::Visit};
use crate::{
    app::{
        basket::{self, Basket, BasketItem, Consumer, Wish},
        intent::{Making, Payer},
        purchase::{self, Agreement},
        quote, session, vault,
    },
    gateway::Gateway,
    http::{body, buyer},
    problem::{self, Problem},
};

/// Of whoever is not signed in, or of whom it is not known where it consumes: what is offered, and the one thing that is
/// needed next.
#[derive(Template)]
#[template(path = "pay/offered.html")]
struct OfferedPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    offered: &'a [(Offer, Arc<Merchant>)],
    address: &'a PayAddress,
    signed_in: bool,
}

#[derive(Template)]
#[template(path = "pay/pay.html")]
struct PayPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    address: &'a PayAddress,
    country: &'a Place,
    tax_id: &'a str,
    basket: &'a Basket,
    vault: &'a VaultView,
    /// What is missing in the vault.
    missing: Option<Money>,
    /// What would be left in it.
    left: Money,
    needs_pin: bool,
    /// Where the shop wants its buyers back.
    back: Option<&'a Url>,
    /// The purchase in which this buyer bought a single-use offer of these before.
    bought: Option<PurchaseId>,
}

/// What the buyer agrees to. What is bought stands in the address, so that a page that is loaded again is the same page.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayForm {
    #[serde(default)]
    max_total: String,
    pin: Option<String>,
    tax_id: Option<String>,
    /// Only a new price is asked for.
    price: Option<String>,
}

impl PayPage<'_> {
    /// For how many days an item may be given back; none, if it is a final sale.
    fn refund_days(&self, offer: &Offer) -> Option<u32> {
        let days = offer.refund_window_days.unwrap_or(self.vault.policy.window_days);
        (days > 0).then_some(days)
    }

    fn is_converted(&self, price: &Money) -> bool {
        price.currency() != self.basket.total.currency()
    }
}

/// Shows what is to be paid.
pub async fn page(visit: Visit, request: HttpRequest) -> Answered {
    let address = PayAddress::of(&request)?;
    let shown = show(&visit, &address, "", Faults::default()).await;
    back::or_back(&visit, &address, shown).await
}

/// Pays, or prices anew.
pub async fn pay(visit: Visit, request: HttpRequest, form: Form<PayForm>) -> Answered {
    let address = PayAddress::of(&request)?;
    let Some(payer) = visit.payer() else { return Ok(to_sign_in(&visit, &address)) };
    let tax_id = form.fields.tax_id.as_deref().unwrap_or_default();
    let answered = if form.fields.price.is_some() {
        show(&visit, &address, tax_id, Faults::default()).await
    } else {
        answer(&visit, payer, (&address, tax_id), &form).await
    };
    back::or_back(&visit, &address, answered).await
}

async fn answer(
    visit: &Visit,
    payer: &Payer,
    (address, tax_id): (&PayAddress, &str),
    form: &Form<PayForm>,
) -> Answered {
    match paid(visit, payer, address, form).await {
        Ok(purchase) => back::after(visit, address, &purchase).await,
        Err(problem) if is_shown_at_the_till(&problem) => {
            // Which of the offers, or that it is the PIN, the words say.
            let problem = match problem.kind {
                problem::TAX_ID_INVALID => problem,
                _ => Problem { field: None, ..problem },
            };
            show(visit, address, tax_id, visit.mend(problem)?).await
        }
        Err(problem) if problem.kind == problem::NOT_AUTHENTICATED => {
            Ok(to_sign_in(visit, address))
        }
        Err(problem) => Err(problem),
    }
}

/// What the buyer can mend on the page itself. Everything else ends the payment, with a page that says why.
fn is_shown_at_the_till(problem: &Problem) -> bool {
    let mendable = [
        problem::PRICE_CHANGED,
        problem::PIN_REQUIRED,
        problem::INSUFFICIENT_FUNDS,
        problem::TAX_ID_INVALID,
        problem::TAX_COUNTRY_UNSUPPORTED,
    ];
    mendable.contains(&problem.kind)
}

async fn paid(
    visit: &Visit,
    payer: &Payer,
    address: &PayAddress,
    form: &Form<PayForm>,
) -> Result<StoredPurchase, Problem> {
    let (claim, answered) = form.claim(payer.account).await?;
    if let Some(outcome) = answered {
        return purchase::paid(&visit.gateway, payer.account, outcome).await;
    }
    let PayForm { max_total, pin, tax_id, .. } = &form.fields;
    let unit = visit.gateway.settings.unit_of_account;
    let most =
        Money::parse(max_total, unit).map_err(|error| Problem::amount("max_total", error))?;
    let wish = wish(payer, address, tax_id.as_deref())?;
    let agreement = Agreement { wish, max_total: Some(most), pin: buyer::pin(pin.clone())? };
    purchase::purchase(&visit.gateway, payer, claim, &agreement).await
}

fn wish(payer: &Payer, address: &PayAddress, tax_id: Option<&str>) -> Result<Wish, Problem> {
    let country = address.country()?.or_else(|| payer.country.clone());
    let country = country.ok_or_else(|| Problem::new(problem::TAX_COUNTRY_UNSUPPORTED))?;
    let tax_id = tax_id.map(str::trim).filter(|tax_id| !tax_id.is_empty());
    let tax_id = tax_id.map(|tax_id| body::text(tax_id, 1..=32, "tax_id")).transpose()?;
    Ok(Wish { offers: address.offers().to_vec(), consumer: Consumer { country, tax_id } })
}

async fn show(visit: &Visit, address: &PayAddress, tax_id: &str, faults: Faults) -> Answered {
    let Some(payer) = visit.payer() else { return show_offered(visit, address, faults).await };
    let problem = match priced(visit, payer, address, tax_id).await {
        Ok((country, basket)) => {
            return show_priced(visit, payer, (address, &country, tax_id), &basket, faults).await;
        }
        Err(problem) => problem,
    };
    match (problem.kind, problem.field.as_deref()) {
        // The price without it.
        (problem::TAX_ID_INVALID, _) if !tax_id.is_empty() => {
            let faults = visit.mend(problem)?;
            Box::pin(show(visit, address, "", faults)).await
        }
        // No country is known: it is no fault to be asked for it.
        (problem::TAX_COUNTRY_UNSUPPORTED, None) => show_offered(visit, address, faults).await,
        // Another country may do.
        (problem::TAX_COUNTRY_UNSUPPORTED, Some(_)) => {
            let faults = visit.mend(Problem { field: None, ..problem })?;
            show_offered(visit, address, faults).await
        }
        (_, Some("country")) => show_offered(visit, address, visit.mend(problem)?).await,
        _ => Err(problem),
    }
}

async fn priced(
    visit: &Visit,
    payer: &Payer,
    address: &PayAddress,
    tax_id: &str,
) -> Result<(Place, Basket), Problem> {
    let wish = wish(payer, address, Some(tax_id))?;
    let basket = quote::quote(&visit.gateway, payer, &wish).await?;
    Ok((wish.consumer.country, basket))
}

async fn show_priced(
    visit: &Visit,
    payer: &Payer,
    (address, country, tax_id): (&PayAddress, &Place, &str),
    basket: &Basket,
    faults: Faults,
) -> Answered {
    let gateway = &visit.gateway;
    let vault = vault::view(gateway, payer, &vault::looking(gateway, payer)).await?;
    if !vault.active {
        return Err(Problem::new(problem::VAULT_INACTIVE));
    }
    let left = vault.balance.minus(basket.total).map_err(Problem::internal)?;
    let missing = basket.total.minus(vault.balance).map_err(Problem::internal)?;
    let shop = back::only(basket.items.iter().map(|item| (&item.offer, item.merchant.id)));
    let back = shop.map(|(_, url)| url);
    let page = PayPage {
        shell: &visit.shell,
        address,
        country,
        tax_id,
        basket,
        vault: &vault,
        missing: Some(missing).filter(|missing| missing.is_positive()),
        left,
        needs_pin: session::needs_pin(gateway, basket.total),
        back: back.as_ref(),
        bought: bought(gateway, payer, basket).await?,
        faults,
    };
    let shown = visit.show(&page).about(&page.faults);
    match &back {
        Some(url) => shown.form_may_end_at(&url.origin().ascii_serialization()).send(),
        None => shown.send(),
    }
}

/// The purchase in which this very buyer bought what can be bought only once. Of anybody else's nothing is said.
async fn bought(
    gateway: &Gateway,
    payer: &Payer,
    basket: &Basket,
) -> Result<Option<PurchaseId>, Problem> {
    let account = payer.account;
    for BasketItem { offer, merchant, .. } in &basket.items {
        if offer.single_use {
            let (merchant, offer) = (merchant.id, offer.id.clone());
            let look = move |db: &mut _| purchase_of_offer(db, account, merchant, &offer);
            if let Some(purchase) = gateway.store.read(look).await? {
                return Ok(Some(purchase));
            }
        }
    }
    Ok(None)
}

async fn show_offered(visit: &Visit, address: &PayAddress, faults: Faults) -> Answered {
    let offered = offered(visit, address).await?;
    let page = OfferedPage {
        shell: &visit.shell,
        offered: &offered,
        address,
        signed_in: visit.is_signed_in(),
        faults,
    };
    visit.show(&page).about(&page.faults).send()
}

/// What the offers say, whoever asks.
async fn offered(
    visit: &Visit,
    address: &PayAddress,
) -> Result<Vec<(Offer, Arc<Merchant>)>, Problem> {
    offered_at(visit, address, visit.gateway.now()).await
}

/// What they said then.
async fn offered_at(
    visit: &Visit,
    address: &PayAddress,
    at: Timestamp,
) -> Result<Vec<(Offer, Arc<Merchant>)>, Problem> {
    let gateway = &visit.gateway;
    let version = match visit.payer() {
        Some(payer) => payer.facts_version,
        None => gateway.store.facts_version_recent().await?,
    };
    let making = Making { at, facts: gateway.facts.at(version) };
    basket::look(gateway, &making, address.offers()).await
}

fn to_sign_in(visit: &Visit, address: &PayAddress) -> HttpResponse {
    visit.go(&format!("/login?next={}", address.encoded()))
}
