//! Voiding a stamp that was not used: a refund of its item, which a vendor may hold back for some days, because scans
//! of scanners that were offline come late.

use jiff::Timestamp;

use super::{StampState, Use};
use crate::{
    books::{Books, Needs},
    command::{Answer, Stop, active_vault},
    ids::{ItemId, StampId},
    policy::days_after,
    record::EventRecord,
    refund::{Goodwill, Refund},
    refusal::Refusal,
};

/// The stamp that goes back with an item.
#[derive(Debug, Clone)]
pub struct StampReturn {
    /// Which.
    pub stamp: StampId,
    /// How long its vendor holds the money back.
    pub void_hold_days: u32,
    /// Told to the vendor.
    pub event: EventRecord,
}

/// A prepared void.
#[derive(Debug, Clone)]
pub struct VoidStamp {
    /// The stamp.
    pub stamp: StampId,
    /// The refund that it is; its stamp is this one.
    pub refund: Refund,
    /// Whether it is asked for, or what was asked for is due.
    pub stage: VoidStage,
}

/// When in the life of a void.
#[derive(Debug, Clone)]
pub enum VoidStage {
    /// The buyer asks.
    Asked,
    /// The vendor's days have passed. What the money comes back by if the vault was closed meanwhile; its stamp is this
    /// one.
    Due(Box<Goodwill>),
}

impl StampReturn {
    /// Stops unless the stamp of this item can go back: it must not have been used.
    pub(crate) fn check(&self, item: ItemId, books: &Books) -> Result<(), Stop> {
        let stamp = books.stamp(self.stamp).ok_or(Refusal::NotFound)?;
        if stamp.record.item != item {
            return Err(Stop::Broken(format!("{} is not the stamp of {item}", self.stamp)));
        }
        match &stamp.state {
            StampState::Issued(_, Use::Unused | Use::VoidPending { .. }) => Ok(()),
            StampState::Issued(_, Use::Used(_)) => Err(Refusal::StampAlreadyScanned.into()),
            // It is settled first, and then this is prepared again.
            StampState::Issuing => Err(Stop::Stale),
            // Its item was refunded then, which is found before this.
            StampState::Failed(_) | StampState::Issued(_, Use::Void) => {
                Err(Stop::Broken(format!("{} is void, and its item was not refunded", self.stamp)))
            }
        }
    }

    /// Makes the stamp void.
    pub(crate) fn void(&self, books: &mut Books) {
        books.use_stamp(self.stamp, Use::Void);
        books.write().events.push(self.event.clone());
    }
}

impl VoidStamp {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = self.refund.needs();
        if let VoidStage::Due(gift) = &self.stage {
            needs.accounts.extend(gift.needs().accounts);
        }
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        match &self.stage {
            VoidStage::Asked => self.ask(at, books),
            VoidStage::Due(gift) => self.finish(gift, at, books),
        }
    }

    fn ask(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let item = self.refund.check(at, books)?;
        let hold_days = self.refund.stamp.as_ref().map_or(0, |back| back.void_hold_days);
        if hold_days == 0 {
            self.refund.settle(&item, at, books)?;
            let credited = Some((self.refund.id, item.charged));
            return Ok(Answer::StampVoided { stamp: self.stamp, credited, due_at: None });
        }
        let due_at = match books.stamp(self.stamp).map(|stamp| &stamp.state) {
            // Asked for twice, it is not due later.
            Some(StampState::Issued(_, Use::VoidPending { due_at, .. })) => *due_at,
            Some(_) | None => {
                let due_at = days_after(at, hold_days);
                books.use_stamp(self.stamp, Use::VoidPending { asked_at: at, due_at });
                due_at
            }
        };
        Ok(Answer::StampVoided { stamp: self.stamp, credited: None, due_at: Some(due_at) })
    }

    /// The rules were asked when the void was, and its place among the refunds was kept: what was promised is paid. The
    /// vault may be closed by now; then it is paid as a gift is.
    fn finish(&self, gift: &Goodwill, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let is_due = match books.stamp(self.stamp).map(|stamp| &stamp.state) {
            Some(StampState::Issued(_, Use::VoidPending { due_at, .. })) => at >= *due_at,
            Some(_) | None => false,
        };
        if is_due {
            match active_vault(self.refund.account, books) {
                Ok(()) => self.refund.settle(&gift.item(books)?, at, books)?,
                Err(Stop::Refused(_)) => drop(gift.apply(at, books)?),
                Err(stop) => return Err(stop),
            }
        }
        Ok(Answer::StampSettled { stamp: self.stamp })
    }
}
