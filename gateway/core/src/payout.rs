//! Payouts: all that a merchant is told that it is owed in one currency is set apart for its bank.

use jiff::Timestamp;
use purser_money::Money;

use crate::{
    account::Account,
    books::{Books, Needs, PostError},
    command::{Answer, Stop},
    entry::{Entry, EntryKind},
    ids::{EntryId, MerchantId, PayoutId},
    outgoing::Outgoing,
    record::PayoutRecord,
};

/// A prepared payout. How much it is, is decided under the lock.
#[derive(Debug, Clone)]
pub struct Payout {
    /// Its name.
    pub id: PayoutId,
    /// To whom.
    pub merchant: MerchantId,
    /// What it was told that it is owed. No more is paid out: from what is above it would learn of a sale before its time
    /// (docs/decisions/0030).
    pub told: Money,
    /// What it is owed besides, and is not told of yet.
    pub untold: Money,
    /// Its entry.
    pub entry: EntryId,
}

impl Payout {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        let currency = self.told.currency();
        needs.taken_from.insert(Account::Merchant(self.merchant, currency));
        needs.taken_from.insert(Account::ClearingPayout(currency));
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let (id, merchant) = (self.id, self.merchant);
        let account = Account::Merchant(merchant, self.told.currency());
        // Another payout or a refund may have come in between, and sales that it is not told of either.
        let left = books.holds(&account)?.minus(self.untold)?;
        let amount = if left.minor() > self.told.minor() { self.told } else { left };
        if !amount.is_positive() {
            return Err(PostError::HoldsLess(account, amount).into());
        }
        books.check_taking(&account, amount)?;
        let legs = Outgoing::Payout(id).prepared_postings(account, amount);
        books.post(Entry::new(self.entry, at, EntryKind::Payout, id, legs)?)?;
        books.write().payouts.push(PayoutRecord { id, merchant, at, amount });
        Ok(Answer::PayoutPrepared { payout: id })
    }
}
