//! One sale.

use purser_sdk::{
    Assessment, Category, Country, Crossing, Currency, Date, Error, Level, Levy, Line, Money,
    Percent, Policy, Reason, Sale, date,
};

use crate::{Config, Rounding};

const AU: Country = Country::literal(b"AU");

/// Since when goods of low value from abroad are taxed.
pub(crate) const COVERED_FROM: Date = date(2018, 7, 1);
/// The last day for which the rules may be trusted: after it, a newer release knows more.
pub(crate) const COVERED_TO: Date = date(2027, 12, 31);

/// Of GST Act 1999 s 84-79(3).
const LOW_VALUE_CENTS: i64 = 100_000;

const TAXABLE: &str = "GST Act 1999 s 9-70";
const FOOD: &str = "GST Act 1999 ss 38-2 and 13-10";
const MEDICINE: &str = "GST Act 1999 ss 38-50 and 13-10";
const STAMPS: &str =
    "GST Act 1999 ss 9-5 and 100-25(1): a postage stamp is no voucher, it is taxed when it is sold";
const SERVICES: &str = "GST Act 1999 s 9-25(5)(d)";
const SERVICES_TO_BUSINESS: &str = "GST Act 1999 ss 9-25(7), 9-26 and 84-5";
const LOW_VALUE: &str = "GST Act 1999 s 84-75; LCR 2018/1";
const LOW_VALUE_TO_BUSINESS: &str = "GST Act 1999 ss 84-5 and 84-75; LCR 2018/1";
const CUSTOMS: &str = "GST Act 1999 ss 13-5 and 84-83: taxed when it is imported";
const EXPORTED_GOODS: &str = "GST Act 1999 s 38-185";
const EXPORTED_SERVICES: &str = "GST Act 1999 s 38-190";

pub(crate) fn assess(sale: &Sale, config: &Config) -> Result<Assessment, Error> {
    let is_business = sale.buyer_number()? == Some(AU);
    let (level, rounding) = match config.rounding {
        Rounding::TotalInvoice => (Level::Invoice, "the invoice's sum rounded: s 9-90(2)(a)"),
        Rounding::TaxableSupply => (Level::Line, "each supply rounded: s 9-90(2)(b)"),
    };
    let policy = Policy { level, ..Policy::per_rate(sale.currency).in_coins_of(sale.currency) };
    sale.assess_lines(policy, rounding, |line| {
        let crossing = sale.crossing(line.category, AU)?;
        sale.check_day(COVERED_FROM, COVERED_TO)?;
        let (reason, law) = treatment(line, crossing, is_business, config)?;
        let rate = if reason == Reason::Standard { rate()? } else { Percent::ZERO };
        Ok((Levy { name: "GST", jurisdiction: "AU", authority: "AU", reason, rate }, law))
    })
}

fn rate() -> Result<Percent, Error> {
    Ok(Percent::from_parts(10, 0)?)
}

fn treatment(
    line: &Line,
    crossing: Crossing,
    is_business: bool,
    config: &Config,
) -> Result<(Reason, &'static str), Error> {
    let at_home = at_home(line.category);
    match crossing {
        Crossing::ExportedGoods => Ok((Reason::Export, EXPORTED_GOODS)),
        Crossing::ExportedService => Ok((Reason::Export, EXPORTED_SERVICES)),
        Crossing::Domestic => Ok(at_home),
        // What is GST-free in Australia is so from abroad.
        Crossing::ImportedGoods if at_home.0 != Reason::Standard => Ok(at_home),
        Crossing::ImportedService if is_business => {
            Ok((Reason::ReverseCharge, SERVICES_TO_BUSINESS))
        }
        Crossing::ImportedService => Ok((Reason::Standard, SERVICES)),
        Crossing::ImportedGoods => {
            let limit = Money::new(LOW_VALUE_CENTS, Currency::parse("AUD")?);
            let low = config.low_value.includes(line, rate()?, limit, "config.low_value")?;
            Ok(match (low, is_business) {
                (true, false) => (Reason::Standard, LOW_VALUE),
                (true, true) => (Reason::ReverseCharge, LOW_VALUE_TO_BUSINESS),
                (false, _) => (Reason::OutsideScope, CUSTOMS),
            })
        }
    }
}

