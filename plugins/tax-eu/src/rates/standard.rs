//! Standard rates, which general goods and digital services bear.

use purser_sdk::{
    Category::{self, DigitalService, General},
    Country, Date, Reason, date,
};

use super::{COVERED_FROM, Row};

const CATEGORIES: &[Category] = &[General, DigitalService];

/// Read 2025-08-12 and 2026-05-22; both agree on every row that names them.
const TABLES: &str =
    "https://github.com/ibericode/vat-rates and https://github.com/commerceguys/tax";

const fn row(
    country: &[u8; 2],
    from: Date,
    to: Option<Date>,
    percent: (i64, u8),
    source: &'static str,
) -> Row {
    Row {
        country: Country::literal(country),
        categories: CATEGORIES,
        from,
        to,
        percent,
        reason: Reason::Standard,
        source,
    }
}

const fn steady(country: &[u8; 2], percent: i64) -> Row {
    row(country, COVERED_FROM, None, (percent, 0), TABLES)
}

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    steady(b"AT", 20),
    steady(b"BE", 21),
    steady(b"BG", 20),
    steady(b"CY", 19),
    steady(b"CZ", 21),
    steady(b"DE", 19),
    steady(b"DK", 25),
    steady(b"ES", 21),
    steady(b"FR", 20),
    steady(b"GB", 20),
    steady(b"GR", 24),
    steady(b"HR", 25),
    steady(b"HU", 27),
    steady(b"IE", 23),
    steady(b"IT", 22),
    steady(b"LT", 21),
    steady(b"LU", 17),
    steady(b"LV", 21),
    steady(b"MT", 18),
    steady(b"NL", 21),
    steady(b"NO", 25),
    steady(b"PL", 23),
    steady(b"PT", 23),
    steady(b"SE", 25),
    steady(b"SI", 22),
    row(b"CH", COVERED_FROM, None, (81, 1), TABLES),
    row(b"LI", COVERED_FROM, None, (81, 1), TABLES),
    row(b"EE", COVERED_FROM, Some(date(2025, 6, 30)), (22, 0), TABLES),
    row(b"EE", date(2025, 7, 1), None, (24, 0), TABLES),
    row(b"FI", COVERED_FROM, Some(date(2024, 8, 31)), (24, 0), TABLES),
    row(b"FI", date(2024, 9, 1), None, (255, 1), TABLES),
    row(b"RO", COVERED_FROM, Some(date(2025, 7, 31)), (19, 0), TABLES),
    row(b"RO", date(2025, 8, 1), None, (21, 0), TABLES),
    row(b"SK", COVERED_FROM, Some(date(2024, 12, 31)), (20, 0), TABLES),
    row(b"SK", date(2025, 1, 1), None, (23, 0), TABLES),
];
