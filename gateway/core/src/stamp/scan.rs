//! Scanning a stamp: the first scan uses it, every other one is told of the first.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    Stamp, StampState, Use,
    record::{ScanRecord, Scanner, Seen},
};
use crate::{
    books::{Books, Needs},
    command::{Answer, Stop},
    ids::{ScanId, StampId},
    record::EventRecord,
    refusal::Refusal,
};

/// A prepared scan of a genuine indicium.
#[derive(Debug, Clone)]
pub struct ScanStamp {
    /// Its name.
    pub id: ScanId,
    /// Of which stamp.
    pub stamp: StampId,
    /// When, if the scanner said so: it may have been offline. Else now.
    pub scanned_at: Option<Timestamp>,
    /// Where, if the scanner said so.
    pub place: Option<String>,
    /// By whom.
    pub scanner: Scanner,
    /// Told to the vendor.
    pub event: EventRecord,
}

/// What a genuine indicium is told to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Good; a scan has used it now.
    Valid,
    /// It was scanned before.
    Duplicate,
    /// Its buyer got the money back.
    Void,
    /// Its last day has passed.
    Expired,
}

impl Verdict {
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Valid, "valid"),
        (Self::Duplicate, "duplicate"),
        (Self::Void, "void"),
        (Self::Expired, "expired"),
    ];

    /// The name in answers and in the database.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(verdict, _)| *verdict == self).map_or("", |(_, name)| name)
    }

    /// The verdict of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(verdict, _)| *verdict)
    }
}

impl Stamp {
    /// What a stamp is at a moment; nothing, if it was never issued.
    pub fn verdict(&self, at: Timestamp) -> Option<(Verdict, Option<&Seen>)> {
        let StampState::Issued(_, status) = &self.state else { return None };
        let expired = TimeZone::UTC.to_datetime(at).date() > self.record.expires_on;
        Some(match status {
            Use::Void => (Verdict::Void, None),
            Use::Used(seen) => (Verdict::Duplicate, Some(seen)),
            Use::Unused | Use::VoidPending { .. } if expired => (Verdict::Expired, None),
            Use::Unused | Use::VoidPending { .. } => (Verdict::Valid, None),
        })
    }
}

impl ScanStamp {
    pub(crate) fn needs(&self) -> Needs {
        Needs { stamps: [self.stamp].into(), ..Needs::default() }
    }

    /// One scan in the life of a stamp is valid, also where another has the same time and place: two copies in one tray
    /// have both. A scanner that repeats itself knows its own scan by them.
    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let stamp = books.stamp(self.stamp).cloned().ok_or(Refusal::NotFound)?;
        let now = Seen { at: self.scanned_at.unwrap_or(at), place: self.place.clone() };
        let (verdict, first) = stamp.verdict(now.at).ok_or(Refusal::NotFound)?;
        let first = first.cloned();
        books.write().scans.push(ScanRecord {
            id: self.id,
            stamp: self.stamp,
            at,
            scanned_at: now.at,
            place: now.place.clone(),
            scanner: self.scanner,
            verdict,
        });
        let first = match verdict {
            Verdict::Valid => {
                books.use_stamp(self.stamp, Use::Used(now.clone()));
                books.write().events.push(self.event.clone());
                Some(now)
            }
            Verdict::Duplicate | Verdict::Void | Verdict::Expired => first,
        };
        Ok(Answer::StampScanned { stamp: self.stamp, verdict, first })
    }
}
