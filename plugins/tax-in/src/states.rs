//! The states and union territories, as ISO 3166-2 and as tax numbers write them.

use purser_sdk::{Error, Place, Problem};

/// A state or union territory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Behind `IN-`: the code in force, then those that it had before.
    parts: &'static [&'static str],
    /// As jurisdictions and authorities are named.
    pub(crate) code: &'static str,
    /// The first two digits of tax numbers there: those in force, then those of merged territories.
    numbers: &'static [&'static str],
    /// The local half of the tax on sales within it.
    pub(crate) local: &'static str,
}

/// The state that `place` names; none where it names only the country.
pub(crate) fn find(place: &Place) -> Result<Option<&'static State>, Error> {
    let unsupported = |text: String| Error::new(Problem::TaxCountryUnsupported, text);
    if place.country.code() != "IN" {
        return Err(unsupported(format!("this plugin does not know taxes of {}", place.country)));
    }
    let Some(part) = &place.subdivision else { return Ok(None) };
    let found = STATES.iter().find(|state| state.parts.contains(&part.as_str()));
    found.map(Some).ok_or_else(|| {
        unsupported(format!(
            "India has no state {part}: give the country like IN-MH, as ISO 3166-2 has it"
        ))
    })
}

/// The state that a tax number is of. What is at sea (97) is in none.
pub(crate) fn of_number(number: &str) -> Option<&'static State> {
    STATES.iter().find(|state| state.numbers.iter().any(|digits| number.starts_with(digits)))
}

/// A state with a legislature, whose half is SGST.
const fn state(
    parts: &'static [&'static str],
    code: &'static str,
    numbers: &'static [&'static str],
) -> State {
    State { parts, code, numbers, local: "SGST" }
}

/// A union territory without one, whose half is UTGST (Union Territory Goods and Services Tax Act s 2(8)).
const fn territory(
    parts: &'static [&'static str],
    code: &'static str,
    numbers: &'static [&'static str],
) -> State {
    State { parts, code, numbers, local: "UTGST" }
}

#[rustfmt::skip]
pub(crate) static STATES: &[State] = &[
    territory(&["AN"], "IN-AN", &["35"]),
    state(&["AP"], "IN-AP", &["37", "28"]),
    state(&["AR"], "IN-AR", &["12"]),
    state(&["AS"], "IN-AS", &["18"]),
    state(&["BR"], "IN-BR", &["10"]),
    state(&["CG", "CT"], "IN-CG", &["22"]),
    territory(&["CH"], "IN-CH", &["04"]),
    territory(&["DH", "DD", "DN"], "IN-DH", &["26", "25"]),
    state(&["DL"], "IN-DL", &["07"]),
    state(&["GA"], "IN-GA", &["30"]),
    state(&["GJ"], "IN-GJ", &["24"]),
    state(&["HP"], "IN-HP", &["02"]),
    state(&["HR"], "IN-HR", &["06"]),
    state(&["JH"], "IN-JH", &["20"]),
    state(&["JK"], "IN-JK", &["01"]),
    state(&["KA"], "IN-KA", &["29"]),
    state(&["KL"], "IN-KL", &["32"]),
    territory(&["LA"], "IN-LA", &["38"]),
    territory(&["LD"], "IN-LD", &["31"]),
    state(&["MH"], "IN-MH", &["27"]),
    state(&["ML"], "IN-ML", &["17"]),
    state(&["MN"], "IN-MN", &["14"]),
    state(&["MP"], "IN-MP", &["23"]),
    state(&["MZ"], "IN-MZ", &["15"]),
    state(&["NL"], "IN-NL", &["13"]),
    state(&["OD", "OR"], "IN-OD", &["21"]),
    state(&["PB"], "IN-PB", &["03"]),
    state(&["PY"], "IN-PY", &["34"]),
    state(&["RJ"], "IN-RJ", &["08"]),
    state(&["SK"], "IN-SK", &["11"]),
    state(&["TN"], "IN-TN", &["33"]),
    state(&["TR"], "IN-TR", &["16"]),
    state(&["TS", "TG"], "IN-TS", &["36"]),
    state(&["UK", "UT"], "IN-UK", &["05"]),
    state(&["UP"], "IN-UP", &["09"]),
    state(&["WB"], "IN-WB", &["19"]),
];
