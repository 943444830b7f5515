//! The second step of buying a stamp: it is issued, or the purchase is taken back. Whichever the teller sees first
//! holds, and the other changes nothing; so both may be tried again, by whoever finds a stamp that is `issuing`.

use jiff::Timestamp;

use super::{Failure, Issue, Stamp, StampState, Use};
use crate::{
    books::{Books, Needs},
    command::{Answer, Stop},
    entry::EntryKind,
    ids::StampId,
    record::{EventRecord, EvidenceRecord},
    refund::Goodwill,
    refusal::Refusal,
};

/// A stamp's indicium was made.
#[derive(Debug, Clone)]
pub struct IssueStamp {
    /// Of which stamp.
    pub stamp: StampId,
    /// The mark.
    pub issue: Issue,
    /// Told to the vendor.
    pub event: EventRecord,
    /// The plugin calls behind it.
    pub evidence: Vec<EvidenceRecord>,
}

/// A stamp's indicium cannot be made: its buyer gets back what was paid, outside of thresholds and refund account.
#[derive(Debug, Clone)]
pub struct FailStamp {
    /// Which stamp.
    pub stamp: StampId,
    /// Why.
    pub failure: Failure,
    /// How the money goes back.
    pub reversal: Goodwill,
}

impl IssueStamp {
    pub(crate) fn needs(&self) -> Needs {
        Needs { stamps: [self.stamp].into(), ..Needs::default() }
    }

    pub(crate) fn apply(&self, books: &mut Books) -> Result<Answer, Stop> {
        let stamp = books.stamp(self.stamp).ok_or(Refusal::NotFound)?;
        if stamp.state == StampState::Issuing {
            let state = StampState::Issued(Box::new(self.issue.clone()), Use::Unused);
            let issued = Stamp { state, ..stamp.clone() };
            books.set_stamp(issued);
            let write = books.write();
            write.events.push(self.event.clone());
            write.evidence.extend(self.evidence.iter().cloned());
        }
        Ok(Answer::StampSettled { stamp: self.stamp })
    }
}

impl FailStamp {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = self.reversal.needs();
        needs.stamps.insert(self.stamp);
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let stamp = books.stamp(self.stamp).ok_or(Refusal::NotFound)?;
        if stamp.state == StampState::Issuing {
            if stamp.record.item != self.reversal.item {
                return Err(Stop::Broken("the item of another stamp".to_owned()));
            }
            let failed = Stamp { state: StampState::Failed(self.failure.clone()), ..stamp.clone() };
            let item = self.reversal.item(books)?;
            self.reversal.give(EntryKind::Reversal, &item, at, books)?;
            books.set_stamp(failed);
        }
        Ok(Answer::StampSettled { stamp: self.stamp })
    }
}
