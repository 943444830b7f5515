//! Pre-paid cards and their batches.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    account::Account,
    ids::{BatchId, CardId},
    money::{Currency, Money},
    place::Place,
    record::{CardKind, CardStatus},
    secret::KeyedHash,
};

use super::row::Row;
use crate::{
    Connection, StoreError,
    schema::{card, card_batch, ledger_account, meta_read_key},
};

/// A card, and what is left on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCard {
    /// Its name.
    pub id: CardId,
    /// Printed on it; public.
    pub serial: String,
    /// Voucher, smart card or compensation.
    pub kind: CardKind,
    /// Whether it may be loaded from. A card of a batch that was not sold is inactive.
    pub status: CardStatus,
    /// What it is sold for.
    pub face: Money,
    /// What is left on it.
    pub left: Money,
    /// The country it is sold in, whose limits hold.
    pub country: Option<Place>,
    /// The batch it was printed in.
    pub batch: Option<BatchId>,
    /// After this its value is owed, but not loadable.
    pub expires_at: Option<Timestamp>,
    /// The highest counter of a tap that loaded.
    pub tap_counter: Option<u32>,
    /// The encrypted `SDMFileReadKey` of a chip that was personalised elsewhere.
    pub file_read_key: Option<Vec<u8>>,
}

impl StoredCard {
    /// The currency of its value.
    pub const fn currency(&self) -> Currency {
        self.face.currency()
    }
}

/// A batch of cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBatch {
    /// Its name.
    pub id: BatchId,
    /// What each card is sold for.
    pub face: Money,
    /// The country it is sold in.
    pub country: Option<Place>,
    /// After this its cards cannot be loaded from.
    pub expires_at: Option<Timestamp>,
    /// Whether it was sold.
    pub active: bool,
    /// When it was printed.
    pub created_at: Timestamp,
    /// Its cards.
    pub cards: Vec<CardId>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = card)]
struct CardRow {
    id: String,
    serial: String,
    kind: String,
    status: String,
    face: i64,
    currency: String,
    country: Option<String>,
    batch: Option<String>,
    expires_at: Option<i64>,
    tap_counter: Option<i64>,
    file_read_key: Option<Vec<u8>>,
}

impl CardRow {
    fn read(
        self,
        batch_active: Option<bool>,
        left: Option<Money>,
    ) -> Result<StoredCard, StoreError> {
        let row = Row::new("card", &self.id);
        let face = row.money("currency", self.face, &self.currency)?;
        let status = CardStatus::parse(&self.status).ok_or_else(|| row.fault("status"))?;
        Ok(StoredCard {
            id: row.parse("id", &self.id)?,
            kind: CardKind::parse(&self.kind).ok_or_else(|| row.fault("kind"))?,
            status: effective_status(status, batch_active),
            face,
            left: left.unwrap_or(Money::zero(face.currency())),
            country: self
                .country
                .as_deref()
                .map(|country| row.place("country", country))
                .transpose()?,
            batch: self.batch.as_deref().map(|batch| row.parse("batch", batch)).transpose()?,
            expires_at: row.time_if("expires_at", self.expires_at)?,
            tap_counter: self
                .tap_counter
                .map(|counter| row.number("tap_counter", counter))
                .transpose()?,
            serial: self.serial,
            file_read_key: self.file_read_key,
        })
    }
}

/// A batch is sold at once, in one row: its cards follow it, unless they are blocked.
pub(crate) const fn effective_status(status: CardStatus, batch_active: Option<bool>) -> CardStatus {
    match (status, batch_active) {
        (CardStatus::Blocked, _) => CardStatus::Blocked,
        (_, Some(true)) => CardStatus::Active,
        (_, Some(false)) => CardStatus::Inactive,
        (status, None) => status,
    }
}

