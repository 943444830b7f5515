//! The role `stamps`: the postage of one post, and the mark that is printed.
//!
//! The gateway sells the stamp, keeps the vendor's registers, signs with the vendor's key, prints the symbol and remembers
//! what was scanned. A plugin says what there is to buy, how a mark is laid out, and what a mark says:
//!
//! ```
//! use purser_sdk::{
//!     Currency, Description, Error, Money, Problem, date, parse_date,
//!     stamps::{
//!         Address, Attributes, Claims, Indicium, Mailpiece, Order, Product, Registers, Reply, Service, Stamps, Step,
//!         Symbol, Unsigned,
//!     },
//! };
//!
//! /// Letters of up to 20 grams, for 95 cents.
//! struct Letters;
//!
//! fn letter() -> Result<Service, Error> {
//!     Ok(Service {
//!         id: "letter".into(),
//!         title: "Letter".into(),
//!         weight_g_max: 20,
//!         destinations: vec!["DE".into()],
//!         valid_days: 365,
//!         symbol: Symbol::Full,
//!         attributes: vec![],
//!     })
//! }
//!
//! impl Stamps for Letters {
//!     fn describe() -> Description {
//!         Description {
//!             name: "stamps-letters",
//!             version: "1.0.0",
//!             covers: vec!["DE"],
//!             valid_from: date(2025, 1, 1),
//!             valid_to: None,
//!             sources: vec!["the price list of the post"],
//!         }
//!     }
//!
//!     fn services(_: &Attributes) -> Result<Vec<Service>, Error> {
//!         Ok(vec![letter()?])
//!     }
//!
//!     fn quote(piece: &Mailpiece) -> Result<Vec<Product>, Error> {
//!         let letter = letter()?;
//!         let wanted = piece.service.as_ref().is_none_or(|service| *service == letter.id);
//!         if !wanted || piece.weight_g > 20 || piece.destination.country.code() != "DE" {
//!             return Ok(vec![]);
//!         }
//!         Ok(vec![Product {
//!             service: letter.id,
//!             title: letter.title,
//!             price: Money::parse("0.95", Currency::parse("EUR")?)?,
//!             weight_step_g: 20,
//!             valid_days: letter.valid_days,
//!             symbol: letter.symbol,
//!             attributes: vec![],
//!         }])
//!     }
//!
//!     /// The mark is a line of text: what is signed, and then the signature.
//!     fn draft(order: &Order, registers: &Registers, _: &[Reply]) -> Result<Step, Error> {
//!         let Order { issuer, key_id, vendor, product, mailpiece, expires_on, .. } = order;
//!         let (counter, value) = (registers.piece_counter, product.thousandths()?);
//!         let (currency, date) = (product.price.currency(), mailpiece.date);
//!         let text = format!("{issuer} {key_id} {vendor} {counter} {value} {currency} {date} {expires_on}");
//!         Ok(Step::Done(Unsigned {
//!             to_sign: text.into_bytes(),
//!             symbol: product.symbol,
//!             serial: format!("{vendor}-{counter}"),
//!             s10: None,
//!             printed: vec![],
//!         }))
//!     }
//!
//!     fn read(indicium: &[u8]) -> Result<Claims, Error> {
//!         let unreadable = || Error::new(Problem::IndiciumUnreadable, "not a mark of these letters");
//!         let (signed, signature) = indicium
//!             .len()
//!             .checked_sub(Symbol::Full.signature_bytes())
//!             .and_then(|middle| indicium.split_at_checked(middle))
//!             .ok_or_else(unreadable)?;
//!         let text = std::str::from_utf8(signed).map_err(|_| unreadable())?;
//!         let words = text.split(' ').collect::<Vec<_>>();
//!         let [issuer, key_id, vendor, counter, value, currency, issued_on, expires_on] = words[..] else {
//!             return Err(unreadable());
//!         };
//!         Ok(Claims {
//!             format: "letters".into(),
//!             issuer: issuer.into(),
//!             key_id: key_id.parse().map_err(|_| unreadable())?,
//!             vendor: vendor.parse().map_err(|_| unreadable())?,
//!             piece_counter: counter.parse().map_err(|_| unreadable())?,
//!             ascending: None,
//!             value: value.parse().map_err(|_| unreadable())?,
//!             currency: Currency::parse(currency).map_err(|_| unreadable())?,
//!             service: "letter".into(),
//!             weight_step_g: None,
//!             issued_on: Some(parse_date(issued_on).map_err(|_| unreadable())?),
//!             mailing_on: None,
//!             expires_on: Some(parse_date(expires_on).map_err(|_| unreadable())?),
//!             origin: None,
//!             destination: None,
//!             serial: format!("{vendor}-{counter}"),
//!             s10: None,
//!             symbol: Symbol::Full,
//!             signed: signed.to_vec(),
//!             signature: signature.to_vec(),
//!             attributes: vec![],
//!         })
//!     }
//! }
//!
//! purser_sdk::register_stamps!(Letters);
//!
//! # fn main() -> Result<(), Error> {
//! # let address = Address { country: purser_sdk::Country::parse("DE")?, postcode: None };
//! # let piece = Mailpiece {
//! #     date: date(2026, 1, 15), mailing_on: None, origin: address.clone(), destination: address, weight_g: 18,
//! #     service: None, attributes: vec![],
//! # };
//! // What the gateway does with it: quote, draft, sign, assemble; and read what a scanner saw.
//! let product = Letters::quote(&piece)?.remove(0);
//! let order = Order {
//!     issuer: "PUR".into(), key_id: 1, vendor: 7, product, mailpiece: piece, expires_on: date(2027, 1, 14),
//!     item_serial: 42, nonce: [0; 16], attributes: vec![],
//! };
//! let registers = Registers { piece_counter: 42, ascending: 95_000, descending: 0 };
//! let Step::Done(unsigned) = Letters::draft(&order, &registers, &[])? else { panic!("it asks nobody") };
//! let indicium = Letters::assemble(&unsigned, &[7; 64])?;
//! let claims = Letters::read(&indicium.bytes)?;
//! assert_eq!((claims.piece_counter, claims.value, claims.serial), (42, 95_000, "7-42".to_owned()));
//! # Ok(())
//! # }
//! ```
//!
//! A vendor with an online service answers `draft` with [`Step::Fetch`]; the gateway makes the request, and asks again with
//! all replies so far. The same order and replies have the same answer, so that nothing is bought twice.

