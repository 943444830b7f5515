//! A vault, as its owner sees it.

use purser_core::{
    Timestamp,
    ids::{AccountId, CardId},
    vault::VaultView,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Money;
use crate::{app::vault, gateway::Gateway};

/// A vault.
#[derive(Debug, Serialize, ToSchema)]
pub struct Vault {
    /// The account.
    #[schema(value_type = String, example = "acct_5x3q0n2v7k9m4p6r8t1w0y2z3b")]
    pub id: AccountId,
    /// What it holds.
    pub balance: Money,
    /// Whether it may be used.
    pub status: VaultStatus,
    /// What others send value to.
    pub handle: String,
    /// Refunds taken in the running period.
    pub refund_account: RefundAccount,
    /// Where the rest of a closed vault is.
    #[schema(required = true)]
    pub compensation: Option<Compensation>,
}

/// Whether a vault may be used.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VaultStatus {
    /// It may.
    Active,
    /// It is closed for good.
    Inactive,
}

/// The refund account beside a vault.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundAccount {
    /// What came back in the running period.
    pub total: Money,
    /// How often.
    pub count: u32,
    /// When the period started: with its first refund.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub period_started_at: Option<Timestamp>,
    /// Above this total the vault closes.
    pub max_total: Money,
    /// No more refunds than this in a period.
    pub max_count: u32,
}

/// The rest of a closed vault, as a card that can be loaded into another account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Compensation {
    /// The card's code.
    pub code: String,
    /// What is on it.
    pub amount: Money,
}

impl Compensation {
    /// Derives the code again: it is kept nowhere.
    pub fn of(gateway: &Gateway, (card, left): (CardId, purser_money::Money)) -> Self {
        Self {
            code: vault::compensation_code(gateway, card).expose().to_owned(),
            amount: left.into(),
        }
    }
}

impl Vault {
    /// A vault as its owner sees it.
    pub fn of(gateway: &Gateway, view: VaultView) -> Self {
        Self {
            id: view.account,
            balance: view.balance.into(),
            status: if view.active { VaultStatus::Active } else { VaultStatus::Inactive },
            handle: view.handle,
            refund_account: RefundAccount {
                total: view.refund_total.into(),
                count: view.refund_count,
                period_started_at: view.period_started_at,
                max_total: view.policy.max_total.into(),
                max_count: view.policy.max_count,
            },
            compensation: view.compensation.map(|left| Compensation::of(gateway, left)),
        }
    }
}
