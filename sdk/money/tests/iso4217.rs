//! The minor units of ISO 4217, against the list that `docs/vectors/` keeps.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use purser_money::{Currency, MoneyError};

#[test]
fn minor_units_are_those_of_the_list() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vectors/public.json");
    let file =
        std::fs::read_to_string(path).expect("docs/vectors/public.json is in the repository");
    let examples: Vec<serde_json::Value> = serde_json::from_str(&file).expect("a JSON list");
    let mut of_area = examples.iter().filter(|example| example["area"] == "iso4217");
    let (list, None) = (of_area.next().expect("one example"), of_area.next()) else {
        panic!("one example")
    };
    let codes = |decimals: &str| -> Vec<&str> {
        list["input"][decimals].as_str().expect("codes").split(' ').collect()
    };
    assert_eq!(list["expected"], "all other active codes: 2");
    for code in codes("none") {
        assert_eq!(Currency::parse(code), Err(MoneyError::UnknownCurrency), "{code}");
    }
    for currency in Currency::all().filter(|currency| !currency.is_former()) {
        let listed = ["0", "3", "4"].into_iter().find(|it| codes(it).contains(&currency.code()));
        let expected: u8 = listed.unwrap_or("2").parse().unwrap();
        assert_eq!(currency.decimals(), expected, "{currency}");
    }
    for decimals in ["0", "3", "4"] {
        assert!(codes(decimals).into_iter().all(|code| Currency::parse(code).is_ok()));
    }
}
