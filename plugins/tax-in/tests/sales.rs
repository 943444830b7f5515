//! Sales of India: states, dates, tariff codes, numbers, and what holds whatever comes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;
use purser_sdk::{
    Assessment, Category, Country, Currency, Date, Line, Money, Place, Problem, Sale, Tax, date,
    tax::Registration,
};
use purser_tax_in::India;

use Category::{
    Accommodation, Book, DigitalService, Ebook, Food, General, Medicine, Newspaper, Restaurant,
};

const NOW: Date = date(2026, 11, 1);
/// Of Maharashtra, from python-stdnum.
const GSTIN: &str = "27AAPFU0939F1ZV";

fn place(text: &str) -> Place {
    let (country, part) = text.split_once('-').map_or((text, None), |(c, p)| (c, Some(p)));
    Place { country: Country::parse(country).unwrap(), subdivision: part.map(str::to_owned) }
}

fn inr() -> Currency {
    Currency::parse("INR").unwrap()
}

fn line(id: u32, category: Category, price: &str) -> Line {
    let gross = price.strip_suffix(" gross");
    Line {
        id,
        category,
        quantity: 1,
        amount: Money::parse(gross.unwrap_or(price), inr()).unwrap(),
        tax_inclusive: gross.is_some(),
        attributes: vec![],
    }
}

fn sale(seller: &str, buyer: &str, lines: &[(Category, &str)]) -> Sale {
    Sale {
        date: NOW,
        currency: inr(),
        seller: place(seller),
        registrations: vec![],
        buyer: place(buyer),
        buyer_tax_id: None,
        lines: (1..).zip(lines).map(|(id, (category, price))| line(id, *category, price)).collect(),
        attributes: vec![],
    }
}

fn numbered(sale: Sale, number: &str) -> Sale {
    Sale { buyer_tax_id: Some(number.to_owned()), ..sale }
}

fn configured(sale: Sale, config: &str) -> Sale {
    Sale { attributes: vec![("config".to_owned(), config.to_owned())], ..sale }
}

fn assess(sale: &Sale) -> Assessment {
    India::assess(sale).unwrap()
}

/// Each tax as `CGST 9 standard: 100.00 + 9.00 to IN`.
fn shown(sale: &Sale) -> Vec<String> {
    let taxes = assess(sale).taxes.into_iter().map(|it| {
        let (base, tax) = (it.base.amount(), it.tax.amount());
        format!("{} {} {}: {base} + {tax} to {}", it.name, it.rate, it.reason, it.authority)
    });
    taxes.collect()
}

fn refused(sale: &Sale) -> (Problem, String) {
    let error = India::assess(sale).unwrap_err();
    (error.problem(), error.field().unwrap_or_default().to_owned())
}

const INTEGRATED: &str = "IGST 18 standard: 100.00 + 18.00 to IN";
const MAHARASHTRA: [&str; 2] =
    ["CGST 9 standard: 100.00 + 9.00 to IN", "SGST 9 standard: 100.00 + 9.00 to IN-MH"];

#[test]
fn halves_within_a_state_and_the_whole_between_two() {
    let general = [(General, "100.00")];
    assert_eq!(shown(&sale("IN-MH", "IN-MH", &general)), MAHARASHTRA);
    assert_eq!(shown(&sale("IN-MH", "IN-KA", &general)), [INTEGRATED]);
    assert_eq!(
        shown(&sale("IN-CH", "IN-CH", &general)),
        ["CGST 9 standard: 100.00 + 9.00 to IN", "UTGST 9 standard: 100.00 + 9.00 to IN-CH"]
    );
    // One state, by the codes that it had and has.
    assert_eq!(shown(&sale("IN-OR", "IN-OD", &general)).len(), 2);
    assert_eq!(shown(&sale("IN-DD", "IN-DN", &general)).len(), 2);
    // A meal is taxed where it is served.
    assert_eq!(
        shown(&sale("IN-MH", "IN-KA", &[(Restaurant, "100.00")])),
        ["CGST 2.5 reduced: 100.00 + 3.00 to IN", "SGST 2.5 reduced: 100.00 + 3.00 to IN-MH"]
    );
}

