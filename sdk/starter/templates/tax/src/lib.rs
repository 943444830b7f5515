//! The taxes of __COUNTRY__.

use purser_sdk::{
    Assessment, Category, Date, Description, Document, Error, Filing, Levy, Percent, PeriodTotals, Policy, Problem,
    Reason, Sale, Tax, date,
};

const COUNTRY: &str = "__COUNTRY__";

/// A rate, from its first day on, and where it is published.
struct Rate {
    since: Date,
    percent: &'static str,
    source: &'static str,
}

/// Newest first. These are made up: put the real ones in their place, each with its source.
const RATES: [Rate; 2] = [
    Rate { since: date(2024, 1, 1), percent: "10", source: "made up: name the law and its address" },
    Rate { since: date(2020, 1, 1), percent: "8", source: "made up: name the law and its address" },
];

struct Plugin;

impl Tax for Plugin {
    fn describe() -> Description {
        Description {
            name: "__NAME__",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec![COUNTRY],
            valid_from: RATES[RATES.len() - 1].since,
            valid_to: None,
            sources: RATES.iter().map(|rate| rate.source).collect(),
        }
    }

    fn assess(sale: &Sale) -> Result<Assessment, Error> {
        if sale.buyer.country.code() != COUNTRY {
            let text = format!("this plugin knows the taxes of __COUNTRY__");
            return Err(Error::new(Problem::TaxCountryUnsupported, text).at("buyer.country"));
        }
        let rate = rate_on(sale.date)?;
        // How the law rounds: here once for each rate on a document, half a cent up.
        let mut document = Document::new(Policy::per_rate(sale.currency), sale.currency);
        for (index, line) in sale.lines.iter().enumerate() {
            // What there is no rule for is refused, never guessed.
            if !matches!(line.category, Category::General | Category::DigitalService) {
                let text = format!("no rule for {} yet", line.category);
                let error = Error::new(Problem::TaxCategoryUnsupported, text);
                return Err(error.at(format!("lines[{index}].category")));
            }
            document.add(line, &[Levy {
                // As a receipt prints it.
                name: "VAT",
                jurisdiction: COUNTRY,
                // Whom it is paid to.
                authority: COUNTRY,
                reason: Reason::Standard,
                rate: Percent::parse(rate.percent)?,
            }])?;
        }
        document.assess(format!("{} % since {}: {}", rate.percent, rate.since, rate.source))
    }

    fn file_return(_: &PeriodTotals) -> Result<Filing, Error> {
        Err(Error::new(Problem::TaxCountryUnsupported, "this plugin files no returns yet"))
    }
}

fn rate_on(day: Date) -> Result<&'static Rate, Error> {
    let known = RATES.iter().find(|rate| rate.since <= day);
    known.ok_or_else(|| {
        let text = format!("no rate is known for {day}");
        Error::new(Problem::TaxCountryUnsupported, text).at("date")
    })
}

purser_sdk::register_tax!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_rate_comes_first() {
        assert!(RATES.is_sorted_by(|newer, older| newer.since > older.since));
    }
}
