//! What an indicium says, and whether that is what was paid for.

use jiff::civil::Date;

use super::{
    Address, Attributes, FaceValue, Issuer, Order, Registers, ServiceId, StampKeyId, Symbol,
    Thousandths, Unsigned, VendorNumber,
};

/// What an indicium says. Nothing of it is true before the signature was checked; what a layout has no room for is
/// absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The layout, for people.
    pub format: String,
    /// The issuing post or operator.
    pub issuer: Issuer,
    /// The vendor's key that signed.
    pub key_id: StampKeyId,
    /// The vendor.
    pub vendor: VendorNumber,
    /// Which of the vendor's stamps it is.
    pub piece_counter: u64,
    /// All that the vendor had stamped, with this one.
    pub ascending: Option<Thousandths>,
    /// What it is worth.
    pub face: FaceValue,
    /// By which service.
    pub service: ServiceId,
    /// The weight step that was paid for, in grams.
    pub weight_step_g: Option<u32>,
    /// The day of the purchase.
    pub issued_on: Option<Date>,
    /// The day on which it is to be mailed.
    pub mailing_on: Option<Date>,
    /// The last day on which it is good.
    pub expires_on: Option<Date>,
    /// From where.
    pub origin: Option<Address>,
    /// To where.
    pub destination: Option<Address>,
    /// What people call it by.
    pub serial: String,
    /// The item number.
    pub s10: Option<String>,
    /// The symbol.
    pub symbol: Symbol,
    /// What was signed.
    pub signed: Vec<u8>,
    /// The signature over it.
    pub signature: Vec<u8>,
    /// More, by name.
    pub attributes: Attributes,
}

/// A stamp that says something else than what was paid for. It is not issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the indicium's {0} is not what was ordered")]
pub struct Disagreement(pub &'static str);

impl Claims {
    /// Whether the indicium that was read is the stamp that was ordered, signed as it was: field by field. Where it says
    /// nothing it cannot disagree, but of value, counter, key and last day it speaks.
    pub fn agree(
        &self,
        order: &Order,
        registers: &Registers,
        unsigned: &Unsigned,
        signature: &[u8],
    ) -> Result<(), Disagreement> {
        let Order { issuer, key_id, vendor, product, mailpiece, expires_on, .. } = order;
        let same_date = |said: Option<Date>, ordered: Date| said.is_none_or(|date| date == ordered);
        let same_place = |said: &Option<Address>, ordered: &Address| {
            said.as_ref().is_none_or(|address| address.contains(ordered))
        };
        let mailing_on = mailpiece.mailing_on.unwrap_or(mailpiece.date);
        let ascending = registers.ascending;
        let price = product.price;
        let fields = [
            ("issuer", self.issuer == *issuer),
            ("key-id", self.key_id == *key_id),
            ("vendor", self.vendor == *vendor),
            ("piece-counter", self.piece_counter == registers.piece_counter),
            ("ascending", self.ascending.is_none_or(|said| said == ascending)),
            ("value", Thousandths::of(price) == Some(self.face.value)),
            ("currency", self.face.currency == price.currency()),
            ("service", self.service == product.service),
            ("weight-step-g", self.weight_step_g.is_none_or(|said| said == product.weight_step_g)),
            ("issued-on", same_date(self.issued_on, mailpiece.date)),
            ("mailing-on", same_date(self.mailing_on, mailing_on)),
            ("expires-on", self.expires_on == Some(*expires_on)),
            ("origin", same_place(&self.origin, &mailpiece.origin)),
            ("destination", same_place(&self.destination, &mailpiece.destination)),
            ("serial", self.serial == unsigned.serial),
            ("s10", self.s10.is_none() || self.s10 == unsigned.s10),
            ("symbol", self.symbol == product.symbol),
            ("signed", self.signed == unsigned.to_sign),
            ("signature", self.signature == signature),
        ];
        match fields.into_iter().find(|(_, agrees)| !agrees) {
            Some((field, _)) => Err(Disagreement(field)),
            None => Ok(()),
        }
    }
}