#[test]
fn a_buyer_without_a_state_is_supplied_where_the_seller_is() {
    let general = [(General, "100.00")];
    assert_eq!(shown(&sale("IN-MH", "IN", &general)), MAHARASHTRA);
    assert_eq!(shown(&numbered(sale("IN-KA", "IN", &general), GSTIN)), [INTEGRATED]);
    // Goods go where they go, services where the business is registered.
    assert_eq!(shown(&numbered(sale("IN-KA", "IN-KA", &general), GSTIN)).len(), 2);
    let service = [(DigitalService, "100.00")];
    assert_eq!(shown(&numbered(sale("IN-KA", "IN-KA", &service), GSTIN)), [INTEGRATED]);
    let error = India::assess(&sale("IN", "IN-MH", &general)).unwrap_err();
    assert_eq!((error.problem(), error.field()), (Problem::TaxCountryUnsupported, Some("seller")));
    assert!(error.to_string().contains("IN-MH"));
    assert_eq!(
        refused(&sale("IN-MH", "IN-XX", &general)),
        (Problem::TaxCountryUnsupported, "buyer".to_owned())
    );
}

#[test]
fn borders_decide_who_pays() {
    let check = |seller, buyer, number: Option<&str>, category, expected: &str| {
        let mut sale = sale(seller, buyer, &[(category, "100.00")]);
        sale.buyer_tax_id = number.map(str::to_owned);
        assert_eq!(shown(&sale), [expected], "{seller} to {buyer}");
    };
    check("IN-MH", "US-NY", None, General, "IGST 0 export: 100.00 + 0.00 to IN");
    check("US-NY", "IN-MH", None, General, "IGST 0 outside-scope: 100.00 + 0.00 to IN");
    check("US-NY", "IN", None, DigitalService, INTEGRATED);
    check("US-NY", "IN", Some(GSTIN), DigitalService, "IGST 0 reverse-charge: 100.00 + 0.00 to IN");
    check("US-NY", "IN-MH", None, Ebook, "IGST 5 reduced: 100.00 + 5.00 to IN");
    assert_eq!(
        refused(&sale("US", "US-NY", &[(General, "1.00")])),
        (Problem::TaxCountryUnsupported, "buyer".to_owned())
    );
    assert_eq!(
        refused(&numbered(sale("IN-MH", "IN", &[(General, "1.00")]), "27AAPFU0939F1ZO")),
        (Problem::TaxIdInvalid, "tax_id".to_owned())
    );
}

#[test]
fn who_is_not_registered_does_not_collect() {
    let with = |authority: &str| {
        let (scheme, number) = ("gst".to_owned(), GSTIN.to_owned());
        let registration = Registration { authority: authority.to_owned(), scheme, number };
        let sale = sale("IN-MH", "IN-KA", &[(General, "100.00")]);
        shown(&Sale { registrations: vec![registration], ..sale })
    };
    assert_eq!(with("IN"), [INTEGRATED]);
    assert_eq!(with("IN-MH"), [INTEGRATED]);
    assert_eq!(with("DE"), ["IGST 0 outside-scope: 100.00 + 0.00 to IN"]);
}

