//! One sale.

use purser_sdk::{
    Assessment, Category, Country, Crossing, Date, Error, Levy, Percent, Policy, Reason, Rounding,
    Sale, date,
};

use crate::Config;

const JP: Country = Country::literal(b"JP");

/// The first day of qualified invoices, whose rounding this is.
pub(crate) const COVERED_FROM: Date = date(2023, 10, 1);
/// The end of the fiscal year whose tax reform is known: after it, a newer release knows more.
pub(crate) const COVERED_TO: Date = date(2027, 3, 31);

const STANDARD: &str = "Consumption Tax Act Art. 29 and Local Tax Act Art. 72-83";
const FOOD: &str = "Consumption Tax Act Art. 2(1)(ix-2), Appended Table 1 item 1";
const NEWSPAPER: &str = "Consumption Tax Act Art. 2(1)(ix-2), Appended Table 1 item 2";
const STAMPS: &str = "Consumption Tax Act Art. 6(1), Appended Table 2 item 4(a)";
const SERVICES: &str = "Consumption Tax Act Art. 4(3)(iii)";
const SERVICES_TO_BUSINESS: &str = "Consumption Tax Act Arts. 4(1), 5(1) and 28(2)";
const CUSTOMS: &str = "Consumption Tax Act Arts. 4(2) and 5(2): taxed when it is imported";
const EXPORTED_GOODS: &str = "Consumption Tax Act Art. 7(1)(i)";
const EXPORTED_SERVICES: &str = "Consumption Tax Act Art. 4(3)(iii): supplied where the buyer is";

pub(crate) fn assess(sale: &Sale, config: &Config) -> Result<Assessment, Error> {
    let is_business = sale.buyer_number()? == Some(JP);
    let policy = Policy::japan(sale.currency, config.rounding);
    sale.assess_lines(policy, rounding_law(config.rounding), |line| {
        let crossing = sale.crossing(line.category, JP)?;
        sale.check_day(COVERED_FROM, COVERED_TO)?;
        let (reason, law) = treatment(line.category, crossing, is_business);
        let rate = Percent::from_parts(percent(reason), 0)?;
        Ok((Levy { name: "消費税", jurisdiction: "JP", authority: "JP", reason, rate }, law))
    })
}

fn rounding_law(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::Down => "once per rate, fractions dropped (NTA invoice Q&A)",
        Rounding::Up => "once per rate, fractions up (NTA invoice Q&A)",
        Rounding::HalfUp => "once per rate, half up (NTA invoice Q&A)",
        Rounding::HalfEven => "once per rate, half to even (NTA invoice Q&A)",
        Rounding::HalfDown => "once per rate, half down (NTA invoice Q&A)",
    }
}

/// National and local tax together: 7.8 and 2.2, or 6.24 and 1.76.
const fn percent(reason: Reason) -> i64 {
    match reason {
        Reason::Standard => 10,
        Reason::Reduced => 8,
        Reason::Zero
        | Reason::Exempt
        | Reason::ReverseCharge
        | Reason::Export
        | Reason::OutsideScope => 0,
    }
}

fn treatment(category: Category, crossing: Crossing, is_business: bool) -> (Reason, &'static str) {
    match crossing {
        Crossing::Domestic => at_home(category),
        Crossing::ImportedService if is_business => (Reason::ReverseCharge, SERVICES_TO_BUSINESS),
        Crossing::ImportedService => (Reason::Standard, SERVICES),
        Crossing::ImportedGoods => (Reason::OutsideScope, CUSTOMS),
        Crossing::ExportedGoods => (Reason::Export, EXPORTED_GOODS),
        Crossing::ExportedService => (Reason::OutsideScope, EXPORTED_SERVICES),
    }
}

