//! Giving a stamp back that was not used.

use purser_core::{
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{AccountId, EntryId, ItemId, LogId, RefundId, StampId},
    record::ItemRecord,
    refund::Refund,
    stamp::{
        Stamp, StampState, Use,
        void::{StampReturn, VoidStage, VoidStamp},
    },
};
use purser_money::Money;
use purser_store::read::stamp::{stamp_get, stamp_of_item};

use super::complete::{complete, item, reversal, stamp_event};
use crate::{
    app::{
        intent::{Making, Payer, carry_out},
        refund::{closing, refund_event},
    },
    gateway::Gateway,
    problem::Problem,
    random::{id_bits, ids_in_order},
};

/// A stamp that was given back, and what came of it.
pub struct Voided {
    /// The stamp, as it was then.
    pub stamp: Stamp,
    /// The refund, if it is not held back.
    pub credited: Option<(RefundId, Money)>,
}

/// Voids a stamp.
pub async fn void(
    gateway: &Gateway,
    payer: &Payer,
    key: KeyClaim,
    id: StampId,
) -> Result<Voided, Problem> {
    let account = payer.account;
    let prepare = |making: Making| async move {
        let stamp = own(gateway, account, id).await?;
        prepare(gateway, &stamp, &making, false).await
    };
    let outcome = carry_out(gateway, Some(key), payer.facts_version, prepare).await?;
    voided(gateway, account, outcome).await
}

/// The stamp that an outcome speaks of, as it was then.
pub async fn voided(
    gateway: &Gateway,
    account: AccountId,
    outcome: Outcome,
) -> Result<Voided, Problem> {
    let Answer::StampVoided { stamp, credited, due_at } = outcome? else {
        return Err(Problem::internal("the key of a void answers something else"));
    };
    let Stamp { record, state } = own(gateway, account, stamp).await?;
    let StampState::Issued(issue, _) = state else {
        return Err(Problem::internal("a stamp was voided and never issued"));
    };
    let used = match due_at {
        None => Use::Void,
        Some(due_at) => Use::VoidPending { asked_at: record.at, due_at },
    };
    Ok(Voided { stamp: Stamp { record, state: StampState::Issued(issue, used) }, credited })
}

/// Ends a void whose vendor has waited long enough.
pub async fn finish(gateway: &Gateway, stamp: &Stamp) -> Result<(), Problem> {
    let prepare = |making: Making| async move { prepare(gateway, stamp, &making, true).await };
    carry_out(gateway, None, gateway.store.facts_version(), prepare).await?.map(drop)?;
    Ok(())
}

/// A buyer's own stamp. Somebody else's is unknown.
pub async fn own(gateway: &Gateway, account: AccountId, id: StampId) -> Result<Stamp, Problem> {
    let stamp = gateway.store.read(move |db| stamp_get(db, id)).await?;
    stamp.filter(|stamp| stamp.record.account == account).ok_or_else(Problem::not_found)
}

/// The stamp that goes back with an item, if it is one. One that is still being issued is settled first.
pub async fn returned(
    gateway: &Gateway,
    making: &Making,
    item: ItemId,
) -> Result<Option<StampReturn>, Problem> {
    let stamp = gateway.store.read(move |db| stamp_of_item(db, item)).await?;
    match stamp {
        Some(stamp) => {
            let stamp = complete(gateway, stamp).await?;
            Ok(Some(stamp_return(gateway, making, &stamp).await?))
        }
        None => Ok(None),
    }
}

async fn stamp_return(
    gateway: &Gateway,
    making: &Making,
    stamp: &Stamp,
) -> Result<StampReturn, Problem> {
    let vendor = making.facts.merchant(gateway, stamp.record.vendor).await?;
    let terms = vendor.and_then(|vendor| vendor.stamps.clone());
    let item = item(gateway, stamp).await?;
    Ok(StampReturn {
        stamp: stamp.record.id,
        void_hold_days: terms.map_or(0, |terms| terms.void_hold_days),
        event: stamp_event(gateway, stamp, &item, "stamp.voided", None),
    })
}

async fn prepare(
    gateway: &Gateway,
    stamp: &Stamp,
    making: &Making,
    is_due: bool,
) -> Result<Command, Problem> {
    let stamp = complete(gateway, stamp.clone()).await?;
    let record: ItemRecord = item(gateway, &stamp).await?;
    let back = stamp_return(gateway, making, &stamp).await?;
    let stage = if is_due {
        VoidStage::Due(Box::new(reversal(gateway, &record, Some(back.clone())).await?))
    } else {
        VoidStage::Asked
    };
    let id = RefundId::from_random(id_bits());
    let [log, closing_log] = ids_in_order();
    let refund = Refund {
        id,
        account: record.account,
        item: Some(record.id),
        stamp: Some(back),
        asked: record.charged,
        policy: making.facts.refund_policy(gateway).await?,
        closing: closing(gateway, LogId::from_random(closing_log)),
        event: Some(refund_event(&record, id, making.at, false)),
        entry: EntryId::from_random(id_bits()),
        reset_entry: EntryId::from_random(id_bits()),
        log: LogId::from_random(log),
    };
    Ok(Command::VoidStamp(Box::new(VoidStamp { stamp: stamp.record.id, refund, stage })))
}
