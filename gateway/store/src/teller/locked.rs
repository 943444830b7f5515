//! Rows under lock into what the books hold.

use diesel::prelude::*;
use purser_core::{
    books::{BatchState, CardState},
    ids::CardId,
    record::{CardKind, CardStatus},
};

use crate::{StoreError, read::row::Row, schema::card};

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
