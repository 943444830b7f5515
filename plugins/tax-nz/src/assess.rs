//! One sale.

use purser_sdk::{
    Assessment, Category, Country, Crossing, Currency, Date, Error, Level, Levy, Line, Money,
    Percent, Policy, Reason, Sale, date,
};

use crate::{Config, Rounding};

const NZ: Country = Country::literal(b"NZ");

/// Since when goods of low value from abroad are taxed.
pub(crate) const COVERED_FROM: Date = date(2019, 12, 1);
/// The last day for which the rules may be trusted: after it, a newer release knows more.
pub(crate) const COVERED_TO: Date = date(2027, 12, 31);

/// Of GST Act 1985 s 10B(2).
const LOW_VALUE_CENTS: i64 = 100_000;

const TAXABLE: &str = "GST Act 1985 s 8(1)";
const STAMPS: &str = "GST Act 1985 ss 8(1) and 5(11I)";
const REMOTE: &str = "GST Act 1985 s 8(3)(c)";
const REMOTE_TO_BUSINESS: &str = "GST Act 1985 s 8(4B) and (4D)";
const LOW_VALUE: &str = "GST Act 1985 ss 8(3) and 10B: distantly taxable goods";
const LOW_VALUE_TO_BUSINESS: &str = "GST Act 1985 s 8(4B) and (4E)";
const CUSTOMS: &str = "GST Act 1985 s 12: taxed when it is imported";
const EXPORTED_GOODS: &str = "GST Act 1985 s 11(1)";
const EXPORTED_SERVICES: &str = "GST Act 1985 s 11A(1)(k)";

pub(crate) fn assess(sale: &Sale, config: &Config) -> Result<Assessment, Error> {
    let is_business = sale.buyer_number()? == Some(NZ);
    let (level, rounding) = match config.rounding {
        Rounding::Total => (Level::Invoice, "the total rounded: s 19O(2)(b)"),
        Rounding::Line => (Level::Line, "each amount rounded: s 19O(2)(a)"),
    };
    let policy = Policy { level, ..Policy::new_zealand(sale.currency).in_coins_of(sale.currency) };
    sale.assess_lines(policy, rounding, |line| {
        let crossing = sale.crossing(line.category, NZ)?;
        sale.check_day(COVERED_FROM, COVERED_TO)?;
        let (reason, law) = treatment(line, crossing, is_business, config)?;
        let rate = if reason == Reason::Standard { rate()? } else { Percent::ZERO };
        Ok((Levy { name: "GST", jurisdiction: "NZ", authority: "NZ", reason, rate }, law))
    })
}

fn rate() -> Result<Percent, Error> {
    Ok(Percent::from_parts(15, 0)?)
}

