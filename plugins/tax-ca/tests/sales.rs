//! Sales of Canada: places, dates, registrations, configurations, and what holds whatever comes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;
use purser_sdk::{
    Assessment, Category, Country, Currency, Date, Line, Money, Place, Problem, Reason, Sale, Tax,
    date, tax::Registration,
};
use purser_tax_ca::Canada;

use Category::{
    Book, DigitalService, Ebook, Food, General, Medicine, Newspaper, Postage, Restaurant,
};

const NOW: Date = date(2026, 11, 1);

fn place(text: &str) -> Place {
    let (country, part) = text.split_once('-').map_or((text, None), |(c, p)| (c, Some(p)));
    Place { country: Country::parse(country).unwrap(), subdivision: part.map(str::to_owned) }
}

fn money(text: &str) -> Money {
    let cad = Currency::parse("CAD").unwrap();
    match text.strip_prefix('-') {
        Some(text) => Money::parse(text, cad).unwrap().negated().unwrap(),
        None => Money::parse(text, cad).unwrap(),
    }
}

fn line(id: u32, category: Category, price: &str) -> Line {
    let gross = price.strip_suffix(" gross");
    Line {
        id,
        category,
        quantity: 1,
        amount: money(gross.unwrap_or(price)),
        tax_inclusive: gross.is_some(),
        attributes: vec![],
    }
}

fn sale(buyer: &str, lines: &[(Category, &str)]) -> Sale {
    Sale {
        date: NOW,
        currency: Currency::parse("CAD").unwrap(),
        seller: place("CA-ON"),
        registrations: vec![],
        buyer: place(buyer),
        buyer_tax_id: None,
        lines: (1..).zip(lines).map(|(id, (category, price))| line(id, *category, price)).collect(),
        attributes: vec![],
    }
}

fn registered(authorities: &[&str]) -> Vec<Registration> {
    let registration = |authority: &&str| Registration {
        authority: (*authority).to_owned(),
        scheme: "gst".to_owned(),
        number: String::new(),
    };
    authorities.iter().map(registration).collect()
}

fn configured(sale: Sale, config: &str) -> Sale {
    Sale { attributes: vec![("config".to_owned(), config.to_owned())], ..sale }
}

fn assess(sale: &Sale) -> Assessment {
    Canada::assess(sale).unwrap()
}

/// Each tax as `HST 13 standard: 10.00 + 1.30 to CA`.
fn shown(sale: &Sale) -> Vec<String> {
    let taxes = assess(sale).taxes.into_iter().map(|it| {
        let (base, tax) = (it.base.amount(), it.tax.amount());
        format!("{} {} {}: {base} + {tax} to {}", it.name, it.rate, it.reason, it.authority)
    });
    taxes.collect()
}

fn refused(sale: &Sale) -> (Problem, String) {
    let error = Canada::assess(sale).unwrap_err();
    (error.problem(), error.field().unwrap_or_default().to_owned())
}

fn total(assessment: &Assessment) -> Money {
    Money::sum(assessment.taxes.iter().map(|it| it.tax), Currency::parse("CAD").unwrap()).unwrap()
}

#[test]
fn a_province_has_one_tax_or_two() {
    let general = [(General, "100.00")];
    assert_eq!(shown(&sale("CA-AB", &general)), ["GST 5 standard: 100.00 + 5.00 to CA"]);
    assert_eq!(shown(&sale("CA-ON", &general)), ["HST 13 standard: 100.00 + 13.00 to CA"]);
    assert_eq!(
        shown(&sale("CA-BC", &general)),
        ["GST 5 standard: 100.00 + 5.00 to CA", "PST 7 standard: 100.00 + 7.00 to CA-BC"]
    );
    assert_eq!(
        shown(&sale("CA-QC", &general)),
        ["GST 5 standard: 100.00 + 5.00 to CA", "QST 9.975 standard: 100.00 + 9.98 to CA-QC"]
    );
    assert_eq!(assess(&sale("CA-NS", &general)).taxes[0].jurisdiction, "CA-NS");
}

#[test]
fn groceries_books_and_medicines_are_what_their_rows_say() {
    let lines = [(Food, "10.00"), (Medicine, "10.00"), (Book, "10.00")];
    assert_eq!(
        shown(&sale("CA-ON", &lines)),
        [
            "HST 0 zero: 10.00 + 0.00 to CA",
            "HST 0 zero: 10.00 + 0.00 to CA",
            "HST 5 reduced: 10.00 + 0.50 to CA"
        ]
    );
    assert_eq!(
        shown(&sale("CA-QC", &[(Book, "10.00")])),
        ["GST 5 standard: 10.00 + 0.50 to CA", "QST 0 zero: 10.00 + 0.00 to CA-QC"]
    );
    assert_eq!(
        shown(&sale("CA-SK", &[(Book, "10.00")])),
        ["GST 5 standard: 10.00 + 0.50 to CA", "PST 0 exempt: 10.00 + 0.00 to CA-SK"]
    );
    let unsupported = |category, province| {
        let found = refused(&sale(province, &[(General, "1.00"), (category, "1.00")]));
        let field = "lines[1].category".to_owned();
        assert_eq!(found, (Problem::TaxCategoryUnsupported, field), "{category} {province}");
    };
    unsupported(Ebook, "CA-BC");
    unsupported(Newspaper, "CA-ON");
    unsupported(Postage, "CA-BC");
    assert_eq!(
        shown(&sale("CA-AB", &[(Postage, "1.05 gross")])),
        ["GST 5 standard: 1.00 + 0.05 to CA"]
    );
    unsupported(Category::Accommodation, "CA-ON");
}

