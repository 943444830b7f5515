//! The rows that commands name, and what they see of them under lock.

use std::collections::BTreeSet;

use jiff::Timestamp;
use purser_money::{Currency, Money};

use crate::{
    account::Account,
    ids::{AccountId, BatchId, CardId, ItemId, RefundId},
    record::{CardKind, CardStatus, ItemRecord, OfferUse},
};

/// The rows that a command must see under lock. The store locks them in this order, each kind by id.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Needs {
    /// Card batches, with all their cards.
    pub batches: BTreeSet<BatchId>,
    /// Guarded accounts. Those that do not exist yet start at zero.
    pub accounts: BTreeSet<Account>,
    /// Vaults.
    pub vaults: BTreeSet<AccountId>,
    /// Cards.
    pub cards: BTreeSet<CardId>,
    /// Items, with their refund.
    pub items: BTreeSet<ItemId>,
    /// Single-use offers.
    pub offers: BTreeSet<OfferUse>,
    /// Open accounts that the command takes from: trades, payouts, remittances. All others post to open accounts
    /// without a lock, so that none is a bottleneck; of two that take, the second must see what the first left.
    pub taken_from: BTreeSet<Account>,
}

/// What a card's row tells the teller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardState {
    /// Its currency.
    pub currency: Currency,
    /// Voucher, smart card or compensation.
    pub kind: CardKind,
    /// Whether it may be loaded from.
    pub status: CardStatus,
    /// What it is sold for.
    pub face: Money,
    /// From this moment on it cannot be loaded from.
    pub expires_at: Option<Timestamp>,
    /// The highest counter of a tap that loaded.
    pub tap_counter: Option<u32>,
}

/// A batch of cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchState {
    /// Whether it was sold.
    pub active: bool,
    /// Its cards.
    pub cards: Vec<CardId>,
    /// What each is sold for.
    pub face: Money,
}

/// An item as a refund sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemState {
    /// The item.
    pub record: ItemRecord,
    /// Its refund, if it went back.
    pub refund: Option<RefundId>,
}
