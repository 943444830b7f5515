//! Numbers of Canada and the United States.

use super::{
    Checked, FORM,
    arithmetic::{checksum, complement, digits, digits_of, form, luhn, weighted},
};

/// The Canada Revenue Agency's business number, alone or with one of its accounts (`123026635RT0001`, where RT is
/// GST/HST), or Quebec's registration for its sales tax (`1224002901TQ0001`, or `NR` and eight digits of a seller
/// from outside who registered without an establishment there).
pub(super) fn canada(text: &[u8]) -> Checked {
    match text.len() {
        10 => digits_of(text.strip_prefix(b"NR").ok_or(FORM)?, 8).map(drop),
        9 => business_number(text),
        15 => {
            let (number, account) = text.split_at_checked(9).ok_or(FORM)?;
            let (program, reference) = account.split_at_checked(2).ok_or(FORM)?;
            form(matches!(program, b"RC" | b"RM" | b"RP" | b"RT"))?;
            digits(reference)?;
            business_number(number)
        }
        16 => {
            let (number, account) = text.split_at_checked(10).ok_or(FORM)?;
            digits_of(account.strip_prefix(b"TQ").ok_or(FORM)?, 4)?;
            quebec(number)
        }
        _ => Err(FORM),
    }
}

fn business_number(text: &[u8]) -> Checked {
    checksum(luhn(&digits_of(text, 9)?, 10) == 0)
}

/// Modulo eleven, where a check of ten is written 0 and one of eleven 1. The rule is that of Revenu Québec's numbers
/// that are published: 1227494057 (lookuptax.com), 1224002901 (stdnum-js), and others.
fn quebec(text: &[u8]) -> Checked {
    let digits = digits_of(text, 10)?;
    let sum = weighted(&digits, &[4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let expected = match (complement(sum, 11), sum % 11) {
        (_, 0) => 1,
        (10, _) => 0,
        (check, _) => check,
    };
    checksum(digits.last() == Some(&expected))
}

/// Prefixes of employer identification numbers (irs.gov, "How EINs are assigned and valid EIN prefixes").
#[rustfmt::skip]
const PREFIXES: &[u32] = &[
    1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 25, 26, 27, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
    42, 43, 44, 45, 46, 47, 48, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 71, 72, 73, 74, 75,
    76, 77, 80, 81, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 95, 98, 99,
];

/// Nine digits that begin with a prefix in use; there is no check digit.
pub(super) fn united_states(text: &[u8]) -> Checked {
    let digits = digits_of(text, 9)?;
    let &[tens, ones, ..] = digits.as_slice() else { return Err(FORM) };
    let prefix = tens.saturating_mul(10).saturating_add(ones);
    if PREFIXES.contains(&prefix) { Ok(()) } else { Err("its first two digits are not in use") }
}
