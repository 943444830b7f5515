//! Refunds: exactly what was charged for one item, bounded by the refund account.
//!
//! The rules in their order: the vault is active; the item was purchased by this buyer; it was not refunded
//! before; the window is open; fewer refunds than allowed were made in the period. Then the refund is made, and
//! if the refund account's total is now above its threshold, the vault closes.

use jiff::Timestamp;
use purser_money::{Money, MoneyError};

use crate::{
    account::{Account, Side},
    books::{Books, Needs},
    closing::{Closing, NewCompensation},
    command::{Answer, Note, Stop, active_vault, done_line, vault_needs},
    entry::{Entry, EntryKind, Posting},
    ids::{AccountId, CardId, EntryId, ItemId, LogId, MerchantId, RefundId},
    policy::RefundPolicy,
    purchase::item_postings,
    record::{EventRecord, ItemRecord, LogKind, RefundRecord},
    refusal::Refusal,
    stamp::void::StampReturn,
    vault::{Vault, VaultStatus, VaultView},
};

/// A buyer's prepared refund.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Its name.
    pub id: RefundId,
    /// Who asks.
    pub account: AccountId,
    /// For what; nothing, if the request named no item at all.
    pub item: Option<ItemId>,
    /// The stamp that the item is, if it is one: it becomes void.
    pub stamp: Option<StampReturn>,
    /// What would come back, for the log of a refused request; zero if the item is not the buyer's.
    pub asked: Money,
    /// The policy in force.
    pub policy: RefundPolicy,
    /// How the vault closes, should it have to.
    pub closing: Closing,
    /// Told to the merchant.
    pub event: Option<EventRecord>,
    /// The entry of the refund.
    pub entry: EntryId,
    /// The entry of the period's reset, should it be over.
    pub reset_entry: EntryId,
    /// Its line in the transaction log.
    pub log: LogId,
}

/// A refund that a merchant gives of its own accord: outside thresholds and refund account.
#[derive(Debug, Clone)]
pub struct Goodwill {
    /// Its name.
    pub id: RefundId,
    /// Who gives.
    pub merchant: MerchantId,
    /// For what.
    pub item: ItemId,
    /// The stamp that the item is, if it is one: it becomes void.
    pub stamp: Option<StampReturn>,
    /// The buyer, as the item says.
    pub account: AccountId,
    /// The buyer's compensation card when this was prepared, if the vault is closed and left something.
    pub compensation: Option<CardId>,
    /// The card that is made if the vault is closed and left nothing.
    pub new_compensation: NewCompensation,
    /// Told to the merchant.
    pub event: EventRecord,
    /// Its entry.
    pub entry: EntryId,
    /// Its line in the transaction log.
    pub log: LogId,
}

