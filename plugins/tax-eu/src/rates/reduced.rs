//! Rates of the categories that laws treat on their own.
//!
//! A category has a row only where one rate covers it. Where a law splits it (Italian food at 4, 5 and 10 %, British
//! medicines on prescription or not, Belgian newspapers by how often they appear), there is none, and the sale is
//! refused until the operator says more (`chosen`). What a law takes out of a category is not in it: drinks with a meal
//! and sweets beside food are `general` where they bear the standard rate.

use purser_sdk::{
    Category::{
        self, Accommodation, Book, Ebook, Food, Medicine, Newspaper, PassengerTransport, Restaurant,
    },
    Reason, date,
};

use super::Row;

const fn reduced(
    country: &[u8; 2],
    percent: (i64, u8),
    categories: &'static [Category],
    source: &'static str,
) -> Row {
    Row::new(country, Reason::Reduced, percent, categories, source)
}

const fn zero(country: &[u8; 2], categories: &'static [Category], source: &'static str) -> Row {
    Row::new(country, Reason::Zero, (0, 0), categories, source)
}

const fn standard(
    country: &[u8; 2],
    percent: (i64, u8),
    categories: &'static [Category],
    source: &'static str,
) -> Row {
    Row::new(country, Reason::Standard, percent, categories, source)
}

/// The member states' own report to the Commission, which names a rate for each category of Annex III.
const TEDB: &str = "European Commission, Taxes in Europe Database, rates in force on 2025-08-26";

const AT: &str = "UStG 1994 § 10 Abs 2; BGBl. I 37/2026 splits food from 2026-07-01";
const BE: &str = "AR/KB 20; lodging 12 % from 2026-03-01; TEDB 2025-08-26";
const BG: &str = "ЗДДС чл. 66; meals 9 % until 2024-12-31 (bntnews.bg 2025-01-02), beer, wine and spirits always 20 %";
const CH: &str = "MWSTG Art. 25 Abs. 2 to 4; estv.admin.ch, rates from 2024-01-01";
const CZ: &str = "Zákon 235/2004 §§ 47 and 71i as of 2024-01-01; TEDB 2025-08-26";
const DE: &str = "UStG § 12 Abs. 2 with Anlage 2; meals: Nr. 15 from 2026-01-01; TEDB 2025-08-26";
const DE_STANDARD: &str = "UStG § 12 Abs. 1: not in Anlage 2";
const DK: &str =
    "Momsloven §§ 33 and 34: one rate, newspapers at zero; books announced to change in 2026";
const EE: &str =
    "Käibemaksuseadus § 15: press 9 % (was 5 %) and lodging 13 % (was 9 %) from 2025-01-01";
const ES: &str = "Ley 37/1992 art. 91.Uno and Dos; TEDB 2025-08-26";
const FI: &str = "vero.fi, Rates of VAT: 14 % from 2025-01-01 (was 10 %), 13.5 % from 2026-01-01";
const FR: &str = "CGI art. 278-0 bis, 279 and 298 septies; TEDB 2025-08-26";
const GB: &str =
    "VATA 1994 Sch. 8 groups 1 and 3; gov.uk, VAT rates on different goods and services";
const GB_STANDARD: &str = "gov.uk, VAT rates on different goods and services";
const HU: &str =
    "Áfa tv. 3. melléklet, paper books only; avalara.com, Hungarian VAT rates 2025-12-24";
const IE: &str =
    "VATCA 2010 Sch. 2 and 3; e-books at zero from 2024-01-01; meals 9 % from 2026-07-01";
const IS: &str =
    "Lög nr. 50/1988, 14. gr. 2. mgr.; vatupdate.com, VAT rates in Iceland (2021-05-26)";
const IT: &str = "DPR 633/1972 tab. A parts II and III; TEDB 2025-08-26";
const LT: &str = "PVM įstatymas 19 str.; Law XV-287: books 5 %, lodging and journeys 12 % from 2026-01-01 (was 9 %)";
const NL: &str = "Wet OB 1968 tabel I; lodging 21 % from 2026-01-01; business.gov.nl, VAT rates";
const NO: &str = "mval. §§ 5-2 to 5-11, 6-3 and 6-4; skatteetaten.no, satser for merverdiavgift";
const PL: &str = "Ustawa o VAT, zał. 3 and 10; TEDB 2025-08-26";
const PT: &str = "CIVA listas I and II; TEDB 2025-08-26";
const PT_20: &str = "CIVA art. 18(3)(a), listas I and II: 4 and 9 %; vatupdate.com 2021-07-12";
const PT_30: &str =
    "CIVA art. 18(3)(b), listas I and II; DLR 6/2024/M: 4 % from 2024-10-01 (was 5 %), 12 %";
const RO: &str =
    "Codul fiscal art. 291; Legea 141/2025: 11 % from 2025-08-01, before that 5 and 9 %";
