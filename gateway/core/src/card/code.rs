//! Codes that people read and type: Crockford's base 32 with its check symbol, Luhn and ISO 7064
//! check characters.
//!
//! A [`CardCode`] is 100 random bits, out of reach of any search: twenty symbols without I, L, O
//! and U, one check symbol, grouped by five. A mistyped symbol is noticed before the database is
//! asked. A [`CardSerial`] names a card in public (in the operator's lists, on the phone) and says
//! nothing about its code.

use std::{fmt, marker::PhantomData, str::FromStr};

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::CardRefused;
use crate::{
    ids::CardId,
    secret::{HashKey, KeyedHash, SecretText, keyed_hash},
};

/// Crockford's 32 symbols, then the five that only check: <https://www.crockford.com/base32.html>.
const SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
/// The alphabet of ISO 7064 mod 37,36.
const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const CODE_BITS: u32 = 100;
const CODE_SYMBOLS: usize = 20;
const SERIAL_SYMBOLS: usize = 12;
const GROUP: usize = 5;
/// Twice what a code shown by us has: room for blanks between any symbols, none for a flood.
const CODE_TEXT_BYTES_MAX: usize = 64;

/// What a code opens; it keeps the hashes of one kind apart from those of another.
pub trait Opens {
    /// The label of its keyed hash.
    const LABEL: &str;
}

/// Opens the value on a card.
pub struct Card;

impl Opens for Card {
    const LABEL: &str = "card code";
}

/// Opens an account whose PIN or password is lost.
pub struct Recovery;

impl Opens for Recovery {
    const LABEL: &str = "recovery code";
}

/// The code printed on a pre-paid card, or shown as compensation.
pub type CardCode = Code<Card>;
/// The code that is the only way back into an account.
pub type RecoveryCode = Code<Recovery>;

/// A secret code of 100 bits. Stored only as keyed hash.
pub struct Code<Of> {
    bits: u128,
    of: PhantomData<Of>,
}

impl<Of: Opens> Code<Of> {
    /// A code from random bytes, of which the first four bits are not used.
    pub fn from_random(mut random: [u8; 13]) -> Self {
        let bits = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        random.zeroize();
        Self { bits: bits & ((1 << CODE_BITS) - 1), of: PhantomData }
    }

    /// Reads a code as people type it: any case, blanks and hyphens anywhere, I and L for 1, O for
    /// 0. The check symbol is required.
    pub fn parse(text: &str) -> Result<Self, CardRefused> {
        if text.len() > CODE_TEXT_BYTES_MAX {
            return Err(CardRefused);
        }
        let mut values = [0_u8; CODE_SYMBOLS + 1];
        let mut slots = values.iter_mut();
        for character in text.chars().filter(|character| !matches!(character, ' ' | '-')) {
            *slots.next().ok_or(CardRefused)? = symbol_value(character).ok_or(CardRefused)?;
        }
        if slots.next().is_some() {
            return Err(CardRefused);
        }
        let (check, symbols) = values.split_last().ok_or(CardRefused)?;
        if symbols.iter().any(|value| *value >= 32) {
            return Err(CardRefused);
        }
        let bits = symbols.iter().fold(0_u128, |bits, value| bits << 5 | u128::from(*value));
        let code = Self { bits, of: PhantomData };
        if bits % 37 == u128::from(*check) { Ok(code) } else { Err(CardRefused) }
    }

    /// The code for its holder's eyes: `XXXXX-XXXXX-XXXXX-XXXXX-C`.
    pub fn reveal(&self) -> SecretText {
        let mut text = String::with_capacity(CODE_SYMBOLS + CODE_SYMBOLS / GROUP + 1);
        for place in (0..CODE_SYMBOLS).rev() {
            text.push(symbol(self.bits >> (5 * place) & 31));
            if place % GROUP == 0 {
                text.push('-');
            }
        }
        text.push(check_symbol(self.bits));
        SecretText::new(text)
    }

    /// What the database finds it by.
    pub fn hash(&self, key: &HashKey) -> KeyedHash {
        let mut bytes = self.bits.to_be_bytes();
        let hash = keyed_hash(key, Of::LABEL, &bytes);
        bytes.zeroize();
        hash
    }
}