#[test]
fn the_tariff_code_decides_where_the_category_does_not() {
    let food = || sale("IN-MH", "IN-KA", &[(Food, "100.00")]);
    let field = "lines[0].category".to_owned();
    assert_eq!(refused(&food()), (Problem::TaxCategoryUnsupported, field.clone()));
    let chocolate = configured(food(), r#"{"hsn":{"food":"1806"}}"#);
    assert_eq!(shown(&chocolate), ["IGST 5 reduced: 100.00 + 5.00 to IN"]);
    let before = Sale { date: date(2025, 9, 21), ..chocolate.clone() };
    assert_eq!(shown(&before), [INTEGRATED]);
    let mut soda = chocolate;
    soda.lines[0].attributes = vec![("hsn".to_owned(), "22021010".to_owned())];
    assert_eq!(shown(&soda), ["IGST 40 standard: 100.00 + 40.00 to IN"]);
    soda.date = date(2025, 9, 21);
    assert_eq!(refused(&soda), (Problem::TaxCategoryUnsupported, field));
    for config in [r#"{"hsn":{"fodo":"1806"}}"#, r#"{"hsn":"1806"}"#, r#"{"rounding":"anna"}"#] {
        assert_eq!(refused(&configured(food(), config)).0, Problem::MalformedRequest, "{config}");
    }
    for category in [Accommodation, Category::PassengerTransport, Category::Postage] {
        let sale = sale("IN-MH", "IN-MH", &[(category, "100.00")]);
        assert_eq!(refused(&sale).0, Problem::TaxCategoryUnsupported);
    }
}

#[test]
fn books_are_exempt_and_medicines_became_cheaper() {
    assert_eq!(
        shown(&sale("IN-MH", "IN-KA", &[(Book, "100.00"), (Newspaper, "10.00")])),
        ["IGST 0 exempt: 100.00 + 0.00 to IN", "IGST 0 exempt: 10.00 + 0.00 to IN"]
    );
    let medicine = |date| {
        let sale = sale("IN-MH", "IN-KA", &[(Medicine, "100.00")]);
        shown(&Sale { date, ..sale }).remove(0)
    };
    assert_eq!(medicine(date(2025, 9, 21)), "IGST 12 reduced: 100.00 + 12.00 to IN");
    assert_eq!(medicine(date(2025, 9, 22)), "IGST 5 reduced: 100.00 + 5.00 to IN");
    let early = Sale { date: date(2023, 12, 31), ..sale("IN-MH", "IN-KA", &[(Book, "1.00")]) };
    assert_eq!(refused(&early), (Problem::TaxCategoryUnsupported, "date".to_owned()));
}

#[test]
fn tax_is_payable_in_rupees() {
    let check = |price: &str, config: &str, expected: &str| {
        let sale = configured(sale("IN-MH", "IN-KA", &[(Ebook, price)]), config);
        assert_eq!(assess(&sale).taxes[0].tax.amount(), expected, "{price} {config}");
    };
    // 5 % of them are 1234.50 and 1234.49.
    check("24690.00", "{}", "1235.00");
    check("24689.80", "{}", "1234.00");
    check("24690.00", r#"{"rounding":"paise"}"#, "1234.50");
    let found = assess(&sale("IN-MH", "IN-KA", &[(General, "118.00 gross"), (General, "100.50")]));
    assert_eq!(
        (found.taxes[0].base.amount(), found.taxes[0].tax.amount()),
        ("200.54".into(), "36.00".into())
    );
    assert_eq!(found.rounding.decimals, 0);
    // Each half is a tax of its own.
    let halves = assess(&sale("IN-MH", "IN-MH", &[(Ebook, "20.00")]));
    assert_eq!(halves.taxes.iter().map(|it| it.tax.amount()).collect::<Vec<_>>(), ["1.00", "1.00"]);
    let mut dollars = sale("IN-MH", "IN-MH", &[]);
    dollars.currency = Currency::parse("USD").unwrap();
    assert_eq!(assess(&dollars).rounding.decimals, 2);
}

proptest! {
    #[test]
    fn net_and_taxes_are_the_prices(
        prices in prop::collection::vec((0_i64..10_000_000, any::<bool>()), 1..40),
        buyer in prop::sample::select(vec!["IN", "IN-MH", "IN-KA", "IN-DL"]),
        config in prop::sample::select(vec!["{}", r#"{"rounding":"paise"}"#]),
    ) {
        let mut sale = configured(sale("IN-MH", buyer, &[]), config);
        sale.lines = (1..).zip(&prices).map(|(id, (minor, tax_inclusive))| Line {
            id, category: General, quantity: 1, amount: Money::new(*minor, inr()), tax_inclusive: *tax_inclusive, attributes: vec![],
        }).collect();
        let found = assess(&sale);
        let taxes: i64 = found.taxes.iter().map(|it| it.tax.minor()).sum();
        prop_assert!(found.taxes.iter().all(|it| it.base == found.taxes[0].base && it.tax == found.taxes[0].tax));
        if prices.iter().all(|(_, inclusive)| *inclusive) {
            prop_assert_eq!(found.taxes[0].base.minor() + taxes, prices.iter().map(|(minor, _)| minor).sum::<i64>());
        }
        if config == "{}" {
            prop_assert_eq!(taxes % 100, 0);
        }
    }

    #[test]
    fn nothing_makes_it_panic(
        minor in any::<i64>(), inclusive in any::<bool>(), quantity in 1_u32.., part in "[A-Z0-9]{0,3}",
        number in ".{0,40}", config in ".{0,40}", hsn in ".{0,10}", category in prop::sample::select(Category::ALL.to_vec()),
    ) {
        let mut sale = configured(sale("IN-MH", "IN-MH", &[]), &config);
        sale.buyer_tax_id = Some(number);
        let line = Line { id: 0, category, quantity, amount: Money::new(minor, inr()), tax_inclusive: inclusive, attributes: vec![] };
        let coded = Line { attributes: vec![("hsn".to_owned(), hsn)], ..line.clone() };
        sale.lines = vec![line, coded];
        let _ = India::assess(&sale);
        sale.attributes.clear();
        sale.buyer_tax_id = None;
        let _ = India::assess(&sale);
        sale.lines.pop();
        sale.buyer.subdivision = Some(part);
        let _ = India::assess(&sale);
    }
}