/// The cards that `$filter` finds, with whether their batch was sold.
macro_rules! card_where {
    ($conn:expr, $filter:expr) => {{
        let found: Option<(CardRow, Option<bool>)> = card::table
            .left_join(card_batch::table.on(card::batch.eq(card_batch::id.nullable())))
            .filter($filter)
            .select((CardRow::as_select(), card_batch::active.nullable()))
            .first($conn)
            .optional()?;
        card_of($conn, found)
    }};
}

fn card_of(
    conn: &mut Connection,
    found: Option<(CardRow, Option<bool>)>,
) -> Result<Option<StoredCard>, StoreError> {
    let Some((row, batch_active)) = found else { return Ok(None) };
    let id = Row::new("card", &row.id).parse("id", &row.id)?;
    let left = card_left(conn, id)?;
    row.read(batch_active, left).map(Some)
}

/// A card.
pub fn card_get(conn: &mut Connection, id: CardId) -> Result<Option<StoredCard>, StoreError> {
    card_where!(conn, card::id.eq(id.to_string()))
}

/// The card on which this serial number is printed.
pub fn card_find_by_serial(
    conn: &mut Connection,
    serial: &str,
) -> Result<Option<StoredCard>, StoreError> {
    card_where!(conn, card::serial.eq(serial))
}

/// The card with this code.
pub fn card_find_by_code(
    conn: &mut Connection,
    code_hash: &KeyedHash,
) -> Result<Option<StoredCard>, StoreError> {
    card_where!(conn, card::code_hash.eq(code_hash.as_bytes().as_slice()))
}

/// The card whose chip has this id: a keyed function of its UID.
pub fn card_find_by_smart_id(
    conn: &mut Connection,
    smart_id: &[u8],
) -> Result<Option<StoredCard>, StoreError> {
    card_where!(conn, card::smart_id.eq(smart_id))
}

/// What is left on a card. Nothing is known of a card that was never sold.
pub fn card_left(conn: &mut Connection, id: CardId) -> Result<Option<Money>, StoreError> {
    let name = Account::Card(id).to_string();
    let balance: Option<(i64, String)> = ledger_account::table
        .filter(ledger_account::name.eq(&name))
        .select((ledger_account::balance, ledger_account::currency))
        .first(conn)
        .optional()?;
    balance
        .map(|(minor, currency)| {
            Row::new("ledger_account", &name).money("currency", minor, &currency)
        })
        .transpose()
}

/// The encrypted keys that cards personalised elsewhere encrypt their number under: each is tried on a tap.
pub fn meta_read_keys(conn: &mut Connection) -> Result<Vec<Vec<u8>>, StoreError> {
    let keys = meta_read_key::table.order(meta_read_key::hash).select(meta_read_key::wrapped);
    Ok(keys.load(conn)?)
}

/// A batch with its cards.
pub fn batch_get(conn: &mut Connection, id: BatchId) -> Result<Option<StoredBatch>, StoreError> {
    type BatchRow = (i64, String, Option<String>, Option<i64>, bool, i64);
    let text = id.to_string();
    let found: Option<BatchRow> = card_batch::table
        .find(&text)
        .select((
            card_batch::face,
            card_batch::currency,
            card_batch::country,
            card_batch::expires_at,
            card_batch::active,
            card_batch::created_at,
        ))
        .first(conn)
        .optional()?;
    let Some((face, currency, country, expires_at, active, created_at)) = found else {
        return Ok(None);
    };
    let cards: Vec<String> =
        card::table.filter(card::batch.eq(&text)).order(card::id).select(card::id).load(conn)?;
    let row = Row::new("card_batch", &text);
    Ok(Some(StoredBatch {
        id,
        face: row.money("currency", face, &currency)?,
        country: country.map(|country| row.place("country", &country)).transpose()?,
        expires_at: row.time_if("expires_at", expires_at)?,
        active,
        created_at: row.time("created_at", created_at)?,
        cards: cards
            .iter()
            .map(|card| Row::new("card", card).parse("id", card))
            .collect::<Result<_, _>>()?,
    }))
}
