//! Rates of categories that a law splits. Which of them the merchants of a gateway sell at, only the operator knows:
//! `{"rates": {"IT food": "10"}}`. Without a choice the sale is refused.

use purser_sdk::{
    Category::{self, Food, Medicine},
    Reason, date,
};

use super::Row;

const AT: &str =
    "UStG 1994 § 10 Abs 2; BGBl. I 37/2026: basic food 4.9 % from 2026-07-01, other food 10 %";
const ES: &str =
    "Ley 37/1992 art. 91.Uno and Dos: basic food 4 % (from 2025-01-01 again), other food 10 %";
const GB: &str = "VATA 1994 Sch. 8 group 12: on prescription at zero; gov.uk, VAT rates on different goods and services";
const IT: &str = "DPR 633/1972 tab. A parts II (4 %), II-bis (5 %) and III (10 %)";

const fn reduced(
    country: &[u8; 2],
    percent: (i64, u8),
    categories: &'static [Category],
    source: &'static str,
) -> Row {
    Row::new(country, Reason::Reduced, percent, categories, source)
}

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    reduced(b"AT", (49, 1), &[Food], AT).since(date(2026, 7, 1)),
    reduced(b"AT", (10, 0), &[Food], AT).since(date(2026, 7, 1)),

    reduced(b"ES", (4, 0), &[Food], ES).since(date(2025, 1, 1)),
    reduced(b"ES", (10, 0), &[Food], ES).since(date(2025, 1, 1)),

    Row::new(b"GB", Reason::Zero, (0, 0), &[Medicine], GB),
    Row::new(b"GB", Reason::Standard, (20, 0), &[Medicine], GB),

    reduced(b"IT", (4, 0), &[Food], IT),
    reduced(b"IT", (5, 0), &[Food], IT),
    reduced(b"IT", (10, 0), &[Food], IT),
];
