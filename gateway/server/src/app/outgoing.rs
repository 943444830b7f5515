//! What became of money that was to leave.

use purser_core::{
    account::Account,
    command::{Answer, Command, KeyClaim, Outcome},
    ids::EntryId,
    outgoing::{Outgoing, Settle, Settled},
    record::EventRecord,
};
use purser_money::Money;

use super::intent::{Making, carry_out};
use crate::{gateway::Gateway, problem::Problem, random::id_bits};

/// What is settled: the record, where it was taken from and how much.
#[derive(Debug, Clone)]
pub struct Open {
    /// Which.
    pub of: Outgoing,
    /// Where it was taken from.
    pub from: Account,
    /// How much.
    pub amount: Money,
}

/// Books what the bank or the authority said.
pub async fn settle(
    gateway: &Gateway,
    facts_version: i64,
    key: KeyClaim,
    (open, settled): (Open, Settled),
    event: impl Fn(&Making) -> Option<EventRecord>,
) -> Result<Outcome, Problem> {
    let prepare = |making: Making| {
        let Open { of, from, amount } = open.clone();
        let (entry, event) = (EntryId::from_random(id_bits()), event(&making));
        let settle = Settle { of, from, amount, settled, entry, event };
        std::future::ready(Ok(Command::Settle(Box::new(settle))))
    };
    carry_out(gateway, Some(key), facts_version, prepare).await
}

/// The name of what an outcome says is settled.
pub fn settled(outcome: Outcome) -> Result<String, Problem> {
    match outcome? {
        Answer::Settled { of, .. } => Ok(of),
        _ => Err(Problem::internal("the key of a settlement answers something else")),
    }
}
