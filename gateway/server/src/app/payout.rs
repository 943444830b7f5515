//! Payouts: what a merchant is owed goes to its bank.

use purser_core::{
    account::Account,
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{EntryId, EventId, MerchantId, PayoutId},
    outgoing::{Outgoing, Settled},
    payout::Payout,
    record::{EventRecord, PayoutRecord},
};
use purser_money::Currency;
use purser_store::read::payout::{StoredPayout, payout_get};
use serde_json::json;

use super::{
    intent::{Making, carry_out},
    outgoing::{self, Open},
};
use crate::{gateway::Gateway, problem::Problem, random::id_bits};

/// Sets all that a merchant is owed in one currency apart.
pub async fn pay_out(
    gateway: &Gateway,
    facts_version: i64,
    key: KeyClaim,
    (merchant, currency): (MerchantId, Currency),
) -> Result<PayoutId, Problem> {
    let id = PayoutId::from_random(id_bits());
    let prepare = |making: Making| async move {
        let known = making.facts.merchant(gateway, merchant).await?;
        known.ok_or_else(|| Problem::malformed("merchant", "the id of a merchant"))?;
        let entry = EntryId::from_random(id_bits());
        Ok(Command::Payout(Box::new(Payout { id, merchant, currency, entry })))
    };
    paid_out(carry_out(gateway, Some(key), facts_version, prepare).await?)
}

/// The payout that an outcome speaks of.
pub fn paid_out(outcome: Outcome) -> Result<PayoutId, Problem> {
    match outcome? {
        Answer::PayoutPrepared { payout } => Ok(payout),
        _ => Err(Problem::internal("the key of a payout answers something else")),
    }
}

/// Books what became of a payout, and tells the merchant.
pub async fn settle(
    gateway: &Gateway,
    facts_version: i64,
    key: KeyClaim,
    id: PayoutId,
    settled: Settled,
) -> Result<Outcome, Problem> {
    let record = get(gateway, id).await?.record;
    let PayoutRecord { merchant, amount, .. } = record;
    let from = Account::Merchant(merchant, amount.currency());
    let open = Open { of: Outgoing::Payout(id), from, amount };
    let told = |making: &Making| Some(event(&record, settled, making));
    outgoing::settle(gateway, facts_version, key, (open, settled), told).await
}

fn event(payout: &PayoutRecord, settled: Settled, making: &Making) -> EventRecord {
    let kind = match settled {
        Settled::Confirmed => "payout.sent",
        Settled::Failed => "payout.failed",
    };
    let data = json!({
        "payout": payout.id, "amount": payout.amount, "created_at": payout.at,
    });
    EventRecord {
        id: EventId::from_random(id_bits()),
        merchant: payout.merchant,
        kind,
        at: making.at,
        data: data.to_string(),
    }
}

/// A payout.
pub async fn get(gateway: &Gateway, id: PayoutId) -> Result<StoredPayout, Problem> {
    let found = gateway.store.read(move |db| payout_get(db, id)).await?;
    found.ok_or_else(Problem::not_found)
}