fn treatment(
    line: &Line,
    crossing: Crossing,
    is_business: bool,
    config: &Config,
) -> Result<(Reason, &'static str), Error> {
    match crossing {
        Crossing::ExportedGoods => Ok((Reason::Export, EXPORTED_GOODS)),
        Crossing::ExportedService => Ok((Reason::Export, EXPORTED_SERVICES)),
        Crossing::Domestic if line.category == Category::Postage => Ok((Reason::Standard, STAMPS)),
        Crossing::Domestic => Ok((Reason::Standard, TAXABLE)),
        Crossing::ImportedService if is_business => Ok((Reason::ReverseCharge, REMOTE_TO_BUSINESS)),
        Crossing::ImportedService => Ok((Reason::Standard, REMOTE)),
        Crossing::ImportedGoods => {
            let limit = Money::new(LOW_VALUE_CENTS, Currency::parse("NZD")?);
            let low = config.low_value.includes(line, rate()?, limit, "config.low_value")?;
            Ok(match (low, is_business) {
                (true, false) => (Reason::Standard, LOW_VALUE),
                (true, true) => (Reason::ReverseCharge, LOW_VALUE_TO_BUSINESS),
                (false, _) => (Reason::OutsideScope, CUSTOMS),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use purser_sdk::{Place, Problem, Tax};

    use Category::{Accommodation, Book, DigitalService, Food, General, Postage};

    fn line(id: u32, category: Category, price: &str) -> Line {
        let words: Vec<&str> = price.split(' ').collect();
        Line {
            id,
            category,
            quantity: 1,
            amount: Money::parse(words[0], Currency::parse(words[1]).unwrap()).unwrap(),
            tax_inclusive: words.get(2) == Some(&"gross"),
            attributes: vec![],
        }
    }

    fn sale(route: &str, number: Option<&str>, lines: &[(Category, &str)]) -> Sale {
        let (seller, buyer) = route.split_once(" to ").unwrap();
        let place = |code| Place::of(Country::parse(code).unwrap());
        let lines: Vec<Line> =
            (1..).zip(lines).map(|(id, (category, price))| line(id, *category, price)).collect();
        Sale {
            date: date(2026, 11, 1),
            currency: lines[0].amount.currency(),
            seller: place(seller),
            registrations: vec![],
            buyer: place(buyer),
            buyer_tax_id: number.map(str::to_owned),
            lines,
            attributes: vec![],
        }
    }

    fn by_line(sale: Sale) -> Sale {
        let config = ("config".to_owned(), r#"{"rounding": "line"}"#.to_owned());
        Sale { attributes: vec![config], ..sale }
    }

    /// Each tax as `15 standard: 10.00 + 1.50 on [1]`.
    fn shown(sale: &Sale) -> Vec<String> {
        let row = |it: purser_sdk::Assessed| {
            let (base, tax) = (it.base.amount(), it.tax.amount());
            format!("{} {}: {base} + {tax} on {:?}", it.rate, it.reason, it.lines)
        };
        crate::Gst::assess(sale).unwrap().taxes.into_iter().map(row).collect()
    }

    #[test]
    fn half_a_cent_is_dropped_and_more_is_a_cent() {
        // 15 % of 0.50 are 7.5 cents, of 0.90 are 13.5, of 0.84 are 12.6.
        for (price, tax) in [("0.50", "0.07"), ("0.90", "0.13"), ("0.84", "0.13"), ("0.10", "0.01")]
        {
            let sale = sale("NZ to NZ", None, &[(General, &format!("{price} NZD"))]);
            assert_eq!(shown(&sale), [format!("15 standard: {price} + {tax} on [1]")]);
        }
        // Three times 1.5 cents are 4.5 of the total, and one each by line.
        let three = sale("NZ to NZ", None, &[(General, "0.10 NZD"); 3]);
        assert_eq!(shown(&three), ["15 standard: 0.30 + 0.04 on [1, 2, 3]"]);
        assert_eq!(shown(&by_line(three)), ["15 standard: 0.30 + 0.03 on [1, 2, 3]"]);
    }

    #[test]
    fn everything_is_taxed_and_a_price_contains_three_twenty_thirds() {
        let lines = [
            (General, "23.00 NZD gross"),
            (Food, "11.50 NZD gross"),
            (Book, "10.00 NZD"),
            (Postage, "2.30 NZD gross"),
        ];
        assert_eq!(
            shown(&sale("NZ to NZ", None, &lines)),
            [
                "15 standard: 20.00 + 3.00 on [1]",
                "15 standard: 10.00 + 1.50 on [2]",
                "15 standard: 10.00 + 1.50 on [3]",
                "15 standard: 2.00 + 0.30 on [4]"
            ]
        );
    }

    #[test]
    fn consumers_pay_on_remote_services_and_low_value_goods_and_registered_buyers_do_not() {
        let check = |number, category, price: &str, expected: &str| {
            let found = shown(&sale("US to NZ", number, &[(category, price)]));
            assert_eq!(found, [format!("{expected} on [1]")], "{category} {price}");
        };
        let ird = Some("49-098-576");
        check(None, DigitalService, "20.00 USD", "15 standard: 20.00 + 3.00");
        check(ird, DigitalService, "20.00 USD", "0 reverse-charge: 20.00 + 0.00");
        check(None, Food, "1000.00 NZD", "15 standard: 1000.00 + 150.00");
        check(None, General, "1150.00 NZD gross", "15 standard: 1000.00 + 150.00");
        check(ird, General, "1000.00 NZD", "0 reverse-charge: 1000.00 + 0.00");
        check(None, General, "1000.01 NZD", "0 outside-scope: 1000.01 + 0.00");
        check(Some("DE136695976"), DigitalService, "1.00 NZD", "15 standard: 1.00 + 0.15");
    }

    #[test]
    fn what_leaves_is_zero_rated() {
        let lines =
            [(General, "10.00 NZD"), (DigitalService, "10.00 NZD"), (Accommodation, "10.00 NZD")];
        assert_eq!(
            shown(&sale("NZ to AU", None, &lines)),
            [
                "0 export: 10.00 + 0.00 on [1]",
                "0 export: 10.00 + 0.00 on [2]",
                "15 standard: 10.00 + 1.50 on [3]"
            ]
        );
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let refused = |sale: &Sale| {
            let error = crate::Gst::assess(sale).unwrap_err();
            (error.problem(), error.field().unwrap_or_default().to_owned())
        };
        let one = |route, category| sale(route, None, &[(category, "1.00 NZD")]);
        use Problem::{CurrencyUnsupported, TaxCategoryUnsupported, TaxCountryUnsupported};
        assert_eq!(refused(&one("AU to AU", General)), (TaxCountryUnsupported, "buyer".to_owned()));
        assert_eq!(
            refused(&one("AU to NZ", Accommodation)),
            (TaxCountryUnsupported, "seller".to_owned())
        );
        let dollars = sale("US to NZ", None, &[(General, "1.00 USD")]);
        assert_eq!(refused(&dollars), (CurrencyUnsupported, "currency".to_owned()));
        for day in [date(2019, 11, 30), date(2028, 1, 1)] {
            let sale = Sale { date: day, ..one("NZ to NZ", General) };
            assert_eq!(refused(&sale), (TaxCategoryUnsupported, "date".to_owned()));
        }
    }

    proptest! {
        /// The tax of a net price is 15 % of it, with the half cent dropped.
        #[test]
        fn no_more_than_half_a_cent_is_dropped(cents in 0_i64..1_000_000_000) {
            let price = format!("{}.{:02} NZD", cents / 100, cents % 100);
            let found = assess(&sale("NZ to NZ", None, &[(General, &price)]), &Config::default()).unwrap();
            let off = found.taxes[0].tax.minor() * 100 - cents * 15;
            prop_assert!((-50..50).contains(&off), "{} hundredths of a cent", off);
        }
    }
}