#[test]
fn a_meal_is_taxed_where_it_is_served() {
    assert_eq!(
        shown(&sale("CA-AB", &[(Restaurant, "20.00"), (General, "20.00")])),
        ["HST 13 standard: 20.00 + 2.60 to CA", "GST 5 standard: 20.00 + 1.00 to CA"]
    );
    let small = refused(&sale("CA-AB", &[(Restaurant, "2.00"), (Restaurant, "2.00")]));
    assert_eq!(small.0, Problem::TaxCategoryUnsupported);
    let mut nowhere = sale("CA-AB", &[(Restaurant, "20.00")]);
    nowhere.seller = place("CA");
    assert_eq!(refused(&nowhere), (Problem::TaxCountryUnsupported, "seller".to_owned()));
}

#[test]
fn a_place_without_a_province_is_refused_with_the_cure() {
    let error = Canada::assess(&sale("CA", &[(General, "1.00")])).unwrap_err();
    assert_eq!((error.problem(), error.field()), (Problem::TaxCountryUnsupported, Some("buyer")));
    assert!(error.to_string().contains("CA-ON"));
    for unknown in ["CA-XX", "CA-NF", "CA-O", "US-NY"] {
        let mut sale = sale(unknown, &[(General, "1.00")]);
        sale.seller = place("DE");
        assert_eq!(refused(&sale), (Problem::TaxCountryUnsupported, "buyer".to_owned()));
    }
    let mut early = sale("CA-ON", &[(General, "1.00")]);
    early.date = date(2023, 12, 31);
    assert_eq!(refused(&early), (Problem::TaxCategoryUnsupported, "date".to_owned()));
}

#[test]
fn what_leaves_canada_is_zero_rated() {
    assert_eq!(shown(&sale("US-NY", &[(General, "10.00")])), ["GST 0 export: 10.00 + 0.00 to CA"]);
}

#[test]
fn only_what_the_seller_is_registered_for_is_collected() {
    let general = [(General, "100.00")];
    let with = |buyer, authorities: &[&str]| {
        let sale = Sale { registrations: registered(authorities), ..sale(buyer, &general) };
        shown(&sale)
    };
    assert_eq!(with("CA-BC", &["CA"]), ["GST 5 standard: 100.00 + 5.00 to CA"]);
    assert_eq!(with("CA-QC", &["CA", "CA-QC"]).len(), 2);
    assert_eq!(with("CA-ON", &["CA-QC"]), ["HST 0 outside-scope: 100.00 + 0.00 to CA"]);
    assert_eq!(
        with("CA-QC", &["CA-QC"]),
        ["GST 0 outside-scope: 100.00 + 0.00 to CA", "QST 9.975 standard: 100.00 + 9.98 to CA-QC"]
    );
}

#[test]
fn a_business_accounts_for_digital_services_from_abroad_itself() {
    let check = |seller, buyer, number: &str, expected: &[&str]| {
        let sale = Sale {
            seller: place(seller),
            buyer_tax_id: Some(number.to_owned()),
            ..sale(buyer, &[(DigitalService, "100.00")])
        };
        assert_eq!(shown(&sale), expected, "{seller} {buyer} {number}");
    };
    check("US-NY", "CA-ON", "123026635RT0001", &["HST 0 reverse-charge: 100.00 + 0.00 to CA"]);
    check("CA-ON", "CA-ON", "123026635RT0001", &["HST 13 standard: 100.00 + 13.00 to CA"]);
    let quebec =
        ["GST 5 standard: 100.00 + 5.00 to CA", "QST 0 reverse-charge: 100.00 + 0.00 to CA-QC"];
    check("US-NY", "CA-QC", "1224002901 TQ 0001", &quebec);
    check("US-NY", "CA-ON", "DE136695976", &["HST 13 standard: 100.00 + 13.00 to CA"]);
    let wrong =
        Sale { buyer_tax_id: Some("123456783".to_owned()), ..sale("CA-ON", &[(General, "1.00")]) };
    assert_eq!(refused(&wrong), (Problem::TaxIdInvalid, "tax_id".to_owned()));
}

