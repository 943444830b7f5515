//! What a batch of commands holds under lock, and what the batch changes in it.
//!
//! The store loads what the commands need, the commands are decided one after the other against it, and the
//! store writes what changed. Every change remembers what was there, so that a command that is refused half
//! way leaves nothing behind and never fails its neighbours.

mod rows;
mod stamps;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use purser_money::{Currency, Money, MoneyError};

use crate::{
    account::{Account, Mode},
    entry::Entry,
    ids::{AccountId, BatchId, CardId, ItemId, MerchantId, RefundId, StampId},
    outgoing::{Outgoing, Settled},
    record::{CardKind, CardStatus, LogRecord, OfferUse, Writes, WritesMark},
    stamp::{Stamp, register::Vendor},
    vault::Vault,
};

pub(crate) use rows::LARGE_MINOR;
pub use rows::{BatchState, CardState, ItemState, Needs};

/// The rows under lock.
#[derive(Debug, Clone)]
pub struct Books {
    /// The version of all that operators and merchants change.
    pub facts_version: i64,
    unit_of_account: Currency,
    balances: HashMap<Account, Money>,
    taken_from: HashMap<Account, Money>,
    deltas: BTreeMap<(Account, Currency), Money>,
    vaults: HashMap<AccountId, Vault>,
    cards: HashMap<CardId, CardState>,
    batches: HashMap<BatchId, BatchState>,
    items: HashMap<ItemId, ItemState>,
    offers_used: HashSet<OfferUse>,
    latest: HashMap<AccountId, Timestamp>,
    settled: HashMap<Outgoing, Settled>,
    tax_accounts: HashMap<Account, i64>,
    vendors: HashMap<MerchantId, Vendor>,
    stamps: HashMap<StampId, Stamp>,
    writes: Writes,
    undo: Vec<Undo>,
}

/// What was there before a change.
#[derive(Debug, Clone)]
enum Undo {
    Balance(Account, Money),
    Delta((Account, Currency), Option<Money>),
    Vault(AccountId, Option<Box<Vault>>),
    Card(CardId, Option<CardState>),
    Batch(BatchId),
    Refund(ItemId),
    Offer(OfferUse),
    NewAccount(Account),
    Log(AccountId, Option<Timestamp>),
    Settled(Outgoing),
    TaxAccount(Account, i64),
    Vendor(MerchantId, Option<Box<Vendor>>),
    Stamp(StampId, Option<Box<Stamp>>),
}

/// A point to which a command that was refused is taken back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    undo: usize,
    writes: WritesMark,
}

/// What no open account may pass on either side, where it is looked at: a ninth of what fits, so that all that is posted
/// without a look fits as well.
pub const OPEN_MINOR_MAX: u64 = 1_000_000_000_000_000_000;

/// Why an entry cannot be posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// A guarded account would pass its floor.
    #[error("{0} would fall below zero")]
    BelowFloor(Account),
    /// More would be taken from an open account than it holds.
    #[error("{0} holds {1}")]
    HoldsLess(Account, Money),
    /// An account that the command did not name in its needs.
    #[error("{0} was not locked")]
    NotLocked(Account),
    /// A guarded account holds another currency.
    #[error("{1} cannot be posted to an account of {0}")]
    Currency(Currency, Currency),
    /// It does not fit.
    #[error("the amounts are too large")]
    Overflow,
}

impl From<MoneyError> for PostError {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrenciesDiffer(held, posted) => Self::Currency(held, posted),
            _ => Self::Overflow,
        }
    }
}

/// Filling the books, and reading back what changed: for the store.
impl Books {
    /// Empty books.
    pub fn new(facts_version: i64, unit_of_account: Currency) -> Self {
        Self {
            facts_version,
            unit_of_account,
            balances: HashMap::new(),
            taken_from: HashMap::new(),
            deltas: BTreeMap::new(),
            vaults: HashMap::new(),
            cards: HashMap::new(),
            batches: HashMap::new(),
            items: HashMap::new(),
            offers_used: HashSet::new(),
            latest: HashMap::new(),
            settled: HashMap::new(),
            tax_accounts: HashMap::new(),
            vendors: HashMap::new(),
            stamps: HashMap::new(),
            writes: Writes::default(),
            undo: Vec::new(),
        }
    }

