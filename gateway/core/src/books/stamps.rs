//! Vendors and stamps under lock.

use super::{Books, Undo};
use crate::{
    ids::{AccountId, MerchantId, StampId},
    stamp::{Stamp, StampState, Use, register::Vendor},
};

impl Books {
    /// A vendor that was locked, with all its registers.
    pub fn load_vendor(&mut self, merchant: MerchantId, vendor: Vendor) {
        self.vendors.insert(merchant, vendor);
    }

    /// A stamp that was locked.
    pub fn load_stamp(&mut self, stamp: Stamp) {
        self.stamps.insert(stamp.record.id, stamp);
    }

    /// The vendors as they are now.
    pub fn vendors(&self) -> impl Iterator<Item = (MerchantId, &Vendor)> {
        self.vendors.iter().map(|(merchant, vendor)| (*merchant, vendor))
    }

    /// The stamps as they are now.
    pub fn stamps(&self) -> impl Iterator<Item = &Stamp> {
        self.stamps.values()
    }

    /// A vendor.
    pub(crate) fn vendor(&self, merchant: MerchantId) -> Option<&Vendor> {
        self.vendors.get(&merchant)
    }

    /// A stamp.
    pub(crate) fn stamp(&self, stamp: StampId) -> Option<&Stamp> {
        self.stamps.get(&stamp)
    }

    /// How many stamps of a buyer have a void that is held back, but for this one.
    pub(crate) fn pending_voids(&self, account: AccountId, but: Option<StampId>) -> u32 {
        let pending = self.stamps.values().filter(|stamp| {
            stamp.record.account == account
                && Some(stamp.record.id) != but
                && matches!(stamp.state, StampState::Issued(_, Use::VoidPending { .. }))
        });
        u32::try_from(pending.count()).unwrap_or(u32::MAX)
    }

    /// Changes a vendor.
    pub(crate) fn set_vendor(&mut self, merchant: MerchantId, vendor: Vendor) {
        let before = self.vendors.insert(merchant, vendor).map(Box::new);
        self.undo.push(Undo::Vendor(merchant, before));
    }

    /// Adds a stamp.
    pub(crate) fn add_stamp(&mut self, stamp: Stamp) {
        self.writes.stamps.push(stamp.record.clone());
        self.set_stamp(stamp);
    }

    /// Changes a stamp.
    pub(crate) fn set_stamp(&mut self, stamp: Stamp) {
        let id = stamp.record.id;
        let before = self.stamps.insert(id, stamp).map(Box::new);
        self.undo.push(Undo::Stamp(id, before));
    }

    /// Puts a stamp that was issued to another use.
    pub(crate) fn use_stamp(&mut self, id: StampId, status: Use) {
        let Some(stamp) = self.stamps.get(&id) else { return };
        if let StampState::Issued(issue, _) = &stamp.state {
            let state = StampState::Issued(issue.clone(), status);
            self.set_stamp(Stamp { record: stamp.record.clone(), state });
        }
    }
}