#[test]
fn the_operator_chooses_how_taxes_are_computed() {
    let split = configured(sale("CA-ON", &[(General, "31.95")]), r#"{"hst":"split"}"#);
    assert_eq!(
        shown(&split),
        [
            "HST (federal part) 5 standard: 31.95 + 1.60 to CA",
            "HST (provincial part) 8 standard: 31.95 + 2.56 to CA"
        ]
    );
    // 0.30 at 5 % is a cent and a half on each line.
    let lines = [(General, "0.30"); 3];
    let check = |config, tax| {
        assert_eq!(total(&assess(&configured(sale("CA-AB", &lines), config))), money(tax));
    };
    check("{}", "0.05");
    check(r#"{"rounding":"line"}"#, "0.06");
    // 10.10 at 5 % is 0.505 and at 9.975 % 1.007475: 0.51 and 1.01 apart, 1.51 in one step.
    let quebec = |config| total(&assess(&configured(sale("CA-QC", &[(General, "10.10")]), config)));
    assert_eq!(quebec("{}"), money("1.52"));
    assert_eq!(quebec(r#"{"rounding":"document"}"#), money("1.51"));
    let wrong = configured(sale("CA-AB", &lines), r#"{"hst":"both"}"#);
    assert_eq!(refused(&wrong), (Problem::MalformedRequest, "config.hst".to_owned()));
}

#[test]
fn quebecs_odd_cent_goes_to_the_net_of_the_last_line() {
    let found = assess(&sale(
        "CA-QC",
        &[(General, "5.00 gross"), (Food, "1.00 gross"), (General, "5.00 gross")],
    ));
    let amounts: Vec<_> =
        found.taxes.iter().map(|it| (it.base.amount(), it.tax.amount())).collect();
    // 10.00 is 8.70 + 0.44 + 0.87 = 10.01: one cent less on the net, and food is as it was.
    let pair = |base: &str, tax: &str| (base.to_owned(), tax.to_owned());
    assert_eq!(
        amounts,
        [pair("8.69", "0.44"), pair("8.69", "0.87"), pair("1.00", "0.00"), pair("1.00", "0.00")]
    );
}

#[test]
fn cash_is_known_to_be_paid_in_five_cents() {
    assert_eq!(assess(&sale("CA-AB", &[(General, "1.00")])).rounding.cash_step, Some(5));
    let mut dollars = sale("CA-AB", &[]);
    dollars.currency = Currency::parse("USD").unwrap();
    assert_eq!(assess(&dollars).rounding.cash_step, None);
}

#[test]
fn prices_may_change_sides_within_a_document() {
    let lines = [(General, "10.00"), (General, "11.30 gross"), (General, "-2.26 gross")];
    assert_eq!(shown(&sale("CA-ON", &lines)), ["HST 13 standard: 18.00 + 2.34 to CA"]);
}

fn any_line() -> impl Strategy<Value = (Category, i64, bool)> {
    let category = prop::sample::select(vec![General, Food, Book, Medicine]);
    (category, 0_i64..200_000, any::<bool>())
}

proptest! {
    #[test]
    fn net_and_taxes_are_the_prices(
        lines in prop::collection::vec(any_line(), 1..40),
        province in prop::sample::select(vec!["CA-AB", "CA-BC", "CA-ON", "CA-QC", "CA-NS", "CA-SK"]),
        config in prop::sample::select(vec!["{}", r#"{"rounding":"line"}"#, r#"{"rounding":"document"}"#, r#"{"hst":"split"}"#]),
    ) {
        let cad = Currency::parse("CAD").unwrap();
        let mut sale = configured(sale(province, &[]), config);
        sale.lines = (1..).zip(&lines).map(|(id, (category, minor, tax_inclusive))| Line {
            id, category: *category, quantity: 1, amount: Money::new(*minor, cad), tax_inclusive: *tax_inclusive, attributes: vec![],
        }).collect();
        let found = assess(&sale);
        // Where every price includes tax, nets and taxes are all prices; a line has one row for each of its taxes.
        if lines.iter().all(|(_, _, inclusive)| *inclusive) {
            let mut bases = std::collections::BTreeMap::new();
            for row in &found.taxes {
                bases.insert(row.lines.clone(), row.base.minor());
            }
            let nets: i64 = bases.values().sum();
            let prices: i64 = lines.iter().map(|(_, minor, _)| minor).sum();
            prop_assert_eq!(nets + total(&found).minor(), prices);
        }
        for row in &found.taxes {
            prop_assert_eq!(row.tax.is_zero() || !row.rate.is_zero(), true);
            prop_assert_eq!(row.reason == Reason::Standard || row.reason == Reason::Reduced, !row.rate.is_zero());
        }
    }

    #[test]
    fn nothing_makes_it_panic(
        minor in any::<i64>(), inclusive in any::<bool>(), quantity in 1_u32.., part in "[A-Z0-9]{0,3}",
        number in ".{0,40}", config in ".{0,40}", category in prop::sample::select(Category::ALL.to_vec()),
    ) {
        let cad = Currency::parse("CAD").unwrap();
        let mut sale = configured(sale("CA-QC", &[]), &config);
        sale.buyer_tax_id = Some(number);
        let line = Line { id: 0, category, quantity, amount: Money::new(minor, cad), tax_inclusive: inclusive, attributes: vec![] };
        sale.lines = vec![line.clone(), line];
        let _ = Canada::assess(&sale);
        sale.attributes.clear();
        sale.buyer_tax_id = None;
        let _ = Canada::assess(&sale);
        sale.buyer.subdivision = Some(part);
        let _ = Canada::assess(&sale);
    }
}
