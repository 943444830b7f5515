//! Buying a stamp: a purchase of one item that takes the next piece of the vendor's register.

use jiff::{Timestamp, civil::Date};

use super::{Stamp, StampRecord, StampState};
use crate::{
    books::{Books, Needs},
    command::{Answer, Stop},
    ids::StampId,
    purchase::Purchase,
    record::ItemRecord,
};

/// A prepared purchase of a stamp.
#[derive(Debug, Clone)]
pub struct BuyStamp {
    /// The purchase, of one item: what is sold at its face value.
    pub purchase: Purchase,
    /// The stamp.
    pub stamp: NewStamp,
}

/// All of a stamp but what the registers say.
#[derive(Debug, Clone)]
pub struct NewStamp {
    /// Its name.
    pub id: StampId,
    /// The vendor's key that signs it.
    pub key_id: u32,
    /// What it is good for, as the plugin names it.
    pub service: String,
    /// The last day on which it is good.
    pub expires_on: Date,
    /// JSON: all else that the plugin is told.
    pub order: String,
}

impl BuyStamp {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = self.purchase.needs();
        needs.vendors.extend(self.purchase.items.iter().map(|item| item.merchant));
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let [item] = self.purchase.items.as_slice() else {
            return Err(Stop::Broken("a stamp is one item".to_owned()));
        };
        self.purchase.apply(at, books)?;
        let stamp = self.sell(item, at, books)?;
        books.add_stamp(stamp);
        Ok(Answer::StampBought { stamp: self.stamp.id })
    }

    fn sell(&self, item: &ItemRecord, at: Timestamp, books: &mut Books) -> Result<Stamp, Stop> {
        let no_vendor = || Stop::Broken("a stamp of a merchant that has no registers".to_owned());
        let mut vendor = books.vendor(item.merchant).cloned().ok_or_else(no_vendor)?;
        let (register, item_serial) = vendor.sell(item.price)?;
        let NewStamp { id, key_id, service, expires_on, order } = self.stamp.clone();
        let record = StampRecord {
            id,
            account: item.account,
            vendor: item.merchant,
            vendor_number: vendor.number,
            key_id,
            item: item.id,
            at,
            price: item.price,
            service,
            expires_on,
            piece: register.pieces,
            ascending: register.ascending,
            descending: register.descending,
            item_serial,
            order,
        };
        books.set_vendor(item.merchant, vendor);
        Ok(Stamp { record, state: StampState::Issuing })
    }
}
