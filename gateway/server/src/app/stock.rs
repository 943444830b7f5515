//! The stock of cards: printing batches, registering smart cards, selling and blocking them.

pub mod printing;

use purser_core::{
    Timestamp,
    card::{
        code::{CardCode, CardSerial},
        sun::{FileReadKey, MetaReadKey, Uid},
    },
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{BatchId, CardId, EntryId},
    place::Place,
    record::{CardKind, CardRecord, CardStatus},
    stock::{ActivateBatch, ActivateCard, BlockCard},
};
use purser_money::Money;
use purser_store::{
    Connection, StoreError,
    facts::card::{
        Chip, NewBatch, batch_insert, meta_read_key_insert, meta_read_key_known, smart_card_insert,
    },
    idempotency_find, idempotency_insert,
    read::card::{batch_get, meta_read_keys},
};

use super::{
    intent::{self, Making, carry_out},
    smart_card::SmartKeys,
};
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random::{self, id_bits},
};

/// Cards of a batch: what a printer takes at a time, and what one answer can show.
pub const BATCH_MAX: u32 = 10_000;
/// A tap is tried with each of these, and a reader waits for the answer.
const META_READ_KEYS_MAX: usize = 16;

/// Cards to be printed.
pub struct Print {
    /// How many.
    pub count: u32,
    /// What each is sold for.
    pub face: Money,
    /// After this they cannot be loaded from.
    pub expires_at: Option<Timestamp>,
    /// The country they are sold in.
    pub country: Option<Place>,
}

/// A card, and the code that is shown this once.
pub struct Printed {
    /// The card.
    pub record: CardRecord,
    /// Its code.
    pub code: CardCode,
}

