//! Canada, India and the United States through the files that are shipped, in the sandbox that runs them: the examples
//! of `docs/vectors/` that concern them, those of their authors, and documents that must be booked.
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

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(text).collect()
}

/// Minor units of `31.95`, `.05` or `1235`.
fn minor(amount: &str) -> i64 {
    let (whole, part) = amount.split_once('.').unwrap_or((amount, "00"));
    format!("{whole}{part:0<2}").parse().unwrap()
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

async fn assess(plugin: &Plugin, sale: &Value) -> Value {
    let answer = plugin.call_json("assess", &sale.to_string()).await.unwrap().value;
    serde_json::from_str(&answer).unwrap()
}

fn taxes(answer: &Value) -> Vec<i64> {
    let rows = answer["taxes"].as_array().unwrap();
    rows.iter().map(|row| row["tax"]["minor"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn canadas_examples_come_out() {
    let plugin = bundled("tax-ca").await;
    let hst = example("ca-hst-31.95");
    let price = [("general", minor(text(&hst["input"]["price"])), false)];
    let combined = assess(&plugin, &sale("CA-ON", "CAD", &price, json!([]))).await;
    assert_eq!(taxes(&combined), [minor(text(&hst["expected"]["combined"]))]);
    let split = json!([["config", "{\"hst\":\"split\"}"]]);
    let split = assess(&plugin, &sale("CA-ON", "CAD", &price, split)).await;
    let mut expected = texts(&hst["expected"]["split"]);
    let sum = minor(expected.pop().unwrap().trim_start_matches("sum "));
    assert_eq!(taxes(&split), expected.iter().map(|tax| minor(tax)).collect::<Vec<_>>());
    assert_eq!(taxes(&split).iter().sum::<i64>(), sum);

    let quebec = example("qc-inclusive-10");
    let price = [("general", minor(text(&quebec["input"]["gross"])), true)];
    let found = assess(&plugin, &sale("CA-QC", "CAD", &price, json!([]))).await;
    let expected = |name: &str| minor(text(&quebec["expected"][name]));
    assert_eq!(taxes(&found), [expected("gst"), expected("qst")]);
    for row in found["taxes"].as_array().unwrap() {
        assert_eq!(row["base"]["minor"], expected("adjusted_net"));
    }
}

/// The nearest multiple of the step that the plugin names: what a till does with the total.
fn cash(total: i64, answer: &Value) -> i64 {
    let step = answer["rounding"]["cash-step"].as_i64().unwrap();
    (total + step / 2) / step * step
}

#[tokio::test]
async fn canadas_cash_is_rounded_once_for_the_total() {
    let plugin = bundled("tax-ca").await;
    let shop = example("ca-cash");
    let prices: Vec<i64> = texts(&shop["input"]["items"]).into_iter().map(minor).collect();
    let lines: Vec<_> = prices.iter().map(|price| ("general", *price, false)).collect();
    let answer = assess(&plugin, &sale("CA-AB", "CAD", &lines, json!([]))).await;
    let total = prices.iter().sum::<i64>() + taxes(&answer).iter().sum::<i64>();
    assert_eq!(total, minor(text(&shop["expected"]["card"])));
    assert_eq!(cash(total, &answer), minor(text(&shop["expected"]["cash"])));
    let table = example("ca-cash-table");
    for (due, paid) in texts(&table["input"]).into_iter().zip(texts(&table["expected"])) {
        assert_eq!(cash(minor(due), &answer), minor(paid), "{due}");
    }
}

#[tokio::test]
async fn indias_tax_is_payable_in_rupees() {
    let plugin = bundled("tax-in").await;
    let example = example("in-170");
    for (exact, payable) in texts(&example["input"]).into_iter().zip(texts(&example["expected"])) {
        // E-books bear 5 %, which makes any amount of tax exactly. Between states it is one tax.
        let price = [("ebook", minor(exact) * 20, false)];
        let mut sold = sale("IN-MH", "INR", &price, json!([]));
        sold["buyer"]["subdivision"] = json!("KA");
        assert_eq!(taxes(&assess(&plugin, &sold).await), [minor(payable)], "{exact}");
    }
}

#[tokio::test]
async fn tax_numbers_are_judged() {
    let (ca, india) =
        (bundled("tax-ca").await.tax().unwrap(), bundled("tax-in").await.tax().unwrap());
    let gstin = example("gstin");
    let (good, end) = text(&gstin["input"]).split_once(" / ...").unwrap();
    assert!(india.check_tax_id("IN", good).await.unwrap().value.valid);
    let bad = format!("{}{end}", good.strip_suffix("ZV").unwrap());
    assert!(!india.check_tax_id("IN", &bad).await.unwrap().value.valid);
    // A business number is nine digits with Luhn's check; zeros in front change nothing.
    let luhn = example("luhn");
    let expected = text(&luhn["expected"]).strip_prefix("check digit ").unwrap();
    for digit in "0123456789".chars() {
        let number = format!("0000{}{digit}", text(&luhn["input"]));
        let valid = ca.check_tax_id("CA", &number).await.unwrap().value.valid;
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
    for name in ["tax-ca", "tax-in", "tax-us"] {
        let plugin = bundled(name).await;
        for file in ["sales.json", "numbers-and-returns.json"] {
            let cases =
                std::fs::read_to_string(plugins.join(name).join("tests").join(file)).unwrap();
            let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
            assert!(!cases.is_empty());
            for case in &cases {
                check_case(&plugin, case).await;
            }
        }
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
