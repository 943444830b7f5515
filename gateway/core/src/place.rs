//! Where somebody sells or consumes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A country (ISO 3166-1 alpha-2), optionally with a subdivision (the part of ISO 3166-2 behind the hyphen).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Place {
    country: String,
    subdivision: Option<String>,
}

/// Not a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a country is two capital letters of ISO 3166-1, optionally with a subdivision: DE, US-CA")]
pub struct PlaceError;

impl Place {
    /// Reads `DE` or `US-CA`.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let (country, subdivision) = match text.split_once('-') {
            Some((country, subdivision)) => (country, Some(subdivision)),
            None => (text, None),
        };
        let code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let country_ok =
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        let part_ok =
            subdivision.is_none_or(|part| (1..=3).contains(&part.len()) && part.bytes().all(code));
        if !country_ok || !part_ok {
            return Err(PlaceError);
        }
        Ok(Self { country: country.to_owned(), subdivision: subdivision.map(str::to_owned) })
    }

    /// The two letters.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// What stands behind the hyphen.
    pub fn subdivision(&self) -> Option<&str> {
        self.subdivision.as_deref()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subdivision {
            Some(subdivision) => write!(f, "{}-{subdivision}", self.country),
            None => f.write_str(&self.country),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        Self::parse(&text)
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}
