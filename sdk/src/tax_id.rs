//! Tax numbers: form and checksum, without asking anybody.
//!
//! A number that passes can exist; whether it does, only its authority knows (VIES, HMRC, the UID register).
//! The rules are those of the authorities as collected, with examples, in
//! [python-stdnum](https://arthurdejong.org/python-stdnum/), against which they were compared.

use crate::{Country, Error, Problem, Verdict};

mod alphanumeric;
mod americas;
mod arithmetic;
mod persons;
mod standards;
mod weighted;

/// Longer than any number with all its separators.
const LEN_MAX: usize = 40;

const FORM: &str = "it has the wrong length or wrong characters";
const CHECKSUM: &str = "its check digits do not fit the rest";

/// What a rule says of a number without prefix and separators.
type Checked = Result<(), &'static str>;

/// How the numbers of a country are recognised.
struct Scheme {
    /// ISO 3166-1, but for Northern Ireland's `XI`.
    country: Country,
    /// What the authority writes in front: not always the country's code.
    prefix: &'static str,
    /// Digits of an older and shorter form, to which a zero is put in front.
    padded_len: usize,
    rule: fn(&[u8]) -> Checked,
}

/// Whether `number` can be a tax number of `country`. It may have its prefix and separators.
/// An error if this release does not know the numbers of that country.
pub fn check(country: Country, number: &str) -> Result<Verdict, Error> {
    let scheme = scheme(country).ok_or_else(|| {
        let text = format!("this release does not know the tax numbers of {country}");
        Error::new(Problem::TaxCountryUnsupported, text).at("country")
    })?;
    Ok(scheme.judge(number))
}

/// Whether `number` can be a tax number: of `country`, or else of the country that its prefix names.
pub fn recognise(country: Country, number: &str) -> Verdict {
    let own = scheme(country).map(|scheme| scheme.judge(number));
    if let Some(verdict @ Verdict::Valid { .. }) = own {
        return verdict;
    }
    let cleaned = clean(number).unwrap_or_default();
    // One letter in front names no country: half of all numbers begin with some letter.
    let begins = |prefix: &str| prefix.len() > 1 && cleaned.starts_with(prefix.as_bytes());
    let named =
        SCHEMES.iter().find(|scheme| begins(scheme.prefix) || begins(scheme.country.code()));
    match (named, own) {
        (Some(scheme), _) => scheme.judge(number),
        (None, Some(verdict)) => verdict,
        (None, None) => Verdict::Invalid { country, reason: "its country's numbers are not known" },
    }
}

fn scheme(country: Country) -> Option<&'static Scheme> {
    SCHEMES.iter().find(|scheme| scheme.country == country)
}

impl Scheme {
    fn judge(&self, number: &str) -> Verdict {
        match self.normalize(number) {
            Ok(normalized) => Verdict::Valid { country: self.country, normalized },
            Err(reason) => Verdict::Invalid { country: self.country, reason },
        }
    }

    fn normalize(&self, number: &str) -> Result<String, &'static str> {
        let cleaned = clean(number).ok_or(FORM)?;
        let body = self.without_prefix(&cleaned);
        let padded;
        let body = if body.len().saturating_add(1) == self.padded_len {
            padded = [b"0", body].concat();
            padded.as_slice()
        } else {
            body
        };
        (self.rule)(body)?;
        let body = std::str::from_utf8(body).map_err(|_| FORM)?;
        Ok(format!("{}{body}", self.prefix))
    }

    /// The prefix may be the authority's or the country's code (`EL` or `GR`).
    fn without_prefix<'a>(&self, cleaned: &'a [u8]) -> &'a [u8] {
        let own = cleaned.strip_prefix(self.prefix.as_bytes()).filter(|_| !self.prefix.is_empty());
        // A bare number that happens to begin with the two letters is still recognised by its rule.
        own.or_else(|| cleaned.strip_prefix(self.country.code().as_bytes()))
            .filter(|rest| (self.rule)(cleaned).is_err() || (self.rule)(rest).is_ok())
            .unwrap_or(cleaned)
    }
}