impl Refund {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = vault_needs(self.account);
        needs.accounts.insert(Account::Refund(self.account));
        needs.pending_voids.insert(self.account);
        needs.items.extend(self.item);
        needs.stamps.extend(self.stamp.as_ref().map(|back| back.stamp));
        needs
    }

    /// The line in the transaction log, should it be refused.
    pub(crate) fn note(&self) -> Note {
        Note {
            log: self.log,
            account: self.account,
            kind: LogKind::Refund,
            outcome: String::new(),
            amount: self.asked,
            object: self.item.map(|item| item.to_string()).unwrap_or_default(),
        }
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let item = self.check(at, books)?;
        // What a vendor holds back for some days must not come back at once by another way.
        if let Some(back) = self.stamp.as_ref().filter(|back| back.void_hold_days > 0) {
            return Err(Refusal::StampHeld { days: back.void_hold_days }.into());
        }
        self.settle(&item, at, books)?;
        let vault = self.view(at, books).map(Box::new);
        Ok(Answer::Refunded { refund: self.id, item: item.id, credited: item.charged, vault })
    }

    /// The item, if the rules let it go back. A stamp whose void is still held back has its place among the refunds: it
    /// is not asked again when it is due.
    pub(crate) fn check(&self, at: Timestamp, books: &Books) -> Result<ItemRecord, Stop> {
        active_vault(self.account, books)?;
        let item = self.refundable(at, books)?;
        let vault = books.vault(self.account).ok_or(Refusal::VaultInactive)?;
        let over = vault.period_is_over(&self.policy, at);
        let count = if over { 0 } else { vault.refund_count };
        let promised =
            books.pending_voids(self.account, self.stamp.as_ref().map(|back| back.stamp));
        if count.saturating_add(promised) >= self.policy.max_count {
            return Err(Refusal::RefundLimitExceeded.into());
        }
        Ok(item)
    }

    /// Makes the refund, and closes the vault if its threshold is passed.
    pub(crate) fn settle(
        &self,
        item: &ItemRecord,
        at: Timestamp,
        books: &mut Books,
    ) -> Result<(), Stop> {
        let vault = self.start_period(at, books)?;
        self.make(item, vault, at, books)?;
        if let Some(back) = &self.stamp {
            back.void(books);
        }
        let total = books.balance(&Account::Refund(self.account)).unwrap_or(item.charged);
        if total.minor() > self.policy.max_total.minor() {
            self.closing.close(self.account, at, books)?;
        }
        Ok(())
    }

    fn refundable(&self, at: Timestamp, books: &Books) -> Result<ItemRecord, Stop> {
        let state = self.item.and_then(|item| books.item(item)).ok_or(Refusal::NotPurchased)?;
        if state.record.account != self.account {
            return Err(Refusal::NotPurchased.into());
        }
        if let Some(refund) = state.refund {
            return Err(Refusal::AlreadyRefunded { refund }.into());
        }
        if let Some(back) = &self.stamp {
            back.check(state.record.id, books)?;
        }
        let ends_at = self.policy.window_ends_at(state.record.at, state.record.refund_window_days);
        if ends_at.is_none_or(|ends_at| at > ends_at) {
            return Err(Refusal::RefundWindowClosed.into());
        }
        Ok(state.record.clone())
    }

    /// The vault, its refund account back at zero if the period is over.
    fn start_period(&self, at: Timestamp, books: &mut Books) -> Result<Vault, Stop> {
        let vault = books.vault(self.account).cloned().ok_or(Refusal::VaultInactive)?;
        if !vault.period_is_over(&self.policy, at) {
            return Ok(vault);
        }
        let account = Account::Refund(self.account);
        let total = books.balance(&account).unwrap_or(Money::zero(books.unit_of_account()));
        if total.is_positive() {
            let legs = vec![
                Posting::debit(account, total),
                Posting::credit(Account::RefundControl, total),
            ];
            books.post(Entry::new(
                self.reset_entry,
                at,
                EntryKind::PeriodReset,
                self.account,
                legs,
            )?)?;
        }
        Ok(Vault { refund_count: 0, period_started_at: None, ..vault })
    }

    fn make(
        &self,
        item: &ItemRecord,
        vault: Vault,
        at: Timestamp,
        books: &mut Books,
    ) -> Result<(), Stop> {
        books.open_account(Account::Refund(self.account), item.charged.currency());
        let legs = taken_refund_postings(item)?;
        books.post(Entry::new(self.entry, at, EntryKind::Refund, self.id, legs)?)?;
        books.set_refunded(item.id, self.id);
        books.set_vault(Vault {
            refund_count: vault.refund_count.saturating_add(1),
            period_started_at: vault.period_started_at.or(Some(at)),
            ..vault
        });
        let line =
            done_line((self.log, self.account, LogKind::Refund), at, item.charged, self.id, books);
        let write = books.write();
        write.refunds.push(RefundRecord {
            id: self.id,
            item: item.id,
            account: self.account,
            merchant: item.merchant,
            at,
            credited: item.charged,
            goodwill: false,
        });
        write.events.extend(self.event.clone());
        books.log(line);
        Ok(())
    }

    fn view(&self, at: Timestamp, books: &Books) -> Option<VaultView> {
        let vault = books.vault(self.account)?;
        let total = books.balance(&Account::Refund(self.account))?;
        let left = vault.compensation().and_then(|card| books.balance(&Account::Card(card)));
        Some(vault.view(books.vault_balance(self.account), total, left, &self.policy, at))
    }
}

