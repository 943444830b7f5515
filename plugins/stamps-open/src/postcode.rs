//! Postcodes in seven bytes.
//!
//! A postcode's letters and digits, without its spaces and hyphens, are written as they are where they are at most seven,
//! as most are. A longer one is there as the first seven bytes of SHA-256 over the country and those letters and digits
//! (`US` and `941051234`), with the highest bit set, which no text has. That saves room and hides nothing: who has a list
//! of postcodes finds it.

use purser_sdk::{Country, stamps::Address};
use sha2::{Digest, Sha256};

use crate::bytes::{Reader, Writer};

/// What a mark has room for.
const SIZE: usize = 7;
const HASHED: u8 = 0x80;

/// A place as a mark has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedPlace {
    /// The country.
    pub country: Country,
    /// Its postcode.
    pub postcode: Postcode,
}

/// A postcode as a mark has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Postcode {
    /// None was given.
    Absent,
    /// Its letters and digits.
    Plain(String),
    /// The digest of one that is longer.
    Hashed([u8; SIZE]),
}

impl MarkedPlace {
    /// The place of an address.
    pub(crate) fn of(address: &Address) -> Self {
        let bare = address.postcode.as_deref().unwrap_or_default().chars();
        let bare: String = bare.filter(char::is_ascii_alphanumeric).collect();
        let postcode = match bare.len() {
            0 => Postcode::Absent,
            1..=SIZE => Postcode::Plain(bare.to_ascii_uppercase()),
            _ => Postcode::Hashed(digest(address.country, &bare.to_ascii_uppercase())),
        };
        Self { country: address.country, postcode }
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.bytes(self.country.code().as_bytes());
        let mut bytes = [0; SIZE];
        match &self.postcode {
            Postcode::Absent => {}
            Postcode::Plain(text) => {
                for (byte, letter) in bytes.iter_mut().zip(text.bytes()) {
                    *byte = letter;
                }
            }
            Postcode::Hashed(digest) => bytes = *digest,
        }
        to.bytes(&bytes);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let country = from.array::<2>()?;
        let letters = country.iter().all(u8::is_ascii_uppercase);
        let country = letters.then(|| Country::literal(&country))?;
        let bytes = from.array::<SIZE>()?;
        let postcode = match bytes {
            [0, 0, 0, 0, 0, 0, 0] => Postcode::Absent,
            [first, ..] if first & HASHED != 0 => Postcode::Hashed(bytes),
            _ => Postcode::Plain(Reader(&bytes).text(SIZE, is_plain)?),
        };
        Some(Self { country, postcode })
    }

    /// As the contract has it: a digest is no postcode.
    pub(crate) fn address(&self) -> Address {
        let postcode = match &self.postcode {
            Postcode::Plain(text) => Some(text.clone()),
            Postcode::Absent | Postcode::Hashed(_) => None,
        };
        Address { country: self.country, postcode }
    }

    /// The digest, in hexadecimal, where there is one.
    pub(crate) fn digest(&self) -> Option<String> {
        match &self.postcode {
            Postcode::Hashed(digest) => {
                Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
            }
            Postcode::Absent | Postcode::Plain(_) => None,
        }
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn digest(country: Country, postcode: &str) -> [u8; SIZE] {
    let hash = Sha256::new().chain_update(country.code()).chain_update(postcode).finalize();
    let mut digest = [0; SIZE];
    for (byte, of) in digest.iter_mut().zip(hash) {
        *byte = of;
    }
    if let Some(first) = digest.first_mut() {
        *first |= HASHED;
    }
    digest
}
