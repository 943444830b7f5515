//! Journal entries: balanced, or they cannot be built.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use purser_money::{Currency, Money, MoneyError};

use crate::{
    account::{Account, Book, Side},
    ids::EntryId,
};

/// A batch of cards is the entry with the most legs.
pub const POSTINGS_MAX: usize = 10_100;
/// Twice the longest id.
const OBJECT_BYTES_MAX: usize = 64;

/// One leg of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Where.
    pub account: Account,
    /// Left or right.
    pub side: Side,
    /// How much: more than nothing.
    pub amount: Money,
}

/// A balanced journal entry. Entries are never changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    id: EntryId,
    at: Timestamp,
    kind: EntryKind,
    object: String,
    postings: Vec<Posting>,
}

/// Which flow an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// Cards were sold.
    CardsSold,
    /// A vault was loaded from a card.
    Load,
    /// A purchase.
    Purchase,
    /// A refund that a buyer took.
    Refund,
    /// A refund that a merchant gave.
    Goodwill,
    /// A purchase that could not be delivered was taken back.
    Reversal,
    /// A transfer between buyers.
    Transfer,
    /// A vault was closed.
    Closing,
    /// A refund period ended.
    PeriodReset,
    /// A currency position was covered.
    Trade,
    /// Tax was set apart for its authority.
    Remittance,
    /// It was paid.
    RemittanceConfirmed,
    /// It came back.
    RemittanceFailed,
    /// What a merchant is owed was set apart for its bank.
    Payout,
    /// It was paid.
    PayoutConfirmed,
    /// It came back.
    PayoutFailed,
}

/// Why an entry cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Debits and credits differ.
    #[error("the entry does not balance in {0}")]
    Unbalanced(Currency),
    /// No postings, or more than [`POSTINGS_MAX`].
    #[error("an entry has 2 to {POSTINGS_MAX} postings")]
    Count,
    /// A posting of nothing or less.
    #[error("a posting is above zero")]
    NotPositive,
    /// A posting in another currency than its account's.
    #[error("a posting is in another currency than its account")]
    Currency,
    /// What it books has no name that can be written on one line.
    #[error("an entry's object is 1 to {OBJECT_BYTES_MAX} visible ASCII characters")]
    Object,
    /// The sum does not fit.
    #[error("the amounts are too large")]
    Overflow,
}

impl From<MoneyError> for EntryError {
    fn from(_: MoneyError) -> Self {
        Self::Overflow
    }
}

impl Posting {
    /// A leg on the left.
    pub const fn debit(account: Account, amount: Money) -> Self {
        Self { account, side: Side::Debit, amount }
    }

    /// A leg on the right.
    pub const fn credit(account: Account, amount: Money) -> Self {
        Self { account, side: Side::Credit, amount }
    }

    /// What it adds to its account's balance, as that account shows it.
    pub fn effect(&self) -> Result<Money, MoneyError> {
        if self.side == self.account.side() { Ok(self.amount) } else { self.amount.negated() }
    }

    /// Debits above zero, credits below: what sums to zero.
    pub fn signed(&self) -> Result<Money, MoneyError> {
        match self.side {
            Side::Debit => Ok(self.amount),
            Side::Credit => self.amount.negated(),
        }
    }
}

impl Entry {
    /// Builds an entry whose postings sum to zero in each book and currency. Legs of nothing (a tax of
    /// zero, a fee of zero) are left out.
    pub fn new(
        id: EntryId,
        at: Timestamp,
        kind: EntryKind,
        object: impl fmt::Display,
        postings: Vec<Posting>,
    ) -> Result<Self, EntryError> {
        let postings: Vec<Posting> =
            postings.into_iter().filter(|leg| !leg.amount.is_zero()).collect();
        check(&postings)?;
        let object = object.to_string();
        let visible = object.bytes().all(|byte| byte.is_ascii_graphic());
        if !visible || !(1..=OBJECT_BYTES_MAX).contains(&object.len()) {
            return Err(EntryError::Object);
        }
        Ok(Self { id, at, kind, object, postings })
    }

    /// Its name.
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// When.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Which flow.
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// The id of what it books: a load, a purchase, a refund.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// Its legs.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }
}

