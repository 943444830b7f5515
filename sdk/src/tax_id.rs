//! Tax numbers: form and checksum.
use crate::{Country, Error, Verdict};
/// Checks.
pub fn check(country: Country, _number: &str) -> Result<Verdict, Error> {
    Ok(Verdict::Invalid { country, reason: "not yet" })
}
/// Recognises.
pub fn recognise(country: Country, _number: &str) -> Verdict {
    Verdict::Invalid { country, reason: "not yet" }
}