use purser_money::{Currency, Money};

use crate::{Country, Date, Description, Error, Problem};

mod wire;

pub use crate::http::{Method, Reply, Request};
pub use crate::tax::Attributes;
pub use wire::Exported;

/// A plugin that knows the postage of one post. [`crate::register_stamps!`] makes it one.
///
/// Every function is pure: the same input has the same answer, today and when it is replayed. The operator's
/// configuration is read from the attributes with [`crate::config()`].
pub trait Stamps {
    /// What the plugin says of itself; the same as in its manifest.
    fn describe() -> Description;

    /// All that there is to buy.
    fn services(attributes: &Attributes) -> Result<Vec<Service>, Error>;

    /// What can carry the piece, cheapest first, each service at most once; nothing where nothing can.
    fn quote(piece: &Mailpiece) -> Result<Vec<Product>, Error>;

    /// What is to be signed, or a request to the vendor.
    fn draft(order: &Order, registers: &Registers, replies: &[Reply]) -> Result<Step, Error>;

    /// The mark, of what was drafted and its signature: one behind the other, if the layout does not say otherwise.
    fn assemble(unsigned: &Unsigned, signature: &[u8]) -> Result<Indicium, Error> {
        let bytes = [unsigned.to_sign.as_slice(), signature].concat();
        Ok(Indicium { bytes, symbol: unsigned.symbol })
    }

    /// What a mark says. The bytes are from a scanner, or from a forger: trust nothing.
    fn read(indicium: &[u8]) -> Result<Claims, Error>;
}

/// A sender's or an addressee's place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// The country.
    pub country: Country,
    /// At most 12 capital letters, digits, spaces and hyphens.
    pub postcode: Option<String>,
}

/// The two symbols that a mark is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// Data Matrix 44x44, which anyone verifies with the public key.
    Full,
    /// Data Matrix 16x48, which is verified online.
    Lite,
}

impl Symbol {
    /// The bytes that fit, the signature among them.
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Full => 142,
            Self::Lite => 47,
        }
    }

    /// The bytes of the signature: Ed25519, or the first of an HMAC-SHA-256.
    pub const fn signature_bytes(self) -> usize {
        match self {
            Self::Full => 64,
            Self::Lite => 8,
        }
    }
}

/// One kind of postage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// 1 to 40 letters, digits and hyphens.
    pub id: String,
    /// For people.
    pub title: String,
    /// The heaviest piece, in grams.
    pub weight_g_max: u32,
    /// ISO 3166-1 codes of where it carries to; empty: everywhere.
    pub destinations: Vec<String>,
    /// How long a stamp is good, the day of purchase included: at most 3,660 days.
    pub valid_days: u32,
    /// What it is printed as.
    pub symbol: Symbol,
    /// More facts, by name.
    pub attributes: Attributes,
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailpiece {
    /// The day of the purchase.
    pub date: Date,
    /// The day on which it is to be mailed, where the sender said one.
    pub mailing_on: Option<Date>,
    /// From where.
    pub origin: Address,
    /// To where.
    pub destination: Address,
    /// Its weight in grams.
    pub weight_g: u32,
    /// One service only; else all that carry this piece.
    pub service: Option<String>,
    /// More facts, by name.
    pub attributes: Attributes,
}

