//! Standard rates, which general goods and digital services bear.

use purser_sdk::{
    Category::{self, DigitalService, General},
    Reason, date,
};

use super::Row;

const CATEGORIES: &[Category] = &[General, DigitalService];

/// Two tables kept by others, which agree on every row here.
const TABLES: &str =
    "ibericode/vat-rates (2025-08-12) and commerceguys/tax (2026-05-22) on github.com";
/// Before the changes since 2024, which the tables and these name.
const ESTONIA: &str = "Käibemaksuseadus § 15: 22 % from 2024-01-01, 24 % from 2025-07-01";
const FINLAND: &str = "vero.fi, Rates of VAT: 25.5 % from 2024-09-01, before that 24 %";
const ROMANIA: &str =
    "Codul fiscal art. 291; Legea 141/2025: 21 % from 2025-08-01, before that 19 %";
const SLOVAKIA: &str = "Zákon 222/2004 § 27: 23 % from 2025-01-01, before that 20 %";
const ICELAND: &str = "Lög nr. 50/1988, 14. gr. 1. mgr.; island.is, Taxes on goods and services";
const AZORES: &str = "CIVA art. 18(3)(a); vatupdate.com 2021-07-12: 16, 9 and 4 % from 2021-07-01";
const MADEIRA: &str = "CIVA art. 18(3)(b); vatupdate.com 2024-09-05: 22 and 12 % remain";
const SWITZERLAND: &str = "MWSTG Art. 25: 8.1 % from 2024-01-01";

const fn standard(country: &[u8; 2], percent: i64) -> Row {
    Row::new(country, Reason::Standard, (percent, 0), CATEGORIES, TABLES)
}

const fn cited(country: &[u8; 2], percent: (i64, u8), source: &'static str) -> Row {
    Row::new(country, Reason::Standard, percent, CATEGORIES, source)
}

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    standard(b"AT", 20),
    standard(b"BE", 21),
    standard(b"BG", 20),
    cited(b"CH", (81, 1), SWITZERLAND),
    standard(b"CY", 19),
    standard(b"CZ", 21),
    standard(b"DE", 19),
    standard(b"DK", 25),
    cited(b"EE", (22, 0), ESTONIA).until(date(2025, 6, 30)),
    cited(b"EE", (24, 0), ESTONIA).since(date(2025, 7, 1)),
    standard(b"ES", 21),
    cited(b"FI", (24, 0), FINLAND).until(date(2024, 8, 31)),
    cited(b"FI", (255, 1), FINLAND).since(date(2024, 9, 1)),
    standard(b"FR", 20),
    standard(b"GB", 20),
    standard(b"GR", 24),
    standard(b"HR", 25),
    standard(b"HU", 27),
    standard(b"IE", 23),
    cited(b"IS", (24, 0), ICELAND),
    standard(b"IT", 22),
    cited(b"LI", (81, 1), SWITZERLAND),
    standard(b"LT", 21),
    standard(b"LU", 17),
    standard(b"LV", 21),
    standard(b"MT", 18),
    standard(b"NL", 21),
    standard(b"NO", 25),
    standard(b"PL", 23),
    standard(b"PT", 23),
    cited(b"PT", (16, 0), AZORES).within("20"),
    cited(b"PT", (22, 0), MADEIRA).within("30"),
    cited(b"RO", (19, 0), ROMANIA).until(date(2025, 7, 31)),
    cited(b"RO", (21, 0), ROMANIA).since(date(2025, 8, 1)),
    standard(b"SE", 25),
    standard(b"SI", 22),
    cited(b"SK", (20, 0), SLOVAKIA).until(date(2024, 12, 31)),
    cited(b"SK", (23, 0), SLOVAKIA).since(date(2025, 1, 1)),
];
