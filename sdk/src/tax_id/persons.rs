//! Countries where people use their personal number for tax, beside what companies have.

use super::{
    Checked,
    arithmetic::{checksum, complement, digits, digits_of, form, last, number, weighted},
};
use crate::Date;

/// Whether the day exists.
fn is_day(year: u64, month: u64, day: u64) -> bool {
    let (Ok(year), Ok(month), Ok(day)) =
        (i16::try_from(year), i8::try_from(month), i8::try_from(day))
    else {
        return false;
    };
    Date::new(year, month, day).is_ok()
}

/// The three two-digit numbers at the start.
fn pairs(digits: &[u32]) -> (u64, u64, u64) {
    let pair = |from: usize| {
        number(digits.iter().skip(from).take(2).copied().collect::<Vec<_>>().as_slice())
    };
    (pair(0), pair(2), pair(4))
}

pub(super) fn bulgaria(text: &[u8]) -> Checked {
    let digits = digits(text)?;
    match digits.len() {
        9 => bulgarian_company(&digits),
        10 => {
            let (check, rest) = last(&digits)?;
            let foreigner = weighted(rest, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == check;
            let other = complement(weighted(rest, &[4, 3, 2, 7, 6, 5, 4, 3, 2]), 11) == check;
            checksum(bulgarian_person(rest, check) || foreigner || other)
        }
        _ => form(false),
    }
}

fn bulgarian_company(digits: &[u32]) -> Checked {
    let (check, rest) = last(digits)?;
    let expected = match weighted(rest, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
        10 => weighted(rest, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10,
        expected => expected,
    };
    checksum(expected == check)
}

/// The month tells the century: 20 is added for the 19th, 40 for the 21st.
fn bulgarian_person(rest: &[u32], check: u32) -> bool {
    let (year, month, day) = pairs(rest);
    let (century, month) = match month {
        41.. => (2000, month.saturating_sub(40)),
        21..=40 => (1800, month.saturating_sub(20)),
        _ => (1900, month),
    };
    is_day(year.saturating_add(century), month, day)
        && weighted(rest, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == check
}

pub(super) fn czechia(text: &[u8]) -> Checked {
    let digits = digits(text)?;
    match (digits.len(), digits.first()) {
        (8, Some(9)) => form(false),
        (8, _) => {
            let (check, rest) = last(&digits)?;
            let expected = match complement(weighted(rest, &[8, 7, 6, 5, 4, 3, 2]), 11) {
                0 => 1,
                expected => expected % 10,
            };
            checksum(expected == check)
        }
        (9, Some(6)) => {
            let (check, rest) = last(&digits)?;
            let rest = rest.get(1..).unwrap_or_default();
            let rest = weighted(rest, &[8, 7, 6, 5, 4, 3, 2]) % 11;
            // Published as a table; this is the line it lies on.
            let step = 21_u32.saturating_sub(rest) % 11;
            checksum(18_u32.saturating_sub(step) % 10 == check)
        }
        (9 | 10, _) => birth_number(&digits),
        _ => form(false),
    }
}

/// The birth number that Czechia and Slovakia share: 50 is added to a woman's month, and
/// since 2004 another 20 where the day's numbers are used up. Nine digits until 1953.
fn birth_number(digits: &[u32]) -> Checked {
    let (year, month, day) = pairs(digits);
    let month = month % 50 % 20;
    let year = year.saturating_add(1900);
    if digits.len() == 9 {
        let year = if year >= 1980 { year.saturating_sub(100) } else { year };
        return form(year <= 1953 && is_day(year, month, day));
    }
    let year = if year < 1954 { year.saturating_add(100) } else { year };
    form(is_day(year, month, day))?;
    let (check, rest) = last(digits)?;
    checksum(number(rest) % 11 % 10 == u64::from(check))
}

pub(super) fn slovakia(text: &[u8]) -> Checked {
    let digits = digits_of(text, 10)?;
    if birth_number(&digits).is_ok() {
        return Ok(());
    }
    form(digits.first() != Some(&0) && matches!(digits.get(2), Some(2 | 3 | 4 | 7 | 8 | 9)))?;
    checksum(number(&digits).is_multiple_of(11))
}

pub(super) fn latvia(text: &[u8]) -> Checked {
    let digits = digits_of(text, 11)?;
    if digits.first().is_some_and(|first| *first > 3) {
        return checksum(weighted(&digits, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3);
    }
    // Since July 2017 a person's number begins with 32 and holds no day of birth.
    if !digits.starts_with(&[3, 2]) {
        let (day, month, year) = pairs(&digits);
        let century = digits.get(6).map_or(0, |century| u64::from(*century).saturating_mul(100));
        form(is_day(year.saturating_add(1800).saturating_add(century), month, day))?;
    }
    let (check, rest) = last(&digits)?;
    let sum = weighted(rest, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
    checksum(sum.saturating_add(1) % 11 % 10 == check)
}

pub(super) fn romania(text: &[u8]) -> Checked {
    let digits = digits(text)?;
    form(digits.first() != Some(&0))?;
    match digits.len() {
        2..=10 => {
            let (check, rest) = last(&digits)?;
            let weights = [7, 5, 3, 2, 1, 7, 5, 3, 2];
            let weights = weights.get(9_usize.saturating_sub(rest.len())..).unwrap_or_default();
            checksum(weighted(rest, weights).saturating_mul(10) % 11 % 10 == check)
        }
        13 => romanian_person(&digits),
        _ => form(false),
    }
}

fn romanian_person(digits: &[u32]) -> Checked {
    let century = match digits.first() {
        Some(3 | 4) => 1800,
        Some(5 | 6) => 2000,
        _ => 1900,
    };
    let (year, month, day) = pairs(digits.get(1..).unwrap_or_default());
    let county = number(digits.get(7..9).unwrap_or_default());
    form(matches!(county, 1..=48 | 51 | 52 | 70 | 80..=83))?;
    form(is_day(year.saturating_add(century), month, day))?;
    let (check, rest) = last(digits)?;
    let expected = match weighted(rest, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
        10 => 1,
        expected => expected,
    };
    checksum(expected == check)
}