    /// A guarded account that was locked.
    pub fn load_balance(&mut self, account: Account, balance: Money) {
        self.balances.insert(account, balance);
    }

    /// An open account that was locked because it is to be taken from, and what it held then.
    pub fn load_taken_from(&mut self, account: Account, held: Money) {
        self.taken_from.insert(account, held);
    }

    /// The floats that are posted to if what is unsold here is sold: to be locked too, because a float has a ceiling.
    pub fn floats_of_unsold(&self) -> BTreeSet<Account> {
        let batches = self.batches.values().filter(|batch| !batch.active);
        let is_unsold =
            |card: &&CardState| card.kind == CardKind::Smart && card.status == CardStatus::Inactive;
        let cards = self.cards.values().filter(is_unsold).map(|card| card.currency);
        batches.map(|batch| batch.face.currency()).chain(cards).map(Account::Float).collect()
    }

    /// A vault that was locked.
    pub fn load_vault(&mut self, vault: Vault) {
        self.vaults.insert(vault.account, vault);
    }

    /// A card that was locked.
    pub fn load_card(&mut self, card: CardId, state: CardState) {
        self.cards.insert(card, state);
    }

    /// A batch that was locked.
    pub fn load_batch(&mut self, batch: BatchId, state: BatchState) {
        self.batches.insert(batch, state);
    }

    /// An item of a buyer whose vault was locked.
    pub fn load_item(&mut self, state: ItemState) {
        self.items.insert(state.record.id, state);
    }

    /// A single-use offer that was bought before.
    pub fn load_offer_used(&mut self, offer: OfferUse) {
        self.offers_used.insert(offer);
    }

    /// The time of the newest line in a buyer's transaction log.
    pub fn load_log_latest(&mut self, account: AccountId, at: Timestamp) {
        self.latest.insert(account, at);
    }

    /// What became of a remittance or payout.
    pub fn load_settled(&mut self, of: Outgoing, settled: Settled) {
        self.settled.insert(of, settled);
    }

    /// How many remittances, and ends of remittances, a tax account has.
    pub fn load_tax_account(&mut self, account: Account, count: i64) {
        self.tax_accounts.insert(account, count);
    }

    /// The guarded accounts, with what they hold now.
    pub fn balances(&self) -> impl Iterator<Item = (&Account, Money)> {
        self.balances.iter().map(|(account, balance)| (account, *balance))
    }

    /// What the batch adds to each open account.
    pub fn deltas(&self) -> impl Iterator<Item = (&Account, Money)> {
        self.deltas.iter().map(|((account, _), delta)| (account, *delta))
    }

    /// The vaults as they are now.
    pub fn vaults(&self) -> impl Iterator<Item = &Vault> {
        self.vaults.values()
    }

    /// The cards as they are now.
    pub fn cards(&self) -> impl Iterator<Item = (CardId, &CardState)> {
        self.cards.iter().map(|(card, state)| (*card, state))
    }

    /// The batches as they are now.
    pub fn batches(&self) -> impl Iterator<Item = (BatchId, &BatchState)> {
        self.batches.iter().map(|(batch, state)| (*batch, state))
    }

    /// The records that the batch writes.
    pub fn writes(&self) -> &Writes {
        &self.writes
    }
}

/// Reading and changing, for the commands.
impl Books {
    /// The currency that vaults are held in.
    pub(crate) fn unit_of_account(&self) -> Currency {
        self.unit_of_account
    }

    /// What a guarded account holds.
    pub(crate) fn balance(&self, account: &Account) -> Option<Money> {
        self.balances.get(account).copied()
    }

    /// What a vault holds; nothing, if it is not there.
    pub(crate) fn vault_balance(&self, account: AccountId) -> Money {
        self.balance(&Account::Vault(account)).unwrap_or(Money::zero(self.unit_of_account))
    }

    /// A vault.
    pub(crate) fn vault(&self, account: AccountId) -> Option<&Vault> {
        self.vaults.get(&account)
    }

    /// A card.
    pub(crate) fn card(&self, card: CardId) -> Option<CardState> {
        self.cards.get(&card).copied()
    }

    /// A batch.
    pub(crate) fn batch(&self, batch: BatchId) -> Option<&BatchState> {
        self.batches.get(&batch)
    }

