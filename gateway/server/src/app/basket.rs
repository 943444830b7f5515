//! A basket: signed offers become items with their taxes and prices. Quotes and purchases share it.

use std::sync::Arc;

use jiff::SignedDuration;
use purser_core::{
    offer::{Offer, Sealed},
    place::Place,
    purchase::{Price, price},
    record::EvidenceRecord,
    tax::{Category, Line, Sale, TaxedLine},
};
use purser_host::TaxPlugin;
use purser_money::{Currency, Money, Rounding};
use purser_store::facts::merchant::Merchant;

use super::{facts::Facts, intent::Making, merchant::check_return_url};
use crate::{
    clock::{day, later},
    gateway::Gateway,
    problem::{self, Problem},
};

/// Offers in one purchase.
pub const OFFERS_MAX: usize = 50;

/// What the buyer asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The merchants' signed offers.
    pub offers: Vec<String>,
    /// Who buys, to the tax law.
    pub consumer: Consumer,
}

/// A buyer, as the tax law sees one.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// Where it consumes.
    pub country: Place,
    /// A business buyer's tax number.
    pub tax_id: Option<String>,
}

/// What it comes to.
#[derive(Debug)]
pub struct Basket {
    /// In request order.
    pub items: Vec<BasketItem>,
    /// What leaves the vault.
    pub total: Money,
    /// The plugin calls behind it.
    pub evidence: Vec<EvidenceRecord>,
}

/// One offer with its taxes and its price.
#[derive(Debug)]
pub struct BasketItem {
    /// What the merchant signed.
    pub offer: Offer,
    /// The merchant.
    pub merchant: Arc<Merchant>,
    /// The taxes.
    pub taxed: TaxedLine,
    /// Who gets what.
    pub price: Price,
    /// The rate that is shown.
    pub rate: String,
}

/// A genuine offer, its merchant, and the plugin that knows its taxes.
pub(super) struct Offered {
    pub(super) offer: Offer,
    pub(super) merchant: Arc<Merchant>,
    pub(super) plugin: TaxPlugin,
}

/// What offers say, once they are found to be their merchants' own: before it is known who buys, and so without taxes.
pub async fn look(
    gateway: &Gateway,
    making: &Making,
    offers: &[String],
) -> Result<Vec<(Offer, Arc<Merchant>)>, Problem> {
    let mut found = Vec::with_capacity(offers.len());
    for (index, token) in offers.iter().enumerate() {
        let genuine = genuine(gateway, making, token).await;
        found.push(genuine.map_err(|problem| in_offer(problem, index))?);
    }
    Ok(found)
}

/// What offers said before they were over: to lead whoever comes too late back to their shops.
pub async fn look_back(
    gateway: &Gateway,
    making: &Making,
    offers: &[String],
) -> Result<Vec<(Offer, Arc<Merchant>)>, Problem> {
    let mut found = Vec::with_capacity(offers.len());
    for token in offers {
        let sealed = Sealed::parse(token)?;
        let then_s = sealed.not_over_s(making.at.as_second());
        found.push(open_at(gateway, &making.facts, &sealed, then_s).await?);
    }
    Ok(found)
}

/// Opens the offers, asks the plugins and prices every item.
pub async fn fill(gateway: &Gateway, making: &Making, wish: &Wish) -> Result<Basket, Problem> {
    let mut offered = Vec::with_capacity(wish.offers.len());
    for (index, token) in wish.offers.iter().enumerate() {
        let offered_item = open(gateway, making, &wish.consumer, token).await;
        offered.push(offered_item.map_err(|problem| in_offer(problem, index))?);
    }
    check_lives(making, &offered, gateway.settings.shops_told_within)?;
    price_all(gateway, making, &wish.consumer, offered).await
}

/// Each of several shops is told of its part at some time `within`, and as of then. From a sale that was told as of a time at
/// which its offer was over, the shop would know that it was one of several.
fn check_lives(
    making: &Making,
    offered: &[Offered],
    within: SignedDuration,
) -> Result<(), Problem> {
    let first = offered.first().map(|one| one.merchant.id);
    if offered.iter().all(|one| Some(one.merchant.id) == first) {
        return Ok(());
    }
    let told_by_s = later(making.at, within).as_second();
    match offered.iter().position(|one| one.offer.expires_at_s <= told_by_s) {
        None => Ok(()),
        Some(index) => Err(in_offer(Problem::new(problem::OFFER_EXPIRED), index).detail(format!(
            "paid together with another shop's, an offer is good for {} more seconds: pay this one by itself, or ask its shop for a new one",
            within.as_secs(),
        ))),
    }
}

