//! Countries and their parts.

use crate::{Error, Problem, bindings::wire};

/// A country (ISO 3166-1 alpha-2) and, where it matters, a part of it (ISO 3166-2, behind the hyphen).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Two capital letters; Greece is `GR`.
    pub country: Country,
    /// One to three capital letters or digits: `CN` of `ES-CN`.
    pub subdivision: Option<String>,
}

/// The two letters of a country. Of the right form; whether it exists is for the plugin to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// Two capital letters. `EL` and `UK`, which tax offices write, are read as `GR` and `GB`.
    pub fn parse(code: &str) -> Result<Self, Error> {
        match code.as_bytes() {
            b"EL" => Ok(Self(*b"GR")),
            b"UK" => Ok(Self(*b"GB")),
            &[one, two] if one.is_ascii_uppercase() && two.is_ascii_uppercase() => {
                Ok(Self([one, two]))
            }
            _ => Err(Error::new(
                Problem::TaxCountryUnsupported,
                "a country is two capital letters of ISO 3166-1, like DE",
            )),
        }
    }

    /// A country known when the plugin is compiled.
    pub const fn literal(code: &[u8; 2]) -> Self {
        Self(*code)
    }

    /// The two letters.
    pub fn code(&self) -> &str {
        // Two ASCII letters are always UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Display for Country {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.code())
    }
}

impl Place {
    /// A whole country.
    pub const fn of(country: Country) -> Self {
        Self { country, subdivision: None }
    }
}

impl TryFrom<wire::Place> for Place {
    type Error = Error;

    fn try_from(place: wire::Place) -> Result<Self, Error> {
        let country = Country::parse(&place.country)?;
        let subdivision = place.subdivision.filter(|part| !part.is_empty());
        let plain = |part: &String| {
            part.len() <= 3
                && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        if subdivision.as_ref().is_some_and(|part| !plain(part)) {
            return Err(Error::new(
                Problem::TaxCountryUnsupported,
                "a subdivision is up to three capital letters or digits of ISO 3166-2, like CN",
            ));
        }
        Ok(Self { country, subdivision })
    }
}
