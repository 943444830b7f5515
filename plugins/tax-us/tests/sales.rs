//! Sales of the United States: states, nexus, local taxes, rounding, and what holds whatever comes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;
use purser_sdk::{
    Assessment, Category, Country, Currency, Date, Line, Money, Place, Problem, Sale, Tax, date,
    tax::Registration,
};
use purser_tax_us::UnitedStates;

use Category::{
    Book, DigitalService, Ebook, Food, General, Medicine, Newspaper, Postage, Restaurant,
};

const NOW: Date = date(2026, 11, 1);

fn place(text: &str) -> Place {
    let (country, part) = text.split_once('-').map_or((text, None), |(c, p)| (c, Some(p)));
    Place { country: Country::parse(country).unwrap(), subdivision: part.map(str::to_owned) }
}

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

fn money(text: &str) -> Money {
    match text.strip_prefix('-') {
        Some(text) => Money::parse(text, usd()).unwrap().negated().unwrap(),
        None => Money::parse(text, usd()).unwrap(),
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

fn sale(seller: &str, buyer: &str, lines: &[(Category, &str)]) -> Sale {
    Sale {
        date: NOW,
        currency: usd(),
        seller: place(seller),
        registrations: vec![],
        buyer: place(buyer),
        buyer_tax_id: None,
        lines: (1..).zip(lines).map(|(id, (category, price))| line(id, *category, price)).collect(),
        attributes: vec![],
    }
}

fn with(mut sale: Sale, attributes: &[(&str, &str)]) -> Sale {
    sale.attributes = attributes.iter().map(|(name, it)| ((*name).into(), (*it).into())).collect();
    sale
}

fn assess(sale: &Sale) -> Assessment {
    UnitedStates::assess(sale).unwrap()
}

/// Each tax as `US-CA 7.25 standard: 100.00 + 7.25`.
fn shown(sale: &Sale) -> Vec<String> {
    let taxes = assess(sale).taxes.into_iter().map(|it| {
        let (base, tax) = (it.base.amount(), it.tax.amount());
        format!("{} {} {}: {base} + {tax}", it.jurisdiction, it.rate, it.reason)
    });
    taxes.collect()
}

fn refused(sale: &Sale) -> (Problem, String) {
    let error = UnitedStates::assess(sale).unwrap_err();
    (error.problem(), error.field().unwrap_or_default().to_owned())
}

fn taxes(sale: &Sale) -> Vec<String> {
    assess(sale).taxes.iter().map(|it| it.tax.amount()).collect()
}

#[test]
fn a_state_has_its_rate() {
    let check = |buyer, expected| {
        assert_eq!(shown(&sale("US-NY", buyer, &[(General, "100.00")])), [expected]);
    };
    check("US-CA", "US-CA 7.25 standard: 100.00 + 7.25");
    check("US-NJ", "US-NJ 6.625 standard: 100.00 + 6.63");
    check("US-NY", "US-NY 4 standard: 100.00 + 4.00");
    check("US-OR", "US-OR 0 outside-scope: 100.00 + 0.00");
    check("US-AK", "US-AK 0 outside-scope: 100.00 + 0.00");
    let found = assess(&sale("DE", "US-CA", &[(General, "100.00")]));
    assert_eq!(
        (found.taxes[0].authority.as_str(), found.taxes[0].name.as_str()),
        ("US-CA", "Sales tax")
    );
    assert!(found.law.contains("s 324") && found.law.contains("the state's own tax"));
}

#[test]
fn a_place_without_a_state_is_refused_with_the_cure() {
    let error = UnitedStates::assess(&sale("US-NY", "US", &[(General, "1.00")])).unwrap_err();
    assert_eq!((error.problem(), error.field()), (Problem::TaxCountryUnsupported, Some("buyer")));
    assert!(error.to_string().contains("US-CA") && error.to_string().contains("country"));
    for unknown in ["US-XX", "US-PR", "US-C", "US-06"] {
        let found = refused(&sale("US-NY", unknown, &[(General, "1.00")]));
        assert_eq!(found, (Problem::TaxCountryUnsupported, "buyer".to_owned()), "{unknown}");
    }
    let field = |sale: &Sale| refused(sale).1;
    assert_eq!(field(&sale("DE", "FR", &[(General, "1.00")])), "buyer");
    assert_eq!(field(&sale("US", "US-CA", &[(Restaurant, "1.00")])), "seller");
    let early = Sale { date: date(2023, 12, 31), ..sale("US-NY", "US-CA", &[(General, "1.00")]) };
    assert_eq!(refused(&early), (Problem::TaxCategoryUnsupported, "date".to_owned()));
    let district = sale("US-NY", "US-DC", &[(General, "1.00")]);
    assert_eq!(refused(&district).0, Problem::TaxCategoryUnsupported);
}

#[test]
fn a_seller_collects_where_it_is_registered() {
    let registered = |authorities: &[&str]| {
        let registration = |authority: &&str| Registration {
            authority: (*authority).to_owned(),
            scheme: "sales-tax".to_owned(),
            number: String::new(),
        };
        let registrations = authorities.iter().map(registration).collect();
        shown(&Sale { registrations, ..sale("US-NY", "US-CA", &[(General, "100.00")]) }).remove(0)
    };
    assert_eq!(registered(&["US-NY", "US-CA"]), "US-CA 7.25 standard: 100.00 + 7.25");
    assert_eq!(registered(&["US-NY"]), "US-CA 0 outside-scope: 100.00 + 0.00");
    assert_eq!(registered(&["DE"]), "US-CA 0 outside-scope: 100.00 + 0.00");
    assert_eq!(
        shown(&sale("US-NY", "CA-ON", &[(General, "100.00")])),
        ["US-NY 0 export: 100.00 + 0.00"]
    );
}

#[test]
fn categories_are_taxed_as_their_rows_say_and_else_refused() {
    let check = |buyer, category, expected: Option<&str>| {
        let sale = sale("US-NY", buyer, &[(category, "100.00")]);
        match expected {
            Some(expected) => {
                assert_eq!(shown(&sale), [format!("{buyer} {expected}")], "{category}")
            }
            None => assert_eq!(
                refused(&sale),
                (Problem::TaxCategoryUnsupported, "lines[0].category".to_owned()),
                "{category} {buyer}"
            ),
        }
    };
    check("US-CA", Food, Some("0 exempt: 100.00 + 0.00"));
    check("US-TN", Food, Some("4 reduced: 100.00 + 4.00"));
    check("US-SD", Food, Some("4.2 standard: 100.00 + 4.20"));
    check("US-CA", Medicine, Some("0 exempt: 100.00 + 0.00"));
    check("US-IL", Medicine, None);
    check("US-CA", DigitalService, Some("0 exempt: 100.00 + 0.00"));
    check("US-WA", Ebook, Some("6.5 standard: 100.00 + 6.50"));
    check("US-NY", DigitalService, None);
    check("US-TX", Book, Some("6.25 standard: 100.00 + 6.25"));
    check("US-OH", Book, None);
    check("US-TX", Newspaper, None);
    check("US-CA", Postage, Some("0 exempt: 100.00 + 0.00"));
    check("US-IL", Postage, Some("0 exempt: 100.00 + 0.00"));
    check("US-CA", Newspaper, Some("7.25 standard: 100.00 + 7.25"));
    assert_eq!(
        shown(&sale("US-TX", "US-CA", &[(Restaurant, "100.00")])),
        ["US-TX 6.25 standard: 100.00 + 6.25"]
    );
}

const RATES: &str = "05,45,05,.065,.065,0,0,20240101,29991231\\n05,00,119,.01,.01,.01,.01,20240101,29991231\\n\
                     05,01,41000,.01125,.005,.01125,.01125,20240101,29991231";
const BOUNDARIES: &str = "Z,20240101,29991231,,,,,,,,,,,,,,,72201,,72209,,,05,05,119,41000";

fn arkansas(more: &str) -> String {
    format!(r#"{{"local":{{"US-AR":{{"rates":"{RATES}","boundaries":"{BOUNDARIES}"}}}}{more}}}"#)
}

#[test]
fn local_taxes_come_from_the_states_files() {
    let config = arkansas("");
    let sold = |seller, lines: &[(Category, &str)]| {
        shown(&with(
            sale(seller, "US-AR", lines),
            &[("config", &config), ("postcode", "72201-1234")],
        ))
    };
    assert_eq!(
        sold("US-AR", &[(General, "100.00")]),
        [
            "US-AR 6.5 standard: 100.00 + 6.50",
            "US-AR-00119 1 standard: 100.00 + 1.00",
            "US-AR-41000 1.125 standard: 100.00 + 1.13"
        ]
    );
    // From outside the city takes less; food bears the local taxes alone.
    assert_eq!(
        sold("US-NY", &[(General, "100.00"), (Food, "100.00"), (Medicine, "9.00")]),
        [
            "US-AR 6.5 standard: 100.00 + 6.50",
            "US-AR-00119 1 standard: 100.00 + 1.00",
            "US-AR-41000 0.5 standard: 100.00 + 0.50",
            "US-AR 0 exempt: 100.00 + 0.00",
            "US-AR-00119 1 reduced: 100.00 + 1.00",
            "US-AR-41000 1.125 reduced: 100.00 + 1.13",
            "US-AR 0 exempt: 9.00 + 0.00"
        ]
    );
    // Nobody asks a buyer for the ZIP code: without one there is the state's tax.
    let plain = with(sale("US-NY", "US-AR", &[(General, "100.00")]), &[("config", &config)]);
    assert_eq!(shown(&plain), ["US-AR 6.5 standard: 100.00 + 6.50"]);
    let elsewhere = [("config", config.as_str()), ("postcode", "72301")];
    assert_eq!(
        refused(&with(plain.clone(), &elsewhere)),
        (Problem::MalformedRequest, "config.local.US-AR.boundaries".to_owned())
    );
    let wrong = with(plain, &[("postcode", "7220")]);
    assert_eq!(refused(&wrong), (Problem::MalformedRequest, "attributes.postcode".to_owned()));
}

fn state_files(code: &str, fips: &str, zips: [&str; 2]) -> String {
    let rates = format!(
        "{fips},01,1,.01,.01,.01,.01,20240101,29991231\\n{fips},01,2,.02,.02,.02,.02,20240101,29991231\\n\
         {fips},63,3,.003,.003,0,0,20240101,29991231\\n{fips},63,4,.004,.004,0,0,20240101,29991231"
    );
    let area = |zip: &str, city: u8, district: u8| {
        format!(
            "Z,20240101,29991231,,,,,,,,,,,,,,,{zip},,{zip},,,{fips},{fips},,{city},,,,{fips},{district},63"
        )
    };
    let boundaries = format!("{}\\n{}", area(zips[0], 1, 3), area(zips[1], 2, 4));
    format!(r#""{code}":{{"rates":"{rates}","boundaries":"{boundaries}"}}"#)
}

#[test]
fn sales_within_a_state_are_sourced_as_it_says() {
    let check = |code: &str, fips, seller: &str, expected: [&str; 2]| {
        let files = state_files(code, fips, ["10001", "10002"]);
        let config = format!(r#"{{"origin":{{"{code}":"10001"}},"local":{{{files}}}}}"#);
        let sale = sale(seller, code, &[(General, "100.00")]);
        let found = assess(&with(sale, &[("config", &config), ("postcode", "10002")]));
        let rates: Vec<_> = found.taxes[1..].iter().map(|it| it.rate.to_string()).collect();
        assert_eq!(rates, expected, "{seller} to {code}");
    };
    check("US-TX", "48", "US-TX", ["1", "0.3"]);
    check("US-TX", "48", "US-NY", ["2", "0.4"]);
    check("US-NY", "36", "US-NY", ["2", "0.4"]);
    check("US-CA", "06", "US-CA", ["1", "0.4"]);
    check("US-CA", "06", "US-NV", ["2", "0.4"]);
}

#[test]
fn the_third_decimal_decides_for_items_or_the_invoice() {
    let tax = |price: &str| taxes(&sale("US-NY", "US-AL", &[(General, price)])).remove(0);
    // 4 % of them are 0.0048, 0.0052 and 0.0448.
    assert_eq!(
        (tax("0.12"), tax("0.13"), tax("1.12")),
        ("0.00".into(), "0.01".into(), "0.04".into())
    );
    let lines = [(General, "0.13"); 3];
    let rounded = |config: &str| {
        let sale = sale("US-NY", "US-AL", &lines);
        taxes(&with(sale, &[("config", config)]))
    };
    assert_eq!(rounded("{}"), ["0.02"]);
    assert_eq!(rounded(r#"{"rounding":"item"}"#), ["0.03"]);
    // 0.50 bears 0.0325, 0.005 and 0.005625: 0.03 + 0.01 + 0.01 apart, 0.04 together.
    let local = |more: &str| {
        let sale = sale("US-AR", "US-AR", &[(General, "0.50")]);
        let config = arkansas(more);
        let found = assess(&with(sale, &[("config", &config), ("postcode", "72201")]));
        Money::sum(found.taxes.iter().map(|it| it.tax), usd()).unwrap().amount()
    };
    assert_eq!(local(""), "0.05");
    assert_eq!(local(r#","taxes":"together""#), "0.04");
    assert_eq!(local(r#","taxes":"together","rounding":"item""#), "0.04");
}

#[test]
fn what_the_operator_misconfigures_is_named() {
    let check = |config: &str, field: &str| {
        let sale = with(sale("US-NY", "US-CA", &[(General, "1.00")]), &[("config", config)]);
        assert_eq!(refused(&sale), (Problem::MalformedRequest, field.to_owned()), "{config}");
    };
    check(r#"{"rounding":"up"}"#, "config.rounding");
    check(r#"{"origin":{"TX":"78701"}}"#, "config.origin.TX");
    check(r#"{"origin":{"US-TX":"787"}}"#, "config.origin.US-TX");
    check(r#"{"local":{"US-XX":{"rates":"","boundaries":""}}}"#, "config.local.US-XX");
    check(r#"{"local":{"US-AR":{"rates":"05","boundaries":""}}}"#, "config.local.US-AR.rates");
    check(r#"{"local":{"US-AR":{"rates":""}}}"#, "config.local.US-AR");
    let wrong = Sale {
        buyer_tax_id: Some("07-1144442".into()),
        ..sale("US-NY", "US-CA", &[(General, "1.00")])
    };
    assert_eq!(refused(&wrong), (Problem::TaxIdInvalid, "tax_id".to_owned()));
}

#[test]
fn prices_may_include_tax_and_be_allowances() {
    let lines = [(General, "107.25 gross"), (General, "100.00"), (General, "-10.73 gross")];
    assert_eq!(shown(&sale("US-NY", "US-CA", &lines)), ["US-CA 7.25 standard: 190.00 + 13.77"]);
}

proptest! {
    #[test]
    fn net_and_taxes_are_the_prices(
        prices in prop::collection::vec((0_i64..1_000_000, any::<bool>()), 1..40),
        more in prop::sample::select(vec!["", r#","taxes":"together""#, r#","rounding":"item""#, r#","taxes":"together","rounding":"item""#]),
    ) {
        let config = arkansas(more);
        let mut sale = with(sale("US-AR", "US-AR", &[]), &[("config", &config), ("postcode", "72201")]);
        sale.lines = (1..).zip(&prices).map(|(id, (minor, tax_inclusive))| Line {
            id, category: General, quantity: 1, amount: Money::new(*minor, usd()), tax_inclusive: *tax_inclusive, attributes: vec![],
        }).collect();
        let found = assess(&sale);
        prop_assert!(found.taxes.iter().all(|it| it.base == found.taxes[0].base));
        if prices.iter().all(|(_, inclusive)| *inclusive) {
            let taxes: i64 = found.taxes.iter().map(|it| it.tax.minor()).sum();
            prop_assert_eq!(found.taxes[0].base.minor() + taxes, prices.iter().map(|(minor, _)| minor).sum::<i64>());
        }
    }

    #[test]
    fn nothing_makes_it_panic(
        minor in any::<i64>(), inclusive in any::<bool>(), quantity in 1_u32.., part in "[A-Z0-9]{0,3}", number in ".{0,40}",
        config in ".{0,40}", rows in "[0-9Z4A,.\n]{0,200}", zip in ".{0,10}", category in prop::sample::select(Category::ALL.to_vec()),
    ) {
        let line = Line { id: 0, category, quantity, amount: Money::new(minor, usd()), tax_inclusive: inclusive, attributes: vec![] };
        let rows = rows.replace('\n', "\\n");
        let files = format!(r#"{{"local":{{"US-AR":{{"rates":"{rows}","boundaries":"{rows}"}}}}}}"#);
        for config in [config, files, arkansas("")] {
            for postcode in ["72201", &zip] {
                let sale = sale("US-AR", "US-AR", &[]);
                let mut sale = with(sale, &[("config", &config), ("postcode", postcode)]);
                sale.lines = vec![line.clone(), line.clone()];
                let _ = UnitedStates::assess(&sale);
                sale.buyer.subdivision = Some(part.clone());
                sale.buyer_tax_id = Some(number.clone());
                let _ = UnitedStates::assess(&sale);
            }
        }
    }
}
