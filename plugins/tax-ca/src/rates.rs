//! Which rate each tax has on a category in a province on a day.

use purser_sdk::{
    Category::{
        self, Book, DigitalService, Ebook, Food, General, Medicine, Newspaper, Postage, Restaurant,
    },
    Date, Error, Percent, Problem, Reason, date,
};

/// The first day of which the rows speak.
pub(crate) const COVERED_FROM: Date = date(2024, 1, 1);
/// The last day for which the rows may be trusted: after it, a newer release knows more.
pub(crate) const COVERED_TO: Date = date(2027, 12, 31);

/// Of which tax a row speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// GST, and the federal part of HST.
    Federal,
    /// The provincial part of HST, QST, RST or PST.
    Provincial,
}

/// One rate. It is what the source says, no more.
#[derive(Debug)]
pub(crate) struct Row {
    kind: Kind,
    /// Letters of provinces; all of Canada where empty.
    provinces: &'static [&'static str],
    categories: &'static [Category],
    from: Date,
    to: Option<Date>,
    /// Thousandths of a percent.
    milli_percent: i64,
    pub(crate) reason: Reason,
    pub(crate) source: &'static str,
}

impl Row {
    const fn new(
        kind: Kind,
        provinces: &'static [&'static str],
        categories: &'static [Category],
        (milli_percent, reason): (i64, Reason),
        source: &'static str,
    ) -> Self {
        let (from, to) = (COVERED_FROM, None);
        Self { kind, provinces, categories, from, to, milli_percent, reason, source }
    }

    const fn since(self, day: Date) -> Self {
        Self { from: day, ..self }
    }

    const fn until(self, day: Date) -> Self {
        Self { to: Some(day), ..self }
    }

    /// The percentage.
    pub(crate) fn rate(&self) -> Result<Percent, Error> {
        Ok(Percent::from_parts(self.milli_percent, 3)?)
    }

    fn is_for(&self, kind: Kind, province: &str, category: Category, day: Date) -> bool {
        self.kind == kind
            && (self.provinces.is_empty() || self.provinces.contains(&province))
            && self.categories.contains(&category)
            && self.from <= day
            && self.to.is_none_or(|to| day <= to)
    }
}

/// The row of a tax for `category` in a province on `day`.
pub(crate) fn find(
    kind: Kind,
    province: &str,
    category: Category,
    day: Date,
) -> Result<&'static Row, Error> {
    let mut rows = ROWS.iter();
    rows.find(|row| row.is_for(kind, province, category, day)).ok_or_else(|| {
        let tax = match kind {
            Kind::Federal => "GST/HST",
            Kind::Provincial => "provincial tax",
        };
        let text = format!(
            "this plugin has no sourced rate of {tax} on {category} in CA-{province} on {day}"
        );
        Error::new(Problem::TaxCategoryUnsupported, text)
    })
}

