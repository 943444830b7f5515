//! Sales by tables: those of `examples/tax-tables`, and some that are wrong.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use proptest::prelude::*;
use purser_sdk::{
    Assessed, Category, Country, Currency, Line, Money, Percent, PeriodLine, PeriodTotals, Place,
    Problem, Reason, Sale, Tax, date, parse_date,
};
use purser_tax_table::TaxTable;
use serde_json::{Value, json};

fn place(text: &str) -> Place {
    let (country, part) = text.split_once('-').map_or((text, None), |(it, part)| (it, Some(part)));
    Place { country: Country::parse(country).unwrap(), subdivision: part.map(str::to_owned) }
}

fn line(id: u32, text: &str) -> Line {
    let words: Vec<&str> = text.split(' ').collect();
    Line {
        id,
        category: Category::parse(words[0]).unwrap(),
        quantity: 1,
        amount: Money::parse(words[1], Currency::parse(words[2]).unwrap()).unwrap(),
        tax_inclusive: words.get(3) == Some(&"gross"),
        attributes: vec![],
    }
}

/// `SG to SG`, and lines like `general 10.00 SGD gross`.
fn sale(table: &Value, route: &str, lines: &[&str]) -> Sale {
    let (seller, buyer) = route.split_once(" to ").unwrap();
    let lines: Vec<Line> = (1..).zip(lines).map(|(id, text)| line(id, text)).collect();
    Sale {
        date: date(2026, 11, 1),
        currency: lines[0].amount.currency(),
        seller: place(seller),
        registrations: vec![],
        buyer: place(buyer),
        buyer_tax_id: None,
        lines,
        attributes: vec![("config".to_owned(), table.to_string())],
    }
}

/// Each tax as `SG GST 9 standard: 10.00 + 0.90 on [1]`.
fn shown(sale: &Sale) -> Vec<String> {
    let row = |it: Assessed| {
        let (base, tax) = (it.base.amount(), it.tax.amount());
        let Assessed { jurisdiction, name, rate, reason, lines, .. } = it;
        format!("{jurisdiction} {name} {rate} {reason}: {base} + {tax} on {lines:?}")
    };
    TaxTable::assess(sale).unwrap().taxes.into_iter().map(row).collect()
}

fn refused(sale: &Sale) -> (Problem, String) {
    let error = TaxTable::assess(sale).unwrap_err();
    (error.problem(), error.field().unwrap_or_default().to_owned())
}

