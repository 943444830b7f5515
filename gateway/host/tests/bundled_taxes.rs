//! The bundled tax plugins through the files that are shipped, in the sandbox that runs them: the examples of their
//! authors, and documents that must be booked.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::path::Path;

use purser_bundled::BUNDLED;
use purser_core::{
    money::{Currency, Money},
    place::Place,
    tax::{Category, Line, Sale},
};
use purser_host::{ByHandError, CallError, Limits, Plugin, Plugins};
use serde_json::{Value, json};

const PUBLIC: &str = include_str!("../../../docs/vectors/public.json");
const DAY: &str = "2026-11-02";

async fn bundled(name: &str) -> Plugin {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let file = BUNDLED.iter().find(|file| file.name == name).unwrap();
    plugins.install(file.bytes).await.unwrap()
}

fn example(id: &str) -> Value {
    let all: Vec<Value> = serde_json::from_str(PUBLIC).unwrap();
    all.into_iter().find(|example| example["id"] == id).unwrap_or_else(|| panic!("{id} is gone"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// A sale within one place: prices in minor units, with or without tax.
fn sale(place: &str, currency: &str, lines: &[(&str, i64, bool)], attributes: Value) -> Value {
    let (country, part) = place.split_once('-').unwrap();
    let place = json!({ "country": country, "subdivision": part });
    let line = |(id, (category, minor, gross)): (usize, &(&str, i64, bool))| {
        json!({
            "id": id, "category": category, "quantity": 1, "tax-inclusive": gross, "attributes": [],
            "amount": { "minor": minor, "currency": currency },
        })
    };
    json!({
        "date": DAY, "currency": currency, "seller": place, "registrations": [], "buyer": place,
        "lines": (1..).zip(lines).map(line).collect::<Vec<_>>(), "attributes": attributes,
    })
}

/// A business number is nine digits with Luhn's check, which zeros in front do not change.
#[tokio::test]
async fn a_canadian_number_has_luhns_check_digit() {
    let plugin = bundled("tax-ca").await.tax().unwrap();
    let luhn = example("luhn");
    let expected = text(&luhn["expected"]).strip_prefix("check digit ").unwrap();
    for digit in "0123456789".chars() {
        let number = format!("0000{}{digit}", text(&luhn["input"]));
        let valid = plugin.check_tax_id("CA", &number).await.unwrap().value.valid;
        assert_eq!(valid, digit.to_string() == expected, "{number}");
    }
}

/// Whether `found` has all that `expected` has.
fn holds(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .all(|(name, value)| holds(value, found.get(name).unwrap_or(&Value::Null))),
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|(expected, found)| holds(expected, found))
        }
        _ => expected == found,
    }
}

async fn check_case(plugin: &Plugin, case: &Value) {
    let name = text(&case["name"]);
    let called = plugin.call_json(text(&case["function"]), &case["input"].to_string()).await;
    match called {
        Ok(called) => {
            let found: Value = serde_json::from_str(&called.value).unwrap();
            assert!(case["error"].is_null() && holds(&case["output"], &found), "{name}: {found}");
        }
        Err(ByHandError::Call(CallError::Refused(error))) => {
            assert_eq!(case["error"], error.code, "{name}: {error:?}");
            assert_eq!(case["field"], json!(error.field), "{name}");
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

#[tokio::test]
async fn the_authors_examples_come_out_of_the_shipped_files() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    for file in BUNDLED.iter().filter(|file| file.role == "tax") {
        let plugin = bundled(file.name).await;
        let mut checked = 0;
        for entry in std::fs::read_dir(plugins.join(file.name).join("tests")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let cases = std::fs::read_to_string(&path).unwrap();
            let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
            for case in &cases {
                check_case(&plugin, case).await;
                checked += 1;
            }
        }
        assert!(checked > 0, "{} has no examples", file.name);
    }
}

/// Odd prices, every other one with tax, every third of another category.
fn odd_lines(currency: Currency, gross_only: bool) -> Vec<Line> {
    let line = |index: i64| Line {
        category: if index % 3 == 2 { Category::Book } else { Category::General },
        amount: Money::new(index * index * 37 + 3, currency),
        tax_inclusive: gross_only || index % 2 == 1,
    };
    (0..50).map(line).collect()
}

#[tokio::test]
async fn a_basket_of_fifty_odd_prices_can_be_booked() {
    let places = [
        ("tax-ca", "CA-QC CA-ON CA-NS CA-BC CA-AB CA-SK CA-MB", "CAD"),
        ("tax-in", "IN-MH IN-DL IN-CH IN", "INR"),
        ("tax-us", "US-CA US-TX US-NY US-WA US-OR", "USD"),
    ];
    for (name, buyers, currency) in places {
        let plugin = bundled(name).await.tax().unwrap();
        let currency = Currency::parse(currency).unwrap();
        for buyer in buyers.split(' ') {
            for gross_only in [false, true] {
                let seller = if buyer == "IN" { "IN-KA" } else { buyer };
                let sale = Sale {
                    date: DAY.parse().unwrap(),
                    currency,
                    seller: Place::parse(seller).unwrap(),
                    registrations: Vec::new(),
                    buyer: Place::parse(buyer).unwrap(),
                    buyer_tax_id: None,
                    lines: odd_lines(currency, gross_only),
                };
                let taxed =
                    plugin.assess(&sale).await.unwrap_or_else(|error| panic!("{buyer}: {error}"));
                for (line, sold) in taxed.value.lines.iter().zip(&sale.lines) {
                    assert!(if sold.tax_inclusive { line.gross } else { line.net } == sold.amount);
                }
            }
        }
    }
}

/// As many rows as a configuration holds, and a thousand lines.
#[tokio::test]
async fn a_full_configuration_fits_into_the_sandbox() {
    let plugin = bundled("tax-us").await;
    let rates =
        "05,45,05,.065,.065,0,0,20240101,29991231\n05,00,119,.01,.01,.01,.01,20240101,29991231\n";
    let area =
        |zip: u32| format!("Z,20240101,29991231,,,,,,,,,,,,,,,{zip:05},,{zip:05},,,05,05,119\n");
    let boundaries: String = (71_000..72_030).map(area).collect();
    let config =
        json!({ "local": { "US-AR": { "rates": rates, "boundaries": boundaries } } }).to_string();
    assert!((60_000..64 * 1024).contains(&config.len()), "{}", config.len());
    let lines: Vec<_> = (0..1000).map(|price| ("general", price, price % 2 == 1)).collect();
    let attributes = json!([["config", config], ["postcode", "72029"]]);
    let answer =
        plugin.call_json("assess", &sale("US-AR", "USD", &lines, attributes).to_string()).await;
    let answer = answer.unwrap();
    assert!(answer.evidence.fuel < Limits::default().fuel / 5 * 3, "{}", answer.evidence.fuel);
    let found: Value = serde_json::from_str(&answer.value).unwrap();
    assert_eq!(found["taxes"].as_array().unwrap().len(), 2);
}
