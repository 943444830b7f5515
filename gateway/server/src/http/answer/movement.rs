//! What moves money into a vault and out of it beside purchases, and the log of it all.

use purser_core::{
    Date, Timestamp,
    ids::{ItemId, LoadId, LogId, RefundId, TransferId},
    record::{LoadRecord, LogRecord},
};
use purser_money::{Leg, LegRounding, Operation, Rounding};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Compensation, Money, Vault};
use crate::{
    app::{refund::Refunded, transfer::Transferred},
    gateway::Gateway,
};

/// A load of a vault.
#[derive(Debug, Serialize, ToSchema)]
pub struct Load {
    /// Its name.
    #[schema(value_type = String)]
    pub id: LoadId,
    /// What left the card.
    pub taken: Money,
    /// What reached the vault.
    pub credited: Money,
    /// What the conversion cost.
    pub spread: Money,
    /// Units of account for one unit of the card's currency, for display; `1` without a conversion.
    pub rate: String,
    /// Every step by a published rate: with them `taken` can be computed again.
    pub legs: Vec<LegOut>,
    /// Who published the rates.
    #[schema(required = true)]
    pub rate_source: Option<String>,
    /// The day of the rates.
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub rate_as_of: Option<Date>,
}

/// One step of a conversion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Leg)]
pub struct LegOut {
    /// Multiply or divide.
    #[schema(value_type = String, pattern = "^(multiply|divide)$")]
    pub operation: Operation,
    /// By this rate, as published.
    pub rate: String,
    /// The rounding behind this step, where the law on the euro's fixed rates asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then_round: Option<LegRoundingOut>,
}

/// The rounding of an amount between two steps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegRounding)]
pub struct LegRoundingOut {
    /// Decimals of the major unit that are kept.
    pub decimals: u8,
    /// How.
    #[schema(value_type = String, example = "half-up")]
    pub mode: Rounding,
}

impl From<LegRounding> for LegRoundingOut {
    fn from(LegRounding { decimals, mode }: LegRounding) -> Self {
        Self { decimals, mode }
    }
}

impl From<&Leg> for LegOut {
    fn from(leg: &Leg) -> Self {
        Self {
            operation: leg.operation,
            rate: leg.rate.to_string(),
            then_round: leg.then_round.map(Into::into),
        }
    }
}

impl From<LoadRecord> for Load {
    fn from(record: LoadRecord) -> Self {
        Self {
            id: record.id,
            taken: record.taken.into(),
            credited: record.credited.into(),
            spread: record.spread.into(),
            rate: record.rate,
            legs: record.legs.iter().map(Into::into).collect(),
            rate_source: record.rate_source,
            rate_as_of: record.rate_as_of,
        }
    }
}

/// A refund that a buyer took.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refund {
    /// Its name.
    #[schema(value_type = String)]
    pub id: RefundId,
    /// Of what.
    #[schema(value_type = String)]
    pub item: ItemId,
    /// What came back.
    pub credited: Money,
    /// The vault afterwards.
    pub vault: Option<Vault>,
}

impl Refund {
    /// The refund, with the vault as it was right afterwards.
    pub fn of(gateway: &Gateway, refunded: Refunded) -> Self {
        Self {
            id: refunded.id,
            item: refunded.item,
            credited: refunded.credited.into(),
            vault: refunded.vault.map(|view| Vault::of(gateway, *view)),
        }
    }
}

/// A transfer to another buyer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transfer {
    /// Its name.
    #[schema(value_type = String)]
    pub id: TransferId,
    /// The handle it went to.
    pub to: String,
    /// How much.
    pub amount: Money,
}

impl From<Transferred> for Transfer {
    fn from(transferred: Transferred) -> Self {
        Self { id: transferred.id, to: transferred.to, amount: transferred.amount.into() }
    }
}

/// A line of the transaction log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transaction {
    /// Its name.
    #[schema(value_type = String)]
    pub id: LogId,
    /// `load`, `purchase`, `refund`, `transfer-in`, `transfer-out` or `compensation`.
    pub kind: &'static str,
    /// `done`, or the name of the problem.
    pub outcome: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
    /// What the vault held afterwards.
    pub balance: Money,
    /// The id of what it is about.
    #[schema(required = true)]
    pub object: Option<String>,
}

impl From<LogRecord> for Transaction {
    fn from(line: LogRecord) -> Self {
        Self {
            id: line.id,
            kind: line.kind.name(),
            outcome: line.outcome,
            at: line.at,
            amount: line.amount.into(),
            balance: line.balance.into(),
            object: Some(line.object).filter(|object| !object.is_empty()),
        }
    }
}

/// What erasing an account leaves.
#[derive(Debug, Serialize, ToSchema)]
pub struct Erased {
    /// The card that holds what was left in the vault.
    #[schema(required = true)]
    pub compensation: Option<Compensation>,
}

#[cfg(test)]
mod tests {
    use purser_money::Rate;

    use super::*;

    #[test]
    fn a_leg_says_everything_that_is_needed_to_compute_it_again() {
        let rate = "1.95583".parse::<Rate>().unwrap();
        let rounding = LegRounding { decimals: 3, mode: Rounding::HalfUp };
        let rounded = Leg { then_round: Some(rounding), ..Leg::divide(rate) };
        let shown = |leg: &Leg| serde_json::to_value(LegOut::from(leg)).unwrap();
        assert_eq!(shown(&Leg::divide(rate)), serde_json::to_value(Leg::divide(rate)).unwrap());
        assert_eq!(shown(&rounded), serde_json::to_value(rounded).unwrap());
        assert_eq!(shown(&rounded)["then_round"]["decimals"], 3);
    }
}
