//! What the rules have in common.

use super::{CHECKSUM, Checked, FORM};

/// The digits of a text that has nothing else.
pub(super) fn digits(text: &[u8]) -> Result<Vec<u32>, &'static str> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u32::from(byte.saturating_sub(b'0')));
    text.iter().map(digit).collect::<Option<_>>().ok_or(FORM)
}

/// The digits of a text that has nothing else and is `len` long.
pub(super) fn digits_of(text: &[u8], len: usize) -> Result<Vec<u32>, &'static str> {
    form(text.len() == len)?;
    digits(text)
}

/// The number that digits spell; the longest there are have 13.
pub(super) fn number(digits: &[u32]) -> u64 {
    let append =
        |so_far: u64, digit: &u32| so_far.saturating_mul(10).saturating_add(u64::from(*digit));
    digits.iter().fold(0, append)
}

/// Each digit times its weight, summed; digits beyond the weights do not count.
pub(super) fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    let product = |(digit, weight): (&u32, &u32)| digit.saturating_mul(*weight);
    digits.iter().zip(weights).map(product).sum()
}

/// The last digit, and those before it.
pub(super) fn last(digits: &[u32]) -> Result<(u32, &[u32]), &'static str> {
    digits.split_last().map(|(last, rest)| (*last, rest)).ok_or(FORM)
}

/// Fails as a wrong form unless `holds`.
pub(super) fn form(holds: bool) -> Checked {
    if holds { Ok(()) } else { Err(FORM) }
}

/// Fails as a wrong checksum unless `holds`.
pub(super) fn checksum(holds: bool) -> Checked {
    if holds { Ok(()) } else { Err(CHECKSUM) }
}

/// What is left of `value` to the next multiple of `modulus`.
pub(super) fn complement(value: u32, modulus: u32) -> u32 {
    modulus.saturating_sub(value % modulus) % modulus
}

/// The sum of Luhn's check in base `base`: zero modulo the base for a right number.
pub(super) fn luhn(values: &[u32], base: u32) -> u32 {
    let term = |(index, value): (usize, &u32)| {
        let twice = value.saturating_mul(2);
        if index % 2 == 0 { *value } else { (twice / base).saturating_add(twice % base) }
    };
    values.iter().rev().enumerate().map(term).sum::<u32>() % base
}

/// ISO 7064 MOD 11,10 over digits that end with the check digit.
pub(super) fn mod_11_10(digits: &[u32]) -> bool {
    let step = |check: u32, digit: &u32| {
        let check = if check == 0 { 10 } else { check };
        (check.saturating_mul(2) % 11).saturating_add(*digit) % 10
    };
    digits.iter().fold(5, step) == 1
}

/// ISO 7064 MOD 97-10 over letters and digits, a letter counting 10 to 35.
pub(super) fn mod_97_10(text: &[u8]) -> bool {
    let step = |check: u32, byte: &u8| {
        let value = u32::from(match byte {
            b'0'..=b'9' => byte.saturating_sub(b'0'),
            _ => byte.saturating_sub(b'A').saturating_add(10),
        });
        let shift = if value > 9 { 100 } else { 10 };
        check.saturating_mul(shift).saturating_add(value) % 97
    };
    text.iter().fold(0, step) == 1
}
