//! Where a mailpiece comes from and goes to: as much of it as postage depends on, and no person's name or street.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A country and, where given, a postcode.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    country: String,
    postcode: Option<String>,
}

/// Not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an address is a country of ISO 3166-1, optionally with a postcode of at most 12 letters, digits, spaces and \
     hyphens: DE, US-94105, GB-SW1A 1AA"
)]
pub struct AddressError;

/// The longest postcodes, of Iran and of the United States, are 11 and 10 characters.
const POSTCODE_LEN_MAX: usize = 12;

impl Address {
    /// Reads `DE` or `US-94105`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match text.split_once('-') {
            Some((country, postcode)) => Self::new(country, Some(postcode)),
            None => Self::new(text, None),
        }
    }

    /// An address of its two parts. A postcode's letters become capitals, since sorting machines know no others.
    pub fn new(country: &str, postcode: Option<&str>) -> Result<Self, AddressError> {
        let two_letters =
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        if !two_letters || !postcode.is_none_or(is_postcode) {
            return Err(AddressError);
        }
        let postcode = postcode.map(str::to_ascii_uppercase);
        Ok(Self { country: country.to_owned(), postcode })
    }

    /// The two letters.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The postcode, in capitals.
    pub fn postcode(&self) -> Option<&str> {
        self.postcode.as_deref()
    }

    /// Whether `other` is this postcode of this country, however it is spaced; a country contains all of its postcodes.
    pub fn contains(&self, other: &Self) -> bool {
        let bare = |postcode: &str| -> String {
            postcode.chars().filter(char::is_ascii_alphanumeric).collect()
        };
        let same = |postcode: &str| other.postcode().is_some_and(|of| bare(of) == bare(postcode));
        self.country == other.country && self.postcode().is_none_or(same)
    }
}

fn is_postcode(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ' || byte == b'-';
    (1..=POSTCODE_LEN_MAX).contains(&text.len())
        && text.bytes().all(plain)
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.postcode {
            Some(postcode) => write!(f, "{}-{postcode}", self.country),
            None => f.write_str(&self.country),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postcode_is_what_stands_behind_the_first_hyphen() {
        for (text, country, postcode) in [
            ("DE", "DE", None),
            ("US-94105-1234", "US", Some("94105-1234")),
            ("GB-sw1a 1aa", "GB", Some("SW1A 1AA")),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.country(), address.postcode()), (country, postcode), "{text}");
            assert_eq!(Address::parse(&address.to_string()), Ok(address), "{text}");
        }
        for text in ["", "de", "DEU", "D-12345", "DE-", "DE- - ", "DE-1234567890123", "DE-12\n34"] {
            assert_eq!(Address::parse(text), Err(AddressError), "{text:?}");
        }
    }

    #[test]
    fn a_postcode_is_the_same_however_it_is_spaced() {
        let one = Address::parse("GB-SW1A 1AA").unwrap();
        assert!(one.contains(&Address::parse("GB-SW1A1AA").unwrap()));
        assert!(!one.contains(&Address::parse("IE-SW1A1AA").unwrap()));
        assert!(!one.contains(&Address::parse("GB").unwrap()));
        assert!(Address::parse("GB").unwrap().contains(&one));
    }
}