impl CardCode {
    /// The code of a compensation card. It is not stored at all, but derived from the card's id
    /// whenever its owner may see it.
    pub fn of_compensation(code_key: &HashKey, card: CardId) -> Self {
        let hash = keyed_hash(code_key, "compensation card", &card.bits().to_be_bytes());
        let mut random = [0; 13];
        random.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
        Self::from_random(random)
    }
}

impl<Of> Clone for Code<Of> {
    fn clone(&self) -> Self {
        Self { bits: self.bits, of: PhantomData }
    }
}

impl<Of> PartialEq for Code<Of> {
    fn eq(&self, other: &Self) -> bool {
        self.bits.ct_eq(&other.bits).into()
    }
}

impl<Of> Eq for Code<Of> {}

impl<Of> Drop for Code<Of> {
    fn drop(&mut self) {
        self.bits.zeroize();
    }
}

/// A card's public number: twelve symbols and an ISO 7064 mod 37,36 check character,
/// `XXXX-XXXX-XXXX-C`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardSerial(String);

impl CardSerial {
    /// A serial of 60 random bits: unlike a running number it does not tell how many cards were
    /// sold.
    pub fn from_random(bits: u64) -> Self {
        let symbols =
            (0..SERIAL_SYMBOLS).rev().map(|place| symbol(u128::from(bits) >> (5 * place) & 31));
        let mut serial: String = symbols.collect();
        serial.extend(iso7064_mod37_36(&serial));
        Self(serial)
    }
}

impl FromStr for CardSerial {
    type Err = CardRefused;

    fn from_str(text: &str) -> Result<Self, CardRefused> {
        if text.len() > CODE_TEXT_BYTES_MAX {
            return Err(CardRefused);
        }
        let typed = text.chars().filter(|character| !matches!(character, ' ' | '-'));
        let mut serial: String = typed.map(|character| character.to_ascii_uppercase()).collect();
        let check = serial.pop();
        let known =
            serial.bytes().all(|byte| SYMBOLS.iter().take(32).any(|symbol| *symbol == byte));
        if serial.len() != SERIAL_SYMBOLS || !known || iso7064_mod37_36(&serial) != check {
            return Err(CardRefused);
        }
        serial.extend(check);
        Ok(Self(serial))
    }
}

impl fmt::Display for CardSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, character) in self.0.chars().enumerate() {
            if index != 0 && index % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CardSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A number in Crockford's base 32, without leading zeros and without check symbol.
pub fn crockford(number: u128) -> String {
    let digits = (128 - number.leading_zeros()).div_ceil(5).max(1);
    (0..digits).rev().map(|place| symbol(number >> (5 * place) & 31)).collect()
}

/// Crockford's check symbol: the number modulo 37.
pub fn check_symbol(number: u128) -> char {
    symbol(number % 37)
}

/// Luhn's check digit for a run of digits.
pub fn luhn(digits: &str) -> Option<u8> {
    let mut sum = 0_u32;
    for (index, character) in digits.chars().rev().enumerate() {
        let digit = character.to_digit(10)?;
        let weighted = if index % 2 == 0 { digit * 2 } else { digit };
        // Only the sum modulo ten matters, so that no length overflows.
        sum = (sum + weighted / 10 + weighted % 10) % 10;
    }
    u8::try_from((10 - sum) % 10).ok()
}

/// The check character of ISO 7064 mod 37,36 for digits and capital letters.
pub fn iso7064_mod37_36(text: &str) -> Option<char> {
    let modulus = ALPHANUMERIC.len();
    let mut product = modulus;
    for byte in text.bytes() {
        let value = ALPHANUMERIC.iter().position(|symbol| *symbol == byte)?;
        let sum = match (product + value) % modulus {
            0 => modulus,
            sum => sum,
        };
        product = sum * 2 % (modulus + 1);
    }
    let check = (modulus + 1 - product) % modulus;
    ALPHANUMERIC.get(check).map(|byte| char::from(*byte))
}

fn symbol(value: u128) -> char {
    // Callers pass a remainder, which is in the table.
    let index = usize::try_from(value).unwrap_or(0);
    SYMBOLS.get(index).map_or('0', |byte| char::from(*byte))
}

fn symbol_value(character: char) -> Option<u8> {
    let symbol = match character.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let index = SYMBOLS.iter().position(|byte| char::from(*byte) == symbol)?;
    u8::try_from(index).ok()
}

#[cfg(test)]
#[allow(clippy::string_slice, reason = "the texts are ASCII")]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use proptest::prelude::*;

