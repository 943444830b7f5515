//! A buyer erases an account: what identifies it is destroyed, and the rest of the money comes back.

use purser_core::{
    closing::EraseAccount,
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{CardId, LogId},
};
use purser_money::Money;

use super::{
    intent::{Making, Payer, carry_out},
    refund::closing,
    vault,
};
use crate::{gateway::Gateway, problem::Problem, random::id_bits};

/// Erases the account; the caller has shown PIN and password again.
pub async fn erase(
    gateway: &Gateway,
    payer: &Payer,
    key: KeyClaim,
) -> Result<Option<(CardId, Money)>, Problem> {
    let prepare = |_: Making| async move {
        let compensation = vault::compensation(gateway, payer).await?;
        Ok(Command::EraseAccount(Box::new(EraseAccount {
            account: payer.account,
            compensation,
            closing: closing(gateway, LogId::from_random(id_bits())),
        })))
    };
    erased(carry_out(gateway, Some(key), payer.facts_version, prepare).await?)
}

/// What was left, as an outcome says.
pub fn erased(outcome: Outcome) -> Result<Option<(CardId, Money)>, Problem> {
    match outcome? {
        Answer::Erased { compensation } => Ok(compensation),
        _ => Err(Problem::internal("the key of an erasure answers something else")),
    }
}
