//! Postage by weight and destination, and an open mark: anyone may read it, and with the vendor's public key anyone can
//! tell a genuine one.
//!
//! # The mark
//!
//! Numbers have their first byte first; texts are ASCII, filled up with zeros at the end. A day is the number of days since
//! 2000-01-01. A value is in thousandths of a minor unit, so that 78 cents are 78,000. What is filled up, and what is
//! impossible, is refused when it is read: one mark has one sequence of bytes.
//!
//! The full mark has 142 bytes, which is what a Data Matrix of 44x44 holds:
//!
//! | at | bytes | what |
//! | --- | --- | --- |
//! | 0 | 2 | `ES` |
//! | 2 | 1 | `0x11`: version 1, full |
//! | 3 | 3 | issuer: three capital letters or digits |
//! | 6 | 4 | key id |
//! | 10 | 4 | vendor |
//! | 14 | 5 | piece counter: the vendor's first stamp of a currency is 1, and none is skipped or repeated |
//! | 19 | 7 | ascending register: the value of all of the vendor's stamps of this currency, this one included |
//! | 26 | 5 | value |
//! | 31 | 2 | currency: the number of ISO 4217 |
//! | 33 | 6 | service: letters, digits and hyphens |
//! | 39 | 3 | weight step: the most grams that were paid for |
//! | 42 | 2 | day of issue |
//! | 44 | 2 | day of mailing |
//! | 46 | 2 | last day |
//! | 48 | 2 | country of origin |
//! | 50 | 7 | postcode of origin (see `postcode`) |
//! | 57 | 2 | country of destination |
//! | 59 | 7 | postcode of destination |
//! | 66 | 8 | item number (UPU S10): two letters, four bytes of number without its check digit, two letters of country; or zeros |
//! | 74 | 4 | nonce: random |
//! | 78 | 64 | Ed25519 signature over the 78 bytes before it |
//!
//! The lite mark has 47 bytes, for a Data Matrix of 16x48. Only who has the vendor's secret can verify it:
//!
//! | at | bytes | what |
//! | --- | --- | --- |
//! | 0 | 2 | `ES` |
//! | 2 | 1 | `0x12`: version 1, lite |
//! | 3 | 3 | issuer |
//! | 6 | 4 | key id |
//! | 10 | 4 | vendor |
//! | 14 | 5 | piece counter |
//! | 19 | 5 | value |
//! | 24 | 2 | currency |
//! | 26 | 6 | service |
//! | 32 | 2 | day of issue |
//! | 34 | 2 | last day |
//! | 36 | 3 | nonce |
//! | 39 | 8 | the first 8 bytes of HMAC-SHA-256 over the 39 bytes before it |
//!
//! # The tariff
//!
//! Without configuration there is an example in US dollars, of no post (`example.json`). With it, the operator's own,
//! which `tariff` describes.

mod bytes;
mod mark;
mod postcode;
mod tariff;

pub use mark::{Body, FullBody, Mark};
pub use postcode::{MarkedPlace, Postcode};
use purser_sdk::{
    Description, Error, Problem, Stamps, date, indicium,
    s10::S10,
    stamps::{
        Attributes, Claims, Mailpiece, Order, Product, Registers, Reply, Service, Step, Unsigned,
    },
};
use tariff::Tariff;

/// The plugin.
pub struct Open;

impl Stamps for Open {
    fn describe() -> Description {
        Description {
            name: "stamps-open",
            version: env!("CARGO_PKG_VERSION"),
            covers: Vec::new(),
            valid_from: date(2000, 1, 1),
            valid_to: None,
            sources: vec![
                "EN 14615: digital postage marks",
                "UPU S10: identification of postal items",
                "ISO/IEC 16022: Data Matrix",
            ],
        }
    }

    fn services(attributes: &Attributes) -> Result<Vec<Service>, Error> {
        Ok(Tariff::of(attributes)?.services())
    }

    fn quote(piece: &Mailpiece) -> Result<Vec<Product>, Error> {
        if piece.weight_g == 0 {
            let text = "a mailpiece weighs at least a gram";
            return Err(Error::new(Problem::MalformedRequest, text).at("weight-g"));
        }
        Tariff::of(&piece.attributes)?.quote(piece)
    }

    /// Everything is in the order; nobody is asked.
    fn draft(order: &Order, registers: &Registers, _: &[Reply]) -> Result<Step, Error> {
        let s10 = item_number(order)?;
        let mark = Mark::of(order, registers, s10)?;
        Ok(Step::Done(Unsigned {
            to_sign: mark.to_bytes()?,
            symbol: order.product.symbol,
            serial: mark.serial(),
            s10: s10.map(|item| item.to_string()),
            printed: printed(order),
        }))
    }

    /// Marks of other layouts that the public knows are read too: they are in the same mail. What begins as ours and is
    /// damaged is none of them.
    fn read(bytes: &[u8]) -> Result<Claims, Error> {
        match Mark::read(bytes) {
            Some((mark, signature)) => mark.claims(bytes, signature),
            None if Mark::is_begun(bytes) => {
                let text = "the bytes begin like an open mark and are none";
                Err(Error::new(Problem::IndiciumUnreadable, text))
            }
            None => indicium::read(bytes),
        }
    }
}

/// The number of an item whose service has them: issued in the country where it is posted.
fn item_number(order: &Order) -> Result<Option<S10>, Error> {
    let Some((_, indicator)) =
        order.product.attributes.iter().find(|(name, _)| name == tariff::S10)
    else {
        return Ok(None);
    };
    let refuse = |why: String| Error::new(Problem::MalformedRequest, why).at("product.attributes");
    let indicator: [u8; 2] = indicator
        .as_bytes()
        .try_into()
        .map_err(|_| refuse("an S10 service indicator is two capital letters".to_owned()))?;
    let item = S10::new(indicator, order.item_serial, order.mailpiece.origin.country);
    item.map(Some).map_err(|error| refuse(error.to_string()))
}

/// What people see beside value, day, service and serial.
fn printed(order: &Order) -> Attributes {
    let place = |address: &purser_sdk::stamps::Address| match &address.postcode {
        Some(postcode) => format!("{} {postcode}", address.country),
        None => address.country.to_string(),
    };
    let pair = |name: &str, value| (name.to_owned(), value);
    vec![
        pair("From", place(&order.mailpiece.origin)),
        pair("To", place(&order.mailpiece.destination)),
        pair("Up to", format!("{} g", order.product.weight_step_g)),
    ]
}

purser_sdk::register_stamps!(Open);
