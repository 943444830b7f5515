//! The mark, from an order to bytes and from bytes to what it claims. The crate's documentation has the layout.

use purser_sdk::{
    Country, Currency, Date, Error, Problem, Span, date,
    s10::S10,
    stamps::{Attributes, Claims, Order, Registers, Symbol},
};

use crate::{
    bytes::{Reader, Writer},
    postcode::MarkedPlace,
};

const MAGIC: [u8; 2] = *b"ES";
const FULL: u8 = 0x11;
const LITE: u8 = 0x12;
/// The day that days are counted from.
const EPOCH: Date = date(2000, 1, 1);
/// Letters, digits and hyphens of a service that a mark has room for.
pub(crate) const SERVICE_LEN_MAX: usize = 6;

/// A mark without its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Three capital letters or digits.
    pub issuer: String,
    /// The vendor's key.
    pub key_id: u32,
    /// The vendor.
    pub vendor: u32,
    /// Which of the vendor's stamps it is: 5 bytes.
    pub piece_counter: u64,
    /// In thousandths of a minor unit: 5 bytes.
    pub value: u64,
    /// Of which currency.
    pub currency: Currency,
    /// At most six letters, digits and hyphens.
    pub service: String,
    /// The day of the purchase.
    pub issued_on: Date,
    /// The last day.
    pub expires_on: Date,
    /// What only one of the two symbols has.
    pub body: Body,
}

/// What the two symbols do not share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Data Matrix 44x44.
    Full(FullBody),
    /// Data Matrix 16x48.
    Lite {
        /// Random.
        nonce: [u8; 3],
    },
}

/// What only the full mark has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullBody {
    /// All that the vendor had stamped, in thousandths of a minor unit: 7 bytes.
    pub ascending: u64,
    /// In grams: 3 bytes.
    pub weight_step_g: u32,
    /// The day of mailing.
    pub mailing_on: Date,
    /// From where.
    pub origin: MarkedPlace,
    /// To where.
    pub destination: MarkedPlace,
    /// The item number, where the service has one.
    pub s10: Option<S10>,
    /// Random.
    pub nonce: [u8; 4],
}

impl Mark {
    /// The mark of an order. Nothing in it is decided here.
    pub fn of(order: &Order, registers: &Registers, s10: Option<S10>) -> Result<Self, Error> {
        let [n0, n1, n2, n3, ..] = order.nonce;
        let piece = &order.mailpiece;
        let body = match order.product.symbol {
            Symbol::Full => Body::Full(FullBody {
                ascending: registers.ascending,
                weight_step_g: order.product.weight_step_g,
                mailing_on: piece.mailing_on.unwrap_or(piece.date),
                origin: MarkedPlace::of(&piece.origin),
                destination: MarkedPlace::of(&piece.destination),
                s10,
                nonce: [n0, n1, n2, n3],
            }),
            Symbol::Lite => Body::Lite { nonce: [n0, n1, n2] },
        };
        Ok(Self {
            issuer: order.issuer.clone(),
            key_id: order.key_id,
            vendor: order.vendor,
            piece_counter: registers.piece_counter,
            value: order.product.thousandths()?,
            currency: order.product.price.currency(),
            service: order.product.service.clone(),
            issued_on: piece.date,
            expires_on: order.expires_on,
            body,
        })
    }

