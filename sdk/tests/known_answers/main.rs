//! Examples with known answers, from laws, standards and other people's software: `docs/vectors/`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use serde_json::Value;

mod estamp;
mod s10;
mod tax;
mod tax_id;

/// One worked example.
struct Example {
    id: String,
    input: Value,
    expected: Value,
}

fn all() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/vectors/public.json");
    let file =
        std::fs::read_to_string(path).expect("docs/vectors/public.json is in the repository");
    serde_json::from_str(&file).expect("a JSON list")
}

fn area(name: &str) -> Vec<Example> {
    let of_area = all().into_iter().filter(|example| example["area"] == name);
    let example = |value: Value| Example {
        id: text(&value["id"]).to_owned(),
        input: value["input"].clone(),
        expected: value["expected"].clone(),
    };
    of_area.map(example).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(text).collect()
}

/// A new example must find its test: whoever adds one counts it here.
#[test]
fn no_example_is_skipped() {
    let mut counts = BTreeMap::<String, usize>::new();
    for example in all() {
        *counts.entry(text(&example["area"]).to_owned()).or_default() += 1;
    }
    let counts: Vec<(&str, usize)> = counts.iter().map(|(area, n)| (area.as_str(), *n)).collect();
    assert_eq!(
        counts,
        [
            ("card", 1),
            ("cash-rounding", 2),
            ("code", 3),
            ("estamp", 2),
            ("fx", 11),
            ("iso4217", 1),
            ("keydiv", 2),
            ("s10", 4),
            ("sun", 5),
            ("tax", 13),
            ("vatid", 13),
        ]
    );
}
