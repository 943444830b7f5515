//! Which rate a category, or a tariff code, has on a day.

use purser_sdk::{
    Category::{self, Book, DigitalService, Ebook, General, Medicine, Newspaper, Restaurant},
    Date, Error, Percent, Problem, Reason, date,
};

/// The first day of which the rows speak.
pub(crate) const COVERED_FROM: Date = date(2024, 1, 1);
/// The last day for which the rows may be trusted: after it, a newer release knows more.
pub(crate) const COVERED_TO: Date = date(2027, 12, 31);

/// What a row speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Category(Category),
    /// The first digits of a code of the tariff (HSN).
    Hsn(&'static str),
}

/// One rate. It is what the source says, no more.
#[derive(Debug)]
pub(crate) struct Row {
    what: What,
    from: Date,
    to: Option<Date>,
    /// Thousandths of a percent of the whole tax, CGST and SGST together.
    milli_percent: i64,
    pub(crate) reason: Reason,
    pub(crate) source: &'static str,
}

impl Row {
    const fn new(what: What, (milli_percent, reason): Slab, source: &'static str) -> Self {
        Self { what, from: COVERED_FROM, to: None, milli_percent, reason, source }
    }

    /// Up to the day before the schedules of September 2025.
    const fn before(self) -> Self {
        Self { to: Some(LAST_OF_2017), ..self }
    }

    /// From the day of the schedules of September 2025.
    const fn since(self) -> Self {
        Self { from: FIRST_OF_2025, ..self }
    }

    /// The whole of the tax.
    pub(crate) fn whole(&self) -> Result<Percent, Error> {
        Ok(Percent::from_parts(self.milli_percent, 3)?)
    }

    /// The centre's half, which is as much as the state's.
    pub(crate) fn half(&self) -> Result<Percent, Error> {
        Ok(Percent::from_parts(self.milli_percent.saturating_mul(5), 4)?)
    }

    fn is_on(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// The row for `category` on `day`.
pub(crate) fn of_category(category: Category, day: Date) -> Result<&'static Row, Error> {
    let mut rows = ROWS.iter();
    let found = rows.find(|row| row.what == What::Category(category) && row.is_on(day));
    found.ok_or_else(|| {
        unsupported(format!(
            "this plugin has no sourced rate of {category} in India on {day}; a line's attribute `hsn`, or `hsn` in the \
             operator's configuration, may say what it is"
        ))
    })
}

/// The row for the tariff code `hsn` on `day`: the one that names most of its digits.
pub(crate) fn of_code(hsn: &str, day: Date) -> Result<&'static Row, Error> {
    let digits = (4..=8).contains(&hsn.len()) && hsn.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(unsupported("a tariff code (HSN) has four to eight digits".to_owned()));
    }
    let named = |row: &&Row| match row.what {
        What::Hsn(prefix) if hsn.starts_with(prefix) && row.is_on(day) => Some(prefix.len()),
        What::Hsn(_) | What::Category(_) => None,
    };
    let rows = ROWS.iter().filter(|row| named(row).is_some());
    rows.max_by_key(|row| named(row)).ok_or_else(|| {
        unsupported(format!("this plugin has no sourced rate of the tariff code {hsn} on {day}"))
    })
}

fn unsupported(text: String) -> Error {
    Error::new(Problem::TaxCategoryUnsupported, text)
}

/// Refuses a day of which the rows do not speak.
pub(crate) fn check_day(day: Date) -> Result<(), Error> {
    if (COVERED_FROM..=COVERED_TO).contains(&day) {
        return Ok(());
    }
    let text = format!(
        "the rates of this release are those of {COVERED_FROM} to {COVERED_TO}; install one that knows {day}"
    );
    Err(unsupported(text).at("date"))
}

/// Every source, once.
pub(crate) fn sources() -> Vec<&'static str> {
    let mut sources = Vec::new();
    for row in ROWS {
        if !sources.contains(&row.source) {
            sources.push(row.source);
        }
    }
    sources
}

const LAST_OF_2017: Date = date(2025, 9, 21);
const FIRST_OF_2025: Date = date(2025, 9, 22);

type Slab = (i64, Reason);