impl Goodwill {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = vault_needs(self.account);
        needs.items.insert(self.item);
        needs.stamps.extend(self.stamp.as_ref().map(|back| back.stamp));
        needs.accounts.extend(self.compensation.map(Account::Card));
        needs
    }

    /// Gives the money back. Whether the buyer's vault is closed is not the merchant's to know, so the answer is the
    /// same.
    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let item = self.item(books)?;
        if let Some(back) = &self.stamp {
            back.check(item.id, books)?;
        }
        self.give(EntryKind::Goodwill, &item, at, books)?;
        if let Some(back) = &self.stamp {
            back.void(books);
        }
        Ok(Answer::Refunded { refund: self.id, item: item.id, credited: item.charged, vault: None })
    }

    /// The item, if it is this merchant's and did not go back before.
    pub(crate) fn item(&self, books: &Books) -> Result<ItemRecord, Stop> {
        let state = books.item(self.item).filter(|state| state.record.merchant == self.merchant);
        let state = state.ok_or(Refusal::NotFound)?;
        match state.refund {
            Some(refund) => Err(Refusal::AlreadyRefunded { refund }.into()),
            None => Ok(state.record.clone()),
        }
    }

    /// Moves the money.
    pub(crate) fn give(
        &self,
        kind: EntryKind,
        item: &ItemRecord,
        at: Timestamp,
        books: &mut Books,
    ) -> Result<(), Stop> {
        let target = self.target(item, books)?;
        let legs = refund_postings(item, target)?;
        books.post(Entry::new(self.entry, at, kind, self.id, legs)?)?;
        books.set_refunded(item.id, self.id);
        let line =
            done_line((self.log, item.account, LogKind::Refund), at, item.charged, self.id, books);
        let write = books.write();
        write.refunds.push(RefundRecord {
            id: self.id,
            item: item.id,
            account: item.account,
            merchant: item.merchant,
            at,
            credited: item.charged,
            goodwill: true,
        });
        write.events.push(self.event.clone());
        books.log(line);
        Ok(())
    }

    /// The vault or, if that is closed, the buyer's compensation card, which is made if the vault left nothing. Its
    /// face is nothing then: no vault's rest is on it, only gifts.
    fn target(&self, item: &ItemRecord, books: &mut Books) -> Result<Account, Stop> {
        let vault = books.vault(item.account).cloned().ok_or(Refusal::NotFound)?;
        if vault.compensation() != self.compensation {
            return Err(Stop::Stale);
        }
        match vault.status {
            VaultStatus::Active => Ok(Account::Vault(item.account)),
            VaultStatus::Closed { compensation: Some(card) } => Ok(Account::Card(card)),
            VaultStatus::Closed { compensation: None } => {
                let (card, unit) = (self.new_compensation.card, item.charged.currency());
                let status = VaultStatus::Closed { compensation: Some(card) };
                books.set_vault(Vault { status, ..vault });
                books.open_account(Account::Card(card), unit);
                books.write().cards.push(self.new_compensation.record(Money::zero(unit)));
                Ok(Account::Card(card))
            }
        }
    }
}

/// The legs of a refund that a buyer took: the vault gets it back, and the refund account remembers.
pub fn taken_refund_postings(item: &ItemRecord) -> Result<Vec<Posting>, MoneyError> {
    let mut legs = refund_postings(item, Account::Vault(item.account))?;
    legs.push(Posting::debit(Account::RefundControl, item.charged));
    legs.push(Posting::credit(Account::Refund(item.account), item.charged));
    Ok(legs)
}

/// The legs of a refund: those of the sale of that item, the other way, at the rate of the purchase.
pub fn refund_postings(item: &ItemRecord, to: Account) -> Result<Vec<Posting>, MoneyError> {
    let reversed = |leg: Posting| {
        let side = match leg.side {
            Side::Debit => Side::Credit,
            Side::Credit => Side::Debit,
        };
        let account =
            if leg.account == Account::Vault(item.account) { to.clone() } else { leg.account };
        Posting { account, side, amount: leg.amount }
    };
    Ok(item_postings(item)?.into_iter().map(reversed).collect())
}