    fn key(byte: u8) -> HashKey {
        HashKey::new(&Secret::new([byte; 32]))
    }

    fn read(text: &str) -> Option<String> {
        CardCode::parse(text).ok().map(|code| code.reveal().expose().to_owned())
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let shown = CardCode::from_random([0x01; 13]).reveal().expose().to_owned();
        assert_eq!(shown.len(), 25);
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            shown.replace('0', "o").replace('1', "l"),
            shown.replace('0', "O").replace('1', "I"),
        ] {
            assert_eq!(read(&typed).as_ref(), Some(&shown), "{typed}");
        }
    }

    #[test]
    fn a_malformed_code_is_refused() {
        let shown = CardCode::from_random([0xA7; 13]).reveal().expose().to_owned();
        let bare = shown.replace('-', "");
        for text in [
            String::new(),
            "-".repeat(64),
            bare[..20].to_owned(),
            bare[1..].to_owned(),
            format!("{bare}0"),
            format!("{bare}{}", " ".repeat(64)),
            format!("U{}", &bare[1..]),
            format!("\u{661}{}", &bare[1..]),
            format!("{bare}\0"),
        ] {
            assert_eq!(read(&text), None, "{text:?}");
        }
    }

    #[test]
    fn hashes_of_different_purposes_differ() {
        let card = CardCode::from_random([9; 13]);
        assert!(card.hash(&key(1)) == CardCode::from_random([9; 13]).hash(&key(1)));
        assert!(card.hash(&key(1)) != card.hash(&key(2)));
        assert!(card.hash(&key(1)) != RecoveryCode::from_random([9; 13]).hash(&key(1)));
    }

    #[test]
    fn a_compensation_code_is_the_same_whenever_it_is_shown() {
        let of =
            |key_byte, card| CardCode::of_compensation(&key(key_byte), CardId::from_random(card));
        assert!(of(1, 5) == of(1, 5));
        assert!(of(1, 5) != of(1, 6));
        assert!(of(1, 5) != of(2, 5));
        assert!(CardCode::parse(of(1, 5).reveal().expose()) == Ok(of(1, 5)));
    }

    #[test]
    fn a_serial_is_checked() {
        let serial = CardSerial::from_random(0x0123_4567_89AB_CDEF);
        let shown = serial.to_string();
        assert_eq!(shown.len(), 16);
        assert_eq!(shown.to_lowercase().parse(), Ok(serial));
        assert!(shown.replacen(&shown[..1], "Z", 1).parse::<CardSerial>().is_err());
        assert!("".parse::<CardSerial>().is_err());
    }

    proptest! {
        #[test]
        fn every_code_is_read_back(random in any::<[u8; 13]>()) {
            let code = CardCode::from_random(random);
            prop_assert!(CardCode::parse(code.reveal().expose()) == Ok(code));
        }

        #[test]
        fn one_wrong_symbol_is_always_noticed(
            random in any::<[u8; 13]>(),
            at in 0_usize..20,
            by in 1_u8..32,
        ) {
            let shown = CardCode::from_random(random).reveal().expose().replace('-', "");
            let mut typed = shown.into_bytes();
            let value = symbol_value(char::from(typed[at])).unwrap();
            typed[at] = SYMBOLS[usize::from((value + by) % 32)];
            prop_assert!(CardCode::parse(&String::from_utf8(typed).unwrap()).is_err());
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = CardCode::parse(&text);
            let _ = text.parse::<CardSerial>();
            let _ = luhn(&text);
            let _ = iso7064_mod37_36(&text);
        }
    }
}
