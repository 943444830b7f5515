//! Marks of posts that print them today, as far as their layouts are known to the public: for plugins that read what is in
//! the mail. Whether one is genuine only its post can say, since the secrets are its own.

use purser_money::Currency;

use crate::{
    Country, Date, Error, Problem,
    stamps::{Address, Claims, Symbol},
};

/// IBI-Lite of the United States Postal Service: 20 bytes, numbers with their last byte first (US 7,882,036 B1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IbiLite {
    /// Of the layout.
    pub version: u8,
    /// Which of the device's marks it is.
    pub piece_counter: u32,
    /// The maker of the device, and which kind it is.
    pub vendor_model: u8,
    /// The postal security device: 24 bits.
    pub psd_serial: u32,
    /// The postage in thousandths of a dollar: 24 bits.
    pub postage_mils: u32,
    /// The kind of mail.
    pub mail_service: u16,
    /// The first bytes of an HMAC over all that stands before it.
    pub hmac: [u8; 6],
    signed: [u8; 14],
}

impl IbiLite {
    /// Reads the 20 bytes. The layout has no sign to know it by but its length: the version says nothing, since the one
    /// mark that the public has read is of version 255.
    pub fn parse(indicium: &[u8]) -> Option<Self> {
        let &[version, c0, c1, c2, c3, vendor_model, s0, s1, s2, p0, p1, p2, m0, m1, ref hmac @ ..] =
            indicium
        else {
            return None;
        };
        Some(Self {
            version,
            piece_counter: u32::from_le_bytes([c0, c1, c2, c3]),
            vendor_model,
            psd_serial: u32::from_le_bytes([s0, s1, s2, 0]),
            postage_mils: u32::from_le_bytes([p0, p1, p2, 0]),
            mail_service: u16::from_le_bytes([m0, m1]),
            hmac: hmac.try_into().ok()?,
            signed: indicium.get(..14)?.try_into().ok()?,
        })
    }

    /// What it says, in the contract's words. The device is its key.
    pub fn claims(&self) -> Result<Claims, Error> {
        let Self { vendor_model, psd_serial, piece_counter, .. } = *self;
        Ok(Claims {
            vendor: vendor_model.into(),
            key_id: psd_serial,
            piece_counter: piece_counter.into(),
            // A mil is a tenth of a cent.
            value: u64::from(self.postage_mils) * 100,
            service: self.mail_service.to_string(),
            serial: format!("{vendor_model}-{psd_serial}-{piece_counter}"),
            signed: self.signed.to_vec(),
            signature: self.hmac.to_vec(),
            attributes: vec![("version".to_owned(), self.version.to_string())],
            ..silent("ibi-lite", "USP", "USD")?
        })
    }
}

/// A barcoded stamp of Royal Mail: 55 characters, as collectors have read them. Each stamp is one of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoyalMailStamp {
    /// The kind of stamp: `S199`.
    pub product: String,
    /// One digit.
    pub source: u8,
    /// Seven digits.
    pub reference: u32,
    /// Eight digits, of this stamp alone.
    pub item: u32,
    /// The value in pence; 0 where the stamp names a class instead.
    pub value_pence: u32,
    /// The day that it was made on, or its series.
    pub made_on: Date,
    /// Two digits.
    pub kind: u8,
    /// Nine bytes that only Royal Mail can check.
    pub security: [u8; 9],
    signed: String,
}

impl RoyalMailStamp {
    const PREFIX: &str = "JGB ";
    /// What stands before the security block.
    const SIGNED_LEN: usize = 37;

    /// Reads the 55 characters.
    pub fn parse(indicium: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(indicium).ok()?;
        let (signed, security) = text.split_at_checked(Self::SIGNED_LEN)?;
        let (product, rest) = signed.strip_prefix(Self::PREFIX)?.split_at_checked(4)?;
        let mut digits = Digits(rest);
        let stamp = Self {
            product: product.to_owned(),
            source: digits.take(1)?.try_into().ok()?,
            reference: digits.take(7)?,
            item: digits.take(8)?,
            value_pence: digits.take(5)?,
            made_on: day(digits.take(2)?, digits.take(2)?, digits.take(2)?)?,
            kind: digits.take(2)?.try_into().ok()?,
            security: hex(security)?,
            signed: signed.to_owned(),
        };
        product.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(stamp)
    }

    /// What it says, in the contract's words. It names no key.
    pub fn claims(&self) -> Result<Claims, Error> {
        Ok(Claims {
            vendor: self.source.into(),
            piece_counter: self.item.into(),
            value: u64::from(self.value_pence) * 1000,
            service: self.product.clone(),
            issued_on: Some(self.made_on),
            serial: format!("{}-{:07}-{:08}", self.source, self.reference, self.item),
            signed: self.signed.clone().into_bytes(),
            signature: self.security.to_vec(),
            attributes: vec![("kind".to_owned(), format!("{:02}", self.kind))],
            ..silent("royal-mail-stamp", "JGB", "GBP")?
        })
    }
}