const NIL: Slab = (0, Reason::Exempt);
const QUARTER: Slab = (250, Reason::Reduced);
const ONE_AND_A_HALF: Slab = (1_500, Reason::Reduced);
const THREE: Slab = (3_000, Reason::Reduced);
const FIVE: Slab = (5_000, Reason::Reduced);
const TWELVE: Slab = (12_000, Reason::Reduced);
const EIGHTEEN: Slab = (18_000, Reason::Standard);
/// What is above the standard rate is standard too: the contract knows no higher one.
const TWENTY_EIGHT: Slab = (28_000, Reason::Standard);
const FORTY: Slab = (40_000, Reason::Standard);

/// Goods, from 2017 to 2025-09-21.
const OLD: &str = "Notification 1/2017-Central Tax (Rate), schedules I to VI";
/// Goods, from 2025-09-22.
const NEW: &str = "Notification 9/2025-Central Tax (Rate), schedules I to VII";
/// In both, the same.
const BOTH: &str = "Notifications 1/2017 and 9/2025-Central Tax (Rate)";
const GOODS: &str =
    "Notifications 1/2017 (Sch. III no. 453) and 9/2025 (Sch. II): goods not named elsewhere 18 %";
const SERVICES: &str = "Notification 11/2017-Central Tax (Rate): services not named elsewhere 18 %";
const EBOOKS: &str =
    "Notification 11/2017 no. 22 as amended by 13/2018: e-books of printed books 5 %";
const MEALS: &str =
    "Notification 11/2017 no. 7 as amended by 20/2019: restaurants outside specified premises 5 %";
const PRINTED: &str = "Notifications 2/2017 and 10/2025-Central Tax (Rate): printed books (4901), newspapers (4902) nil";
const SCHOOL: &str = "Notification 10/2025-Central Tax (Rate): exercise books and pencils nil";
const MEDICINES_OLD: &str = "Notification 1/2017 Sch. II: medicaments (3004) 12 %";
const MEDICINES_NEW: &str = "Notification 9/2025 Sch. I: medicaments (3004) 5 %";

use What::{Category as Of, Hsn};

