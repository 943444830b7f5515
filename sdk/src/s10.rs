//! Identifiers of postal items: UPU standard S10, like `EE876543216CA`.
//!
//! Two letters for the service, eight digits, a check digit, and the country of the post that issued it.

use std::fmt;

use crate::Country;

/// An identifier whose check digit is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct S10 {
    service: [u8; 2],
    serial: u32,
    country: Country,
}

/// Why a text is no S10 identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum S10Error {
    /// Not two letters, nine digits, two letters.
    #[error("an S10 identifier is two capital letters, nine digits and two capital letters")]
    Form,
    /// A service that the standard does not give out.
    #[error("an S10 service indicator does not begin with J, K, S, T or W")]
    Service,
    /// The ninth digit does not fit the eight before it.
    #[error("the check digit should be {expected}")]
    CheckDigit {
        /// What it should be.
        expected: u8,
    },
    /// More than eight digits.
    #[error("an S10 serial number has at most eight digits")]
    Serial,
}

impl S10 {
    /// The identifier of item `serial`, of at most eight digits.
    pub fn new(service: [u8; 2], serial: u32, country: Country) -> Result<Self, S10Error> {
        if !service.iter().all(u8::is_ascii_uppercase) {
            return Err(S10Error::Form);
        }
        if service.first().is_some_and(|first| b"JKSTW".contains(first)) {
            return Err(S10Error::Service);
        }
        if serial > 99_999_999 {
            return Err(S10Error::Serial);
        }
        Ok(Self { service, serial, country })
    }

    /// Reads the thirteen characters, without spaces.
    pub fn parse(text: &str) -> Result<Self, S10Error> {
        let (service, rest) = text.split_at_checked(2).ok_or(S10Error::Form)?;
        let (digits, country) = rest.split_at_checked(9).ok_or(S10Error::Form)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(S10Error::Form);
        }
        let number: u32 = digits.parse().map_err(|_| S10Error::Form)?;
        let service = service.as_bytes().try_into().map_err(|_| S10Error::Form)?;
        let country: [u8; 2] = country.as_bytes().try_into().map_err(|_| S10Error::Form)?;
        if !country.iter().all(u8::is_ascii_uppercase) {
            return Err(S10Error::Form);
        }
        let item = Self::new(service, number / 10, Country::literal(&country))?;
        let expected = item.check_digit();
        if number % 10 == u32::from(expected) {
            Ok(item)
        } else {
            Err(S10Error::CheckDigit { expected })
        }
    }

    /// The digit that guards the serial number.
    pub fn check_digit(self) -> u8 {
        let weights = [7, 9, 5, 3, 2, 4, 6, 8];
        let (mut left, mut sum) = (self.serial, 0);
        for weight in weights {
            sum += left % 10 * weight;
            left /= 10;
        }
        match 11 - sum % 11 {
            10 => 0,
            11 => 5,
            digit => u8::try_from(digit).unwrap_or_default(),
        }
    }

    /// The two letters of the service.
    pub fn service(self) -> [u8; 2] {
        self.service
    }

    /// The number of the item.
    pub fn serial(self) -> u32 {
        self.serial
    }

    /// The country of the post that issued it.
    pub fn country(self) -> Country {
        self.country
    }
}

impl fmt::Display for S10 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = std::str::from_utf8(&self.service).unwrap_or_default();
        write!(f, "{service}{:08}{}{}", self.serial, self.check_digit(), self.country)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_identifier_is_refused() {
        for text in [
            "",
            "EE87654321CA",
            "EE8765432167CA",
            "ee876543216CA",
            "EE87654321XCA",
            "EE876543216ca",
            "€E876543216CA",
        ] {
            assert_eq!(S10::parse(text), Err(S10Error::Form), "{text}");
        }
        assert_eq!(S10::parse("JA876543216CA"), Err(S10Error::Service));
        let canada = Country::literal(b"CA");
        assert_eq!(S10::new(*b"EE", 100_000_000, canada), Err(S10Error::Serial));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for serial in [0, 1, 99_999_999, 12_310_000] {
            let item = S10::new(*b"RA", serial, Country::literal(b"DE")).unwrap();
            assert_eq!(S10::parse(&item.to_string()), Ok(item));
        }
    }
}