/// Royal Mail's 2D Mailmark: 45 characters of fixed places, and what the sender adds (Royal Mail, Mailmark barcode definition
/// document, 3.1; zint manual 6.6.2). It is paid on account: no value is in it, and nothing that guards it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailmark2d {
    /// The kind of product: a digit or a capital letter.
    pub information_type: char,
    /// Of the layout.
    pub version: char,
    /// `1` and `2` are first and second class; 3, 5, 8 and 9 are others.
    pub class: char,
    /// The customers who mail it together: seven digits.
    pub supply_chain: u32,
    /// Eight digits, not given out again for 90 days.
    pub item: u32,
    /// The addressee's postcode with its delivery point (`AB19XY1A`), or another designator.
    pub destination: String,
    /// What is to be done with what cannot be delivered.
    pub return_service: char,
    /// To where that goes back: a postcode, or nothing.
    pub return_postcode: String,
    /// What the sender added, at most 45 characters.
    pub customer: String,
}

impl Mailmark2d {
    /// Characters that have places.
    const FIXED_LEN: usize = 45;
    /// What the largest of the three symbols has room for beside them.
    const CUSTOMER_LEN_MAX: usize = 45;

    /// Reads the characters.
    pub fn parse(indicium: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(indicium).ok().filter(|text| text.is_ascii())?;
        let (fixed, customer) = text.split_at_checked(Self::FIXED_LEN)?;
        let (kinds, rest) = fixed.strip_prefix(RoyalMailStamp::PREFIX)?.split_at_checked(3)?;
        let (digits, rest) = rest.split_at_checked(15)?;
        let (destination, rest) = rest.split_at_checked(9)?;
        let (service, rest) = rest.split_at_checked(1)?;
        let (return_postcode, reserved) = rest.split_at_checked(7)?;
        let mut digits = Digits(digits);
        let mut kinds = kinds.chars();
        let mark = Self {
            information_type: kinds.next().filter(char::is_ascii_alphanumeric)?,
            version: kinds.next().filter(char::is_ascii_alphanumeric)?,
            class: kinds.next().filter(char::is_ascii_alphanumeric)?,
            supply_chain: digits.take(7)?,
            item: digits.take(8)?,
            destination: padded(destination)?,
            return_service: service.chars().next().filter(char::is_ascii_digit)?,
            return_postcode: padded(return_postcode)?,
            customer: customer.trim_end().to_owned(),
        };
        let plain =
            customer.len() <= Self::CUSTOMER_LEN_MAX && !customer.contains(char::is_control);
        (plain && reserved.trim().is_empty()).then_some(mark)
    }

    /// What it says, in the contract's words. It names no key and has no signature.
    pub fn claims(&self, indicium: &[u8]) -> Result<Claims, Error> {
        let Self { supply_chain, item, class, .. } = *self;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut attributes = vec![
            pair("information-type", &self.information_type.to_string()),
            pair("version", &self.version.to_string()),
            pair("return-service", &self.return_service.to_string()),
            pair("delivery", &self.destination),
            pair("return-postcode", &self.return_postcode),
            pair("customer", &self.customer),
        ];
        attributes.retain(|(_, value)| !value.is_empty());
        Ok(Claims {
            vendor: supply_chain,
            piece_counter: item.into(),
            service: class.to_string(),
            destination: self.inland(),
            serial: format!("{supply_chain:07}-{item:08}"),
            signed: indicium.to_vec(),
            attributes,
            ..silent("mailmark-2d", "JGB", "GBP")?
        })
    }

    /// Where it goes within the United Kingdom: `AB1 9XY` of `AB19XY1A`, whose last two characters are the delivery point.
    fn inland(&self) -> Option<Address> {
        let (postcode, point) =
            self.destination.split_at_checked(self.destination.len().checked_sub(2)?)?;
        let (outward, inward) = postcode.split_at_checked(postcode.len().checked_sub(3)?)?;
        let shape = |text: &str, shape: &[fn(&u8) -> bool]| {
            text.len() == shape.len() && text.bytes().zip(shape).all(|(byte, is)| is(&byte))
        };
        let (digit, letter) =
            (u8::is_ascii_digit as fn(&u8) -> bool, u8::is_ascii_uppercase as fn(&u8) -> bool);
        let inland = (2..=4).contains(&outward.len())
            && shape(inward, &[digit, letter, letter])
            && shape(point, &[digit, letter]);
        let postcode = Some(format!("{outward} {inward}"));
        inland.then(|| Address { country: Country::literal(b"GB"), postcode })
    }
}

/// Capital letters and digits, filled up with spaces at the end.
fn padded(text: &str) -> Option<String> {
    let text = text.trim_end_matches(' ');
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.bytes().all(plain).then(|| text.to_owned())
}

