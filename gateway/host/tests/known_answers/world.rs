//! Tax documents of other countries, each through its plugin.

use purser_money::{Ratio, Rounding};
use serde_json::{Value, json};

use crate::example::{
    amounts, answer, bundled, decimal, examples, money, sale, text, texts, total,
};

pub(crate) const ANSWERED: &[&str] =
    &["ca-hst-31.95", "qc-inclusive-10", "ca-cash", "ca-cash-table", "nz-19O", "in-170", "jp-pint"];

fn example(id: &str) -> Value {
    examples(&[id]).remove(0)
}

/// What the answer's cash step makes of an amount: the nearest multiple.
fn cash(assessment: &Value, minor: i64) -> i64 {
    let step = assessment["rounding"]["cash-step"].as_i64().unwrap();
    let steps = Ratio::whole(minor).times(1, i128::from(step)).unwrap();
    steps.round(Rounding::HalfUp).unwrap() * step
}

#[tokio::test]
async fn ontario_is_taxed_as_one_or_in_two_parts() {
    let (plugin, example) = (bundled("tax-ca").await, example("ca-hst-31.95"));
    let line = format!("{} CAD general", text(&example["input"]["price"]));
    let assess = async |config: Option<&Value>| {
        let sale = sale("CA-ON to CA-ON", "2026-10-01", &[&line], config);
        amounts(&answer(&plugin, "assess", &sale).await)
    };
    let expected = &example["expected"];
    assert_eq!(assess(None).await, [text(&expected["combined"])]);
    let mut split = texts(&expected["split"]);
    assert_eq!(split.pop(), Some("sum 4.16"));
    assert_eq!(assess(Some(&json!({ "hst": "split" }))).await, split);
}

#[tokio::test]
async fn quebec_finds_the_net_first() {
    let (plugin, example) = (bundled("tax-ca").await, example("qc-inclusive-10"));
    let line = format!("{} CAD general gross", text(&example["input"]["gross"]));
    let sale = sale("CA-QC to CA-QC", "2026-10-01", &[&line], None);
    let answer = answer(&plugin, "assess", &sale).await;
    let expected = &example["expected"];
    assert_eq!(amounts(&answer), [text(&expected["gst"]), text(&expected["qst"])]);
    for row in answer["taxes"].as_array().unwrap() {
        assert_eq!(decimal(&row["base"]).amount(), text(&expected["adjusted_net"]));
    }
    let first = money(&format!("{} CAD", text(&expected["net_first"])));
    assert_eq!(total(&answer, first).amount(), text(&expected["sum"]));
    let adjusted = money(&format!("{} CAD", text(&expected["adjusted_net"])));
    assert_eq!(total(&answer, adjusted).amount(), text(&example["input"]["gross"]));
}

#[tokio::test]
async fn canadian_cash_is_rounded_once_for_the_total() {
    let (plugin, example) = (bundled("tax-ca").await, example("ca-cash"));
    assert_eq!(example["input"]["gst"], "5%");
    let lines: Vec<String> = texts(&example["input"]["items"])
        .into_iter()
        .map(|item| format!("{item} CAD general"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let sale = sale("CA-AB to CA-AB", "2026-10-01", &lines, None);
    let answer = answer(&plugin, "assess", &sale).await;
    let due = total(&answer, decimal(&answer["taxes"][0]["base"]));
    assert_eq!(due.amount(), text(&example["expected"]["card"]));
    let paid = money(&format!("{} CAD", text(&example["expected"]["cash"])));
    assert_eq!(cash(&answer, due.minor()), paid.minor());
    let table = self::example("ca-cash-table");
    for (due, paid) in texts(&table["input"]).iter().zip(texts(&table["expected"])) {
        let cents = |text: &str| text.trim_start_matches('.').parse::<i64>().unwrap();
        assert_eq!(cash(&answer, cents(due)), cents(paid), "{due}");
    }
}

/// No price in cents has 15 % of 12.5 cents: the law's half cent is shown by 7.5, and the example's figures by a table
/// of 12.5 and 12.6 % that rounds alike.
#[tokio::test]
async fn half_a_cent_is_dropped_in_new_zealand() {
    let example = example("nz-19O");
    let plugin = bundled("tax-nz").await;
    for (price, tax) in [("0.50", "0.07"), ("0.84", "0.13")] {
        let line = format!("{price} NZD general");
        let sale = sale("NZ to NZ", "2026-10-01", &[&line], None);
        assert_eq!(amounts(&answer(&plugin, "assess", &sale).await), [tax]);
    }
    let plugin = bundled("tax-table").await;
    for (exact, expected) in texts(&example["input"]).iter().zip(texts(&example["expected"])) {
        let percent = format!("12.{}", exact.chars().last().unwrap());
        assert_eq!(*exact, format!("0.{}", percent.replace('.', "")));
        let table = json!({ "places": [{
            "place": "NZ", "tax": "GST", "rounding": { "mode": "half-down" },
            "rates": [{
                "categories": ["general"], "percent": percent, "reason": "standard", "from": "2020-01-01",
                "source": "NZ GST Act 1985 s 19O",
            }],
        }] });
        let sale = sale("NZ to NZ", "2026-10-01", &["1.00 NZD general"], Some(&table));
        assert_eq!(amounts(&answer(&plugin, "assess", &sale).await), [expected]);
    }
}

/// 5 % of 24690.00 rupees are 1234.50, and of 24689.80 are 1234.49.
#[tokio::test]
async fn indian_tax_is_payable_in_rupees() {
    let (plugin, example) = (bundled("tax-in").await, example("in-170"));
    assert_eq!(texts(&example["input"]), ["1234.50", "1234.49"]);
    let prices = ["24690.00", "24689.80"];
    for (price, rupees) in prices.into_iter().zip(texts(&example["expected"])) {
        let line = format!("{price} INR general");
        let config = json!({ "hsn": { "general": "0405" } });
        let sale = sale("IN-MH to IN-KA", "2026-10-01", &[&line], Some(&config));
        let answer = answer(&plugin, "assess", &sale).await;
        assert_eq!(answer["taxes"][0]["rate"], "5");
        assert_eq!(amounts(&answer), [format!("{rupees}.00")]);
    }
}

#[tokio::test]
async fn yen_have_no_decimals() {
    let (plugin, example) = (bundled("tax-jp").await, example("jp-pint"));
    let input = &example["input"];
    let line = format!("{} {} general", text(&input["base"]), text(&input["currency"]));
    let sale = sale("JP to JP", "2026-10-01", &[&line], None);
    let answer = answer(&plugin, "assess", &sale).await;
    assert_eq!(answer["taxes"][0]["rate"], input["rate"]);
    assert_eq!(amounts(&answer), [text(&example["expected"]["tax"])]);
    assert_eq!(answer["rounding"]["decimals"], example["expected"]["decimals"]);
}