/// Not here, because more than the code decides, or a cess comes on top: clothes and shoes (by price), cars (by
/// size), tobacco and pan masala (by retail price, schedule VII), sweetened drinks before 2025-09-22 (28 % and cess).
#[rustfmt::skip]
static ROWS: &[Row] = &[
    Row::new(Of(General), EIGHTEEN, GOODS),
    Row::new(Of(DigitalService), EIGHTEEN, SERVICES),
    Row::new(Of(Book), NIL, PRINTED),
    Row::new(Of(Newspaper), NIL, PRINTED),
    Row::new(Of(Ebook), FIVE, EBOOKS),
    Row::new(Of(Restaurant), FIVE, MEALS),
    Row::new(Of(Medicine), TWELVE, MEDICINES_OLD).before(),
    Row::new(Of(Medicine), FIVE, MEDICINES_NEW).since(),

    Row::new(Hsn("0405"), TWELVE, OLD).before(), // Butter, ghee.
    Row::new(Hsn("0405"), FIVE, NEW).since(),
    Row::new(Hsn("0902"), FIVE, BOTH), // Tea.
    Row::new(Hsn("1701"), FIVE, BOTH), // Sugar.
    Row::new(Hsn("1806"), EIGHTEEN, OLD).before(), // Chocolate.
    Row::new(Hsn("1806"), FIVE, NEW).since(),
    Row::new(Hsn("1902"), TWELVE, OLD).before(), // Pasta.
    Row::new(Hsn("1902"), FIVE, NEW).since(),
    Row::new(Hsn("190531"), EIGHTEEN, OLD).before(), // Sweet biscuits.
    Row::new(Hsn("190531"), FIVE, NEW).since(),
    Row::new(Hsn("220210"), FORTY, NEW).since(), // Sweetened and aerated waters.
    Row::new(Hsn("2523"), TWENTY_EIGHT, OLD).before(), // Cement.
    Row::new(Hsn("2523"), EIGHTEEN, NEW).since(),
    Row::new(Hsn("3004"), TWELVE, MEDICINES_OLD).before(),
    Row::new(Hsn("3004"), FIVE, MEDICINES_NEW).since(),
    Row::new(Hsn("33061020"), EIGHTEEN, OLD).before(), // Toothpaste.
    Row::new(Hsn("33061020"), FIVE, NEW).since(),
    Row::new(Hsn("482020"), TWELVE, OLD).before(), // Exercise books.
    Row::new(Hsn("482020"), NIL, SCHOOL).since(),
    Row::new(Hsn("4901"), NIL, PRINTED),
    Row::new(Hsn("4902"), NIL, PRINTED),
    Row::new(Hsn("710231"), QUARTER, BOTH), // Rough diamonds.
    Row::new(Hsn("710239"), ONE_AND_A_HALF, BOTH), // Worked diamonds.
    Row::new(Hsn("710310"), QUARTER, BOTH), // Rough stones.
    Row::new(Hsn("7106"), THREE, BOTH), // Silver.
    Row::new(Hsn("7108"), THREE, BOTH), // Gold.
    Row::new(Hsn("7113"), THREE, BOTH), // Jewellery.
    Row::new(Hsn("8415"), TWENTY_EIGHT, OLD).before(), // Air conditioners.
    Row::new(Hsn("8415"), EIGHTEEN, NEW).since(),
    Row::new(Hsn("8471"), EIGHTEEN, BOTH), // Computers.
    Row::new(Hsn("851713"), EIGHTEEN, BOTH), // Smartphones.
    Row::new(Hsn("8712"), TWELVE, OLD).before(), // Bicycles.
    Row::new(Hsn("8712"), FIVE, NEW).since(),
    Row::new(Hsn("9609"), TWELVE, OLD).before(), // Pencils.
    Row::new(Hsn("9609"), NIL, SCHOOL).since(),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The slabs of the two schedules: a second list, against which the rows are held.
    const OLD_SLABS: [i64; 8] = [0, 250, 1_500, 3_000, 5_000, 12_000, 18_000, 28_000];
    const NEW_SLABS: [i64; 8] = [0, 250, 1_500, 3_000, 5_000, 18_000, 28_000, 40_000];

    #[test]
    fn rows_are_of_slabs_that_there_were() {
        for row in ROWS {
            if row.from < FIRST_OF_2025 {
                assert!(OLD_SLABS.contains(&row.milli_percent), "{row:?}");
            }
            if row.to.is_none() {
                assert!(NEW_SLABS.contains(&row.milli_percent), "{row:?}");
            }
            let half = row.half().unwrap();
            assert_eq!(half.plus(half), Ok(row.whole().unwrap()));
            assert!(
                row.source.len() > 10 && (row.milli_percent == 0) == (row.reason == Reason::Exempt)
            );
        }
        let reached = |slab: &i64| ROWS.iter().any(|row| row.milli_percent == *slab);
        assert!(OLD_SLABS.iter().chain(&NEW_SLABS).all(reached));
    }

    #[test]
    fn a_day_has_one_rate() {
        for row in ROWS {
            for day in [COVERED_FROM, LAST_OF_2017, FIRST_OF_2025, COVERED_TO] {
                let same = ROWS.iter().filter(|other| other.what == row.what && other.is_on(day));
                assert!(same.count() <= 1, "{row:?} on {day}");
            }
        }
    }

    #[test]
    fn rates_change_on_their_day_and_the_longest_code_counts() {
        let check = |hsn, day, expected: Option<&str>| {
            let found = of_code(hsn, day).ok().map(|row| row.whole().unwrap().to_string());
            assert_eq!(found.as_deref(), expected, "{hsn} on {day}");
        };
        check("84151010", LAST_OF_2017, Some("28"));
        check("84151010", FIRST_OF_2025, Some("18"));
        check("96091000", LAST_OF_2017, Some("12"));
        check("96091000", FIRST_OF_2025, Some("0"));
        check("22021010", LAST_OF_2017, None);
        check("22021010", FIRST_OF_2025, Some("40"));
        check("71023100", FIRST_OF_2025, Some("0.25"));
        check("71023910", FIRST_OF_2025, Some("1.5"));
        check("7102", FIRST_OF_2025, None);
        check("71131910", LAST_OF_2017, Some("3"));
        check("62034200", FIRST_OF_2025, None);
        check("84", FIRST_OF_2025, None);
        check("8415x", FIRST_OF_2025, None);
        let medicine = |day| of_category(Medicine, day).unwrap().whole().unwrap().to_string();
        assert_eq!((medicine(LAST_OF_2017), medicine(FIRST_OF_2025)), ("12".into(), "5".into()));
    }
}
