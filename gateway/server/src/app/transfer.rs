//! A buyer pays another.

use purser_core::{
    card::code::CardSerial,
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{EntryId, LogId, TransferId},
    transfer::Transfer,
};
use purser_money::Money;
use purser_store::read::vault::{vault_country, vault_find_by_handle};

use super::{
    intent::{Making, Payer, carry_out},
    session,
};
use crate::{gateway::Gateway, problem::Problem, random::id_bits};

/// A transfer that was made.
pub struct Transferred {
    /// Its name.
    pub id: TransferId,
    /// The handle it went to.
    pub to: String,
    /// How much.
    pub amount: Money,
}

/// What is asked.
pub struct Asked {
    /// The other's handle; nothing, if what the client wrote is no handle at all.
    pub to: Option<String>,
    /// How much, in the unit of account.
    pub amount: Money,
    /// The PIN, above the step-up limit.
    pub pin: Option<String>,
}

/// A handle as people type it: in either case, with hyphens and blanks or without. It is made like a card's serial, so
/// its check character tells most slips without a look at the database.
pub fn handle(text: &str) -> Option<String> {
    text.parse().ok().map(|handle: CardSerial| handle.to_string())
}

/// Transfers. What is no handle is as unknown as one that nobody has.
pub async fn transfer(
    gateway: &Gateway,
    payer: &Payer,
    key: KeyClaim,
    asked: &Asked,
) -> Result<Transferred, Problem> {
    let prepare = |making: Making| async move { prepare(gateway, payer, asked, making).await };
    transferred(carry_out(gateway, Some(key), payer.facts_version, prepare).await?)
}

/// The transfer that an outcome speaks of.
pub fn transferred(outcome: Outcome) -> Result<Transferred, Problem> {
    match outcome? {
        Answer::Transferred { transfer, to, amount } => {
            Ok(Transferred { id: transfer, to, amount })
        }
        _ => Err(Problem::internal("the key of a transfer answers something else")),
    }
}

async fn prepare(
    gateway: &Gateway,
    payer: &Payer,
    asked: &Asked,
    _: Making,
) -> Result<Command, Problem> {
    session::step_up(gateway, payer, asked.pin.as_deref(), asked.amount).await?;
    let found = match asked.to.clone() {
        None => None,
        Some(handle) => {
            let found = gateway.store.read(move |db| {
                let Some(account) = vault_find_by_handle(db, &handle)? else { return Ok(None) };
                Ok(Some((account, vault_country(db, account)?)))
            });
            found.await?
        }
    };
    let country = found
        .as_ref()
        .and_then(|(_, country)| country.as_ref())
        .map(|place| place.country().to_owned());
    Ok(Command::Transfer(Box::new(Transfer {
        id: TransferId::from_random(id_bits()),
        from: payer.account,
        to: found.map(|(account, _)| account),
        handle: asked.to.clone().unwrap_or_default(),
        amount: asked.amount,
        limits: gateway.settings.limits_of(payer.country.as_ref().map(|place| place.country())),
        limits_to: gateway.settings.limits_of(country.as_deref()),
        entry: EntryId::from_random(id_bits()),
        log_out: LogId::from_random(id_bits()),
        log_in: LogId::from_random(id_bits()),
    })))
}
