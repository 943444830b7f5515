//! Tax numbers, as the table says that they look.

use purser_sdk::{Country, Error, Sale};

use crate::table::{Pattern, Territory};

/// More than any number has with its separators.
const LEN_MAX: usize = 40;

/// Whether the buyer is a business of this territory, by its number. One that is of no country is refused.
pub(crate) fn is_business(sale: &Sale, territory: &Territory) -> Result<bool, Error> {
    let Some(number) = &sale.buyer_tax_id else { return Ok(false) };
    let own: Country = territory.place.0.country;
    if sale.buyer.country == own && matches_any(number, own, &territory.tax_ids) {
        return Ok(true);
    }
    // With patterns, a number is one of them or another country's, whose checksum is known.
    let issued = sale.buyer_number()?;
    Ok(territory.tax_ids.is_empty() && issued == Some(own))
}

fn matches_any(number: &str, country: Country, patterns: &[Pattern]) -> bool {
    let Some(cleaned) = clean(number) else { return false };
    let bare = cleaned.strip_prefix(country.code());
    patterns.iter().any(|pattern| {
        matches(&cleaned, &pattern.0) || bare.is_some_and(|bare| matches(bare, &pattern.0))
    })
}

/// Capital letters and digits; separators are dropped.
fn clean(number: &str) -> Option<String> {
    if number.len() > LEN_MAX {
        return None;
    }
    let kept = number.chars().filter(|it| !matches!(it, ' ' | '-' | '.' | '/'));
    let kept: String = kept.map(|it| it.to_ascii_uppercase()).collect();
    kept.chars().all(|it| it.is_ascii_alphanumeric()).then_some(kept)
}

fn matches(number: &str, pattern: &str) -> bool {
    let fits = |(char, wanted): (u8, u8)| match wanted {
        b'9' => char.is_ascii_digit(),
        b'A' => char.is_ascii_uppercase(),
        b'*' => char.is_ascii_alphanumeric(),
        _ => char == wanted,
    };
    number.len() == pattern.len() && number.bytes().zip(pattern.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_digits_letters_and_itself() {
        let check = |number: &str, pattern: &str, expected| {
            let patterns = [Pattern(pattern.to_owned())];
            let found = matches_any(number, Country::literal(b"SG"), &patterns);
            assert_eq!(found, expected, "{number} {pattern}");
        };
        check("M9-1234567-X", "M99999999A", true);
        check("m91234567x", "M99999999A", true);
        check("SG M9-1234567-X", "M99999999A", true);
        check("M9-123456-X", "M99999999A", false);
        check("M9-1234567-5", "M99999999A", false);
        check("M9-1234567-5", "M99999999*", true);
        check("", "999", false);
        check("\u{661}23", "999", false);
    }
}
