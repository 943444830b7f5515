//! Remittances: the tax of a period is set apart for its authority, together with the return that says what it is for.

use jiff::Timestamp;
use purser_money::{Money, MoneyError};

use crate::{
    books::{Books, Needs, PostError},
    command::{Answer, Stop},
    entry::{Entry, EntryKind},
    ids::EntryId,
    outgoing::Outgoing,
    record::{EvidenceRecord, FilingRecord, RemittanceRecord},
};

/// A prepared remittance.
#[derive(Debug, Clone)]
pub struct Remit {
    /// What is to be kept of it.
    pub record: RemittanceRecord,
    /// The return.
    pub filing: FilingRecord,
    /// The plugin call that wrote it.
    pub evidence: EvidenceRecord,
    /// How much less than what is paid the tax account held when this was prepared. What was sold in the period is owed
    /// for it whatever went back in a later one, whose own return takes that back: so the order in which returns
    /// are prepared and refunds are made changes nothing in the end.
    pub may_lack: Money,
    /// Its entry.
    pub entry: EntryId,
}

/// What is to be paid when a return says `tax` and earlier ones left `carried`: never less than nothing. What more went
/// back than was sold is carried on.
pub fn payable(tax: Money, carried: Money) -> Result<Money, MoneyError> {
    let due = tax.plus(carried)?;
    Ok(if due.is_positive() { due } else { Money::zero(due.currency()) })
}

impl Remit {
    pub(crate) fn needs(&self) -> Needs {
        let (mut needs, account) = (Needs::default(), self.record.account.account());
        let paid = self.record.paid;
        needs.taken_from.insert(Outgoing::Remittance(self.record.id).clearing(paid));
        needs.taken_from.insert(account.clone());
        needs.tax_accounts.insert(account);
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let RemittanceRecord { id, account, number, tax, carried, paid, .. } = &self.record;
        let of = Outgoing::Remittance(*id);
        let account = account.account();
        // Another remittance, or what became of one, has changed what is owed since this was prepared.
        if books.tax_account_count(&account) != Some(*number) {
            return Err(Stop::Stale);
        }
        if payable(*tax, *carried)? != *paid || self.record.lines.totals(tax.currency())?.1 != *tax
        {
            return Err(Stop::Broken("a remittance is not what its lines say".to_owned()));
        }
        if paid.is_positive() {
            match books.check_taking(&account, paid.minus(self.may_lack)?) {
                // Something went back in between: what is owed is to be looked at again.
                Err(PostError::HoldsLess(..)) => return Err(Stop::Stale),
                other => other?,
            }
            let legs = of.prepared_postings(account.clone(), *paid);
            books.post(Entry::new(self.entry, at, EntryKind::Remittance, id, legs)?)?;
        }
        books.count_tax_account(&account);
        let write = books.write();
        write.remittances.push(self.record.clone());
        write.filings.push(self.filing.clone());
        write.evidence.push(self.evidence.clone());
        Ok(Answer::Remitted { remittance: *id })
    }
}
