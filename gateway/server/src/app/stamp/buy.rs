//! Buying a stamp: a purchase of one item, and then the stamp itself.

use purser_core::{
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{AccountId, StampId},
    record::LogKind,
    stamp::{
        Stamp, StampState, Use,
        buy::{BuyStamp, NewStamp},
        piece::ServiceId,
    },
};
use purser_money::Money;
use purser_store::{facts::stamp_key::stamp_key_newest, read::stamp::stamp_get};

use super::{
    Ordered, Wish,
    complete::{complete, failed},
    issuer,
    quote::{price, products},
};
use crate::{
    app::{
        intent::{Making, Payer, carry_out},
        note, purchase, session,
    },
    clock::day,
    gateway::Gateway,
    problem::{self, Problem},
    random::{self, id_bits},
};

/// What the buyer agrees to.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// What is to be sent.
    pub wish: Wish,
    /// By which service.
    pub service: ServiceId,
    /// The most that may leave the vault.
    pub max_total: Option<Money>,
    /// The PIN, above the step-up limit.
    pub pin: Option<String>,
}

/// Buys: the teller moves the money, and then the stamp is made.
pub async fn buy(
    gateway: &Gateway,
    payer: &Payer,
    key: KeyClaim,
    agreement: &Agreement,
) -> Result<Stamp, Problem> {
    let outcome = begin(gateway, payer, key, agreement).await?;
    bought(gateway, payer.account, outcome).await
}

/// The first step: the money moves, and the next piece of the vendor's register is taken. What interrupts a purchase
/// behind it is made good by whoever looks next: a retry with the same key, or the background.
pub async fn begin(
    gateway: &Gateway,
    payer: &Payer,
    key: KeyClaim,
    agreement: &Agreement,
) -> Result<Outcome, Problem> {
    let prepare = |making: Making| async move { prepare(gateway, payer, agreement, making).await };
    match carry_out(gateway, Some(key), payer.facts_version, prepare).await {
        Ok(outcome) => Ok(outcome),
        Err(problem) => Err(note::refused(gateway, payer, LogKind::Purchase, problem).await),
    }
}

/// The stamp that an outcome speaks of, as it was when it was issued; or why it could not be.
pub async fn bought(
    gateway: &Gateway,
    account: AccountId,
    outcome: Outcome,
) -> Result<Stamp, Problem> {
    let Answer::StampBought { stamp } = outcome? else {
        return Err(Problem::internal("the key of a stamp answers something else"));
    };
    let stored = gateway.store.read(move |db| stamp_get(db, stamp)).await?;
    let stored = stored.filter(|stamp| stamp.record.account == account);
    let stored = stored.ok_or_else(|| Problem::internal("a stamp that was paid is not there"))?;
    let Stamp { record, state } = complete(gateway, stored).await?;
    match state {
        StampState::Issued(issue, _) => {
            Ok(Stamp { record, state: StampState::Issued(issue, Use::Unused) })
        }
        StampState::Failed(failure) => Err(failed(&failure)),
        StampState::Issuing => Err(Problem::internal("a stamp was completed and is not")),
    }
}

async fn prepare(
    gateway: &Gateway,
    payer: &Payer,
    agreement: &Agreement,
    making: Making,
) -> Result<Command, Problem> {
    let wish = Wish { service: Some(agreement.service.clone()), ..agreement.wish.clone() };
    let post = wish.post(gateway, &making).await?;
    let (products, evidence) = products(gateway, &making, &post, &wish).await?;
    let product = products.into_iter().find(|product| product.service == agreement.service);
    let product =
        product.ok_or_else(|| Problem::new(problem::POSTAGE_UNSUPPORTED).field("service"))?;
    let id = StampId::from_random(id_bits());
    let mut basket = price(gateway, &making, &post, &wish, (&product, &id.to_string())).await?;
    basket.evidence.push(evidence);
    if agreement.max_total.is_some_and(|most| basket.total.minor() > most.minor()) {
        return Err(Problem::price_changed(basket));
    }
    session::step_up(gateway, payer, agreement.pin.as_deref(), basket.total).await?;
    let vendor = post.merchant.id;
    let key = gateway.store.read(move |db| stamp_key_newest(db, vendor)).await?;
    let key = key.ok_or_else(|| Problem::internal("a vendor has no key"))?;
    let mailpiece = wish.mailpiece(&making);
    let expires_on = product.expires_on(day(making.at));
    let service = product.service.to_string();
    let ordered = Ordered {
        issuer: issuer()?,
        plugin: post.terms.plugin,
        product,
        mailpiece,
        nonce: random::bytes(),
    };
    let order = serde_json::to_string(&ordered).map_err(Problem::internal)?;
    let purchase = purchase::build(gateway, payer, &wish.country()?, basket, making.at)?;
    let stamp = NewStamp { id, key_id: key.id, service, expires_on, order };
    Ok(Command::BuyStamp(Box::new(BuyStamp { purchase, stamp })))
}
