//! The countries, what each calls its tax, and the parts of them that are outside of it.

use purser_sdk::{Country, Error, Place, Problem};

/// A country whose tax this plugin knows.
#[derive(Debug)]
pub(crate) struct Land {
    /// ISO 3166-1; Greece is `GR`, although its tax numbers begin with `EL`.
    pub(crate) country: Country,
    code: &'static str,
    /// The tax, as receipts there print it.
    pub(crate) tax: &'static str,
    /// Whether it is a member state of the European Union.
    pub(crate) in_union: bool,
    /// Parts (ISO 3166-2) with other rates or outside of the tax, for which there are no rows.
    refused: &'static [&'static str],
    /// The rule by which the tax of a document is rounded.
    pub(crate) rounding: &'static str,
    /// The rule by which a business owes the tax on services from abroad itself.
    pub(crate) services: &'static str,
}

/// Rules of the European Union.
const EN_16931: &str = "EN 16931, BR-CO-17";
const SERVICES: &str = "Directive 2006/112/EC arts. 44 and 196";

impl Land {
    /// The two letters, which also name the authority.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// What its tax numbers begin with.
    pub(crate) fn prefix(&self) -> &'static str {
        match self.code {
            "GR" => "EL",
            code => code,
        }
    }

    /// Whether a sale from `seller` stays within the territory of this tax: Switzerland and Liechtenstein are
    /// one (MWSTG Art. 3 lit. a).
    pub(crate) fn is_home_of(&self, seller: Country) -> bool {
        let alps = |code: &str| matches!(code, "CH" | "LI");
        self.country == seller || (alps(self.code) && alps(seller.code()))
    }

    /// Whether a tax number of `country` is one that a business here has. Northern Ireland's are British.
    pub(crate) fn issues_numbers_of(&self, country: Country) -> bool {
        match country.code() {
            "XI" => self.code == "GB",
            _ if self.in_union => of(country).is_some_and(|land| land.in_union),
            _ => self.is_home_of(country),
        }
    }
}

/// The country of `place`, if its tax is known there.
pub(crate) fn find(place: &Place) -> Result<&'static Land, Error> {
    let unsupported = |text: String| Error::new(Problem::TaxCountryUnsupported, text);
    let land = of(place.country).ok_or_else(|| {
        unsupported(format!("this plugin does not know taxes of {}", place.country))
    })?;
    match &place.subdivision {
        Some(part) if land.refused.contains(&part.as_str()) => Err(unsupported(format!(
            "the rates of {} do not apply in {0}-{part}, and this plugin has none for it",
            place.country
        ))),
        _ => Ok(land),
    }
}

/// The country with this code.
pub(crate) fn of(country: Country) -> Option<&'static Land> {
    LANDS.iter().find(|land| land.country == country)
}

/// Every code, in order.
pub(crate) fn codes() -> Vec<&'static str> {
    LANDS.iter().map(|land| land.code).collect()
}

const fn member(
    code: &'static str,
    letters: &[u8; 2],
    tax: &'static str,
    refused: &'static [&'static str],
) -> Land {
    let country = Country::literal(letters);
    Land { country, code, tax, in_union: true, refused, rounding: EN_16931, services: SERVICES }
}

const fn neighbour(
    code: &'static str,
    letters: &[u8; 2],
    tax: &'static str,
    refused: &'static [&'static str],
    (rounding, services): (&'static str, &'static str),
) -> Land {
    let country = Country::literal(letters);
    Land { country, code, tax, in_union: false, refused, rounding, services }
}

const SWISS: (&str, &str) =
    ("hundredths, half up; cash in steps of 0.05 (CLDR)", "MWSTG Art. 8 and 45");
/// Less than half a penny down, half a penny and more up.
const BRITISH: (&str, &str) = ("HMRC VATREC12030", "VATA 1994 ss. 7A and 8");
/// Invoices follow EHF Billing, which is EN 16931.
const NORWEGIAN: (&str, &str) = ("EN 16931, BR-CO-17 (EHF)", "mval. §§ 3-30 and 11-3");

/// Territories: Directive 2006/112/EC, arts. 6 and 104 to 105. Places without an ISO 3166-2 code (Büsingen,
/// Heligoland, Livigno, Campione, Jungholz, Mittelberg) cannot be told from the rest of their country.
#[rustfmt::skip]
static LANDS: [Land; 31] = [
    member("AT", b"AT", "USt.", &[]),
    member("BE", b"BE", "btw/TVA", &[]),
    member("BG", b"BG", "ДДС", &[]),
    neighbour("CH", b"CH", "MWST", &[], SWISS),
    member("CY", b"CY", "ΦΠΑ", &[]),
    member("CZ", b"CZ", "DPH", &[]),
    member("DE", b"DE", "MwSt.", &[]),
    member("DK", b"DK", "moms", &[]),
    member("EE", b"EE", "km", &[]),
    // Canary Islands with their two provinces, Ceuta, Melilla.
    member("ES", b"ES", "IVA", &["CN", "GC", "TF", "CE", "ML"]),
    // Åland.
    member("FI", b"FI", "ALV", &["01"]),
    // Overseas, and Corsica with its own reduced rates.
    member("FR", b"FR", "TVA", &[
        "20R", "2A", "2B", "971", "972", "973", "974", "976", "BL", "GF", "GP", "GUA", "LRE", "MAY", "MF", "MQ",
        "NC", "PF", "PM", "RE", "TF", "WF", "YT",
    ]),
    neighbour("GB", b"GB", "VAT", &[], BRITISH),
    // Mount Athos, and the Aegean regions where some islands have lower rates.
    member("GR", b"GR", "ΦΠΑ", &["69", "K", "L"]),
    member("HR", b"HR", "PDV", &[]),
    member("HU", b"HU", "ÁFA", &[]),
    member("IE", b"IE", "VAT", &[]),
    member("IT", b"IT", "IVA", &[]),
    neighbour("LI", b"LI", "MWST", &[], SWISS),
    member("LT", b"LT", "PVM", &[]),
    member("LU", b"LU", "TVA", &[]),
    member("LV", b"LV", "PVN", &[]),
    member("MT", b"MT", "VAT", &[]),
    // The Caribbean parts.
    member("NL", b"NL", "btw", &["AW", "CW", "SX", "BQ1", "BQ2", "BQ3"]),
    // Svalbard and Jan Mayen.
    neighbour("NO", b"NO", "mva", &["21", "22"], NORWEGIAN),
    member("PL", b"PL", "VAT", &[]),
    // Azores and Madeira have rates of their own.
    member("PT", b"PT", "IVA", &["20", "30"]),
    member("RO", b"RO", "TVA", &[]),
    member("SE", b"SE", "moms", &[]),
    member("SI", b"SI", "DDV", &[]),
    member("SK", b"SK", "DPH", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_names_the_same_countries() {
        let manifest = include_str!("../plugin.toml");
        let listed: Vec<&str> = manifest
            .split('"')
            .filter(|text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()))
            .collect();
        assert_eq!(listed, codes());
        assert!(LANDS.iter().all(|land| land.country.code() == land.code));
        assert_eq!(LANDS.iter().filter(|land| land.in_union).count(), 27);
    }
}
