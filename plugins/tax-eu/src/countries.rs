//! The countries, what each calls its tax, and the parts of them that are outside of it.

use purser_sdk::{Country, Error, Place, Problem, Reason};

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
    /// Parts (ISO 3166-2) with rates of their own, and their codes.
    regions: &'static [Region],
    /// Parts with other rates, or outside of the tax with one of their own, of which nothing is known here.
    refused: &'static [&'static str],
    /// The rule by which the tax of a document is rounded.
    pub(crate) rounding: &'static str,
    /// The rule by which a business owes the tax on services from abroad itself.
    pub(crate) services: &'static str,
    /// What leaves, and by which rule.
    pub(crate) exports: &'static Exports,
}

/// A part of a country with rates of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Region {
    part: &'static str,
    code: &'static str,
}

/// The rules for what goes to buyers beyond the border.
#[derive(Debug)]
pub(crate) struct Exports {
    /// Of things.
    pub(crate) goods: &'static str,
    /// Of what goes over the network, and whether it is exported or was never within the tax.
    pub(crate) services: (Reason, &'static str),
}

/// Where a line is taxed: a country, and a part of it where that has its own rates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot {
    pub(crate) land: &'static Land,
    pub(crate) region: Option<&'static Region>,
}

impl Spot {
    /// `PT`, or `PT-20`.
    pub(crate) fn code(&self) -> &'static str {
        self.region.map_or(self.land.code, |region| region.code)
    }

    /// The part behind the hyphen.
    pub(crate) fn part(&self) -> Option<&'static str> {
        self.region.map(|region| region.part)
    }
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

/// Where `place` is, if its tax is known.
pub(crate) fn find(place: &Place) -> Result<Spot, Error> {
    let unsupported = |text: String| Error::new(Problem::TaxCountryUnsupported, text);
    let land = of(place.country).ok_or_else(|| {
        unsupported(format!("this plugin does not know taxes of {}", place.country))
    })?;
    let Some(part) = place.subdivision.as_deref() else { return Ok(Spot { land, region: None }) };
    if land.refused.contains(&part) {
        return Err(unsupported(format!(
            "the rates of {} do not apply in {0}-{part}, and this plugin has none for it",
            place.country
        )));
    }
    Ok(Spot { land, region: land.regions.iter().find(|region| region.part == part) })
}

/// The country with this code.
pub(crate) fn of(country: Country) -> Option<&'static Land> {
    LANDS.iter().find(|land| land.country == country)
}

/// The country that `PT` and `PT-20` are in.
pub(crate) fn within(code: &str) -> Option<&'static Land> {
    let country = code.split('-').next().unwrap_or_default();
    Country::parse(country).ok().and_then(of)
}

/// Every code, in order.
pub(crate) fn codes() -> Vec<&'static str> {
    LANDS.iter().map(|land| land.code).collect()
}

const fn member(code: &'static str, letters: &[u8; 2], tax: &'static str) -> Land {
    let country = Country::literal(letters);
    Land {
        country,
        code,
        tax,
        in_union: true,
        regions: &[],
        refused: &[],
        rounding: EN_16931,
        services: SERVICES,
        exports: &UNION,
    }
}

const fn neighbour(
    code: &'static str,
    letters: &[u8; 2],
    tax: &'static str,
    (rounding, services): (&'static str, &'static str),
    exports: &'static Exports,
) -> Land {
    Land { in_union: false, rounding, services, exports, ..member(code, letters, tax) }
}

impl Land {
    /// The same without these parts, of which nothing is known.
    const fn except(self, refused: &'static [&'static str]) -> Self {
        Self { refused, ..self }
    }
}

const UNION: Exports = Exports {
    goods: "Directive 2006/112/EC art. 146(1)(a) and (b)",
    services: (Reason::OutsideScope, "Directive 2006/112/EC arts. 44, 58 and 59"),
};
const SWISS: (&str, &str) =
    ("hundredths, half up; cash in steps of 0.05 (CLDR)", "MWSTG Art. 8 and 45");
