//! A buyer takes an item back.

use purser_core::{
    card::code::{CardCode, CardSerial},
    closing::{Closing, NewCompensation},
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{CardId, EntryId, EventId, ItemId, LogId, RefundId, TIME_SHIFT},
    purchase::refund_told_at,
    record::{EventRecord, ItemRecord},
    refund::Refund,
    vault::VaultView,
};
use purser_money::Money;
use purser_store::read::purchase::item_get;
use serde_json::json;

use super::{
    intent::{Making, Payer, carry_out},
    stamp::void::returned,
    telling::refund_bits,
};
use crate::{gateway::Gateway, problem::Problem, random};
use random::{id_bits, ids_in_order};

/// A refund that was made, and the vault afterwards.
pub struct Refunded {
    /// Its name.
    pub id: RefundId,
    /// Of what.
    pub item: ItemId,
    /// What came back.
    pub credited: Money,
    /// The vault afterwards; a merchant is not told.
    pub vault: Option<Box<VaultView>>,
}

/// Refunds an item. `item` is nothing, if what the client named is no item's id at all.
pub async fn refund(
    gateway: &Gateway,
    payer: &Payer,
    key: KeyClaim,
    item: Option<ItemId>,
) -> Result<Refunded, Problem> {
    let prepare = |making: Making| async move { prepare(gateway, payer, item, making).await };
    refunded(carry_out(gateway, Some(key), payer.facts_version, prepare).await?)
}

/// The refund that an outcome speaks of.
pub fn refunded(outcome: Outcome) -> Result<Refunded, Problem> {
    match outcome? {
        Answer::Refunded { refund, item, credited, vault } => {
            Ok(Refunded { id: refund, item, credited, vault })
        }
        _ => Err(Problem::internal("the key of a refund answers something else")),
    }
}

async fn prepare(
    gateway: &Gateway,
    payer: &Payer,
    item: Option<ItemId>,
    making: Making,
) -> Result<Command, Problem> {
    let record = match item {
        Some(id) => gateway.store.read(move |db| item_get(db, id)).await?.map(|item| item.record),
        None => None,
    };
    let own = record.filter(|record| record.account == payer.account);
    let stamp = match &own {
        Some(record) => returned(gateway, &making, record.id).await?,
        None => None,
    };
    let within = gateway.settings.shops_told_within;
    let bits = own
        .as_ref()
        .map_or_else(id_bits, |record| refund_bits(record, &gateway.clock, making.at, within));
    let id = RefundId::from_random(bits);
    let [log, closing_log] = ids_in_order();
    Ok(Command::Refund(Box::new(Refund {
        id,
        account: payer.account,
        item,
        stamp,
        asked: own
            .as_ref()
            .map_or(Money::zero(gateway.settings.unit_of_account), |record| record.charged),
        policy: making.facts.refund_policy(gateway).await?,
        closing: closing(gateway, LogId::from_random(closing_log)),
        event: own.as_ref().map(|record| refund_event(record, id, making.at, false)),
        entry: EntryId::from_random(id_bits()),
        reset_entry: EntryId::from_random(id_bits()),
        log: LogId::from_random(log),
    })))
}

/// How a vault closes, should it have to.
pub fn closing(gateway: &Gateway, log: LogId) -> Closing {
    let compensation = new_compensation(gateway);
    Closing { compensation, entry: EntryId::from_random(id_bits()), log }
}

/// A card for the rest of a closed vault, should one be needed. Its code follows from its id.
pub fn new_compensation(gateway: &Gateway) -> NewCompensation {
    let card = CardId::from_random(id_bits());
    let code = CardCode::of_compensation(&gateway.keys.codes, card);
    NewCompensation {
        card,
        serial: CardSerial::from_random(u64::from_be_bytes(random::bytes())).to_string(),
        code_hash: *code.hash(&gateway.keys.hash).as_bytes(),
    }
}

/// What the merchant is told of a refund, and when: with the time that the refund's id begins with.
pub fn refund_event(
    item: &ItemRecord,
    refund: RefundId,
    at: purser_core::Timestamp,
    goodwill: bool,
) -> EventRecord {
    let data = json!({
        "refund": refund, "item": item.id, "sale": item.sale, "offer_id": item.offer_id, "gross": item.gross,
        "goodwill": goodwill,
    });
    EventRecord {
        id: EventId::from_random(random::id_bits_at(refund.bits() >> TIME_SHIFT)),
        merchant: item.merchant,
        kind: "refund.made",
        at: refund_told_at(item, refund, at),
        data: data.to_string(),
    }
}
