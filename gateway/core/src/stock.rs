//! The stock of cards: selling a batch or a smart card posts the float, blocking stops a card.

use jiff::Timestamp;
use purser_money::{Money, MoneyError};

use crate::{
    account::Account,
    books::{Books, CardState, Needs},
    command::{Answer, Stop},
    entry::{Entry, EntryKind, Posting},
    ids::{BatchId, CardId, EntryId},
    record::{CardKind, CardStatus},
    refusal::Refusal,
};

/// A batch is sold: from now on its cards are worth their face.
#[derive(Debug, Clone)]
pub struct ActivateBatch {
    /// Which.
    pub batch: BatchId,
    /// Its cards, when this was prepared.
    pub cards: Vec<CardId>,
    /// Its entry.
    pub entry: EntryId,
}

/// A smart card is sold.
#[derive(Debug, Clone)]
pub struct ActivateCard {
    /// Which.
    pub card: CardId,
    /// Its entry.
    pub entry: EntryId,
}

/// A card that was printed to be sold is lost or stolen. Its value stays owed.
#[derive(Debug, Clone)]
pub struct BlockCard {
    /// Which.
    pub card: CardId,
}

impl ActivateBatch {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        needs.batches.insert(self.batch);
        needs.accounts.extend(self.cards.iter().copied().map(Account::Card));
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let batch = books.batch(self.batch).ok_or(Refusal::NotFound)?;
        // Selling a sold batch again changes nothing.
        if !batch.active {
            let (cards, face) = (batch.cards.clone(), batch.face);
            books.set_batch_active(self.batch);
            for card in &cards {
                books.open_account(Account::Card(*card), face.currency());
            }
            let legs = sold_postings(&cards, face)?;
            books.post(Entry::new(self.entry, at, EntryKind::CardsSold, self.batch, legs)?)?;
        }
        Ok(Answer::BatchActivated { batch: self.batch })
    }
}

impl ActivateCard {
    pub(crate) fn needs(&self) -> Needs {
        card_needs(self.card)
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        // A voucher is sold with its batch; sold by itself as well, it would be worth its face twice.
        let card = books.card(self.card).filter(|card| card.kind == CardKind::Smart);
        let card = card.ok_or(Refusal::NotFound)?;
        match card.status {
            CardStatus::Active => {}
            CardStatus::Blocked => return Err(Refusal::CardRefused.into()),
            CardStatus::Inactive => {
                books.set_card(self.card, CardState { status: CardStatus::Active, ..card });
                books.open_account(Account::Card(self.card), card.currency);
                let legs = sold_postings(&[self.card], card.face)?;
                books.post(Entry::new(self.entry, at, EntryKind::CardsSold, self.card, legs)?)?;
            }
        }
        Ok(Answer::CardActivated { card: self.card })
    }
}

impl BlockCard {
    pub(crate) fn needs(&self) -> Needs {
        card_needs(self.card)
    }

    pub(crate) fn apply(&self, books: &mut Books) -> Result<Answer, Stop> {
        let card = books.card(self.card).ok_or(Refusal::NotFound)?;
        match card.kind {
            CardKind::Voucher | CardKind::Smart => {}
            // Never sold, so nobody loses it: it holds what a buyer had, who must reach it.
            CardKind::Compensation => return Err(Refusal::NotFound.into()),
        }
        books.set_card(self.card, CardState { status: CardStatus::Blocked, ..card });
        Ok(Answer::CardBlocked { card: self.card })
    }
}

fn card_needs(card: CardId) -> Needs {
    let mut needs = Needs::default();
    needs.cards.insert(card);
    needs.accounts.insert(Account::Card(card));
    needs
}

/// The legs of a sale of cards: real money comes in, and is owed to whoever holds the cards.
pub fn sold_postings(cards: &[CardId], face: Money) -> Result<Vec<Posting>, MoneyError> {
    let total = Money::sum(cards.iter().map(|_| face), face.currency())?;
    let float = Posting::debit(Account::Float(face.currency()), total);
    let owed = cards.iter().map(|card| Posting::credit(Account::Card(*card), face));
    Ok(std::iter::once(float).chain(owed).collect())
}
