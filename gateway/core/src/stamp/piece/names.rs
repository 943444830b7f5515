//! Numbers and names of the trade.

use std::fmt;

use purser_money::Money;
use serde::{Deserialize, Serialize};

/// Text or a number that is no name of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Of an issuer.
    #[error("an issuer is three capital letters or digits")]
    Issuer,
    /// Of a service.
    #[error("a service is 1 to 40 letters, digits and hyphens")]
    Service,
    /// Of an item.
    #[error("an item's serial number is at most 99,999,999")]
    ItemSerial,
}

/// The issuing post or operator: three capital letters or digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer([u8; 3]);

impl Issuer {
    /// Reads three capital letters or digits.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| NameError::Issuer)?;
        let plain = bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if plain { Ok(Self(bytes)) } else { Err(NameError::Issuer) }
    }

    /// The three characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl TryFrom<String> for Issuer {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.as_str().to_owned()
    }
}

/// A service's name within its vendor's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceId(String);

impl ServiceId {
    /// Reads 1 to 40 letters, digits and hyphens.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Service)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for ServiceId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<ServiceId> for String {
    fn from(id: ServiceId) -> Self {
        id.0
    }
}

/// Names a vendor's key within its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StampKeyId(pub u32);

/// A vendor's number at this gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VendorNumber(pub u32);

/// The eight digits of an item number (UPU S10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ItemSerial(u32);

impl ItemSerial {
    /// How many there are before they begin again.
    pub const COUNT: u32 = 100_000_000;

    /// A number of at most eight digits.
    pub fn new(serial: u32) -> Result<Self, NameError> {
        if serial < Self::COUNT { Ok(Self(serial)) } else { Err(NameError::ItemSerial) }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for ItemSerial {
    type Error = NameError;

    fn try_from(serial: u32) -> Result<Self, NameError> {
        Self::new(serial)
    }
}

impl From<ItemSerial> for u32 {
    fn from(serial: ItemSerial) -> Self {
        serial.0
    }
}

/// Thousandths of a minor unit of some currency: what registers count in, since there is postage of 40.6 cents.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Thousandths(u64);

impl Thousandths {
    /// So many.
    pub const fn new(thousandths: u64) -> Self {
        Self(thousandths)
    }

    /// An amount of money; none if it is negative or does not fit.
    pub fn of(money: Money) -> Option<Self> {
        u64::try_from(money.minor()).ok()?.checked_mul(1000).map(Self)
    }

    /// How many.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Both together, if that fits.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left, if something is.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use purser_money::Currency;

    use super::*;

    #[test]
    fn names_are_of_their_form() {
        assert!(Issuer::parse("PUR").is_ok() && Issuer::parse("JGB").is_ok());
        for text in ["", "PU", "PURS", "pur", "P R", "ÄB"] {
            assert_eq!(Issuer::parse(text), Err(NameError::Issuer), "{text}");
        }
        assert!(ServiceId::parse("letter-eu").is_ok() && ServiceId::parse("S199").is_ok());
        for text in ["", "a b", "a_b", "é", &"x".repeat(41)] {
            assert_eq!(ServiceId::parse(text), Err(NameError::Service), "{text}");
        }
        assert_eq!(ItemSerial::new(100_000_000), Err(NameError::ItemSerial));
    }

    #[test]
    fn thousandths_hold_money_exactly_or_not_at_all() {
        let usd = Currency::parse("USD").unwrap();
        assert_eq!(Thousandths::of(Money::new(78, usd)), Some(Thousandths::new(78_000)));
        assert_eq!(Thousandths::of(Money::new(-1, usd)), None);
        assert_eq!(Thousandths::of(Money::new(i64::MAX, usd)), None);
        assert_eq!(Thousandths::new(u64::MAX).plus(Thousandths::new(1)), None);
        assert_eq!(Thousandths::new(1).minus(Thousandths::new(2)), None);
    }
}