/// Refuses a day of which the rows do not speak.
pub(crate) fn check_day(day: Date) -> Result<(), Error> {
    if (COVERED_FROM..=COVERED_TO).contains(&day) {
        return Ok(());
    }
    let text = format!(
        "the rates of this release are those of {COVERED_FROM} to {COVERED_TO}; install one that knows {day}"
    );
    Err(Error::new(Problem::TaxCategoryUnsupported, text).at("date"))
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

/// Basic groceries; what is not basic (sweets, soft drinks, a warm meal) is offered as `general` or `restaurant`.
const GROCERIES: &str = "Excise Tax Act Sch. VI part III s 1: basic groceries are zero-rated";
/// Drugs on prescription; what is sold over the counter is offered as `general`.
const DRUGS: &str = "Excise Tax Act Sch. VI part I s 2: prescription drugs are zero-rated";
const GST: &str = "Excise Tax Act s 165(1): 5 %";
/// Printed books, newspapers and meals. Periodicals were in it only by subscription, so that newspapers have no row then.
const BREAK: &str = "Tax Break for All Canadians Act: zero-rated from 2024-12-14 to 2025-02-15 (CRA, GST/HST break)";
/// A stamp is the carriage of mail, taxed where it is handed over (Sch. IX part VII s 2).
const STAMPS: &str = "CRA, HQR0000047 and case 37229: postage stamps bear GST/HST";
const HST_ON: &str = "Excise Tax Act s 165(2) and Sch. VIII: Ontario 8 %";
const HST_10: &str = "Excise Tax Act s 165(2) and Sch. VIII: New Brunswick, Newfoundland and Labrador, Prince Edward Island 10 %";
const HST_NS_10: &str = "Excise Tax Act s 165(2) and Sch. VIII: Nova Scotia 10 % to 2025-03-31";
const HST_NS_9: &str = "SOR/2025-77, HVAT Regulations s 33.6: Nova Scotia 9 % from 2025-04-01";
const HST_BOOKS: &str =
    "CRA GI-065: rebate of the provincial part on printed books at the point of sale";
const QST: &str = "Act respecting the Québec sales tax (T-0.1) s 16: 9.975 %";
const QST_BOOKS: &str = "T-0.1 s 198.1, Revenu Québec, Printed Books: zero-rated";
const QST_FOOD: &str =
    "T-0.1 ss 174 and 177: prescription drugs and basic groceries are zero-rated";
const BC: &str =
    "Provincial Sales Tax Act (BC) s 34: 7 %; Bulletins PST 105 and 107 for software and streaming";
const BC_EXEMPT: &str = "gov.bc.ca, PST exemptions: food and meals, books, newspapers, magazines, prescription medications";
const SK: &str =
    "Provincial Sales Tax Act (SK): 6 %; Bulletin PST-7 for digital services; IN 2017-03 for meals";
const SK_EXEMPT: &str = "Saskatchewan PST-9: publications, also electronic ones; IN 2017-03 and PST-2: groceries, prescription drugs";
const MB: &str = "Retail Sales Tax Act (MB): 7 %";
const MB_CLOUD: &str =
    "Manitoba Bulletin 033, Bill 46 (2025): cloud computing services 7 % from 2026-01-01";
const MB_EXEMPT: &str =
    "Manitoba Bulletins 015 (books), 029 (groceries) and 002 (prescription drugs): exempt";

const HOLIDAY: Date = date(2024, 12, 14);
const BEFORE_HOLIDAY: Date = date(2024, 12, 13);
const HOLIDAY_ENDS: Date = date(2025, 2, 15);
const AFTER_HOLIDAY: Date = date(2025, 2, 16);
const NS_BEFORE: Date = date(2025, 3, 31);
const NS_CHANGES: Date = date(2025, 4, 1);

const ALL: &[&str] = &[];
/// What is taxed all year, and what was relieved for two months.
const TAXED: &[Category] = &[General, DigitalService, Ebook];
const RELIEVED: &[Category] = &[Book, Restaurant];
const PRINTED: &[Category] = &[Newspaper];
/// What the provinces take HST on. Ontario gives its part back on newspapers (GI-060), not on magazines: no row there.
const HST: &[Category] = &[General, DigitalService, Ebook, Newspaper, Restaurant, Postage];
const HST_ONTARIO: &[Category] = &[General, DigitalService, Ebook, Restaurant, Postage];
const ESSENTIAL: &[Category] = &[Food, Medicine];

const STANDARD_5: (i64, Reason) = (5_000, Reason::Standard);
const ZERO: (i64, Reason) = (0, Reason::Zero);
const EXEMPT: (i64, Reason) = (0, Reason::Exempt);

use Kind::{Federal, Provincial};

#[rustfmt::skip]
static ROWS: &[Row] = &[
    Row::new(Federal, ALL, TAXED, STANDARD_5, GST),
    Row::new(Federal, ALL, RELIEVED, STANDARD_5, GST).until(BEFORE_HOLIDAY),
    Row::new(Federal, ALL, RELIEVED, ZERO, BREAK).since(HOLIDAY).until(HOLIDAY_ENDS),
    Row::new(Federal, ALL, RELIEVED, STANDARD_5, GST).since(AFTER_HOLIDAY),
    Row::new(Federal, ALL, PRINTED, STANDARD_5, GST).until(BEFORE_HOLIDAY),
    Row::new(Federal, ALL, PRINTED, STANDARD_5, GST).since(AFTER_HOLIDAY),
    Row::new(Federal, ALL, &[Postage], STANDARD_5, STAMPS),
    Row::new(Federal, ALL, &[Food], ZERO, GROCERIES),
    Row::new(Federal, ALL, &[Medicine], ZERO, DRUGS),

    Row::new(Provincial, &["ON"], HST_ONTARIO, (8_000, Reason::Standard), HST_ON),
    Row::new(Provincial, &["NB", "NL", "PE"], HST, (10_000, Reason::Standard), HST_10),
    Row::new(Provincial, &["NS"], HST, (10_000, Reason::Standard), HST_NS_10).until(NS_BEFORE),
    Row::new(Provincial, &["NS"], HST, (9_000, Reason::Standard), HST_NS_9).since(NS_CHANGES),
    Row::new(Provincial, &["NB", "NL", "NS", "ON", "PE"], &[Book], ZERO, HST_BOOKS),
    Row::new(Provincial, &["NB", "NL", "NS", "ON", "PE"], &[Food], ZERO, GROCERIES),
    Row::new(Provincial, &["NB", "NL", "NS", "ON", "PE"], &[Medicine], ZERO, DRUGS),

    Row::new(Provincial, &["QC"], HST, (9_975, Reason::Standard), QST),
    Row::new(Provincial, &["QC"], &[Book], ZERO, QST_BOOKS),
    Row::new(Provincial, &["QC"], ESSENTIAL, ZERO, QST_FOOD),

    Row::new(Provincial, &["BC"], &[General, DigitalService], (7_000, Reason::Standard), BC),
    Row::new(Provincial, &["BC"], &[Book, Newspaper, Food, Medicine, Restaurant], EXEMPT, BC_EXEMPT),
    Row::new(Provincial, &["SK"], &[General, DigitalService, Restaurant], (6_000, Reason::Standard), SK),
    Row::new(Provincial, &["SK"], &[Book, Ebook, Newspaper, Food, Medicine], EXEMPT, SK_EXEMPT),
    Row::new(Provincial, &["MB"], &[General], (7_000, Reason::Standard), MB),
    Row::new(Provincial, &["MB"], &[DigitalService], (7_000, Reason::Standard), MB_CLOUD).since(date(2026, 1, 1)),
    Row::new(Provincial, &["MB"], &[Book, Food, Medicine], EXEMPT, MB_EXEMPT),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provinces::{PROVINCES, Scheme};

    #[test]
    fn a_day_has_at_most_one_rate_and_goods_always_have_one() {
        let mut days = vec![COVERED_FROM, COVERED_TO];
        days.extend(ROWS.iter().map(|row| row.from));
        days.extend(ROWS.iter().filter_map(|row| row.to));
        for province in PROVINCES {
            for day in &days {
                for category in Category::ALL {
                    for kind in [Federal, Provincial] {
                        let count = ROWS
                            .iter()
                            .filter(|row| row.is_for(kind, province.part, *category, *day))
                            .count();
                        let taxed = kind == Federal || province.scheme != Scheme::Gst;
                        let needed = usize::from(taxed && *category == General);
                        let most = usize::from(taxed);
                        assert!(
                            (needed..=most).contains(&count),
                            "{kind:?} {category} {} {day}",
                            province.part
                        );
                    }
                }
            }
        }
    }

    /// taxtips.ca, "2026 sales tax rates": a second list against which the rows are held.
    #[test]
    fn general_rates_are_those_of_the_trades_list() {
        let list = "AB 5 0, BC 5 7, MB 5 7, NB 5 10, NL 5 10, NS 5 9, NT 5 0, NU 5 0, ON 5 8, PE 5 10, QC 5 9.975, SK 5 6, YT 5 0";
        for row in list.split(", ") {
            let words: Vec<&str> = row.split(' ').collect();
            let rate = |kind| {
                let found = find(kind, words[0], General, date(2026, 6, 1));
                found.map_or("0".to_owned(), |row| row.rate().unwrap().to_string())
            };
            assert_eq!((rate(Federal).as_str(), rate(Provincial).as_str()), (words[1], words[2]));
        }
    }

    #[test]
    fn rates_change_on_their_day() {
        let check = |kind, province, category, day, expected: Option<&str>| {
            let found =
                find(kind, province, category, day).ok().map(|row| row.rate().unwrap().to_string());
            assert_eq!(found.as_deref(), expected, "{category} in {province} on {day}");
        };
        check(Provincial, "NS", General, NS_BEFORE, Some("10"));
        check(Provincial, "NS", General, NS_CHANGES, Some("9"));
        check(Federal, "AB", Book, BEFORE_HOLIDAY, Some("5"));
        check(Federal, "AB", Book, HOLIDAY, Some("0"));
        check(Federal, "AB", Restaurant, HOLIDAY_ENDS, Some("0"));
        check(Federal, "AB", Restaurant, AFTER_HOLIDAY, Some("5"));
        check(Federal, "AB", Newspaper, HOLIDAY, None);
        check(Provincial, "MB", DigitalService, date(2025, 12, 31), None);
        check(Provincial, "MB", DigitalService, date(2026, 1, 1), Some("7"));
        check(Provincial, "ON", Newspaper, date(2026, 1, 1), None);
        assert!(check_day(date(2023, 12, 31)).is_err() && check_day(date(2028, 1, 1)).is_err());
    }
}