const SE: &str = "ML 2023:200 ch. 9; food 6 % from 2026-04-01 to 2027-12-31; TEDB 2025-08-26";
const SK: &str = "Zákon 222/2004 § 27 and annex 7: 5 % from 2025-01-01, before that 10 %";

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    reduced(b"AT", (10, 0), &[Book, Ebook, Newspaper, Medicine, Accommodation, Restaurant], AT),
    reduced(b"AT", (10, 0), &[Food], AT).until(date(2026, 6, 30)),

    reduced(b"BE", (6, 0), &[Book, Ebook], BE),
    reduced(b"BE", (6, 0), &[Accommodation], BE).until(date(2026, 2, 28)),
    reduced(b"BE", (12, 0), &[Accommodation], BE).since(date(2026, 3, 1)),
    reduced(b"BE", (12, 0), &[Restaurant], BE),

    reduced(b"BG", (9, 0), &[Book, Accommodation], TEDB),
    reduced(b"BG", (9, 0), &[Restaurant], BG).until(date(2024, 12, 31)),
    standard(b"BG", (20, 0), &[Restaurant], BG).since(date(2025, 1, 1)),

    reduced(b"CH", (26, 1), &[Book, Ebook, Newspaper, Food, Medicine], CH),
    reduced(b"CH", (38, 1), &[Accommodation], CH),
    standard(b"CH", (81, 1), &[Restaurant], CH),
    reduced(b"LI", (26, 1), &[Book, Ebook, Newspaper, Food, Medicine], CH),
    reduced(b"LI", (38, 1), &[Accommodation], CH),
    standard(b"LI", (81, 1), &[Restaurant], CH),

    reduced(b"CY", (3, 0), &[Book, Newspaper], TEDB),
    reduced(b"CY", (5, 0), &[Medicine], TEDB),
    reduced(b"CY", (9, 0), &[Accommodation, Restaurant], TEDB),

    zero(b"CZ", &[Book, Ebook], CZ),
    reduced(b"CZ", (12, 0), &[Newspaper, Food, Accommodation, Restaurant], CZ),
    // Later reports put medicines on prescription at zero.
    reduced(b"CZ", (12, 0), &[Medicine], CZ).until(date(2025, 12, 31)),

    reduced(b"DE", (7, 0), &[Book, Ebook, Newspaper, Food, Accommodation], DE),
    standard(b"DE", (19, 0), &[Medicine], DE_STANDARD),
    standard(b"DE", (19, 0), &[Restaurant], DE_STANDARD).until(date(2025, 12, 31)),
    reduced(b"DE", (7, 0), &[Restaurant], DE).since(date(2026, 1, 1)),

    zero(b"DK", &[Newspaper], DK),
    standard(b"DK", (25, 0), &[Food, Medicine, Accommodation, Restaurant], DK),
    standard(b"DK", (25, 0), &[Book, Ebook], DK).until(date(2025, 12, 31)),

    reduced(b"EE", (9, 0), &[Book, Ebook, Medicine], EE),
    reduced(b"EE", (5, 0), &[Newspaper], EE).until(date(2024, 12, 31)),
    reduced(b"EE", (9, 0), &[Newspaper], EE).since(date(2025, 1, 1)),
    reduced(b"EE", (9, 0), &[Accommodation], EE).until(date(2024, 12, 31)),
    reduced(b"EE", (13, 0), &[Accommodation], EE).since(date(2025, 1, 1)),

    reduced(b"ES", (4, 0), &[Book, Ebook, Newspaper, Medicine], ES),
    reduced(b"ES", (10, 0), &[Accommodation, Restaurant, PassengerTransport], ES),

    reduced(b"FI", (10, 0), &[Newspaper], FI),
    reduced(b"FI", (10, 0), &[Book, Ebook, Medicine, Accommodation, PassengerTransport], FI).until(date(2024, 12, 31)),
    reduced(b"FI", (14, 0), &[Book, Ebook, Medicine, Accommodation, PassengerTransport], FI)
        .since(date(2025, 1, 1)).until(date(2025, 12, 31)),
    reduced(b"FI", (135, 1), &[Book, Ebook, Medicine, Accommodation, PassengerTransport], FI).since(date(2026, 1, 1)),
    reduced(b"FI", (14, 0), &[Food, Restaurant], FI).until(date(2025, 12, 31)),
    reduced(b"FI", (135, 1), &[Food, Restaurant], FI).since(date(2026, 1, 1)),

    reduced(b"FR", (21, 1), &[Newspaper], FR),
    reduced(b"FR", (55, 1), &[Book, Ebook, Food], FR),
    reduced(b"FR", (10, 0), &[Accommodation, Restaurant, PassengerTransport], FR),

    zero(b"GB", &[Book, Ebook, Newspaper, Food], GB),
    standard(b"GB", (20, 0), &[Accommodation, Restaurant], GB_STANDARD),

    reduced(b"GR", (6, 0), &[Book, Newspaper], TEDB),
    reduced(b"GR", (13, 0), &[Accommodation, Restaurant], TEDB),

    reduced(b"HR", (5, 0), &[Book, Medicine], TEDB),
    reduced(b"HR", (13, 0), &[Accommodation, Restaurant], TEDB),

    reduced(b"HU", (5, 0), &[Book, Medicine, Accommodation, Restaurant], HU),
    standard(b"HU", (27, 0), &[Ebook], HU),

    zero(b"IE", &[Book, Ebook, Newspaper], IE),
    reduced(b"IE", (135, 1), &[Accommodation], IE),
    reduced(b"IE", (135, 1), &[Restaurant], IE).until(date(2026, 6, 30)),
    reduced(b"IE", (9, 0), &[Restaurant], IE).since(date(2026, 7, 1)),

    reduced(b"IS", (11, 0), &[Book, Ebook, Newspaper, Food, Accommodation, Restaurant], IS),

    reduced(b"IT", (4, 0), &[Book, Ebook, Newspaper], IT),
    reduced(b"IT", (10, 0), &[Accommodation, Restaurant], IT),

    reduced(b"LT", (9, 0), &[Book, Ebook, Accommodation, PassengerTransport], LT).until(date(2025, 12, 31)),
    reduced(b"LT", (5, 0), &[Book, Ebook], LT).since(date(2026, 1, 1)),
    reduced(b"LT", (12, 0), &[Accommodation, PassengerTransport], LT).since(date(2026, 1, 1)),
    reduced(b"LT", (5, 0), &[Newspaper, Medicine], LT),

    reduced(b"LU", (3, 0), &[Book, Food, Medicine, Accommodation, Restaurant], TEDB),

    reduced(b"LV", (12, 0), &[Medicine, Accommodation, PassengerTransport], TEDB),

    reduced(b"MT", (5, 0), &[Book, Newspaper], TEDB),
    reduced(b"MT", (7, 0), &[Accommodation], TEDB),

    reduced(b"NL", (9, 0), &[Book, Ebook, Newspaper, Food, Medicine, Restaurant, PassengerTransport], NL),
    reduced(b"NL", (9, 0), &[Accommodation], NL).until(date(2025, 12, 31)),
    standard(b"NL", (21, 0), &[Accommodation], NL).since(date(2026, 1, 1)),

    zero(b"NO", &[Book, Ebook, Newspaper], NO),
    reduced(b"NO", (15, 0), &[Food], NO),
    reduced(b"NO", (12, 0), &[Accommodation, PassengerTransport], NO),
    standard(b"NO", (25, 0), &[Medicine, Restaurant], NO),

    reduced(b"PL", (5, 0), &[Book, Ebook], PL),
    reduced(b"PL", (8, 0), &[Accommodation, Restaurant, PassengerTransport], PL),

    reduced(b"PT", (6, 0), &[Book, Medicine, Accommodation, PassengerTransport], PT),
    reduced(b"PT", (13, 0), &[Restaurant], PT),
    reduced(b"PT", (4, 0), &[Book, Medicine, Accommodation, PassengerTransport], PT_20).within("20"),
    reduced(b"PT", (9, 0), &[Restaurant], PT_20).within("20"),
    reduced(b"PT", (5, 0), &[Book, Medicine, Accommodation, PassengerTransport], PT_30)
        .within("30").until(date(2024, 9, 30)),
    reduced(b"PT", (4, 0), &[Book, Medicine, Accommodation, PassengerTransport], PT_30)
        .within("30").since(date(2024, 10, 1)),
    reduced(b"PT", (12, 0), &[Restaurant], PT_30).within("30"),

    reduced(b"RO", (5, 0), &[Book], RO).until(date(2025, 7, 31)),
    reduced(b"RO", (9, 0), &[Medicine, Accommodation, Restaurant], RO).until(date(2025, 7, 31)),
    reduced(b"RO", (11, 0), &[Book, Medicine, Accommodation, Restaurant], RO).since(date(2025, 8, 1)),

    reduced(b"SE", (6, 0), &[Book, Ebook, Newspaper, PassengerTransport], SE),
    reduced(b"SE", (12, 0), &[Accommodation, Restaurant], SE),
    reduced(b"SE", (12, 0), &[Food], SE).until(date(2026, 3, 31)),
    reduced(b"SE", (6, 0), &[Food], SE).since(date(2026, 4, 1)),

    reduced(b"SI", (5, 0), &[Book], TEDB),
    reduced(b"SI", (95, 1), &[Food, Medicine, Accommodation, Restaurant, PassengerTransport], TEDB),

    reduced(b"SK", (10, 0), &[Book, Medicine, Accommodation, Restaurant], SK).until(date(2024, 12, 31)),
    reduced(b"SK", (5, 0), &[Book, Medicine, Accommodation, Restaurant], SK).since(date(2025, 1, 1)),
];
