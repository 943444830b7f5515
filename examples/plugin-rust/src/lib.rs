//! Goods and services tax of Singapore.

use purser_sdk::{
    Assessment, Category, Currency, Date, Description, Document, Error, Filing, Levy, Money,
    Percent, PeriodTotals, Policy, Problem, Reason, Sale, Tax, date,
};

/// A rate, from its first day on.
struct Rate {
    since: Date,
    percent: &'static str,
}

/// Newest first. Goods and Services Tax Act 1993, section 16, as IRAS lists it.
const RATES: [Rate; 3] = [
    Rate { since: date(2024, 1, 1), percent: "9" },
    Rate { since: date(2023, 1, 1), percent: "8" },
    Rate { since: date(2007, 7, 1), percent: "7" },
];

const LAW: &str = "Goods and Services Tax Act 1993, section 16";
const IRAS: &str =
    "https://www.iras.gov.sg/taxes/goods-services-tax-(gst)/basics-of-gst/current-gst-rates";

struct Gst;

impl Tax for Gst {
    fn describe() -> Description {
        Description {
            name: "gst-sg",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec!["SG"],
            valid_from: date(2007, 7, 1),
            valid_to: None,
            sources: vec![LAW, IRAS],
        }
    }

    fn assess(sale: &Sale) -> Result<Assessment, Error> {
        if sale.buyer.country.code() != "SG" {
            return Err(refusal("this plugin knows the tax of Singapore").at("buyer.country"));
        }
        // Section 14: a business that buys from abroad accounts for the tax itself.
        if sale.seller.country.code() != "SG" && sale.buyer_tax_id.is_some() {
            return Err(refusal("no rule for a business that buys abroad").at("buyer_tax_id"));
        }
        let rate = rate_on(sale.date)?;
        // IRAS lets the tax of an invoice be computed on its total; it is rounded to the nearest cent.
        let mut document = Document::new(Policy::per_rate(sale.currency), sale.currency);
        for (index, line) in sale.lines.iter().enumerate() {
            if !is_standard_rated(line.category) {
                let text = format!("no rule for {}", line.category);
                let error = Error::new(Problem::TaxCategoryUnsupported, text);
                return Err(error.at(format!("lines[{index}].category")));
            }
            let levy = Levy {
                name: "GST",
                jurisdiction: "SG",
                authority: "SG",
                reason: Reason::Standard,
                rate: Percent::parse(rate.percent)?,
            };
            document.add(line, &[levy])?;
        }
        document.assess(format!("{LAW}; {} % since {}", rate.percent, rate.since))
    }

    /// The boxes of form GST F5 that sales fill, in Singapore dollars.
    fn file_return(totals: &PeriodTotals) -> Result<Filing, Error> {
        let sgd = Currency::parse("SGD")?;
        let (mut sales, mut tax) = (Money::zero(sgd), Money::zero(sgd));
        for line in &totals.lines {
            sales = sales.plus(line.base)?;
            tax = tax.plus(line.tax)?;
        }
        let (sales, tax) = (sales.amount(), tax.amount());
        let rows = [
            format!("1,Total value of standard-rated supplies,{sales}"),
            "2,Total value of zero-rated supplies,0.00".to_owned(),
            "3,Total value of exempt supplies,0.00".to_owned(),
            format!("4,Total value of (1) + (2) + (3),{sales}"),
            format!("6,Output tax due,{tax}"),
        ];
        Ok(Filing {
            media_type: "text/csv; charset=utf-8".to_owned(),
            file_name: format!("gst-f5-{}.csv", totals.period),
            body: format!("box,name,SGD\n{}\n", rows.join("\n")).into_bytes(),
        })
    }
}

fn rate_on(day: Date) -> Result<&'static Rate, Error> {
    let known = RATES.iter().find(|rate| rate.since <= day);
    known.ok_or_else(|| refusal(&format!("no rate is known for {day}")).at("date"))
}

/// Postage and passenger transport are zero-rated when they cross the border, which a sale does not tell.
fn is_standard_rated(category: Category) -> bool {
    match category {
        Category::General
        | Category::DigitalService
        | Category::Book
        | Category::Ebook
        | Category::Newspaper
        | Category::Food
        | Category::Medicine
        | Category::Accommodation
        | Category::Restaurant => true,
        Category::PassengerTransport | Category::Postage => false,
    }
}

fn refusal(text: &str) -> Error {
    Error::new(Problem::TaxCountryUnsupported, text)
}

purser_sdk::register_tax!(Gst);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rate_ends_where_the_next_begins() {
        let percent = |day| rate_on(day).map(|rate| rate.percent).ok();
        assert_eq!(percent(date(2024, 1, 1)), Some("9"));
        assert_eq!(percent(date(2023, 12, 31)), Some("8"));
        assert_eq!(percent(date(2022, 12, 31)), Some("7"));
        assert_eq!(percent(date(2007, 6, 30)), None);
    }
}