/// Asks the plugins for the taxes of what is offered, and prices every item.
pub(super) async fn price_all(
    gateway: &Gateway,
    making: &Making,
    consumer: &Consumer,
    offered: Vec<Offered>,
) -> Result<Basket, Problem> {
    let mut evidence = Vec::new();
    let taxed = assess(gateway, making, consumer, &offered, &mut evidence).await?;
    let unit = gateway.settings.unit_of_account;
    let mut items = Vec::with_capacity(offered.len());
    for (index, (Offered { offer, merchant, .. }, taxed)) in
        offered.into_iter().zip(taxed).enumerate()
    {
        let item = price_item(gateway, making, offer, merchant, taxed, unit, &mut evidence).await;
        items.push(item.map_err(|problem| too_large_in(problem, index))?);
    }
    let total = Money::sum(items.iter().map(|item| item.price.charged), unit);
    let total = total.map_err(|error| Problem::amount("offers", error))?;
    Ok(Basket { items, total, evidence })
}

/// Names the offer in a problem that one of its claims has.
fn in_offer(problem: Problem, index: usize) -> Problem {
    let field = match &problem.field {
        Some(field) if field != "country" => format!("offers[{index}].{field}"),
        Some(field) => field.clone(),
        None => format!("offers[{index}]"),
    };
    problem.field(field)
}

async fn open(
    gateway: &Gateway,
    making: &Making,
    consumer: &Consumer,
    token: &str,
) -> Result<Offered, Problem> {
    let (offer, merchant) = genuine(gateway, making, token).await?;
    let place = place_of_supply(offer.item.category, &merchant, consumer);
    let plugin = making.facts.tax_plugin(gateway, place, day(making.at)).await?;
    Ok(Offered { offer, merchant, plugin })
}

/// An offer that its merchant signed, and that is valid now.
async fn genuine(
    gateway: &Gateway,
    making: &Making,
    token: &str,
) -> Result<(Offer, Arc<Merchant>), Problem> {
    let sealed = Sealed::parse(token)?;
    open_at(gateway, &making.facts, &sealed, making.at.as_second()).await
}

async fn open_at(
    gateway: &Gateway,
    facts: &Facts,
    sealed: &Sealed<'_>,
    now_s: i64,
) -> Result<(Offer, Arc<Merchant>), Problem> {
    let tampered = || Problem::new(problem::OFFER_TAMPERED);
    let key = facts.offer_key(gateway, sealed.kid()).await?.ok_or_else(tampered)?;
    let offer = sealed.open(&key.key, key.merchant, &gateway.issuer, now_s)?;
    let merchant = facts.merchant(gateway, key.merchant).await?.ok_or_else(tampered)?;
    check_return_url(&offer, &merchant)?;
    Ok((offer, merchant))
}

/// Whose tax law it is: where the buyer consumes, but where the seller is for what is consumed there
/// (Dir. 2006/112/EC art. 48, 53 and 55).
fn place_of_supply<'a>(
    category: Category,
    merchant: &'a Merchant,
    consumer: &'a Consumer,
) -> &'a str {
    match category {
        Category::Accommodation | Category::Restaurant | Category::PassengerTransport => {
            merchant.country.country()
        }
        Category::General
        | Category::DigitalService
        | Category::Book
        | Category::Ebook
        | Category::Newspaper
        | Category::Food
        | Category::Medicine
        | Category::Postage => consumer.country.country(),
    }
}

