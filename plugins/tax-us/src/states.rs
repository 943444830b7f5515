//! The states, and from where each taxes a sale within it.

use purser_sdk::{Error, Place, Problem};

/// A state, or the District of Columbia.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Two letters, behind `US-`.
    pub(crate) part: &'static str,
    /// As jurisdictions and authorities are named.
    pub(crate) code: &'static str,
    /// FIPS 5-2, as the rate files name it.
    pub(crate) fips: &'static str,
    pub(crate) sourcing: Sourcing,
}

/// Where local taxes of a sale within the state are those of (taxcloud.com, origin-based and destination-based states).
/// A sale from outside is always taxed where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sourcing {
    /// Where it goes to.
    Destination,
    /// Where it comes from.
    Origin,
    /// County and city taxes where it comes from, district taxes where it goes to: California.
    Hybrid,
}

/// The state of `place`, or what must be written instead.
pub(crate) fn find(place: &Place) -> Result<&'static State, Error> {
    let unsupported = |text: String| Error::new(Problem::TaxCountryUnsupported, text);
    if place.country.code() != "US" {
        return Err(unsupported(format!("this plugin does not know taxes of {}", place.country)));
    }
    let Some(part) = &place.subdivision else {
        let text = "sales tax is the states': give the country with the state, like US-CA";
        return Err(unsupported(text.to_owned()));
    };
    of(part).ok_or_else(|| {
        unsupported(format!(
            "this plugin knows no state {part}: give the country like US-CA; territories have taxes of their own"
        ))
    })
}

/// The state of these letters.
pub(crate) fn of(part: &str) -> Option<&'static State> {
    STATES.iter().find(|state| state.part == part)
}

const fn state(part: &'static str, code: &'static str, fips: &'static str) -> State {
    State { part, code, fips, sourcing: Sourcing::Destination }
}

const fn origin(part: &'static str, code: &'static str, fips: &'static str) -> State {
    State { part, code, fips, sourcing: Sourcing::Origin }
}

#[rustfmt::skip]
pub(crate) static STATES: &[State] = &[
    state("AK", "US-AK", "02"), state("AL", "US-AL", "01"), state("AR", "US-AR", "05"), origin("AZ", "US-AZ", "04"),
    State { part: "CA", code: "US-CA", fips: "06", sourcing: Sourcing::Hybrid },
    state("CO", "US-CO", "08"), state("CT", "US-CT", "09"), state("DC", "US-DC", "11"), state("DE", "US-DE", "10"),
    state("FL", "US-FL", "12"), state("GA", "US-GA", "13"), state("HI", "US-HI", "15"), state("IA", "US-IA", "19"),
    state("ID", "US-ID", "16"), origin("IL", "US-IL", "17"), state("IN", "US-IN", "18"), state("KS", "US-KS", "20"),
    state("KY", "US-KY", "21"), state("LA", "US-LA", "22"), state("MA", "US-MA", "25"), state("MD", "US-MD", "24"),
    state("ME", "US-ME", "23"), state("MI", "US-MI", "26"), state("MN", "US-MN", "27"), origin("MO", "US-MO", "29"),
    origin("MS", "US-MS", "28"), state("MT", "US-MT", "30"), state("NC", "US-NC", "37"), state("ND", "US-ND", "38"),
    state("NE", "US-NE", "31"), state("NH", "US-NH", "33"), state("NJ", "US-NJ", "34"), state("NM", "US-NM", "35"),
    state("NV", "US-NV", "32"), state("NY", "US-NY", "36"), origin("OH", "US-OH", "39"), state("OK", "US-OK", "40"),
    state("OR", "US-OR", "41"), origin("PA", "US-PA", "42"), state("RI", "US-RI", "44"), state("SC", "US-SC", "45"),
    state("SD", "US-SD", "46"), origin("TN", "US-TN", "47"), origin("TX", "US-TX", "48"), origin("UT", "US-UT", "49"),
    origin("VA", "US-VA", "51"), state("VT", "US-VT", "50"), state("WA", "US-WA", "53"), state("WI", "US-WI", "55"),
    state("WV", "US-WV", "54"), state("WY", "US-WY", "56"),
];
