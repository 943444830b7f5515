//! Closing a vault: for good, and without losing what is in it.

use jiff::Timestamp;
use purser_money::Money;

use crate::{
    account::Account,
    books::{Books, Needs},
    command::{Answer, Stop, done_line, vault_needs},
    entry::{Entry, EntryKind, Posting},
    ids::{AccountId, CardId, EntryId, LogId},
    record::{CardKind, CardRecord, CardStatus, LogKind},
    refusal::Refusal,
    vault::{Vault, VaultStatus},
};

/// A compensation card that is made if it is needed. Its code is derived from its id when it is shown, and kept as a
/// keyed hash like any other.
#[derive(Debug, Clone)]
pub struct NewCompensation {
    /// The card's name.
    pub card: CardId,
    /// Printed on it.
    pub serial: String,
    /// The keyed hash of its code.
    pub code_hash: [u8; 32],
}

/// What closing a vault needs: the card that takes what is left.
#[derive(Debug, Clone)]
pub struct Closing {
    /// The card.
    pub compensation: NewCompensation,
    /// The entry.
    pub entry: EntryId,
    /// The line in the transaction log.
    pub log: LogId,
}

/// A buyer erases an account. The journal keeps its random ids and amounts.
#[derive(Debug, Clone)]
pub struct EraseAccount {
    /// Whose.
    pub account: AccountId,
    /// The compensation card when this was prepared, if the vault is closed already.
    pub compensation: Option<CardId>,
    /// How the vault closes.
    pub closing: Closing,
}

impl NewCompensation {
    /// The card as it is kept; `face` is what moved to it from the vault.
    pub(crate) fn record(&self, face: Money) -> CardRecord {
        CardRecord {
            id: self.card,
            serial: self.serial.clone(),
            currency: face.currency(),
            code_hash: self.code_hash,
            status: CardStatus::Active,
            kind: CardKind::Compensation,
            face,
            batch: None,
            expires_at: None,
        }
    }
}

impl Closing {
    /// Closes the vault; what is left moves to the compensation card. Gives the card, if anything was left.
    pub(crate) fn close(
        &self,
        account: AccountId,
        at: Timestamp,
        books: &mut Books,
    ) -> Result<Option<(CardId, Money)>, Stop> {
        let vault = books.vault(account).cloned().ok_or(Refusal::VaultInactive)?;
        let left = books.vault_balance(account);
        let id = self.compensation.card;
        let compensation = left.is_positive().then_some(id);
        books.set_vault(Vault { status: VaultStatus::Closed { compensation }, ..vault });
        if compensation.is_none() {
            return Ok(None);
        }
        let card = Account::Card(id);
        books.open_account(card.clone(), left.currency());
        let legs = vec![Posting::debit(Account::Vault(account), left), Posting::credit(card, left)];
        books.post(Entry::new(self.entry, at, EntryKind::Closing, account, legs)?)?;
        let line = done_line((self.log, account, LogKind::Compensation), at, left, id, books);
        let write = books.write();
        write.cards.push(self.compensation.record(left));
        books.log(line);
        Ok(Some((id, left)))
    }
}

impl EraseAccount {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = vault_needs(self.account);
        needs.accounts.extend(self.compensation.map(Account::Card));
        needs
    }

    /// Closes the vault, if it is open, and says where the rest of the money is. What identifies the buyer is
    /// destroyed in the same database transaction.
    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let vault = books.vault(self.account).ok_or(Refusal::NotFound)?;
        if vault.is_active() {
            let compensation = self.closing.close(self.account, at, books)?;
            return Ok(Answer::Erased { compensation });
        }
        if vault.compensation() != self.compensation {
            return Err(Stop::Stale);
        }
        let left = |card: CardId| Some((card, books.balance(&Account::Card(card))?));
        let compensation = self.compensation.and_then(left).filter(|(_, left)| left.is_positive());
        Ok(Answer::Erased { compensation })
    }
}