    /// An item.
    pub(crate) fn item(&self, item: ItemId) -> Option<&ItemState> {
        self.items.get(&item)
    }

    /// Whether a single-use offer was bought.
    pub(crate) fn is_offer_used(&self, offer: &OfferUse) -> bool {
        self.offers_used.contains(offer)
    }

    /// Posts an entry. A leg that cannot be posted stops the command, which takes back those before it.
    pub(crate) fn post(&mut self, entry: Entry) -> Result<(), PostError> {
        for posting in entry.postings() {
            let effect = posting.effect()?;
            match posting.account.mode() {
                Mode::Guarded => self.post_guarded(&posting.account, effect)?,
                Mode::Open => self.post_open(&posting.account, effect)?,
            }
        }
        self.writes.entries.push(entry);
        Ok(())
    }

    fn post_guarded(&mut self, account: &Account, effect: Money) -> Result<(), PostError> {
        let Some(balance) = self.balances.get_mut(account) else {
            return Err(PostError::NotLocked(account.clone()));
        };
        let after = balance.plus(effect)?;
        if after.minor() < 0 {
            return Err(PostError::BelowFloor(account.clone()));
        }
        self.undo.push(Undo::Balance(account.clone(), *balance));
        *balance = after;
        Ok(())
    }

    fn post_open(&mut self, account: &Account, effect: Money) -> Result<(), PostError> {
        let key = (account.clone(), effect.currency());
        let before = self.deltas.get(&key).copied();
        let after = before.unwrap_or(Money::zero(effect.currency())).plus(effect)?;
        if let Some(found) = self.taken_from.get(account)
            && found.plus(after)?.minor().unsigned_abs() > OPEN_MINOR_MAX
        {
            return Err(PostError::Overflow);
        }
        self.undo.push(Undo::Delta(key.clone(), before));
        self.deltas.insert(key, after);
        Ok(())
    }

    /// Refuses to take more from an open account than it holds: what was found under lock, with what this batch
    /// has posted to it since. To be asked before the entry that takes is posted.
    pub(crate) fn check_taking(&self, account: &Account, amount: Money) -> Result<(), PostError> {
        let holds = self.holds(account)?;
        if holds.minus(amount)?.minor() < 0 {
            return Err(PostError::HoldsLess(account.clone(), holds));
        }
        Ok(())
    }

    /// What an open account holds that was locked because it is to be taken from.
    pub(crate) fn holds(&self, account: &Account) -> Result<Money, PostError> {
        let not_locked = || PostError::NotLocked(account.clone());
        let found = *self.taken_from.get(account).ok_or_else(not_locked)?;
        Ok(match self.deltas.get(&(account.clone(), found.currency())) {
            Some(delta) => found.plus(*delta)?,
            None => found,
        })
    }

    /// What became of a remittance or payout, if it is known.
    pub(crate) fn settled(&self, of: Outgoing) -> Option<Settled> {
        self.settled.get(&of).copied()
    }

    /// Remembers what became of a remittance or payout.
    pub(crate) fn set_settled(&mut self, of: Outgoing, settled: Settled) {
        self.undo.push(Undo::Settled(of));
        self.settled.insert(of, settled);
    }

    /// How many remittances, and ends of remittances, a locked tax account has.
    pub(crate) fn tax_account_count(&self, account: &Account) -> Option<i64> {
        self.tax_accounts.get(account).copied()
    }

    /// Counts one more of them.
    pub(crate) fn count_tax_account(&mut self, account: &Account) {
        if let Some(count) = self.tax_accounts.get_mut(account) {
            self.undo.push(Undo::TaxAccount(account.clone(), *count));
            *count = count.saturating_add(1);
        }
    }

    /// Opens a guarded account that did not exist.
    pub(crate) fn open_account(&mut self, account: Account, currency: Currency) {
        if !self.balances.contains_key(&account) {
            self.undo.push(Undo::NewAccount(account.clone()));
            self.balances.insert(account, Money::zero(currency));
        }
    }

    /// Changes a vault.
    pub(crate) fn set_vault(&mut self, vault: Vault) {
        let account = vault.account;
        let before = self.vaults.insert(account, vault).map(Box::new);
        self.undo.push(Undo::Vault(account, before));
    }

