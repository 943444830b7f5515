//! The rows that commands name, and what they see of them under lock.

use std::collections::BTreeSet;

use jiff::Timestamp;
use purser_money::{Currency, Money};

use crate::{
    account::{Account, Mode},
    entry::Posting,
    ids::{AccountId, BatchId, CardId, ItemId, MerchantId, RefundId, StampId},
    outgoing::Outgoing,
    record::{CardKind, CardStatus, ItemRecord, OfferUse},
};

/// The rows that a command must see under lock. The store locks batches, cards, vaults, accounts, vendors,
/// stamps and open accounts in this order, each kind by id.
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
    /// Vendors of stamps, with all their registers.
    pub vendors: BTreeSet<MerchantId>,
    /// Stamps.
    pub stamps: BTreeSet<StampId>,
    /// Buyers, of whom all stamps must be seen whose void is held back. They are among those whose vaults are locked, so
    /// that no stamp is added to these meanwhile.
    pub pending_voids: BTreeSet<AccountId>,
    /// Open accounts that the command takes from: trades, payouts, remittances. All others post to open accounts
    /// without a lock, so that none is a bottleneck; of two that take, the second must see what the first left. And
    /// those that are posted to with more than `LARGE_MINOR`, because they have a ceiling.
    pub taken_from: BTreeSet<Account>,
    /// Remittances and payouts, of which must be known what became of them.
    pub outgoing: BTreeSet<Outgoing>,
    /// Tax accounts, of which must be known how many remittances and ends of remittances they have. They are among those
    /// that are taken from, so that their lock is held.
    pub tax_accounts: BTreeSet<Account>,
}

/// More than anybody moves at once. So few amounts are larger that looking at their accounts slows nobody down, and
/// so many smaller ones would be needed to fill an account that nobody lives to see it.
pub(crate) const LARGE_MINOR: i64 = 10_000_000_000_000;

impl Needs {
    /// Has the open accounts of large legs locked, so that they are held to their ceiling.
    pub(crate) fn lock_large(&mut self, postings: &[Posting]) {
        let large =
            |leg: &&Posting| leg.account.mode() == Mode::Open && leg.amount.minor() > LARGE_MINOR;
        self.taken_from.extend(postings.iter().filter(large).map(|leg| leg.account.clone()));
    }
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
