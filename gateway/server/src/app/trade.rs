//! The operator covers a currency position at a bank.

use purser_core::{
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{EntryId, TradeId},
    record::TradeRecord,
    trade::Trade,
};
use purser_money::Money;

use super::intent::{Making, carry_out};
use crate::{gateway::Gateway, problem::Problem, random::id_bits};

/// Books a trade: `sold` was given away for `bought`.
pub async fn trade(
    gateway: &Gateway,
    facts_version: i64,
    key: KeyClaim,
    (sold, bought): (Money, Money),
) -> Result<TradeId, Problem> {
    let id = TradeId::from_random(id_bits());
    let prepare = |making: Making| async move {
        let record = TradeRecord { id, at: making.at, sold, bought };
        Ok(Command::Trade(Box::new(Trade { record, entry: EntryId::from_random(id_bits()) })))
    };
    traded(carry_out(gateway, Some(key), facts_version, prepare).await?)
}

/// The trade that an outcome speaks of.
pub fn traded(outcome: Outcome) -> Result<TradeId, Problem> {
    match outcome? {
        Answer::Traded { trade } => Ok(trade),
        _ => Err(Problem::internal("the key of a trade answers something else")),
    }
}