/// Asks for the taxes of each document: a merchant's items in one currency under one plugin.
async fn assess(
    gateway: &Gateway,
    making: &Making,
    consumer: &Consumer,
    offered: &[Offered],
    evidence: &mut Vec<EvidenceRecord>,
) -> Result<Vec<TaxedLine>, Problem> {
    let mut taxed: Vec<Option<TaxedLine>> = offered.iter().map(|_| None).collect();
    let mut documents: Vec<(Document, Vec<usize>)> = Vec::new();
    for (index, item) in offered.iter().enumerate() {
        let document = Document::of(item);
        match documents.iter_mut().find(|(known, _)| *known == document) {
            Some((_, indices)) => indices.push(index),
            None => documents.push((document, vec![index])),
        }
    }
    for (_, indices) in documents {
        let items: Vec<&Offered> = indices.iter().filter_map(|index| offered.get(*index)).collect();
        let lines = assess_document(gateway, making, consumer, &items, evidence).await;
        let first = indices.first().copied().unwrap_or(0);
        let lines = lines.map_err(|problem| blame(problem, first))?;
        for (index, line) in indices.into_iter().zip(lines) {
            if let Some(slot) = taxed.get_mut(index) {
                *slot = Some(line);
            }
        }
    }
    let all: Option<Vec<_>> = taxed.into_iter().collect();
    all.ok_or_else(|| Problem::internal("an item of a purchase was in no tax document"))
}

/// What makes items one tax document: one plugin under one configuration has to round them together.
#[derive(PartialEq, Eq)]
struct Document {
    merchant: purser_core::ids::MerchantId,
    currency: Currency,
    plugin: purser_host::Digest,
    config: Option<Arc<str>>,
}

impl Document {
    fn of(item: &Offered) -> Self {
        Self {
            merchant: item.merchant.id,
            currency: item.offer.price.currency(),
            plugin: item.plugin.digest(),
            config: item.plugin.config().cloned(),
        }
    }
}

/// A plugin names fields of its own input; the client knows others.
fn blame(problem: Problem, first: usize) -> Problem {
    let field = match problem.kind {
        problem::TAX_ID_INVALID => "tax_id".to_owned(),
        problem::TAX_COUNTRY_UNSUPPORTED => "country".to_owned(),
        problem::INVALID_AMOUNT => return too_large_in(problem, first),
        _ => format!("offers[{first}]"),
    };
    problem.field(field)
}

/// Names the price in the refusal of an amount that does not fit.
fn too_large_in(problem: Problem, index: usize) -> Problem {
    if problem.kind != problem::INVALID_AMOUNT {
        return problem;
    }
    problem.field(format!("offers[{index}].price.amount"))
}

async fn assess_document(
    gateway: &Gateway,
    making: &Making,
    consumer: &Consumer,
    items: &[&Offered],
    evidence: &mut Vec<EvidenceRecord>,
) -> Result<Vec<TaxedLine>, Problem> {
    let Some(first) = items.first() else { return Ok(Vec::new()) };
    let line = |item: &&Offered| Line {
        category: item.offer.item.category,
        amount: item.offer.price,
        tax_inclusive: item.offer.tax_inclusive,
    };
    let sale = Sale {
        date: day(making.at),
        currency: first.offer.price.currency(),
        seller: first.merchant.country.clone(),
        registrations: first.merchant.registrations.clone(),
        buyer: consumer.country.clone(),
        buyer_tax_id: consumer.tax_id.clone(),
        lines: items.iter().map(line).collect(),
    };
    let started = std::time::Instant::now();
    let called = first.plugin.assess(&sale).await;
    gateway.metrics.plugin_called("tax.assess", started.elapsed(), called.is_err());
    let called = called?;
    evidence.push(called.evidence.into());
    Ok(called.value.lines)
}

async fn price_item(
    gateway: &Gateway,
    making: &Making,
    offer: Offer,
    merchant: Arc<Merchant>,
    taxed: TaxedLine,
    unit: Currency,
    evidence: &mut Vec<EvidenceRecord>,
) -> Result<BasketItem, Problem> {
    let facts: &Facts = &making.facts;
    let route = facts.route(gateway, taxed.gross, unit, Rounding::Up, day(making.at)).await?;
    let too_large = |error: purser_core::rate::ConversionError| {
        Problem::new(problem::INVALID_AMOUNT).field("offers").detail(error.to_string())
    };
    let price = price(&taxed, merchant.fee_percent, &route.route).map_err(too_large)?;
    let rate = route.route.shown().map_err(too_large)?.to_string();
    evidence.extend(route.evidence.clone());
    Ok(BasketItem { offer, merchant, taxed, price, rate })
}
