//! What a buyer sees of its own: the vault, and the card that holds the rest of a closed one.

use purser_core::{card::code::CardCode, ids::CardId, secret::SecretText, vault::VaultView};
use purser_store::read::vault::{vault_compensation, vault_view};

use super::intent::{Making, Payer};
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
};

/// The vault now.
pub async fn view(gateway: &Gateway, payer: &Payer, making: &Making) -> Result<VaultView, Problem> {
    let policy = making.facts.refund_policy(gateway).await?;
    let (account, now) = (payer.account, making.at);
    let view = gateway.store.read(move |db| vault_view(db, account, &policy, now)).await?;
    view.ok_or_else(|| Problem::new(problem::NOT_FOUND))
}

/// The compensation card of a closed vault, empty or not.
pub async fn compensation(gateway: &Gateway, payer: &Payer) -> Result<Option<CardId>, Problem> {
    let account = payer.account;
    Ok(gateway.store.read(move |db| vault_compensation(db, account)).await?)
}

/// The code of a compensation card. It is nowhere kept: it follows from the card's id.
pub fn compensation_code(gateway: &Gateway, card: CardId) -> SecretText {
    CardCode::of_compensation(&gateway.keys.codes, card).reveal()
}

/// When and with which facts a call that only looks is answered.
pub fn looking(gateway: &Gateway, payer: &Payer) -> Making {
    Making { at: gateway.now(), facts: gateway.facts.at(payer.facts_version) }
}
