//! Payouts: what a merchant is owed goes to its bank.

use std::collections::BTreeMap;

use purser_core::{
    account::Account,
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{EntryId, EventId, MerchantId, PayoutId},
    outgoing::{Outgoing, Settled},
    payout::Payout,
    record::{EventRecord, PayoutRecord},
};
use purser_money::{Currency, Money};
use purser_store::{
    facts::merchant::{merchant_get, merchant_list},
    read::{
        payout::{StoredPayout, payout_get},
        sale::{Owed, merchants_owed},
    },
};
use serde_json::json;

use super::{
    intent::{Making, carry_out},
    outgoing::{self, Open},
    statement,
};
use crate::{gateway::Gateway, problem::Problem, random::id_bits};

/// Sets all that a merchant is told that it is owed in one currency apart.
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
        let owed = gateway.store.read(merchants_owed).await?;
        let is_meant = |owed: &Owed| owed.merchant == merchant && owed.told.currency() == currency;
        let nothing = Money::zero(currency);
        let (told, untold) = owed
            .iter()
            .find(|owed| is_meant(owed))
            .map_or((nothing, nothing), |owed| (owed.told, owed.untold));
        let entry = EntryId::from_random(id_bits());
        Ok(Command::Payout(Box::new(Payout { id, merchant, told, untold, entry })))
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

/// What a merchant is told that it is owed, and can be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payable {
    /// Whom.
    pub merchant: MerchantId,
    /// The same for people.
    pub name: String,
    /// How much.
    pub amount: Money,
}

/// What merchants can be paid now, by merchant and currency.
pub async fn payable(gateway: &Gateway) -> Result<Vec<Payable>, Problem> {
    let read = gateway.store.read(|db| Ok((merchants_owed(db)?, merchant_list(db)?)));
    let (owed, merchants) = read.await?;
    let names: BTreeMap<MerchantId, String> =
        merchants.into_iter().map(|merchant| (merchant.id, merchant.name)).collect();
    // Whoever is not told of a refund yet waits: what is there would not be what the merchant knows of.
    let payable = |Owed { merchant, told, untold }: Owed| {
        let name = names.get(&merchant).cloned().unwrap_or_default();
        let is_payable = told.is_positive() && untold.minor() >= 0;
        is_payable.then_some(Payable { merchant, name, amount: told })
    };
    Ok(owed.into_iter().filter_map(payable).collect())
}

/// The file for the operator's bank.
pub async fn bank_file(gateway: &Gateway, id: PayoutId) -> Result<Vec<u8>, Problem> {
    let PayoutRecord { merchant, amount, .. } = get(gateway, id).await?.record;
    let row = gateway.store.read(move |db| merchant_get(db, merchant)).await?;
    let row = row.ok_or_else(|| Problem::internal("a payout to no merchant"))?;
    statement::bank_file(&id.to_string(), (&merchant.to_string(), &row.name), amount)
}

/// A payout.
pub async fn get(gateway: &Gateway, id: PayoutId) -> Result<StoredPayout, Problem> {
    let found = gateway.store.read(move |db| payout_get(db, id)).await?;
    found.ok_or_else(Problem::not_found)
}
