//! Money that leaves the gateway, for an authority or a merchant's bank. It is set apart first, and then it was either
//! paid or comes back: until then it stands in a clearing account.

use std::fmt;

use jiff::Timestamp;
use purser_money::Money;
use serde::{Deserialize, Serialize};

use crate::{
    account::Account,
    books::{Books, Needs},
    command::{Answer, Stop},
    entry::{Entry, EntryKind, Posting},
    ids::{EntryId, PayoutId, RemittanceId},
    record::{EventRecord, SettlementRecord},
    refusal::Refusal,
};

/// What leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outgoing {
    /// Tax, for its authority.
    Remittance(RemittanceId),
    /// What a merchant is owed.
    Payout(PayoutId),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settled {
    /// It was paid.
    Confirmed,
    /// It came back.
    Failed,
}

/// The bank, or the authority, has said what became of what was set apart.
#[derive(Debug, Clone)]
pub struct Settle {
    /// Of what.
    pub of: Outgoing,
    /// Where it was taken from.
    pub from: Account,
    /// How much; a return that leaves nothing to pay moves nothing.
    pub amount: Money,
    /// What became of it.
    pub settled: Settled,
    /// Its entry.
    pub entry: EntryId,
    /// Told to the merchant.
    pub event: Option<EventRecord>,
}

impl fmt::Display for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remittance(id) => id.fmt(f),
            Self::Payout(id) => id.fmt(f),
        }
    }
}

impl Settled {
    /// The name in the database and in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Failed => "failed",
        }
    }

    /// What has that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Confirmed, Self::Failed].into_iter().find(|settled| settled.name() == name)
    }
}

impl Outgoing {
    /// Where it stands until it is settled.
    pub fn clearing(self, amount: Money) -> Account {
        match self {
            Self::Remittance(_) => Account::ClearingRemittance(amount.currency()),
            Self::Payout(_) => Account::ClearingPayout(amount.currency()),
        }
    }

    /// The legs that set it apart.
    pub fn prepared_postings(self, from: Account, amount: Money) -> Vec<Posting> {
        vec![Posting::debit(from, amount), Posting::credit(self.clearing(amount), amount)]
    }

    /// The legs that settle it: it is paid from real money, or goes back to where it was taken from.
    pub fn settled_postings(self, from: Account, amount: Money, settled: Settled) -> Vec<Posting> {
        let to = match settled {
            Settled::Confirmed => Account::Float(amount.currency()),
            Settled::Failed => from,
        };
        vec![Posting::debit(self.clearing(amount), amount), Posting::credit(to, amount)]
    }

    /// The entry that sets it apart.
    pub const fn prepared_kind(self) -> EntryKind {
        match self {
            Self::Remittance(_) => EntryKind::Remittance,
            Self::Payout(_) => EntryKind::Payout,
        }
    }

    /// The entry that settles it.
    pub const fn settled_kind(self, settled: Settled) -> EntryKind {
        match (self, settled) {
            (Self::Remittance(_), Settled::Confirmed) => EntryKind::RemittanceConfirmed,
            (Self::Remittance(_), Settled::Failed) => EntryKind::RemittanceFailed,
            (Self::Payout(_), Settled::Confirmed) => EntryKind::PayoutConfirmed,
            (Self::Payout(_), Settled::Failed) => EntryKind::PayoutFailed,
        }
    }
}

impl Settle {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        needs.outgoing.insert(self.of);
        let postings =
            self.of.settled_postings(self.from.clone(), self.amount, self.settled).into_iter();
        needs.taken_from.extend(postings.map(|leg| leg.account));
        // Also where nothing moves: what is owed there is counted by whoever holds its lock.
        needs.taken_from.insert(self.from.clone());
        if let Outgoing::Remittance(_) = self.of {
            needs.tax_accounts.insert(self.from.clone());
        }
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let Self { of, from, amount, settled, .. } = self;
        let answer = Answer::Settled { of: of.to_string(), settled: *settled };
        match books.settled(*of) {
            // Told once more, nothing changes.
            Some(before) if before == *settled => return Ok(answer),
            Some(before) => return Err(Refusal::AlreadySettled { settled: before }.into()),
            None => {}
        }
        if amount.is_positive() {
            if *settled == Settled::Confirmed {
                books.check_taking(&Account::Float(amount.currency()), *amount)?;
            }
            let legs = of.settled_postings(from.clone(), *amount, *settled);
            books.post(Entry::new(self.entry, at, of.settled_kind(*settled), of, legs)?)?;
        }
        let number = books.tax_account_count(from).unwrap_or(0);
        books.set_settled(*of, *settled);
        books.count_tax_account(from);
        let write = books.write();
        write.settlements.push(SettlementRecord { of: *of, at, settled: *settled, number });
        write.events.extend(self.event.clone());
        Ok(answer)
    }
}
