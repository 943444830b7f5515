//! Numbers whose letters carry meaning.

use super::{
    Checked, FORM,
    arithmetic::{checksum, complement, digits, form, luhn, number, weighted},
};

pub(super) fn cyprus(text: &[u8]) -> Checked {
    form(text.len() == 9 && !text.starts_with(b"12"))?;
    let (check, front) = text.split_last().ok_or(FORM)?;
    const ODD_PLACES: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let term = |(index, digit): (usize, &u32)| {
        let position = usize::try_from(*digit).unwrap_or(usize::MAX);
        if index % 2 == 0 { ODD_PLACES.get(position).copied() } else { Some(*digit) }
    };
    let sum = digits(front)?.iter().enumerate().map(term).sum::<Option<u32>>().ok_or(FORM)?;
    checksum(letter(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", u64::from(sum % 26)) == Some(*check))
}

/// Residents have digits and a letter; foreigners X, Y or Z in front; some people K, L or M; the
/// rest are organisations by kind, whose check is a digit or a letter.
pub(super) fn spain(text: &[u8]) -> Checked {
    form(text.len() == 9)?;
    let (&[kind, ref middle @ ..], &check) =
        text.split_last().map(|(last, front)| (front, last)).ok_or(FORM)?
    else {
        return Err(FORM);
    };
    let middle = digits(middle)?;
    let person = |lead: u32| {
        let value = u64::from(lead).saturating_mul(10_000_000).saturating_add(number(&middle));
        checksum(letter(b"TRWAGMYFPDXBNJZSQVHLCKE", value % 23) == Some(check))
    };
    match kind {
        b'0'..=b'9' => person(u32::from(kind.saturating_sub(b'0'))),
        b'K' | b'L' | b'M' | b'X' => person(0),
        b'Y' => person(1),
        b'Z' => person(2),
        b'A'..=b'H' | b'J' | b'N' | b'P'..=b'S' | b'U'..=b'W' => {
            let shifted: Vec<u32> = middle.iter().copied().chain([0]).collect();
            let digit = complement(luhn(&shifted, 10), 10);
            let as_digit = char::from_digit(digit, 10).is_some_and(|it| it == char::from(check));
            let as_letter = letter(b"JABCDEFGHI", u64::from(digit)) == Some(check);
            checksum(as_digit || as_letter)
        }
        _ => Err(FORM),
    }
}

/// Seven digits and one or two letters; before 2013 also a digit, a letter or sign, and five digits.
pub(super) fn ireland(text: &[u8]) -> Checked {
    form(matches!(text.len(), 8 | 9))?;
    let (front, end) = text.split_at_checked(7).ok_or(FORM)?;
    let &[check, ref suffix @ ..] = end else { return Err(FORM) };
    if let Ok(front) = digits(front) {
        let suffix = match suffix {
            [] => 0,
            [letter] => irish_value(*letter)?,
            _ => return Err(FORM),
        };
        let sum = weighted(&front, &[8, 7, 6, 5, 4, 3, 2]);
        return irish_check(sum.saturating_add(suffix.saturating_mul(9)), check);
    }
    let &[first, sign, ref middle @ ..] = front else { return Err(FORM) };
    form(sign.is_ascii_uppercase() || matches!(sign, b'+' | b'*'))?;
    form(suffix.iter().all(|letter| irish_value(*letter).is_ok()))?;
    let moved: Vec<u8> = middle.iter().copied().chain([first]).collect();
    irish_check(weighted(&digits(&moved)?, &[7, 6, 5, 4, 3, 2]), check)
}

const IRISH: &[u8] = b"WABCDEFGHIJKLMNOPQRSTUV";

fn irish_value(letter: u8) -> Result<u32, &'static str> {
    let position = IRISH.iter().position(|it| *it == letter);
    position.and_then(|position| u32::try_from(position).ok()).ok_or(FORM)
}

fn irish_check(sum: u32, check: u8) -> Checked {
    checksum(letter(IRISH, u64::from(sum % 23)) == Some(check))
}

/// Nine digits, twelve for a branch; departments (GD) and health authorities (HA) have three, and another
/// form within the Union.
pub(super) fn united_kingdom(text: &[u8]) -> Checked {
    match text {
        [b'G', b'D', b'8', b'8', b'8', b'8', rest @ ..]
        | [b'H', b'A', b'8', b'8', b'8', b'8', rest @ ..]
            if rest.len() == 5 =>
        {
            let (body, check) = rest.split_at_checked(3).ok_or(FORM)?;
            public_body(text, body)?;
            checksum(number(&digits(body)?) % 97 == number(&digits(check)?))
        }
        [b'G', b'D', body @ ..] | [b'H', b'A', body @ ..] if body.len() == 3 => {
            public_body(text, body)
        }
        _ => {
            form(matches!(text.len(), 9 | 12))?;
            let digits = digits(text)?;
            let rest = weighted(&digits, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
            // Since 2009 a number that begins with 100 or more may also be off by 55 (42 to 97).
            let since_2009 = number(digits.get(..3).unwrap_or_default()) >= 100;
            checksum(rest == 0 || (since_2009 && matches!(rest, 42 | 55)))
        }
    }
}

fn public_body(text: &[u8], body: &[u8]) -> Checked {
    let department = text.starts_with(b"GD");
    form((number(&digits(body)?) < 500) == department)
}

fn letter(alphabet: &[u8], position: u64) -> Option<u8> {
    alphabet.get(usize::try_from(position).ok()?).copied()
}