/// Whether `postings` make an entry. Called when an entry is built, and when one is read again.
pub fn check(postings: &[Posting]) -> Result<(), EntryError> {
    if postings.len() < 2 || postings.len() > POSTINGS_MAX {
        return Err(EntryError::Count);
    }
    let mut sums: BTreeMap<(Book, Currency), Money> = BTreeMap::new();
    for posting in postings {
        if !posting.amount.is_positive() {
            return Err(EntryError::NotPositive);
        }
        let currency = posting.amount.currency();
        if posting.account.named_currency().is_some_and(|named| named != currency) {
            return Err(EntryError::Currency);
        }
        let sum =
            sums.entry((posting.account.book(), currency)).or_insert_with(|| Money::zero(currency));
        *sum = sum.plus(posting.signed()?)?;
    }
    match sums.values().find(|sum| !sum.is_zero()) {
        Some(sum) => Err(EntryError::Unbalanced(sum.currency())),
        None => Ok(()),
    }
}

impl EntryKind {
    const NAMES: [(Self, &'static str); 16] = [
        (Self::CardsSold, "cards-sold"),
        (Self::Load, "load"),
        (Self::Purchase, "purchase"),
        (Self::Refund, "refund"),
        (Self::Goodwill, "goodwill"),
        (Self::Reversal, "reversal"),
        (Self::Transfer, "transfer"),
        (Self::Closing, "closing"),
        (Self::PeriodReset, "period-reset"),
        (Self::Trade, "trade"),
        (Self::Remittance, "remittance"),
        (Self::RemittanceConfirmed, "remittance-confirmed"),
        (Self::RemittanceFailed, "remittance-failed"),
        (Self::Payout, "payout"),
        (Self::PayoutConfirmed, "payout-confirmed"),
        (Self::PayoutFailed, "payout-failed"),
    ];

    /// The name in the journal.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

impl fmt::Display for Posting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.side.name(), self.account, self.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AccountId;

    fn money(text: &str) -> Money {
        let (amount, code) = text.split_once(' ').unwrap();
        Money::parse(amount, Currency::parse(code).unwrap()).unwrap()
    }

    fn entry(postings: Vec<Posting>) -> Result<Entry, EntryError> {
        Entry::new(EntryId::from_random(1), Timestamp::UNIX_EPOCH, EntryKind::Load, "x", postings)
    }

    #[test]
    fn an_object_is_written_on_one_line() {
        let ten = money("10.00 EUR");
        let float = Account::Float(ten.currency());
        let vault = Account::Vault(AccountId::from_random(1));
        let legs = vec![Posting::debit(float, ten), Posting::credit(vault, ten)];
        let check = |object: &str, ok: bool| {
            let (id, at) = (EntryId::from_random(1), Timestamp::UNIX_EPOCH);
            let entry = Entry::new(id, at, EntryKind::Load, object, legs.clone());
            assert_eq!(entry.is_ok(), ok, "{object:?}");
        };
        check("load_00000000000000000000000001", true);
        check(&"x".repeat(64), true);
        for object in ["", "a b", "a\n", "\u{e4}", &"x".repeat(65)] {
            check(object, false);
        }
    }

    #[test]
    fn only_what_balances_in_each_book_and_currency_is_an_entry() {
        let vault = || Account::Vault(AccountId::from_random(1));
        let memo = || Account::Refund(AccountId::from_random(1));
        let float = || Account::Float(Currency::parse("EUR").unwrap());
        let ten = money("10.00 EUR");
        assert!(entry(vec![Posting::debit(float(), ten), Posting::credit(vault(), ten)]).is_ok());
        let check = |postings, expected| assert_eq!(entry(postings).unwrap_err(), expected);
        check(vec![], EntryError::Count);
        check(
            vec![Posting::debit(float(), ten), Posting::credit(vault(), money("9.99 EUR"))],
            EntryError::Unbalanced(ten.currency()),
        );
        check(
            vec![Posting::debit(float(), ten), Posting::credit(memo(), ten)],
            EntryError::Unbalanced(ten.currency()),
        );
        check(
            vec![
                Posting::debit(float(), money("1.00 USD")),
                Posting::credit(vault(), money("1.00 USD")),
            ],
            EntryError::Currency,
        );
        let less = ten.negated().unwrap();
        check(
            vec![Posting::debit(float(), less), Posting::credit(vault(), less)],
            EntryError::NotPositive,
        );
    }
}
