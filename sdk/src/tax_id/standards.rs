//! Numbers checked by a standard procedure: Luhn's, ISO 7064, or one built on them.

use super::{
    Checked, FORM,
    arithmetic::{
        checksum, complement, digits, digits_of, form, luhn, mod_11_10, mod_97_10, number, weighted,
    },
};

/// `U`, seven digits and a check digit that is Luhn's of the seven, plus four.
pub(super) fn austria(text: &[u8]) -> Checked {
    let digits = digits_of(text.strip_prefix(b"U").ok_or(FORM)?, 8)?;
    let (front, check) = digits.split_at_checked(7).unwrap_or_default();
    let expected = complement(luhn(front, 10).saturating_add(4), 10);
    checksum(check == [expected])
}

pub(super) fn croatia(text: &[u8]) -> Checked {
    checksum(mod_11_10(&digits_of(text, 11)?))
}

pub(super) fn germany(text: &[u8]) -> Checked {
    let digits = digits_of(text, 9)?;
    form(digits.first() != Some(&0))?;
    checksum(mod_11_10(&digits))
}

/// Two characters and the company's SIREN. Monaco's numbers have no SIREN: theirs begins with 000.
pub(super) fn france(text: &[u8]) -> Checked {
    let (key, siren) = text.split_at_checked(2).ok_or(FORM)?;
    let siren = digits_of(siren, 9)?;
    if !siren.starts_with(&[0, 0, 0]) {
        checksum(luhn(&siren, 10) == 0)?;
    }
    let &[first, second] = key else { return Err(FORM) };
    let (first, second) = (key_value(first)?, key_value(second)?);
    let siren = number(&siren);
    if first < 10 && second < 10 {
        let key = first.saturating_mul(10).saturating_add(second);
        return checksum(siren.saturating_mul(100).saturating_add(12) % 97 == key);
    }
    let key = if first < 10 {
        first.saturating_mul(24).saturating_add(second).checked_sub(10)
    } else {
        first.saturating_mul(34).saturating_add(second).checked_sub(100)
    };
    let key = key.ok_or(FORM)?;
    checksum(siren.saturating_add(1).saturating_add(key / 11) % 11 == key % 11)
}

/// The keys of new numbers are digits and letters without I and O.
fn key_value(byte: u8) -> Result<u64, &'static str> {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let position = ALPHABET.iter().position(|letter| *letter == byte);
    position.and_then(|position| u64::try_from(position).ok()).ok_or(FORM)
}

/// Seven digits of the taxpayer, three of the province, and Luhn's check digit.
pub(super) fn italy(text: &[u8]) -> Checked {
    let digits = digits_of(text, 11)?;
    let (taxpayer, rest) = digits.split_at_checked(7).unwrap_or_default();
    let province = number(rest) / 10;
    form(number(taxpayer) > 0 && matches!(province, 1..=100 | 120 | 121 | 888 | 999))?;
    checksum(luhn(&digits, 10) == 0)
}

/// Nine digits, `B` and two digits. Numbers of companies pass the eleven-test of the old tax number; those
/// given to people since 2020 pass ISO 7064 over the whole with its prefix.
pub(super) fn netherlands(text: &[u8]) -> Checked {
    form(text.len() == 12 && text.get(9) == Some(&b'B'))?;
    let (front, end) = text.split_at_checked(9).unwrap_or_default();
    let front = digits(front)?;
    let end = digits(end.get(1..).unwrap_or_default())?;
    form(number(&front) > 0 && number(&end) > 0)?;
    // The last digit counts ten, which is minus one modulo eleven.
    let old = weighted(&front, &[9, 8, 7, 6, 5, 4, 3, 2, 10]).is_multiple_of(11);
    checksum(old || mod_97_10(&[b"NL", text].concat()))
}

/// The organisation's ten digits and `01`.
pub(super) fn sweden(text: &[u8]) -> Checked {
    let digits = digits_of(text.strip_suffix(b"01").ok_or(FORM)?, 10)?;
    checksum(luhn(&digits, 10) == 0)
}

/// India's GSTIN: state, PAN, registration, `Z`, and Luhn's check in base 36.
pub(super) fn india(text: &[u8]) -> Checked {
    form(text.len() == 15)?;
    let (state, rest) = text.split_at_checked(2).unwrap_or_default();
    let (pan, rest) = rest.split_at_checked(10).unwrap_or_default();
    // 38 is Ladakh, 97 what is at sea.
    form(matches!(number(&digits(state)?), 1..=38 | 97))?;
    form(is_pan(pan))?;
    let &[registration, z, _] = rest else { return Err(FORM) };
    form(registration.is_ascii_alphanumeric() && registration != b'0' && z == b'Z')?;
    let value = |byte: &u8| char::from(*byte).to_digit(36);
    let values: Vec<u32> = text.iter().map(value).collect::<Option<_>>().ok_or(FORM)?;
    checksum(luhn(&values, 36) == 0)
}

/// Five letters of which the fourth is the kind of holder, four digits that are not all zero, a letter.
fn is_pan(pan: &[u8]) -> bool {
    let (letters, rest) = pan.split_at_checked(5).unwrap_or_default();
    let (digits, letter) = rest.split_at_checked(4).unwrap_or_default();
    letters.iter().all(u8::is_ascii_uppercase)
        && letters.get(3).is_some_and(|kind| b"ABCFGHJKLPT".contains(kind))
        && digits.iter().all(u8::is_ascii_digit)
        && digits != b"0000"
        && letter.iter().all(u8::is_ascii_uppercase)
}