fn at_home(category: Category) -> (Reason, &'static str) {
    match category {
        Category::Food => (Reason::Reduced, FOOD),
        Category::Newspaper => (Reason::Reduced, NEWSPAPER),
        Category::Postage => (Reason::Exempt, STAMPS),
        Category::General
        | Category::DigitalService
        | Category::Book
        | Category::Ebook
        | Category::Medicine
        | Category::Accommodation
        | Category::Restaurant
        | Category::PassengerTransport => (Reason::Standard, STANDARD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use purser_sdk::{Currency, Line, Money, Place, Problem, Tax};

    use Category::{DigitalService, Food, General, Newspaper, Postage, Restaurant};

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

    fn rounded(sale: Sale, mode: &str) -> Sale {
        let config = ("config".to_owned(), format!(r#"{{"rounding": "{mode}"}}"#));
        Sale { attributes: vec![config], ..sale }
    }

    /// Each tax as `10 standard: 400 + 40 on [1]`.
    fn shown(sale: &Sale) -> Vec<String> {
        let row = |it: purser_sdk::Assessed| {
            let (base, tax) = (it.base.amount(), it.tax.amount());
            format!("{} {}: {base} + {tax} on {:?}", it.rate, it.reason, it.lines)
        };
        ConsumptionTax::assess(sale).unwrap().taxes.into_iter().map(row).collect()
    }

    use crate::ConsumptionTax;

    #[test]
    fn yen_have_no_fractions_and_the_seller_chooses_which_way_they_go() {
        // 10 % of 405 are 40.5, of 404 are 40.4, of 415 are 41.5.
        let check = |mode, expected: [&str; 3]| {
            for (price, tax) in ["405", "404", "415"].into_iter().zip(expected) {
                let sale = sale("JP to JP", None, &[(General, &format!("{price} JPY"))]);
                let expected = format!("10 standard: {price} + {tax} on [1]");
                assert_eq!(shown(&rounded(sale, mode)), [expected], "{mode}");
            }
        };
        check("down", ["40", "40", "41"]);
        check("up", ["41", "41", "42"]);
        check("half-up", ["41", "40", "42"]);
        check("half-down", ["40", "40", "41"]);
        check("half-even", ["40", "40", "42"]);
        let unchosen = sale("JP to JP", None, &[(General, "405 JPY")]);
        assert_eq!(shown(&unchosen), ["10 standard: 405 + 40 on [1]"]);
    }

    #[test]
    fn a_rate_is_rounded_once_whatever_bears_it() {
        // Four times 8.9 are 35.6 at eight per cent and 4 x 89 x 8 % = 28.48: 28, not four times 7.
        let lines = [
            (Food, "89 JPY"),
            (Newspaper, "89 JPY"),
            (Food, "89 JPY"),
            (Newspaper, "89 JPY"),
            (General, "89 JPY"),
            (Restaurant, "89 JPY"),
        ];
        assert_eq!(
            shown(&sale("JP to JP", None, &lines)),
            [
                "8 reduced: 178 + 14 on [1, 3]",
                "8 reduced: 178 + 14 on [2, 4]",
                "10 standard: 89 + 9 on [5]",
                "10 standard: 89 + 8 on [6]"
            ]
        );
    }

    #[test]
    fn a_price_contains_its_tax() {
        let lines = [
            (General, "1100 JPY gross"),
            (Food, "1080 JPY gross"),
            (Food, "100 JPY"),
            (Postage, "84 JPY gross"),
        ];
        assert_eq!(
            shown(&sale("JP to JP", None, &lines)),
            [
                "10 standard: 1000 + 100 on [1]",
                "8 reduced: 1100 + 88 on [2, 3]",
                "0 exempt: 84 + 0 on [4]"
            ]
        );
    }

    #[test]
    fn what_crosses_the_border_is_taxed_where_it_is_consumed() {
        let check = |route, number, category, expected: &str| {
            let found = shown(&sale(route, number, &[(category, "1000 JPY")]));
            assert_eq!(found, [format!("{expected} on [1]")], "{route} {category}");
        };
        check("US to JP", None, DigitalService, "10 standard: 1000 + 100");
        check("US to JP", Some("T8010601046367"), DigitalService, "0 reverse-charge: 1000 + 0");
        check("US to JP", Some("DE136695976"), DigitalService, "10 standard: 1000 + 100");
        check("US to JP", None, General, "0 outside-scope: 1000 + 0");
        check("JP to US", None, General, "0 export: 1000 + 0");
        check("JP to US", None, DigitalService, "0 outside-scope: 1000 + 0");
        check("JP to US", None, Restaurant, "10 standard: 1000 + 100");
        check("JP to JP", Some("T8010601046367"), General, "10 standard: 1000 + 100");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let refused = |sale: &Sale| {
            let error = ConsumptionTax::assess(sale).unwrap_err();
            (error.problem(), error.field().unwrap_or_default().to_owned())
        };
        let one = |route, category| sale(route, None, &[(category, "1 JPY")]);
        use Problem::{
            MalformedRequest, TaxCategoryUnsupported, TaxCountryUnsupported, TaxIdInvalid,
        };
        assert_eq!(refused(&one("US to US", General)), (TaxCountryUnsupported, "buyer".to_owned()));
        assert_eq!(
            refused(&one("US to JP", Restaurant)),
            (TaxCountryUnsupported, "seller".to_owned())
        );
        let wrong = sale("US to JP", Some("T2835678256246"), &[(DigitalService, "1 JPY")]);
        assert_eq!(refused(&wrong), (TaxIdInvalid, "tax_id".to_owned()));
        let wrong = rounded(one("JP to JP", General), "nearest");
        assert_eq!(refused(&wrong), (MalformedRequest, "config.rounding".to_owned()));
        for day in [date(2023, 9, 30), date(2027, 4, 1)] {
            let sale = Sale { date: day, ..one("JP to JP", General) };
            assert_eq!(refused(&sale), (TaxCategoryUnsupported, "date".to_owned()));
        }
    }

    proptest! {
        /// However many lines, a rate loses less than one yen.
        #[test]
        fn less_than_a_yen_is_dropped(prices in prop::collection::vec(0_i64..1_000_000, 1..50)) {
            let texts: Vec<String> = prices.iter().map(|it| format!("{it} JPY")).collect();
            let categories = [Food, Newspaper];
            let lines: Vec<(Category, &str)> =
                categories.into_iter().cycle().zip(texts.iter().map(String::as_str)).collect();
            let found = assess(&sale("JP to JP", None, &lines), &Config::default()).unwrap();
            let tax: i64 = found.taxes.iter().map(|it| it.tax.minor()).sum();
            prop_assert_eq!(tax, prices.iter().sum::<i64>() * 8 / 100);
        }
    }
}