    /// Changes a card.
    pub(crate) fn set_card(&mut self, card: CardId, state: CardState) {
        let before = self.cards.insert(card, state);
        self.undo.push(Undo::Card(card, before));
    }

    /// Marks a batch as sold.
    pub(crate) fn set_batch_active(&mut self, batch: BatchId) {
        if let Some(state) = self.batches.get_mut(&batch) {
            state.active = true;
            self.undo.push(Undo::Batch(batch));
        }
    }

    /// Marks an item as refunded.
    pub(crate) fn set_refunded(&mut self, item: ItemId, refund: RefundId) {
        if let Some(state) = self.items.get_mut(&item) {
            state.refund = Some(refund);
            self.undo.push(Undo::Refund(item));
        }
    }

    /// Marks a single-use offer as bought.
    pub(crate) fn use_offer(&mut self, offer: OfferUse) {
        if self.offers_used.insert(offer.clone()) {
            self.undo.push(Undo::Offer(offer.clone()));
            self.writes.offers_used.push(offer);
        }
    }

    /// Adds a line to a buyer's transaction log, later than all that are there. Commands are prepared at once and
    /// decided in another order; ordered by time the log is in the order of decisions, so that each balance follows
    /// from the one before.
    pub(crate) fn log(&mut self, line: LogRecord) {
        let before = self.latest.get(&line.account).copied();
        let next =
            before.and_then(|latest| latest.checked_add(SignedDuration::from_micros(1)).ok());
        let at = next.map_or(line.at, |next| line.at.max(next));
        self.undo.push(Undo::Log(line.account, before));
        self.latest.insert(line.account, at);
        self.writes.log.push(LogRecord { at, ..line });
    }

    /// Adds records.
    pub(crate) fn write(&mut self) -> &mut Writes {
        &mut self.writes
    }

    /// Where a command starts.
    pub(crate) fn mark(&self) -> Mark {
        Mark { undo: self.undo.len(), writes: self.writes.mark() }
    }

    /// Takes everything back that was done since `mark`.
    pub(crate) fn take_back(&mut self, mark: Mark) {
        while self.undo.len() > mark.undo {
            match self.undo.pop() {
                Some(Undo::Balance(account, before)) => drop(self.balances.insert(account, before)),
                Some(Undo::NewAccount(account)) => drop(self.balances.remove(&account)),
                Some(Undo::Delta(key, Some(before))) => drop(self.deltas.insert(key, before)),
                Some(Undo::Delta(key, None)) => drop(self.deltas.remove(&key)),
                Some(Undo::Vault(account, Some(before))) => {
                    drop(self.vaults.insert(account, *before));
                }
                Some(Undo::Vault(account, None)) => drop(self.vaults.remove(&account)),
                Some(Undo::Card(card, Some(before))) => drop(self.cards.insert(card, before)),
                Some(Undo::Card(card, None)) => drop(self.cards.remove(&card)),
                Some(Undo::Batch(batch)) => {
                    if let Some(state) = self.batches.get_mut(&batch) {
                        state.active = false;
                    }
                }
                Some(Undo::Refund(item)) => {
                    if let Some(state) = self.items.get_mut(&item) {
                        state.refund = None;
                    }
                }
                Some(Undo::Log(account, Some(before))) => drop(self.latest.insert(account, before)),
                Some(Undo::Log(account, None)) => drop(self.latest.remove(&account)),
                Some(Undo::Settled(of)) => drop(self.settled.remove(&of)),
                Some(Undo::TaxAccount(account, count)) => {
                    let _ = self.tax_accounts.insert(account, count);
                }
                Some(Undo::Vendor(vendor, Some(before))) => {
                    drop(self.vendors.insert(vendor, *before));
                }
                Some(Undo::Vendor(vendor, None)) => drop(self.vendors.remove(&vendor)),
                Some(Undo::Stamp(stamp, Some(before))) => drop(self.stamps.insert(stamp, *before)),
                Some(Undo::Stamp(stamp, None)) => drop(self.stamps.remove(&stamp)),
                Some(Undo::Offer(offer)) => drop(self.offers_used.remove(&offer)),
                None => break,
            }
        }
        self.writes.take_back(mark.writes);
    }
}