    /// What people call it by. A vendor counts the stamps of each currency by themselves.
    pub fn serial(&self) -> String {
        let Self { issuer, vendor, currency, piece_counter, .. } = self;
        format!("{issuer}-{vendor}-{currency}-{piece_counter:08}")
    }

    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut to = Writer::default();
        to.bytes(&MAGIC);
        to.bytes(&[match self.body {
            Body::Full(_) => FULL,
            Body::Lite { .. } => LITE,
        }]);
        to.text("issuer", &self.issuer, 3)?;
        to.number("key-id", self.key_id.into(), 4)?;
        to.number("vendor", self.vendor.into(), 4)?;
        to.number("piece-counter", self.piece_counter, 5)?;
        if let Body::Full(body) = &self.body {
            to.number("ascending", body.ascending, 7)?;
        }
        to.number("value", self.value, 5)?;
        to.number("currency", self.currency.numeric().into(), 2)?;
        if self.service.is_empty() || !self.service.bytes().all(is_service) {
            let text = "a service is letters, digits and hyphens";
            return Err(Error::new(Problem::PostageUnsupported, text).at("service"));
        }
        to.text("service", &self.service, SERVICE_LEN_MAX)?;
        match &self.body {
            Body::Full(body) => self.write_full(body, &mut to)?,
            Body::Lite { nonce } => {
                to.number("issued-on", day_number(self.issued_on)?, 2)?;
                to.number("expires-on", day_number(self.expires_on)?, 2)?;
                to.bytes(nonce);
            }
        }
        Ok(to.done())
    }

    fn write_full(&self, body: &FullBody, to: &mut Writer) -> Result<(), Error> {
        to.number("weight-step-g", body.weight_step_g.into(), 3)?;
        to.number("issued-on", day_number(self.issued_on)?, 2)?;
        to.number("mailing-on", day_number(body.mailing_on)?, 2)?;
        to.number("expires-on", day_number(self.expires_on)?, 2)?;
        body.origin.write(to);
        body.destination.write(to);
        write_item(body.s10, to)?;
        to.bytes(&body.nonce);
        Ok(())
    }

    /// Whether it begins as these marks do.
    pub fn is_begun(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// The mark and its signature in these bytes, if they are one.
    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut from = Reader(bytes);
        (from.array()? == MAGIC).then_some(())?;
        let symbol = match from.array()? {
            [FULL] => Symbol::Full,
            [LITE] => Symbol::Lite,
            _ => return None,
        };
        let issuer = from.text(3, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())?;
        (issuer.len() == 3).then_some(())?;
        let (key_id, vendor, piece_counter) = (from.small(4)?, from.small(4)?, from.number(5)?);
        let ascending = match symbol {
            Symbol::Full => Some(from.number(7)?),
            Symbol::Lite => None,
        };
        let value = from.number(5)?;
        let numeric: u16 = from.small(2)?;
        let currency = Currency::all().find(|known| known.numeric() == numeric)?;
        let service = from.text(SERVICE_LEN_MAX, is_service)?;
        (!service.is_empty()).then_some(())?;
        let weight_step_g = match symbol {
            Symbol::Full => Some(from.small(3)?),
            Symbol::Lite => None,
        };
        let issued_on = day(&mut from)?;
        let (expires_on, body) = match (ascending, weight_step_g) {
            (Some(ascending), Some(weight_step_g)) => {
                read_full(&mut from, ascending, weight_step_g)?
            }
            _ => (day(&mut from)?, Body::Lite { nonce: from.array()? }),
        };
        let mark = Self {
            issuer,
            key_id,
            vendor,
            piece_counter,
            value,
            currency,
            service,
            issued_on,
            expires_on,
            body,
        };
        (from.0.len() == symbol.signature_bytes()).then_some((mark, from.0))
    }

    /// What it says, in the contract's words.
    pub fn claims(&self, bytes: &[u8], signature: &[u8]) -> Result<Claims, Error> {
        let signed = bytes.strip_suffix(signature).unwrap_or(bytes).to_vec();
        let (symbol, full) = match &self.body {
            Body::Full(body) => (Symbol::Full, Some(body)),
            Body::Lite { .. } => (Symbol::Lite, None),
        };
        Ok(Claims {
            format: "open-1".to_owned(),
            issuer: self.issuer.clone(),
            key_id: self.key_id,
            vendor: self.vendor,
            piece_counter: self.piece_counter,
            ascending: full.map(|body| body.ascending),
            value: self.value,
            currency: self.currency,
            service: self.service.clone(),
            weight_step_g: full.map(|body| body.weight_step_g),
            issued_on: Some(self.issued_on),
            mailing_on: full.map(|body| body.mailing_on),
            expires_on: Some(self.expires_on),
            origin: full.map(|body| body.origin.address()),
            destination: full.map(|body| body.destination.address()),
            serial: self.serial(),
            s10: full.and_then(|body| body.s10).map(|item| item.to_string()),
            symbol,
            signed,
            signature: signature.to_vec(),
            attributes: full.map(digests).unwrap_or_default(),
        })
    }
}

fn read_full(from: &mut Reader<'_>, ascending: u64, weight_step_g: u32) -> Option<(Date, Body)> {
    let mailing_on = day(from)?;
    let expires_on = day(from)?;
    let body = FullBody {
        ascending,
        weight_step_g,
        mailing_on,
        origin: MarkedPlace::read(from)?,
        destination: MarkedPlace::read(from)?,
        s10: read_item(from)?,
        nonce: from.array()?,
    };
    Some((expires_on, Body::Full(body)))
}

/// Postcodes that are there as digests only.
fn digests(body: &FullBody) -> Attributes {
    let pair = |name: &str, place: &MarkedPlace| Some((name.to_owned(), place.digest()?));
    [
        pair("origin-postcode-digest", &body.origin),
        pair("destination-postcode-digest", &body.destination),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn is_service(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn day_number(day: Date) -> Result<u64, Error> {
    let days = EPOCH.until(day).ok().and_then(|span| u64::try_from(span.get_days()).ok());
    days.ok_or_else(|| {
        Error::new(Problem::PostageUnsupported, "a mark has days from 2000-01-01 to 2179-06-06")
    })
}

fn day(from: &mut Reader<'_>) -> Option<Date> {
    let days: i64 = from.small(2)?;
    EPOCH.checked_add(Span::new().days(days)).ok()
}

fn write_item(item: Option<S10>, to: &mut Writer) -> Result<(), Error> {
    match item {
        None => to.number("s10", 0, 8),
        Some(item) => {
            to.bytes(&item.service());
            to.number("s10", item.serial().into(), 4)?;
            to.text("s10", item.country().code(), 2)
        }
    }
}

/// The item number, or that there is none; nothing where there is what cannot be one.
fn read_item(from: &mut Reader<'_>) -> Option<Option<S10>> {
    let (service, serial, country) = (from.array::<2>()?, from.small(4)?, from.array::<2>()?);
    if (service, serial, country) == ([0, 0], 0, [0, 0]) {
        return Some(None);
    }
    let letters = country.iter().all(u8::is_ascii_uppercase);
    letters.then(|| S10::new(service, serial, Country::literal(&country)).ok()).flatten().map(Some)
}