/// What a mailpiece can be sent by, at its face value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// By which service.
    pub service: String,
    /// For people.
    pub title: String,
    /// The face value: positive.
    pub price: Money,
    /// The upper end of the weight step that was priced, in grams.
    pub weight_step_g: u32,
    /// How long the stamp is good, the day of purchase included.
    pub valid_days: u32,
    /// What it is printed as.
    pub symbol: Symbol,
    /// What the plugin wants to see again in `draft`.
    pub attributes: Attributes,
}

impl Product {
    /// The price as registers count it: in thousandths of its minor unit.
    pub fn thousandths(&self) -> Result<u64, Error> {
        let thousandths =
            u64::try_from(self.price.minor()).ok().and_then(|it| it.checked_mul(1000));
        thousandths.ok_or_else(|| {
            let text = "the price is negative, or too large for a register";
            Error::new(Problem::InvalidAmount, text).at("product.price")
        })
    }
}

/// The vendor's registers with this stamp included. `ascending` + `descending` is all that was ever loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registers {
    /// 1 for the first; never repeated.
    pub piece_counter: u64,
    /// All that was ever stamped, in thousandths of a minor unit of the price's currency.
    pub ascending: u64,
    /// What is left, likewise.
    pub descending: u64,
}

/// A stamp that was paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Three capital letters or digits of the issuing post or operator.
    pub issuer: String,
    /// Names the vendor's key.
    pub key_id: u32,
    /// The vendor's number at this gateway.
    pub vendor: u32,
    /// What was quoted.
    pub product: Product,
    /// What is sent.
    pub mailpiece: Mailpiece,
    /// The last day on which it is good.
    pub expires_on: Date,
    /// For an item number ([`crate::s10`]): at most 99,999,999.
    pub item_serial: u32,
    /// Random.
    pub nonce: [u8; 16],
    /// More facts, by name.
    pub attributes: Attributes,
}

/// What is to be signed: with Ed25519 for a full symbol, the first 8 bytes of an HMAC-SHA-256 for a lite one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The bytes: with the signature, no more than the symbol holds.
    pub to_sign: Vec<u8>,
    /// What they will be printed as: what the product says.
    pub symbol: Symbol,
    /// Printed on the stamp, and what people call it by: at most 40 characters.
    pub serial: String,
    /// The item number, where the service has one.
    pub s10: Option<String>,
    /// At most six pairs of names and values of at most 32 characters, printed in this order.
    pub printed: Attributes,
}

/// How far a draft is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is done.
    Done(Unsigned),
    /// It goes on with the reply to this.
    Fetch(Request),
}

/// A mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicium {
    /// What the symbol holds.
    pub bytes: Vec<u8>,
    /// The symbol.
    pub symbol: Symbol,
}

/// What a mark says. Nothing of it is true before the gateway has checked the signature; what the layout has no room
/// for is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The layout, as it is known to people.
    pub format: String,
    /// Three capital letters or digits.
    pub issuer: String,
    /// The vendor's key.
    pub key_id: u32,
    /// The vendor.
    pub vendor: u32,
    /// Which of the vendor's stamps it is.
    pub piece_counter: u64,
    /// All that the vendor had stamped, with this one, in thousandths of a minor unit.
    pub ascending: Option<u64>,
    /// What it is worth, in thousandths of a minor unit.
    pub value: u64,
    /// Of which currency.
    pub currency: Currency,
    /// By which service.
    pub service: String,
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
    /// The part of the mark that was signed.
    pub signed: Vec<u8>,
    /// The signature over it.
    pub signature: Vec<u8>,
    /// More, by name.
    pub attributes: Attributes,
}

/// Makes `$plugin`, which implements [`Stamps`], the stamps plugin of this crate.
#[macro_export]
macro_rules! register_stamps {
    ($plugin:ty) => {
        // The names of a component's exports are none that a native linker takes.
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            // No name that an author would give to theirs.
            type PurserExport = $crate::stamps::Exported<$plugin>;
            $crate::bindings::stamps::export_stamps!(PurserExport with_types_in $crate::bindings::stamps);
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: std::marker::PhantomData<$crate::stamps::Exported<$plugin>> = {
            const fn implements<T: $crate::Stamps>() {}
            implements::<$plugin>();
            std::marker::PhantomData
        };
    };
}
