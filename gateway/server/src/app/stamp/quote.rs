//! What a piece can be sent by, and what that would cost: priced as it would be bought, and nothing moves.

use purser_core::{
    offer::{Offer, OfferedItem},
    record::EvidenceRecord,
    stamp::piece::Product,
    tax::Category,
};
use purser_store::facts::merchant::{Merchant, vendor_list};

use super::{Post, Wish};
use crate::{
    app::{
        basket::{self, Basket, Offered},
        intent::{Making, Payer},
    },
    clock::day,
    gateway::Gateway,
    problem::{self, Problem},
};

/// A product, and what it would cost this buyer.
pub struct Quoted {
    /// As the vendor's plugin offers it.
    pub product: Product,
    /// Of one item: the stamp.
    pub basket: Basket,
}

/// The merchants that sell postage.
pub async fn vendors(gateway: &Gateway) -> Result<Vec<Merchant>, Problem> {
    Ok(gateway.store.read(vendor_list).await?)
}

/// Prices every service that carries the piece. Needs no funds.
pub async fn quote(gateway: &Gateway, payer: &Payer, wish: &Wish) -> Result<Vec<Quoted>, Problem> {
    let making = Making { at: gateway.now(), facts: gateway.facts.at(payer.facts_version) };
    let post = wish.post(gateway, &making).await?;
    let (products, _) = products(gateway, &making, &post, wish).await?;
    // Who names a service is told of it as when it is bought; who names none, that nothing carries the piece.
    if products.is_empty() && wish.service.is_some() {
        return Err(Problem::new(problem::POSTAGE_UNSUPPORTED).field("service"));
    }
    let mut quoted = Vec::with_capacity(products.len());
    for product in products {
        let basket = price(gateway, &making, &post, wish, (&product, "stamp")).await?;
        quoted.push(Quoted { product, basket });
    }
    Ok(quoted)
}

/// What the vendor's plugin offers, and the evidence of it.
pub(super) async fn products(
    gateway: &Gateway,
    making: &Making,
    post: &Post,
    wish: &Wish,
) -> Result<(Vec<Product>, EvidenceRecord), Problem> {
    let started = std::time::Instant::now();
    let called = post.plugin.quote(&wish.mailpiece(making), None).await;
    gateway.metrics.plugin_called("stamps.quote", started.elapsed(), called.is_err());
    let called = called.map_err(|error| asked_for(error.into()))?;
    Ok((called.value, called.evidence.into()))
}

/// A plugin names fields of its own input; the client's are written with other signs.
fn asked_for(problem: Problem) -> Problem {
    match (problem.kind, problem.field.clone()) {
        (problem::POSTAGE_UNSUPPORTED, Some(field)) => problem.field(field.replace('-', "_")),
        _ => problem,
    }
}

/// Prices a product as a basket of one item, at its face value: postage is exempt, and what a tax plugin finds on it is
/// within that value.
pub(super) async fn price(
    gateway: &Gateway,
    making: &Making,
    post: &Post,
    wish: &Wish,
    (product, offer_id): (&Product, &str),
) -> Result<Basket, Problem> {
    let place = wish.country()?;
    let plugin = making.facts.tax_plugin(gateway, place.country(), day(making.at)).await;
    let plugin = plugin.map_err(blame)?;
    let offer = Offer {
        id: offer_id.to_owned(),
        issued_at_s: making.at.as_second(),
        expires_at_s: making.at.as_second(),
        item: OfferedItem {
            id: product.service.to_string(),
            title: product.title.clone(),
            category: Category::Postage,
            url: None,
        },
        price: product.price,
        tax_inclusive: true,
        single_use: false,
        refund_window_days: None,
        return_url: None,
    };
    let offered = Offered { offer, merchant: post.merchant.clone(), plugin };
    let consumer = basket::Consumer { country: place, tax_id: None };
    basket::price_all(gateway, making, &consumer, vec![offered]).await.map_err(blame)
}

/// Baskets speak of offers; here the client named a service, and where the piece is posted.
fn blame(problem: Problem) -> Problem {
    let field = match problem.kind {
        problem::TAX_COUNTRY_UNSUPPORTED => "origin",
        _ if problem.field.is_some() => "service",
        _ => return problem,
    };
    problem.field(field)
}