/// What is supplied within Australia.
fn at_home(category: Category) -> (Reason, &'static str) {
    match category {
        Category::Food => (Reason::Zero, FOOD),
        Category::Medicine => (Reason::Zero, MEDICINE),
        Category::Postage => (Reason::Standard, STAMPS),
        Category::General
        | Category::DigitalService
        | Category::Book
        | Category::Ebook
        | Category::Newspaper
        | Category::Accommodation
        | Category::Restaurant
        | Category::PassengerTransport => (Reason::Standard, TAXABLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use purser_sdk::{Place, Problem};

    use Category::{Accommodation, DigitalService, Food, General, Medicine, Postage};

    fn line(id: u32, category: Category, price: &str) -> Line {
        let words: Vec<&str> = price.split(' ').collect();
        let magnitude = words[0].trim_start_matches('-');
        let amount = Money::parse(magnitude, Currency::parse(words[1]).unwrap()).unwrap();
        Line {
            id,
            category,
            quantity: 1,
            amount: if words[0] == magnitude { amount } else { amount.negated().unwrap() },
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

    fn configured(sale: Sale, config: &str) -> Sale {
        Sale { attributes: vec![("config".to_owned(), config.to_owned())], ..sale }
    }

    /// Each tax as `10 standard: 10.00 + 1.00 on [1]`.
    fn shown(sale: &Sale) -> Vec<String> {
        let taxes = <crate::Gst as purser_sdk::Tax>::assess(sale).unwrap().taxes;
        let row = |it: purser_sdk::Assessed| {
            let (base, tax) = (it.base.amount(), it.tax.amount());
            format!("{} {}: {base} + {tax} on {:?}", it.rate, it.reason, it.lines)
        };
        taxes.into_iter().map(row).collect()
    }

    fn refused(sale: &Sale) -> (Problem, String) {
        let error = <crate::Gst as purser_sdk::Tax>::assess(sale).unwrap_err();
        (error.problem(), error.field().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_price_contains_an_eleventh() {
        let lines =
            [(General, "11.00 AUD gross"), (Food, "5.00 AUD gross"), (Medicine, "7.00 AUD")];
        assert_eq!(
            shown(&sale("AU to AU", None, &lines)),
            [
                "10 standard: 10.00 + 1.00 on [1]",
                "0 zero: 5.00 + 0.00 on [2]",
                "0 zero: 7.00 + 0.00 on [3]"
            ]
        );
        // An eleventh of 0.11 is a cent, of 0.05 less than half of one, of 0.06 more.
        for (price, tax) in
            [("0.11", "0.10 + 0.01"), ("0.05", "0.05 + 0.00"), ("0.06", "0.05 + 0.01")]
        {
            let sale = sale("AU to AU", None, &[(General, &format!("{price} AUD gross"))]);
            assert_eq!(shown(&sale), [format!("10 standard: {tax} on [1]")]);
        }
    }

    #[test]
    fn the_seller_chooses_what_is_rounded() {
        // Half a cent on each of three: s 9-90(2)(a) sums 1.5 cents first, (b) rounds each.
        let sale = sale("AU to AU", None, &[(General, "0.05 AUD"); 3]);
        assert_eq!(shown(&sale), ["10 standard: 0.15 + 0.02 on [1, 2, 3]"]);
        let sale = configured(sale, r#"{"rounding": "taxable-supply"}"#);
        assert_eq!(shown(&sale), ["10 standard: 0.15 + 0.03 on [1, 2, 3]"]);
    }

    #[test]
    fn consumers_pay_on_services_and_low_value_goods_from_abroad_and_businesses_do_not() {
        let abn = Some("51 824 753 556");
        let check = |number, category, price: &str, expected: &str| {
            let found = shown(&sale("US to AU", number, &[(category, price)]));
            assert_eq!(found, [format!("{expected} on [1]")], "{category} {price}");
        };
        check(None, DigitalService, "20.00 USD", "10 standard: 20.00 + 2.00");
        check(abn, DigitalService, "20.00 USD", "0 reverse-charge: 20.00 + 0.00");
        check(None, General, "1000.00 AUD", "10 standard: 1000.00 + 100.00");
        check(abn, General, "1000.00 AUD", "0 reverse-charge: 1000.00 + 0.00");
        check(None, General, "1000.01 AUD", "0 outside-scope: 1000.01 + 0.00");
        check(abn, General, "1000.01 AUD", "0 outside-scope: 1000.01 + 0.00");
        check(None, General, "1100.00 AUD gross", "10 standard: 1000.00 + 100.00");
        check(None, Food, "50.00 USD", "0 zero: 50.00 + 0.00");
        // The number of a business elsewhere makes no business in Australia.
        check(Some("DE136695976"), DigitalService, "20.00 USD", "10 standard: 20.00 + 2.00");
        let at_home = sale("AU to AU", abn, &[(DigitalService, "20.00 AUD")]);
        assert_eq!(shown(&at_home), ["10 standard: 20.00 + 2.00 on [1]"]);
    }

    #[test]
    fn the_limit_for_goods_in_other_currencies_is_the_operators() {
        let goods = || sale("US to AU", None, &[(General, "650.00 USD")]);
        assert_eq!(refused(&goods()), (Problem::CurrencyUnsupported, "currency".to_owned()));
        let known = configured(goods(), r#"{"low_value": {"USD": "650.00"}}"#);
        assert_eq!(shown(&known), ["10 standard: 650.00 + 65.00 on [1]"]);
        let known = configured(goods(), r#"{"low_value": {"USD": "649.99"}}"#);
        assert_eq!(shown(&known), ["0 outside-scope: 650.00 + 0.00 on [1]"]);
        let wrong = configured(goods(), r#"{"low_value": {"USD": "much"}}"#);
        assert_eq!(refused(&wrong), (Problem::MalformedRequest, "config.low_value.USD".to_owned()));
        let wrong = configured(goods(), r#"{"rounding": "floor"}"#);
        assert_eq!(refused(&wrong), (Problem::MalformedRequest, "config.rounding".to_owned()));
    }

    #[test]
    fn what_leaves_is_free_and_what_happens_there_is_taxed() {
        let lines = [
            (General, "10.00 AUD"),
            (DigitalService, "10.00 AUD"),
            (Accommodation, "10.00 AUD"),
            (Postage, "1.10 AUD gross"),
        ];
        assert_eq!(
            shown(&sale("AU to NZ", None, &lines)),
            [
                "0 export: 10.00 + 0.00 on [1]",
                "0 export: 10.00 + 0.00 on [2]",
                "10 standard: 10.00 + 1.00 on [3]",
                "10 standard: 1.00 + 0.10 on [4]"
            ]
        );
    }

    #[test]
    fn an_allowance_lessens_the_tax() {
        let lines = [(General, "22.00 AUD gross"), (General, "-5.50 AUD gross")];
        assert_eq!(shown(&sale("AU to AU", None, &lines)), ["10 standard: 15.00 + 1.50 on [1, 2]"]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let one = |route, category| sale(route, None, &[(category, "1.00 AUD")]);
        use Problem::{TaxCategoryUnsupported, TaxCountryUnsupported, TaxIdInvalid};
        assert_eq!(refused(&one("NZ to NZ", General)), (TaxCountryUnsupported, "buyer".to_owned()));
        assert_eq!(
            refused(&one("NZ to AU", Accommodation)),
            (TaxCountryUnsupported, "seller".to_owned())
        );
        let wrong = sale("US to AU", Some("99 999 999 999"), &[(DigitalService, "1.00 AUD")]);
        assert_eq!(refused(&wrong), (TaxIdInvalid, "tax_id".to_owned()));
        for day in [date(2018, 6, 30), date(2028, 1, 1)] {
            let sale = Sale { date: day, ..one("AU to AU", General) };
            assert_eq!(refused(&sale), (TaxCategoryUnsupported, "date".to_owned()));
        }
    }

    proptest! {
        /// Whatever is sold in whatever way, net and tax of gross prices are the prices, and the invoice's tax is within
        /// half a cent of an eleventh of them.
        #[test]
        fn gross_prices_are_kept(cents in prop::collection::vec(0_i64..1_000_000, 1..50)) {
            let prices: Vec<String> =
                cents.iter().map(|it| format!("{}.{:02} AUD gross", it / 100, it % 100)).collect();
            let lines: Vec<(Category, &str)> = prices.iter().map(|it| (General, it.as_str())).collect();
            let found = assess(&sale("AU to AU", None, &lines), &Config::default()).unwrap();
            let (base, tax) = (found.taxes[0].base.minor(), found.taxes[0].tax.minor());
            let total: i64 = cents.iter().sum();
            prop_assert_eq!(base + tax, total);
            prop_assert!((tax * 22 - total * 2).abs() <= 11, "{} of {}", tax, total);
        }
    }
}