/// Capital letters, digits and the two signs of old Irish numbers; separators are dropped.
fn clean(number: &str) -> Option<Vec<u8>> {
    if number.len() > LEN_MAX {
        return None;
    }
    let mut cleaned = Vec::with_capacity(number.len());
    for byte in number.bytes() {
        match byte.to_ascii_uppercase() {
            b' ' | b'-' | b'.' | b'/' | b':' | b',' => {}
            byte @ (b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'*') => cleaned.push(byte),
            _ => return None,
        }
    }
    Some(cleaned)
}

const fn scheme_of(
    country: &[u8; 2],
    prefix: &'static str,
    padded_len: usize,
    rule: fn(&[u8]) -> Checked,
) -> Scheme {
    Scheme { country: Country::literal(country), prefix, padded_len, rule }
}

/// The European Union, then its neighbours, then others. Prefixes are unique, and none begins another.
#[rustfmt::skip]
static SCHEMES: &[Scheme] = &[
    scheme_of(b"AT", "AT", 0, standards::austria),
    scheme_of(b"BE", "BE", 10, weighted::belgium),
    scheme_of(b"BG", "BG", 0, persons::bulgaria),
    scheme_of(b"CY", "CY", 0, alphanumeric::cyprus),
    scheme_of(b"CZ", "CZ", 0, persons::czechia),
    scheme_of(b"DE", "DE", 0, standards::germany),
    scheme_of(b"DK", "DK", 0, weighted::denmark),
    scheme_of(b"EE", "EE", 0, weighted::estonia),
    scheme_of(b"GR", "EL", 9, weighted::greece),
    scheme_of(b"ES", "ES", 0, alphanumeric::spain),
    scheme_of(b"FI", "FI", 0, weighted::finland),
    scheme_of(b"FR", "FR", 0, standards::france),
    scheme_of(b"HR", "HR", 0, standards::croatia),
    scheme_of(b"HU", "HU", 0, weighted::hungary),
    scheme_of(b"IE", "IE", 0, alphanumeric::ireland),
    scheme_of(b"IT", "IT", 0, standards::italy),
    scheme_of(b"LT", "LT", 0, weighted::lithuania),
    scheme_of(b"LU", "LU", 0, weighted::luxembourg),
    scheme_of(b"LV", "LV", 0, persons::latvia),
    scheme_of(b"MT", "MT", 0, weighted::malta),
    scheme_of(b"NL", "NL", 0, standards::netherlands),
    scheme_of(b"PL", "PL", 0, weighted::poland),
    scheme_of(b"PT", "PT", 0, weighted::portugal),
    scheme_of(b"RO", "RO", 0, persons::romania),
    scheme_of(b"SE", "SE", 0, standards::sweden),
    scheme_of(b"SI", "SI", 0, weighted::slovenia),
    scheme_of(b"SK", "SK", 0, persons::slovakia),
    scheme_of(b"XI", "XI", 0, alphanumeric::united_kingdom),
    scheme_of(b"GB", "GB", 0, alphanumeric::united_kingdom),
    scheme_of(b"CH", "CHE", 0, weighted::switzerland),
    scheme_of(b"NO", "NO", 0, weighted::norway),
    scheme_of(b"CA", "", 0, americas::canada),
    scheme_of(b"IN", "", 0, standards::india),
    scheme_of(b"JP", "T", 0, weighted::japan),
    scheme_of(b"IS", "IS", 0, weighted::iceland),
    scheme_of(b"AU", "", 0, weighted::australia),
    scheme_of(b"NZ", "", 0, weighted::new_zealand),
    scheme_of(b"KR", "", 0, weighted::korea),
    scheme_of(b"US", "", 0, americas::united_states),
];