const FROM_THE_ALPS: Exports = Exports {
    goods: "MWSTG Art. 23 Abs. 2 Ziff. 1",
    services: (Reason::OutsideScope, "MWSTG Art. 8 Abs. 1"),
};
/// Less than half a penny down, half a penny and more up.
const BRITISH: (&str, &str) = ("HMRC VATREC12030", "VATA 1994 ss. 7A and 8");
const FROM_BRITAIN: Exports = Exports {
    goods: "VATA 1994 s. 30(6)",
    services: (Reason::OutsideScope, "VATA 1994 s. 7A and Sch. 4A"),
};
/// Invoices follow EHF Billing, which is EN 16931.
const NORWEGIAN: (&str, &str) = ("EN 16931, BR-CO-17 (EHF)", "mval. §§ 3-30 and 11-3");
const FROM_NORWAY: Exports =
    Exports { goods: "mval. § 6-21", services: (Reason::Export, "mval. § 6-22") };
/// Invoices follow TS 236, which is EN 16931.
const ICELANDIC: (&str, &str) = ("EN 16931, BR-CO-17 (TS 236)", "Lög nr. 50/1988, 35. gr.");
const FROM_ICELAND: Exports = Exports {
    goods: "Lög nr. 50/1988, 12. gr.",
    services: (Reason::Export, "Lög nr. 50/1988, 12. gr."),
};

/// Territories: Directive 2006/112/EC, arts. 6 and 104 to 105. Places without an ISO 3166-2 code (Büsingen,
/// Heligoland, Livigno, Campione, Jungholz, Mittelberg) cannot be told from the rest of their country.
#[rustfmt::skip]
static LANDS: [Land; 32] = [
    member("AT", b"AT", "USt."),
    member("BE", b"BE", "btw/TVA"),
    member("BG", b"BG", "ДДС"),
    neighbour("CH", b"CH", "MWST", SWISS, &FROM_THE_ALPS),
    member("CY", b"CY", "ΦΠΑ"),
    member("CZ", b"CZ", "DPH"),
    member("DE", b"DE", "MwSt."),
    member("DK", b"DK", "moms"),
    member("EE", b"EE", "km"),
    // Canary Islands with their two provinces, Ceuta, Melilla.
    member("ES", b"ES", "IVA").except(&["CN", "GC", "TF", "CE", "ML"]),
    // Åland: outside of the Union's tax, but not of Finland's own.
    member("FI", b"FI", "ALV").except(&["01"]),
    // Overseas, and Corsica with its own reduced rates.
    member("FR", b"FR", "TVA").except(&[
        "20R", "2A", "2B", "971", "972", "973", "974", "976", "BL", "GF", "GP", "GUA", "LRE", "MAY", "MF", "MQ", "NC", "PF", "PM", "RE",
        "TF", "WF", "YT",
    ]),
    neighbour("GB", b"GB", "VAT", BRITISH, &FROM_BRITAIN),
    // Mount Athos, and the Aegean regions where some islands have lower rates.
    member("GR", b"GR", "ΦΠΑ").except(&["69", "K", "L"]),
    member("HR", b"HR", "PDV"),
    member("HU", b"HU", "ÁFA"),
    member("IE", b"IE", "VAT"),
    neighbour("IS", b"IS", "VSK", ICELANDIC, &FROM_ICELAND),
    member("IT", b"IT", "IVA"),
    neighbour("LI", b"LI", "MWST", SWISS, &FROM_THE_ALPS),
    member("LT", b"LT", "PVM"),
    member("LU", b"LU", "TVA"),
    member("LV", b"LV", "PVN"),
    member("MT", b"MT", "VAT"),
    // The Caribbean parts.
    member("NL", b"NL", "btw").except(&["AW", "CW", "SX", "BQ1", "BQ2", "BQ3"]),
    // Svalbard and Jan Mayen.
    neighbour("NO", b"NO", "mva", NORWEGIAN, &FROM_NORWAY).except(&["21", "22"]),
    member("PL", b"PL", "VAT"),
    Land {
        regions: &[Region { part: "20", code: "PT-20" }, Region { part: "30", code: "PT-30" }],
        ..member("PT", b"PT", "IVA")
    },
    member("RO", b"RO", "TVA"),
    member("SE", b"SE", "moms"),
    member("SI", b"SI", "DDV"),
    member("SK", b"SK", "DPH"),
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
