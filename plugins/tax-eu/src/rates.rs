//! Which rate a category has in a country on a day.

use purser_sdk::{Category, Country, Date, Error, Percent, Problem, Reason, date};

use crate::countries::Land;

mod reduced;
mod standard;

/// The first day of which the rows speak.
pub(crate) const COVERED_FROM: Date = date(2024, 1, 1);
/// The last day for which the rows may be trusted: after it, a newer release knows more.
pub(crate) const COVERED_TO: Date = date(2027, 12, 31);

/// One rate of one country. It is what the source says, no more.
#[derive(Debug)]
pub(crate) struct Row {
    country: Country,
    categories: &'static [Category],
    from: Date,
    to: Option<Date>,
    /// Mantissa and scale of the percentage.
    percent: (i64, u8),
    pub(crate) reason: Reason,
    pub(crate) source: &'static str,
}

impl Row {
    /// The percentage.
    pub(crate) fn rate(&self) -> Result<Percent, Error> {
        Ok(Percent::from_parts(self.percent.0, self.percent.1)?)
    }

    fn is_on(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// The row for `category` in `land` on `day`.
pub(crate) fn find(land: &Land, category: Category, day: Date) -> Result<&'static Row, Error> {
    let mut rows = rows();
    let found = rows.find(|row| {
        row.country == land.country && row.categories.contains(&category) && row.is_on(day)
    });
    found.ok_or_else(|| {
        let text =
            format!("this plugin has no sourced rate of {category} in {} on {day}", land.code());
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
    Err(Error::new(Problem::TaxCountryUnsupported, text).at("date"))
}

/// Every source, once.
pub(crate) fn sources() -> Vec<&'static str> {
    let mut sources: Vec<_> = rows().map(|row| row.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

fn rows() -> impl Iterator<Item = &'static Row> {
    standard::ROWS.iter().chain(reduced::ROWS)
}