/// Claims that name no more than their layout, issuer and currency. All of these marks are small symbols.
fn silent(format: &str, issuer: &str, currency: &str) -> Result<Claims, Error> {
    Ok(Claims {
        format: format.to_owned(),
        issuer: issuer.to_owned(),
        key_id: 0,
        vendor: 0,
        piece_counter: 0,
        ascending: None,
        value: 0,
        currency: Currency::parse(currency)?,
        service: String::new(),
        weight_step_g: None,
        issued_on: None,
        mailing_on: None,
        expires_on: None,
        origin: None,
        destination: None,
        serial: String::new(),
        s10: None,
        symbol: Symbol::Lite,
        signed: Vec::new(),
        signature: Vec::new(),
        attributes: Vec::new(),
    })
}

/// What any of the layouts in this module says.
pub fn read(indicium: &[u8]) -> Result<Claims, Error> {
    if let Some(mark) = IbiLite::parse(indicium) {
        return mark.claims();
    }
    if let Some(stamp) = RoyalMailStamp::parse(indicium) {
        return stamp.claims();
    }
    if let Some(mark) = Mailmark2d::parse(indicium) {
        return mark.claims(indicium);
    }
    Err(Error::new(Problem::IndiciumUnreadable, "the bytes are no mark of a known layout"))
}

/// Decimal digits that are read off from the left.
struct Digits<'a>(&'a str);

impl Digits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        taken.bytes().all(|byte| byte.is_ascii_digit()).then_some(taken)?.parse().ok()
    }
}

/// The stamps began in 2022.
fn day(day: u32, month: u32, year: u32) -> Option<Date> {
    let (year, month) = (i16::try_from(year).ok()?, i8::try_from(month).ok()?);
    Date::new(2000 + year, month, i8::try_from(day).ok()?).ok()
}

fn hex(text: &str) -> Option<[u8; 9]> {
    let plain = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
    let mut bytes = [0; 9];
    if text.len() != 18 || !text.bytes().all(plain) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_text_panics(text in "JGB [A-Z0-9]{4}.{0,60}") {
            let _ = read(text.as_bytes());
        }
    }

    #[test]
    fn what_is_a_byte_too_long_or_short_is_no_mark() {
        let stamp = b"JGB S19941017031011078730002008022301E11E7843FEB9611E01";
        assert!(RoyalMailStamp::parse(stamp).is_some());
        assert!(RoyalMailStamp::parse(&stamp[..54]).is_none());
        assert!(RoyalMailStamp::parse(&[stamp.as_slice(), b"0"].concat()).is_none());
        let mark = [[0xff].as_slice(), &[0; 19]].concat();
        assert!(IbiLite::parse(&mark).is_some());
        assert!(IbiLite::parse(&mark[..19]).is_none());
        assert!(IbiLite::parse(&[mark.as_slice(), &[0]].concat()).is_none());
        let fixed = b"JGB 012100123412345678AB19XY1A 0             ";
        assert!(Mailmark2d::parse(fixed).is_some());
        assert!(Mailmark2d::parse(&fixed[..44]).is_none());
        assert!(Mailmark2d::parse(&[fixed.as_slice(), &[b'0'; 46]].concat()).is_none());
    }

    #[test]
    fn a_mailmark_says_where_it_goes_and_who_mails_it() {
        // The example of BWIPP's manual, postscriptbarcode wiki, Mailmark.
        let text = b"JGB 012100123412345678AB19XY1A 0             www.xyz.com";
        let mark = Mailmark2d::parse(text).unwrap();
        assert_eq!((mark.information_type, mark.version, mark.class), ('0', '1', '2'));
        assert_eq!((mark.supply_chain, mark.item), (1_001_234, 12_345_678));
        assert_eq!((mark.return_service, mark.customer.as_str()), ('0', "www.xyz.com"));
        let claims = read(text).unwrap();
        assert_eq!(
            (claims.format.as_str(), claims.serial.as_str()),
            ("mailmark-2d", "1001234-12345678")
        );
        assert_eq!(claims.destination.unwrap().postcode.as_deref(), Some("AB1 9XY"));
        assert_eq!((claims.value, claims.signature.len()), (0, 0));
        let abroad = b"JGB 011123456700000001XY11     0             ";
        assert_eq!(read(abroad).unwrap().destination, None);
    }

    #[test]
    fn another_version_of_ibi_lite_has_the_same_places() {
        let mut bytes = [0; 20];
        (bytes[0], bytes[1], bytes[5], bytes[6], bytes[9], bytes[12]) = (1, 7, 18, 9, 100, 3);
        let claims = read(&bytes).unwrap();
        assert_eq!((claims.piece_counter, claims.vendor, claims.key_id), (7, 18, 9));
        assert_eq!((claims.value, claims.service.as_str()), (10_000, "3"));
    }
}
