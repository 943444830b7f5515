//! The operator covers a currency position at a bank.

use std::collections::BTreeMap;

use purser_core::{
    account::Account,
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{EntryId, TradeId},
    record::TradeRecord,
    trade::Trade,
};
use purser_money::Money;
use purser_store::open_balances;

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

/// What the operator holds in a currency, and what conversions made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Real money that is held.
    pub float: Money,
    /// What conversions have left to be covered by a trade.
    pub fx: Money,
}

/// The operator's positions, by currency.
pub async fn positions(gateway: &Gateway) -> Result<Vec<Position>, Problem> {
    let held = gateway.store.read(open_balances).await?;
    let mut positions: BTreeMap<&'static str, Position> = BTreeMap::new();
    for (account, amount) in held {
        let currency = amount.currency();
        let zero = Money::zero(currency);
        let of = || Position { float: zero, fx: zero };
        match account {
            Account::Float(_) => positions.entry(currency.code()).or_insert_with(of).float = amount,
            Account::Fx(_) => positions.entry(currency.code()).or_insert_with(of).fx = amount,
            Account::Vault(_)
            | Account::Card(_)
            | Account::Merchant(..)
            | Account::Tax(..)
            | Account::IncomeFee(_)
            | Account::IncomeFx(_)
            | Account::ClearingPayout(_)
            | Account::ClearingRemittance(_)
            | Account::Refund(_)
            | Account::RefundControl => {}
        }
    }
    Ok(positions.into_values().collect())
}
