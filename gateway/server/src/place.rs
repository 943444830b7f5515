//! Where somebody sells or consumes, as clients write it.

use purser_core::place::Place;

use crate::problem::Problem;

/// The officially assigned codes of ISO 3166-1 alpha-2: 249 countries and territories.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Kosovo, which ISO has no code for, to its neighbours and their posts.
const KOSOVO: &str = "XK";

/// Reads `DE` or `US-CA` from a field.
pub fn place(text: &str, field: &str) -> Result<Place, Problem> {
    let place = Place::parse(text).ok().filter(|place| is_known(place.country()));
    place.ok_or_else(|| {
        Problem::malformed(
            field,
            "a country of ISO 3166-1 in two capital letters, with a subdivision or without: DE, US-CA",
        )
    })
}

/// Reads a place that somebody can go to, and a letter too.
pub fn place_on_earth(text: &str, field: &str) -> Result<Place, Problem> {
    let place = place(text, field)?;
    if is_country(place.country()) {
        return Ok(place);
    }
    let detail = format!(
        "there is no country {}: ISO 3166-1 leaves that code to who tries something out; name one that there is, like DE",
        place.country()
    );
    Err(Problem::malformed(field, detail))
}

/// Whether a code means something. ISO leaves XA to XZ to whoever needs one: a plugin is tried out where no law holds.
fn is_known(code: &str) -> bool {
    code.starts_with('X') || is_country(code)
}

fn is_country(code: &str) -> bool {
    code == KOSOVO || COUNTRIES.split_ascii_whitespace().any(|known| known == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_country_is_one_that_there_is() {
        assert_eq!(COUNTRIES.split_ascii_whitespace().collect::<BTreeSet<_>>().len(), 249);
        for text in ["DE", "US-CA", "ZW", "XK", "GB-NIR"] {
            assert_eq!(place(text, "country").unwrap().to_string(), text);
        }
        for text in ["ZZ", "AA", "UK", "EL", "EU", "SU", "de", "DEU", "", "DE-", "ZZ-CA", "X", "Xa"]
        {
            let problem = place(text, "country").unwrap_err();
            assert_eq!(problem.field.as_deref(), Some("country"), "{text}");
        }
    }

    #[test]
    fn what_is_tried_out_is_nowhere_on_earth() {
        for text in ["DE", "US-CA", "XK"] {
            assert_eq!(place_on_earth(text, "origin").unwrap().to_string(), text);
        }
        for text in ["XX", "XA", "XX-LOP", "ZZ", ""] {
            let problem = place_on_earth(text, "origin").unwrap_err();
            assert_eq!(problem.field.as_deref(), Some("origin"), "{text}");
        }
        assert_eq!(place("XX", "country").unwrap().country(), "XX");
    }
}
