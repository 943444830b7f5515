//! Marks of posts that print them today, as far as their layouts are known to the public: for plugins that read what is in
//! the mail. Whether one is genuine only its post can say, since the secrets are its own.

use purser_money::Currency;

use crate::{
    Date, Error, Problem,
    stamps::{Claims, Symbol},
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
    /// The only version that was ever seen in the mail. The layout has no other sign to know it by.
    const VERSION: u8 = 0xff;

    /// Reads the 20 bytes.
    pub fn parse(indicium: &[u8]) -> Option<Self> {
        let &[version, c0, c1, c2, c3, vendor_model, s0, s1, s2, p0, p1, p2, m0, m1, ref hmac @ ..] =
            indicium
        else {
            return None;
        };
        (version == Self::VERSION).then_some(())?;
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

/// Claims that name no more than their layout, issuer and currency. Both marks are small symbols.
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
        assert!(IbiLite::parse(&[0; 20]).is_none(), "another version");
    }
}
