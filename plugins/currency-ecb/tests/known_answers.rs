//! Conversions with known answers: the area `fx` of `docs/vectors/`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use purser_currency_ecb::Ecb;
use purser_sdk::{
    Currency, Date, Money, RateTable, Rates, Rounding, currency::Policy, date, parse_date,
};
use serde_json::Value;

fn vectors(file: &str) -> Vec<u8> {
    let path = format!("{}/../../docs/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("docs/vectors is in the repository")
}

fn table() -> RateTable {
    let mut tables = Ecb::read_feed("ecb-daily", &vectors("eurofxref-2024-06-28.xml")).unwrap();
    assert_eq!(tables.len(), 1);
    tables.remove(0)
}

fn convert(amount: &str, from: &str, to: &str, today: Date) -> Money {
    let amount = Money::parse(amount, Currency::parse(from).unwrap()).unwrap();
    let to = Currency::parse(to).unwrap();
    // Of days without published rates, only fixed ones are asked.
    let table = RateTable { as_of: today, ..table() };
    let policy = Policy { today, max_age_days: 5, mode: Rounding::HalfUp };
    Ecb::convert(amount, to, &table, &policy).unwrap().converted
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn every_example_converts_to_its_answer() {
    let examples: Vec<Value> = serde_json::from_slice(&vectors("public.json")).unwrap();
    let mut checked = 0;
    for example in examples.iter().filter(|example| example["area"] == "fx") {
        let (input, expected) = (&example["input"], &example["expected"]);
        let amount = || text(&input["amount"]);
        let now = date(2024, 6, 28);
        match text(&example["id"]) {
            "eur-SIT-500" | "eur-SIT-1000" => {
                assert_eq!(text(&input["rate"]), "239.640");
                assert_eq!(convert(amount(), "SIT", "EUR", now).amount(), text(&expected["eur"]));
            }
            "eur-BGN-100" => {
                // Fixed since 2026; until then the table quotes it.
                for day in [now, date(2026, 1, 2)] {
                    assert_eq!(
                        convert(amount(), "BGN", "EUR", day).amount(),
                        text(&expected["eur"])
                    );
                }
            }
            "eur-mid" => {
                // The rounding of the amount that 1,000 francs come to, and of its neighbour.
                for (amount, expected) in [("24.784", "24.78"), ("24.785", "24.79")] {
                    let found = convert(amount, "KWD", "KWD", now).amount();
                    assert_eq!(found, amount);
                    assert!(input.as_array().unwrap().iter().any(|it| it == amount));
                    let eur = Currency::parse("EUR").unwrap();
                    let kwd = Money::parse(amount, Currency::parse("KWD").unwrap()).unwrap();
                    let rounded = purser_sdk::convert(kwd, eur, &[], Rounding::HalfUp).unwrap();
                    assert_eq!(rounded.amount(), expected);
                }
            }
            "tri-1000BEF-FRF" | "tri-100FRF-DEM" => {
                let (from, to) = (text(&input["from_"]), text(&input["to"]));
                assert_eq!(convert(amount(), from, to, now).amount(), text(&expected["out"]));
            }
            "tri-illegal" => {
                assert_eq!(convert("1.00", "DEM", "ITL", now).amount(), "989");
                assert!(text(expected).starts_with("987 is never allowed (legal: 989"));
            }
            "ecb-100USDEUR" | "ecb-100USDJPY" | "ecb-100GBPUSD" | "ecb-1000KRWEUR" => {
                assert_eq!(parse_date(text(&input["date"])), Ok(now));
                let (from, to) = (text(&input["from_"]), text(&input["to"]));
                assert_eq!(convert(amount(), from, to, now).amount(), text(expected));
            }
            other => panic!("{other} has no test"),
        }
        checked += 1;
    }
    assert_eq!(checked, 11);
}
