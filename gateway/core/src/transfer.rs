//! One buyer pays another.

use jiff::Timestamp;
use purser_money::Money;

use crate::{
    account::Account,
    books::{Books, Needs},
    command::{Answer, Stop, active_vault, done_line, vault_needs},
    entry::{Entry, EntryKind, Posting},
    ids::{AccountId, EntryId, LogId, TransferId},
    policy::Limits,
    record::{LogKind, TransferRecord},
    refusal::Refusal,
};

/// A prepared transfer.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Its name.
    pub id: TransferId,
    /// Who pays.
    pub from: AccountId,
    /// Who is paid, if the handle is somebody's.
    pub to: Option<AccountId>,
    /// The handle as given.
    pub handle: String,
    /// How much.
    pub amount: Money,
    /// The limits of the payer's country.
    pub limits: Limits,
    /// The limits of the other's country.
    pub limits_to: Limits,
    /// Its entry.
    pub entry: EntryId,
    /// The line in the payer's log.
    pub log_out: LogId,
    /// The line in the other's log.
    pub log_in: LogId,
}

impl Transfer {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = vault_needs(self.from);
        if let Some(to) = self.to {
            needs.accounts.insert(Account::Vault(to));
            needs.vaults.insert(to);
        }
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        active_vault(self.from, books)?;
        // A closed vault's handle is as unknown to others as one that never was; nobody pays themselves.
        let to = self.to.filter(|to| *to != self.from && active_vault(*to, books).is_ok());
        let to = to.ok_or(Refusal::NotFound)?;
        self.limits.check_payment(self.amount)?;
        let legs = transfer_postings(self.from, to, self.amount);
        books.post(Entry::new(self.entry, at, EntryKind::Transfer, self.id, legs)?)?;
        // After the payer's own funds, and without a figure: else amounts that the payer does not have would find
        // out what the other holds.
        let within = self.limits_to.check_load(self.amount, books.vault_balance(to));
        within.map_err(|_| Refusal::LimitOfOtherExceeded)?;
        let out = done_line(
            (self.log_out, self.from, LogKind::TransferOut),
            at,
            self.amount,
            self.id,
            books,
        );
        let into =
            done_line((self.log_in, to, LogKind::TransferIn), at, self.amount, self.id, books);
        let write = books.write();
        write.transfers.push(TransferRecord {
            id: self.id,
            from: self.from,
            to,
            at,
            amount: self.amount,
        });
        books.log(out);
        books.log(into);
        Ok(Answer::Transferred { transfer: self.id, to: self.handle.clone(), amount: self.amount })
    }
}

/// The legs of a transfer.
pub fn transfer_postings(from: AccountId, to: AccountId, amount: Money) -> Vec<Posting> {
    vec![Posting::debit(Account::Vault(from), amount), Posting::credit(Account::Vault(to), amount)]
}
