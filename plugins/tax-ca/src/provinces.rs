//! The provinces and territories, and which taxes each has.

use purser_sdk::{Error, Place, Problem};

/// A province or territory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Province {
    /// Two letters, behind `CA-`.
    pub(crate) part: &'static str,
    /// As jurisdictions and authorities are named.
    pub(crate) code: &'static str,
    pub(crate) scheme: Scheme,
}

/// Which taxes are on a sale there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// The federal tax alone.
    Gst,
    /// One tax of which part is the province's, all of it paid to the Canada Revenue Agency.
    Hst,
    /// The federal tax, and one of this name that is paid to the province.
    With(&'static str),
}

/// The province of `place`, or what must be written instead.
pub(crate) fn find(place: &Place) -> Result<&'static Province, Error> {
    let unsupported = |text: String| Error::new(Problem::TaxCountryUnsupported, text);
    if place.country.code() != "CA" {
        return Err(unsupported(format!("this plugin does not know taxes of {}", place.country)));
    }
    let Some(part) = &place.subdivision else {
        let text = "taxes of Canada depend on the province: give the country with it, like CA-ON";
        return Err(unsupported(text.to_owned()));
    };
    let found = PROVINCES.iter().find(|province| province.part == part);
    found.ok_or_else(|| {
        unsupported(format!(
            "Canada has no province {part}: give the country like CA-ON, with one of AB BC MB NB NL NS NT NU ON PE QC SK YT"
        ))
    })
}

const fn province(part: &'static str, code: &'static str, scheme: Scheme) -> Province {
    Province { part, code, scheme }
}

pub(crate) static PROVINCES: &[Province] = &[
    province("AB", "CA-AB", Scheme::Gst),
    province("BC", "CA-BC", Scheme::With("PST")),
    province("MB", "CA-MB", Scheme::With("RST")),
    province("NB", "CA-NB", Scheme::Hst),
    province("NL", "CA-NL", Scheme::Hst),
    province("NS", "CA-NS", Scheme::Hst),
    province("NT", "CA-NT", Scheme::Gst),
    province("NU", "CA-NU", Scheme::Gst),
    province("ON", "CA-ON", Scheme::Hst),
    province("PE", "CA-PE", Scheme::Hst),
    province("QC", "CA-QC", Scheme::With("QST")),
    province("SK", "CA-SK", Scheme::With("PST")),
    province("YT", "CA-YT", Scheme::Gst),
];