fn example(code: &str) -> Value {
    let path = format!("{}/../../examples/tax-tables/{code}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A state and a city in it, and another part of the country that is free.
fn two_taxes() -> Value {
    json!({ "places": [
        {
            "place": "XA", "tax": "State tax", "except": ["FR"],
            "rates": [
                { "categories": ["general", "food"], "percent": "6.5", "reason": "standard", "from": "2024-01-01", "to": "2026-12-31", "source": "State Code 1" },
                { "categories": ["general"], "percent": "1", "reason": "standard", "from": "2024-01-01", "source": "City Code 1", "tax": "City tax", "authority": "XA-CITY" },
                { "categories": ["book"], "percent": "0", "reason": "exempt", "from": "2024-01-01", "source": "State Code 2" },
            ],
        },
        {
            "place": "XA-IS", "tax": "Island tax", "rounding": { "level": "line", "mode": "up", "decimals": 1 },
            "rates": [{ "categories": ["general"], "percent": "3", "reason": "reduced", "from": "2024-01-01", "source": "Island Code 1" }],
        },
    ] })
}

#[test]
fn the_tables_of_the_examples_can_be_used() {
    let folder = format!("{}/../../examples/tax-tables", env!("CARGO_MANIFEST_DIR"));
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(code) = name.strip_suffix(".json") else { continue };
        let currency = match code {
            "AE" => "10.00 AED",
            "IS" => "1000 ISK",
            "KR" => "1000 KRW",
            "MX" => "10.00 MXN",
            "SG" => "10.00 SGD",
            "ZA" => "10.00 ZAR",
            other => panic!("{other} is not tested"),
        };
        let lines = [format!("general {currency}"), format!("digital-service {currency}")];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let taxes = shown(&sale(&example(code), &format!("{code} to {code}"), &lines));
        assert!(
            taxes.iter().all(|tax| tax.starts_with(code) && tax.contains("standard")),
            "{taxes:?}"
        );
        seen.push(code.to_owned());
    }
    seen.sort_unstable();
    assert_eq!(seen, ["AE", "IS", "KR", "MX", "SG", "ZA"]);
}

#[test]
fn the_table_of_the_manual_can_be_used() {
    let path = format!("{}/../../docs/taxes.md", env!("CARGO_MANIFEST_DIR"));
    let manual = std::fs::read_to_string(path).unwrap();
    let mut blocks =
        manual.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let table = blocks.find(|block| block.contains("\"places\"")).unwrap();
    let table: Value = serde_json::from_str(table).unwrap();
    let taxes = shown(&sale(&table, "SG to SG", &["food 109.00 SGD gross"]));
    assert_eq!(taxes, ["SG GST 9 standard: 100.00 + 9.00 on [1]"]);
    let american = shown(&sale(&table, "US to SG", &["general 300.00 USD gross"]));
    assert_eq!(american.len(), 1);
}

#[test]
fn rates_change_on_their_day() {
    let on = |day: &str| {
        let sale = sale(&example("SG"), "SG to SG", &["general 10.00 SGD"]);
        Sale { date: parse_date(day).unwrap(), ..sale }
    };
    assert_eq!(shown(&on("2023-12-31")), ["SG GST 8 standard: 10.00 + 0.80 on [1]"]);
    assert_eq!(shown(&on("2024-01-01")), ["SG GST 9 standard: 10.00 + 0.90 on [1]"]);
    let before = refused(&on("2022-12-31"));
    assert_eq!(before, (Problem::TaxCategoryUnsupported, "lines[0].category".to_owned()));
}

#[test]
fn what_comes_from_abroad_is_taxed_as_the_table_says() {
    let check = |code: &str, number: Option<&str>, line: &str, expected: &str| {
        let sale = sale(&example(code), &format!("US to {code}"), &[line]);
        let sale = Sale { buyer_tax_id: number.map(str::to_owned), ..sale };
        assert_eq!(shown(&sale), [expected], "{line}");
    };
    check("SG", None, "digital-service 10.00 USD", "SG GST 9 standard: 10.00 + 0.90 on [1]");
    check(
        "SG",
        Some("M9-1234567-X"),
        "digital-service 10.00 USD",
        "SG GST 0 reverse-charge: 10.00 + 0.00 on [1]",
    );
    check("SG", None, "general 400.00 SGD", "SG GST 9 standard: 400.00 + 36.00 on [1]");
    check("SG", None, "general 436.00 SGD gross", "SG GST 9 standard: 400.00 + 36.00 on [1]");
    check("SG", None, "general 400.01 SGD", "SG GST 0 outside-scope: 400.01 + 0.00 on [1]");
    check(
        "SG",
        Some("DE136695976"),
        "digital-service 10.00 USD",
        "SG GST 9 standard: 10.00 + 0.90 on [1]",
    );
    check("MX", None, "general 10.00 USD", "MX IVA 0 outside-scope: 10.00 + 0.00 on [1]");
    check("MX", None, "medicine 10.00 USD", "MX IVA 0 zero: 10.00 + 0.00 on [1]");
    // By the SDK's own checksum, where the table has no pattern.
    check(
        "KR",
        Some("116-82-00276"),
        "digital-service 1000 KRW",
        "KR 부가가치세 0 reverse-charge: 1000 + 0 on [1]",
    );
    let wrong = sale(&example("SG"), "US to SG", &["digital-service 10.00 USD"]);
    let wrong = Sale { buyer_tax_id: Some("M9-12".to_owned()), ..wrong };
    assert_eq!(refused(&wrong), (Problem::TaxIdInvalid, "tax_id".to_owned()));
    let dollars = sale(&example("SG"), "US to SG", &["general 10.00 USD"]);
    assert_eq!(refused(&dollars), (Problem::CurrencyUnsupported, "currency".to_owned()));
}

#[test]
fn what_leaves_bears_none_and_what_happens_there_does() {
    let lines = ["general 10.00 SGD", "restaurant 10.00 SGD"];
    assert_eq!(
        shown(&sale(&example("SG"), "SG to MY", &lines)),
        ["SG GST 0 export: 10.00 + 0.00 on [1]", "SG GST 9 standard: 10.00 + 0.90 on [2]"]
    );
    let silent = sale(&two_taxes(), "XA to MY", &["general 1.00 USD"]);
    assert_eq!(refused(&silent), (Problem::TaxCountryUnsupported, "buyer".to_owned()));
}

#[test]
fn a_line_bears_every_tax_of_its_place() {
    assert_eq!(
        shown(&sale(
            &two_taxes(),
            "XA to XA",
            &["general 107.50 USD gross", "food 1.00 USD", "book 5.00 USD"]
        )),
        [
            "XA State tax 6.5 standard: 100.00 + 6.50 on [1]",
            "XA City tax 1 standard: 100.00 + 1.00 on [1]",
            "XA State tax 6.5 standard: 1.00 + 0.07 on [2]",
            "XA State tax 0 exempt: 5.00 + 0.00 on [3]",
        ]
    );
    let taxes =
        TaxTable::assess(&sale(&two_taxes(), "XA to XA", &["general 1.00 USD"])).unwrap().taxes;
    let authorities: Vec<&str> = taxes.iter().map(|tax| tax.authority.as_str()).collect();
    assert_eq!(authorities, ["XA", "XA-CITY"]);
}

#[test]
fn a_part_of_a_country_has_its_own_rates_or_none() {
    let of = |route| sale(&two_taxes(), route, &["general 1.00 USD", "general 1.00 USD"]);
    // Three cents of each line, to a tenth of a dollar, up.
    assert_eq!(shown(&of("XA to XA-IS")), ["XA-IS Island tax 3 reduced: 2.00 + 0.20 on [1, 2]"]);
    assert_eq!(shown(&of("XA to XA-ZZ"))[0], "XA State tax 6.5 standard: 2.00 + 0.13 on [1, 2]");
    assert_eq!(refused(&of("XA to XA-FR")), (Problem::TaxCountryUnsupported, "buyer".to_owned()));
    assert_eq!(refused(&of("XA to XB")), (Problem::TaxCountryUnsupported, "buyer".to_owned()));
}

#[test]
fn prices_are_as_the_law_allows_them() {
    let mut table = example("AE");
    let check = |table: &Value, line: &str, fits: bool| {
        let sale = sale(table, "AE to AE", &[line]);
        match fits {
            true => assert_eq!(shown(&sale).len(), 1),
            false => assert_eq!(
                refused(&sale),
                (Problem::MalformedRequest, "lines[0].tax-inclusive".to_owned())
            ),
        }
    };
    table["places"][0]["prices"] = json!("inclusive");
    check(&table, "general 1.05 AED gross", true);
    check(&table, "general 1.00 AED", false);
    table["places"][0]["prices"] = json!("exclusive");
    check(&table, "general 1.05 AED gross", false);
    check(&table, "general 1.00 AED", true);
}

#[test]
fn what_is_wrong_in_a_table_is_named_by_its_row_and_field() {
    let check = |pointer: &str, value: Value, field: &str| {
        let mut table = two_taxes();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        table.pointer_mut(parent).unwrap()[key] = value;
        let (problem, found) = refused(&sale(&table, "XA to XA", &["general 1.00 USD"]));
        assert_eq!((problem, found.as_str()), (Problem::MalformedRequest, field), "{pointer}");
    };
    let rate = |index: usize, key: &str| format!("/places/0/rates/{index}/{key}");
    let row = |index: usize, key: &str| format!("config.places[0].rates[{index}].{key}");
    check("/places/0/place", json!("Xanadu"), "config.places[0].place");
    check("/places/1/place", json!("XA"), "config.places[1].place");
    check("/places/0/authority", json!("the state"), "config.places[0].authority");
    check("/places/0/tax", json!(""), "config.places[0].tax");
    check("/places/0/rates", json!([]), "config.places[0].rates");
    check("/places/0/tax_ids", json!(["9"]), "config.places[0].tax_ids[0]");
    check("/places/1/except", json!(["FR"]), "config.places[1].except");
    check("/places/1/rounding/mode", json!("floor"), "config.places[1].rounding.mode");
    check("/places", json!([]), "config.places");
    check("/plaecs", json!([]), "config.plaecs");
    let limit = json!({ "low_value": { "amount": "many", "currency": "USD" } });
    check("/places/0/imports", limit, "config.places[0].imports.low_value.amount");
    for (key, value) in [
        ("categories", json!([])),
        ("percent", json!("-1")),
        ("percent", json!("0")),
        ("percent", json!(6.5)),
        ("reason", json!("usual")),
        ("reason", json!("zero")),
        ("from", json!("2024-02-30")),
        ("to", json!("2023-12-31")),
        ("source", json!("")),
        ("authority", json!("XA-CITY")),
        ("rate", json!("6.5")),
    ] {
        let field = if (key, &value) == ("reason", &json!("zero")) { "percent" } else { key };
        check(&rate(0, key), value, &row(0, field));
    }
    let twice = json!(["moon-dust"]);
    check(&rate(2, "categories"), twice, "config.places[0].rates[2].categories[0]");
    // Two rows for food on the same days.
    check(&rate(2, "categories"), json!(["food"]), "config.places[0].rates[2]");
    check(&rate(1, "tax"), json!("State tax"), "config.places[0].rates[1]");
}

#[test]
fn without_a_table_nothing_is_taxed() {
    let sale = Sale { attributes: vec![], ..sale(&json!({}), "XA to XA", &["general 1.00 USD"]) };
    assert_eq!(refused(&sale), (Problem::MalformedRequest, "config".to_owned()));
}

fn totals(table: &Value, lines: &[(&str, &str, &str, Option<&str>)]) -> PeriodTotals {
    let aed = |text: &str| {
        let currency = Currency::parse("AED").unwrap();
        match text.strip_prefix('-') {
            Some(text) => Money::parse(text, currency).unwrap().negated().unwrap(),
            None => Money::parse(text, currency).unwrap(),
        }
    };
    let line = |(category, base, tax, corrects): &(&str, &str, &str, Option<&str>)| PeriodLine {
        jurisdiction: "AE".to_owned(),
        category: Category::parse(category).unwrap(),
        reason: Reason::Standard,
        rate: Percent::parse("5").unwrap(),
        base: aed(base),
        tax: aed(tax),
        corrects: corrects.map(str::to_owned),
    };
    PeriodTotals {
        authority: "AE".to_owned(),
        period: "2026-Q4".to_owned(),
        number: Some("100123456700003".to_owned()),
        lines: lines.iter().map(line).collect(),
        attributes: vec![("config".to_owned(), table.to_string())],
    }
}

#[test]
fn a_return_is_listed_under_the_tables_labels() {
    let lines = [
        ("general", "100.00", "5.00", None),
        ("food", "20.00", "1.00", None),
        ("general", "-10.00", "-0.50", Some("2026-Q3")),
        ("passenger-transport", "7.00", "0.35", None),
    ];
    let filing = TaxTable::file_return(&totals(&example("AE"), &lines)).unwrap();
    assert_eq!(filing.file_name, "return-AE-2026-Q4.csv");
    assert_eq!(
        std::str::from_utf8(&filing.body).unwrap(),
        "authority,period,number,label,base,tax,currency,corrects\n\
         AE,2026-Q4,100123456700003,Box 1: standard-rated supplies,120.00,6.00,AED,\n\
         AE,2026-Q4,100123456700003,Box 1: standard-rated supplies,-10.00,-0.50,AED,2026-Q3\n\
         AE,2026-Q4,100123456700003,passenger-transport standard 5 %,7.00,0.35,AED,\n"
    );
}

#[test]
fn a_return_without_labels_is_an_advice() {
    let mut table = two_taxes();
    table["filing"] = json!("json");
    let filing =
        TaxTable::file_return(&totals(&table, &[("general", "1.00", "0.05", None)])).unwrap();
    assert_eq!(filing.media_type, "application/json");
}

proptest! {
    /// Net and taxes of a gross price are that price, whatever the taxes on it.
    #[test]
    fn gross_prices_are_kept(cents in prop::collection::vec(0_i64..10_000_000, 1..40)) {
        let texts: Vec<String> =
            cents.iter().map(|it| format!("general {}.{:02} USD gross", it / 100, it % 100)).collect();
        let lines: Vec<&str> = texts.iter().map(String::as_str).collect();
        let taxes = TaxTable::assess(&sale(&two_taxes(), "XA to XA", &lines)).unwrap().taxes;
        prop_assert_eq!(taxes.len(), 2);
        prop_assert_eq!(taxes[0].base, taxes[1].base);
        let paid: i64 = taxes.iter().map(|it| it.tax.minor()).sum();
        prop_assert_eq!(taxes[0].base.minor() + paid, cents.iter().sum::<i64>());
    }

    #[test]
    fn no_configuration_panics(text in ".{0,200}") {
        let sale = sale(&json!({}), "XA to XA", &["general 1.00 USD"]);
        let attributes = vec![("config".to_owned(), text)];
        let refused = TaxTable::assess(&Sale { attributes, ..sale }).is_err();
        prop_assert!(refused);
    }
}
