//! Rows under lock into what the books hold.

use diesel::prelude::*;
use purser_core::{
    books::{BatchState, CardState},
    ids::{CardId, MerchantId},
    record::{CardKind, CardStatus},
    stamp::register::Vendor,
};

use crate::{
    StoreError,
    read::{row::Row, stamp::RegisterRow},
    schema::card,
};

/// What the teller reads of a card under lock.
#[derive(Queryable, Selectable)]
#[diesel(table_name = card)]
pub(super) struct CardLocked {
    id: String,
    kind: String,
    status: String,
    face: i64,
    currency: String,
    expires_at: Option<i64>,
    tap_counter: Option<i64>,
}

impl CardLocked {
    pub(super) fn read(&self) -> Result<(CardId, CardState), StoreError> {
        let row = Row::new("card", &self.id);
        let face = row.money("currency", self.face, &self.currency)?;
        let state = CardState {
            currency: face.currency(),
            kind: CardKind::parse(&self.kind).ok_or_else(|| row.fault("kind"))?,
            status: CardStatus::parse(&self.status).ok_or_else(|| row.fault("status"))?,
            face,
            expires_at: row.time_if("expires_at", self.expires_at)?,
            tap_counter: self
                .tap_counter
                .map(|taps| row.number("tap_counter", taps))
                .transpose()?,
        };
        Ok((row.parse("id", &self.id)?, state))
    }
}

/// What the teller reads of a batch under lock: its cards come in order of their names.
pub(super) fn batch_state(
    id: &str,
    (active, face, currency): (bool, i64, String),
    cards: &[String],
) -> Result<BatchState, StoreError> {
    let row = Row::new("card_batch", id);
    let card = |card: &String| Row::new("card", card).parse("id", card);
    Ok(BatchState {
        active,
        face: row.money("currency", face, &currency)?,
        cards: cards.iter().map(card).collect::<Result<_, _>>()?,
    })
}

/// What the teller reads of a vendor under lock, of all registers that it reads.
pub(super) fn vendor_state(
    id: &str,
    (number, items): (i64, i64),
    registers: &[RegisterRow],
) -> Result<(MerchantId, Vendor), StoreError> {
    let row = Row::new("stamp_vendor", id);
    let own = registers.iter().filter(|register| register.vendor == id);
    let vendor = Vendor {
        number: row.number("number", number)?,
        items: row.number("items", items)?,
        registers: own.map(RegisterRow::read).collect::<Result<_, _>>()?,
    };
    Ok((row.parse("merchant", id)?, vendor))
}
