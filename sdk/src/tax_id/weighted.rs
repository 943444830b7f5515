//! Numbers that one weighted sum, or one remainder, checks.

use super::{
    Checked,
    arithmetic::{checksum, complement, digits, digits_of, form, last, number, weighted},
};

/// All digits weighted, and the sum is a multiple of the modulus.
fn sums_to_multiple(text: &[u8], weights: &[u32], modulus: u32) -> Checked {
    let digits = digits_of(text, weights.len())?;
    checksum(weighted(&digits, weights).is_multiple_of(modulus))
}

fn no_leading_zero(text: &[u8]) -> Checked {
    form(text.first().is_some_and(|first| *first != b'0'))
}

pub(super) fn belgium(text: &[u8]) -> Checked {
    let digits = digits_of(text, 10)?;
    form(matches!(digits.first(), Some(0 | 1)) && number(&digits) > 0)?;
    let (front, check) = digits.split_at_checked(8).unwrap_or_default();
    checksum(number(front).saturating_add(number(check)).is_multiple_of(97))
}

pub(super) fn denmark(text: &[u8]) -> Checked {
    no_leading_zero(text)?;
    sums_to_multiple(text, &[2, 7, 6, 5, 4, 3, 2, 1], 11)
}

pub(super) fn estonia(text: &[u8]) -> Checked {
    sums_to_multiple(text, &[3, 7, 1, 3, 7, 1, 3, 7, 1], 10)
}

pub(super) fn finland(text: &[u8]) -> Checked {
    sums_to_multiple(text, &[7, 9, 10, 5, 8, 4, 2, 1], 11)
}

pub(super) fn greece(text: &[u8]) -> Checked {
    let digits = digits_of(text, 9)?;
    let (check, rest) = last(&digits)?;
    checksum(weighted(rest, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == check)
}

pub(super) fn hungary(text: &[u8]) -> Checked {
    sums_to_multiple(text, &[9, 7, 3, 1, 9, 7, 3, 1], 10)
}

/// Nine digits for companies, twelve for the newly registered and for people.
pub(super) fn lithuania(text: &[u8]) -> Checked {
    let digits = digits(text)?;
    form(matches!(digits.len(), 9 | 12))?;
    let (check, rest) = last(&digits)?;
    form(rest.last() == Some(&1))?;
    const FIRST: [u32; 11] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2];
    const SECOND: [u32; 11] = [3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4];
    let expected = match weighted(rest, &FIRST) % 11 {
        10 => weighted(rest, &SECOND) % 11 % 10,
        expected => expected,
    };
    checksum(expected == check)
}

pub(super) fn luxembourg(text: &[u8]) -> Checked {
    let digits = digits_of(text, 8)?;
    let (front, check) = digits.split_at_checked(6).unwrap_or_default();
    checksum(number(front) % 89 == number(check))
}

pub(super) fn malta(text: &[u8]) -> Checked {
    no_leading_zero(text)?;
    sums_to_multiple(text, &[3, 4, 6, 7, 8, 9, 10, 1], 37)
}

pub(super) fn poland(text: &[u8]) -> Checked {
    // The check digit counts ten, which is minus one modulo eleven.
    sums_to_multiple(text, &[6, 5, 7, 2, 3, 4, 5, 6, 7, 10], 11)
}

pub(super) fn portugal(text: &[u8]) -> Checked {
    no_leading_zero(text)?;
    let digits = digits_of(text, 9)?;
    let (check, rest) = last(&digits)?;
    checksum(complement(weighted(rest, &[9, 8, 7, 6, 5, 4, 3, 2]), 11) % 10 == check)
}

pub(super) fn slovenia(text: &[u8]) -> Checked {
    no_leading_zero(text)?;
    let digits = digits_of(text, 8)?;
    let (check, rest) = last(&digits)?;
    let rest = weighted(rest, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    // A remainder of zero would need two check digits: such numbers are not issued.
    checksum(rest != 0 && 11_u32.saturating_sub(rest) % 10 == check)
}

/// The UID's nine digits; a number for tax ends with the name of the tax in one of the languages.
pub(super) fn switzerland(text: &[u8]) -> Checked {
    let (uid, tax) = text.split_at_checked(9).ok_or(super::FORM)?;
    form(matches!(tax, b"" | b"MWST" | b"TVA" | b"IVA" | b"TPV"))?;
    let digits = digits(uid)?;
    let (check, rest) = last(&digits)?;
    checksum(complement(weighted(rest, &[5, 4, 3, 2, 7, 6, 5, 4]), 11) == check)
}

/// The register's nine digits; only what ends with the tax's name is registered for it.
pub(super) fn norway(text: &[u8]) -> Checked {
    let register = text.strip_suffix(b"MVA").ok_or("it does not end with MVA")?;
    sums_to_multiple(register, &[3, 2, 7, 6, 5, 4, 3, 2, 1], 11)
}

/// The corporate number behind the `T` of a qualified invoice issuer.
pub(super) fn japan(text: &[u8]) -> Checked {
    let digits = digits_of(text, 13)?;
    let (check, rest) = digits.split_first().ok_or(super::FORM)?;
    let sum = weighted(rest, &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]);
    checksum(9_u32.saturating_sub(sum % 9) == *check)
}

/// Five or six digits without a check among them.
pub(super) fn iceland(text: &[u8]) -> Checked {
    form(matches!(digits(text)?.len(), 5 | 6))
}

/// The Australian Business Number: the first digit less one, and the sum is a multiple of 89.
pub(super) fn australia(text: &[u8]) -> Checked {
    no_leading_zero(text)?;
    let mut digits = digits_of(text, 11)?;
    if let Some(first) = digits.first_mut() {
        *first = first.saturating_sub(1);
    }
    let sum = weighted(&digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    checksum(sum.is_multiple_of(89))
}

/// The IRD number, which is also that of GST: a base of seven or eight digits and a check digit; where the first
/// weights would need a ten, the second ones decide.
pub(super) fn new_zealand(text: &[u8]) -> Checked {
    form(matches!(text.len(), 8 | 9))?;
    let digits = digits(text)?;
    // The range that Inland Revenue has given out, or soon will (RWT and NRWT specification, 2020).
    form((10_000_001..150_000_000).contains(&number(&digits)))?;
    let (check, base) = last(&digits)?;
    let base: Vec<u32> = if base.len() == 7 { [&[0], base].concat() } else { base.to_vec() };
    let expected = match complement(weighted(&base, &[3, 2, 7, 6, 5, 4, 3, 2]), 11) {
        10 => complement(weighted(&base, &[7, 4, 3, 2, 5, 2, 7, 6]), 11),
        expected => expected,
    };
    checksum(expected == check)
}

/// The business registration number: tax office, kind of business, serial and check digit.
pub(super) fn korea(text: &[u8]) -> Checked {
    let digits = digits_of(text, 10)?;
    let (front, rest) = digits.split_at_checked(5).unwrap_or_default();
    form(number(front) / 100 >= 101 && !number(front).is_multiple_of(100) && number(rest) >= 10)?;
    let (check, base) = last(&digits)?;
    // The ninth digit counts five times, and the tens of that product once more.
    let tens = base.last().map_or(0, |ninth| ninth.saturating_mul(5) / 10);
    let sum = weighted(base, &[1, 3, 7, 1, 3, 7, 1, 3, 5]).saturating_add(tens);
    checksum(complement(sum, 10) == check)
}