/// Prints a batch. Its cards are worth nothing until they are sold. `watch` hears how many are written, now and then. A key
/// prints one batch: its codes are shown once, so the same request again is told which one it was.
pub async fn batch_print(
    gateway: &Gateway,
    key: Option<KeyClaim>,
    print: Print,
    watch: impl FnMut(usize) + Send + 'static,
) -> Result<(BatchId, Vec<Printed>), Problem> {
    let Print { count, face, expires_at, country } = print;
    let batch = BatchId::from_random(id_bits());
    let card = |_| {
        let record =
            CardRecord { batch: Some(batch), expires_at, ..blank(CardKind::Voucher, face) };
        issue(gateway, record)
    };
    let printed: Vec<Printed> = (0..count).map(card).collect();
    let row = NewBatch { id: batch, face, country, expires_at, created_at: gateway.now() };
    let records: Vec<CardRecord> = printed.iter().map(|card| card.record.clone()).collect();
    let claim = key.clone();
    let written = gateway.store.write(move |db| {
        // First, so that of two at once the second does not write its cards for nothing.
        if let Some(claim) = &claim {
            idempotency_insert(db, claim, Answer::BatchPrinted { batch }, row.created_at)?;
        }
        batch_insert(db, &row, &records, watch)
    });
    match (written.await, key) {
        (Ok(()), _) => Ok((batch, printed)),
        (Err(error), Some(key)) if error.is_conflict() => {
            batch_unprinted(gateway, &key).await?;
            Err(error.into())
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// Refuses a key that printed a batch before.
async fn batch_unprinted(gateway: &Gateway, key: &KeyClaim) -> Result<(), Problem> {
    let asked = key.clone();
    let stored =
        gateway.store.read(move |db| idempotency_find(db, &asked.scope, &asked.key)).await?;
    intent::answered(key, stored)?.map_or(Ok(()), |outcome| Err(batch_printed_before(outcome)))
}

/// What the key of a batch says again.
pub fn batch_printed_before(outcome: Outcome) -> Problem {
    match outcome {
        Ok(Answer::BatchPrinted { batch }) => {
            let detail =
                format!("{batch} was printed with this key, and its codes were shown then");
            let problem = Problem::new(problem::BATCH_PRINTED_BEFORE).detail(detail);
            problem.with("batch", batch.to_string())
        }
        Ok(_) => Problem::internal("the key of a batch answers something else"),
        Err(refusal) => refusal.into(),
    }
}

/// A smart card to be registered.
pub struct Register {
    /// What it is sold for.
    pub face: Money,
    /// The chip's number; it is not kept.
    pub uid: Uid,
    /// Its keys, where it was personalised elsewhere.
    pub keys: Option<(MetaReadKey, FileReadKey)>,
}

/// Registers a smart card. It is worth nothing until it is sold.
pub async fn smart_card_register(
    gateway: &Gateway,
    register: Register,
) -> Result<Printed, Problem> {
    let Register { face, uid, keys } = register;
    let smart_id = *gateway.keys.issuer_key.chip_id(&uid).as_bytes();
    let printed = issue(gateway, blank(CardKind::Smart, face));
    let record = printed.record.clone();
    let stored = match keys {
        None => {
            let chip = move |db: &mut Connection| {
                let chip = Chip { smart_id: &smart_id, file_read_key: None };
                smart_card_insert(db, &record, None, chip)
            };
            gateway.store.write(chip).await.map(|()| true)
        }
        Some((meta_read, file_read)) => {
            foreign_insert(gateway, record, smart_id, SmartKeys { meta_read, file_read }).await
        }
    };
    match stored {
        Ok(true) => Ok(printed),
        Ok(false) => Err(too_many_keys()),
        Err(error) if StoreError::is_conflict(&error) => {
            Err(Problem::malformed("uid", "this chip is registered already"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Keeps a card that was personalised elsewhere, with its keys; false if taps would have to be tried with too many.
///
/// A key that is known stays known. A new one is a fact like others, and facts change one after the other: of two
/// new keys at once, the second is counted after the first.
async fn foreign_insert(
    gateway: &Gateway,
    record: CardRecord,
    smart_id: [u8; 16],
    keys: SmartKeys,
) -> Result<bool, StoreError> {
    let (hash, wrapped) = (keys.meta_read_hash(gateway), keys.wrap_meta_read(gateway));
    let file_read_key = keys.wrap_file_read(gateway);
    let own = keys.meta_read == gateway.keys.issuer_key.meta_read_key();
    let known = own || gateway.store.read(move |db| meta_read_key_known(db, &hash)).await?;
    let insert = move |db: &mut Connection| {
        let chip = Chip { smart_id: &smart_id, file_read_key: Some(&file_read_key) };
        smart_card_insert(db, &record, None, chip).map(|()| true)
    };
    if known {
        return gateway.store.write(insert).await;
    }
    let change = gateway.store.change_facts(move |db| {
        if !meta_read_key_known(db, &hash)? {
            if meta_read_keys(db)?.len() >= META_READ_KEYS_MAX {
                return Ok(false);
            }
            meta_read_key_insert(db, &hash, &wrapped)?;
        }
        insert(db)
    });
    change.await
}

fn too_many_keys() -> Problem {
    let detail = format!(
        "cards here have {META_READ_KEYS_MAX} different keys already, and there may be no more; personalise cards of \
         one issuer with one"
    );
    Problem::malformed("keys.meta_read", detail)
}

fn blank(kind: CardKind, face: Money) -> CardRecord {
    CardRecord {
        id: CardId::from_random(id_bits()),
        serial: CardSerial::from_random(u64::from_be_bytes(random::bytes())).to_string(),
        currency: face.currency(),
        code_hash: [0; 32],
        status: CardStatus::Inactive,
        kind,
        face,
        batch: None,
        expires_at: None,
    }
}

fn issue(gateway: &Gateway, record: CardRecord) -> Printed {
    let code = CardCode::from_random(random::bytes());
    let code_hash = *code.hash(&gateway.keys.hash).as_bytes();
    Printed { record: CardRecord { code_hash, ..record }, code }
}

fn not_found() -> Problem {
    Problem::new(problem::NOT_FOUND)
}

/// Sells a batch: from now on its cards are worth their face.
pub async fn batch_activate(
    gateway: &Gateway,
    facts_version: i64,
    key: KeyClaim,
    batch: BatchId,
) -> Result<Outcome, Problem> {
    let prepare = |_: Making| async move {
        let stored =
            gateway.store.read(move |db| batch_get(db, batch)).await?.ok_or_else(not_found)?;
        let entry = EntryId::from_random(id_bits());
        Ok(Command::ActivateBatch(Box::new(ActivateBatch { batch, cards: stored.cards, entry })))
    };
    carry_out(gateway, Some(key), facts_version, prepare).await
}

/// Sells a smart card.
pub async fn card_activate(
    gateway: &Gateway,
    facts_version: i64,
    key: KeyClaim,
    card: CardId,
) -> Result<Outcome, Problem> {
    let prepare = |_: Making| async move {
        Ok(Command::ActivateCard(Box::new(ActivateCard {
            card,
            entry: EntryId::from_random(id_bits()),
        })))
    };
    carry_out(gateway, Some(key), facts_version, prepare).await
}

/// Blocks a card. Its value stays owed.
pub async fn card_block(
    gateway: &Gateway,
    facts_version: i64,
    card: CardId,
) -> Result<Outcome, Problem> {
    let prepare = |_: Making| async move { Ok(Command::BlockCard(BlockCard { card })) };
    carry_out(gateway, None, facts_version, prepare).await
}

/// The card that an outcome speaks of, and its new status.
pub fn card_changed(outcome: Outcome) -> Result<(CardId, CardStatus), Problem> {
    match outcome? {
        Answer::CardActivated { card } => Ok((card, CardStatus::Active)),
        Answer::CardBlocked { card } => Ok((card, CardStatus::Blocked)),
        _ => Err(Problem::internal("the key of a card answers something else")),
    }
}

/// The batch that an outcome speaks of.
pub fn batch_activated(outcome: Outcome) -> Result<BatchId, Problem> {
    match outcome? {
        Answer::BatchActivated { batch } => Ok(batch),
        _ => Err(Problem::internal("the key of a batch answers something else")),
    }
}
