//! Tax documents of Europe, through `tax-eu`.

use jiff::civil::{Date, date};
use purser_core::{
    money::Money,
    place::Place,
    tax::{Assessed, Category, Line, Sale},
};
use purser_host::{Plugin, TaxPlugin};
use serde_json::{Value, json};

use crate::example::{bundled, examples, money, text, texts};

pub(crate) const ANSWERED: &[&str] = &[
    "en16931-ex1",
    "en16931-ex2",
    "en16931-bis3",
    "en16931-discount-price",
    "peppol-allowance",
    "peppol-two-rates",
    "uk-half-up",
    "uk-fraction",
];

const DAY: Date = date(2024, 6, 28);

/// A sale within one country, with lines like `24.00 GBP general gross`.
fn sale(place: &str, lines: &[String]) -> Sale {
    let line = |line: &String| {
        let words: Vec<&str> = line.split(' ').collect();
        Line {
            amount: money(&words[..2].join(" ")),
            category: Category::parse(words[2]).unwrap(),
            tax_inclusive: words.get(3) == Some(&"gross"),
        }
    };
    let lines: Vec<Line> = lines.iter().map(line).collect();
    Sale {
        date: DAY,
        currency: lines[0].amount.currency(),
        seller: Place::parse(place).unwrap(),
        registrations: Vec::new(),
        buyer: Place::parse(place).unwrap(),
        buyer_tax_id: None,
        lines,
    }
}

async fn taxes(plugin: &TaxPlugin, place: &str, lines: &[String]) -> Vec<Assessed> {
    plugin.assess(&sale(place, lines)).await.unwrap().value.assessment.taxes
}

/// The same for a document with an allowance, which this gateway sells none of: what the plugin answers, by hand.
async fn taxes_with_allowance(plugin: &Plugin, place: &str, lines: &[String]) -> Vec<Assessed> {
    let sale = sale(place, lines);
    let line = |(id, line): (usize, &Line)| {
        let amount = json!({ "minor": line.amount.minor(), "currency": sale.currency.code() });
        let category = line.category.name();
        json!({ "id": id, "category": category, "quantity": 1, "amount": amount, "tax-inclusive": false, "attributes": [] })
    };
    let lines: Vec<Value> = (1..).zip(&sale.lines).map(line).collect();
    let input = json!({
        "date": sale.date.to_string(), "currency": sale.currency.code(), "registrations": [],
        "seller": { "country": place }, "buyer": { "country": place }, "lines": lines, "attributes": [],
    });
    let answer = plugin.call_json("assess", &input.to_string()).await.unwrap().value;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let minor = |amount: &Value| Money::new(amount["minor"].as_i64().unwrap(), sale.currency);
    let row = |row: &Value| Assessed {
        name: text(&row["name"]).to_owned(),
        jurisdiction: text(&row["jurisdiction"]).to_owned(),
        authority: text(&row["authority"]).to_owned(),
        category: text(&row["category"]).to_owned(),
        reason: text(&row["reason"]).to_owned(),
        rate: text(&row["rate"]).parse().unwrap(),
        base: minor(&row["base"]),
        tax: minor(&row["tax"]),
        lines: Vec::new(),
    };
    answer["taxes"].as_array().unwrap().iter().map(row).collect()
}

fn amounts(taxes: &[Assessed]) -> Vec<String> {
    taxes.iter().map(|assessed| assessed.tax.amount()).collect()
}

fn gross(taxes: &[Assessed]) -> String {
    let parts = taxes.iter().flat_map(|assessed| [assessed.base, assessed.tax]);
    Money::sum(parts, taxes[0].tax.currency()).unwrap().amount()
}

/// The lines of an example's rows `["183.23", "6"]`, where each rate is that of a category.
fn rows(example: &Value, categories: &[(&str, &str)]) -> Vec<String> {
    let line = |row: &Value| {
        let (amount, rate) = (text(&row[0]), text(&row[1]).trim_end_matches("(E)"));
        let (_, category) = categories.iter().find(|(known, _)| *known == rate).unwrap();
        format!("{amount} {} {category}", text(&example["input"]["currency"]))
    };
    example["input"]["buckets"].as_array().unwrap().iter().map(line).collect()
}

fn of(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// A country that has the example's rates stands in for it where the example names none.
async fn check_tax(plugin: &Plugin, example: &Value) {
    let (by_hand, plugin) = (plugin, &plugin.tax().unwrap());
    match text(&example["id"]) {
        id @ ("en16931-ex1" | "en16931-ex2") => {
            let (place, categories) = match id {
                "en16931-ex1" => ("BE", &[("6", "book"), ("21", "general")][..]),
                _ => ("NO", &[("25", "general"), ("15", "food"), ("0", "book")][..]),
            };
            let found = taxes_with_allowance(by_hand, place, &rows(example, categories)).await;
            assert_eq!(amounts(&found), texts(&example["expected"]["tax"]));
            assert_eq!(gross(&found), text(&example["expected"]["gross"]));
        }
        "en16931-bis3" => check_danish(plugin, example, &example["input"]["net"]).await,
        "en16931-discount-price" => {
            check_danish(plugin, example, &example["expected"]["net"]).await;
        }
        "peppol-allowance" => check_allowance(by_hand, &example["expected"]).await,
        "peppol-two-rates" => check_two_rates(by_hand, example).await,
        "uk-half-up" => check_half_up(plugin, example).await,
        "uk-fraction" => check_fractions(plugin, example).await,
        other => panic!("{other} has no test"),
    }
}

async fn check_danish(plugin: &TaxPlugin, example: &Value, net: &Value) {
    let found = taxes(plugin, "DK", &[format!("{} DKK general", text(net))]).await;
    assert_eq!(amounts(&found), [text(&example["expected"]["tax"])]);
    assert_eq!(gross(&found), text(&example["expected"]["gross"]));
}

async fn check_allowance(plugin: &Plugin, expected: &Value) {
    let lines = of(&[
        "4000.00 EUR general",
        "900.00 EUR general",
        "200.00 EUR general",
        "-200.00 EUR general",
        "1000.00 EUR postage",
    ]);
    let found = taxes_with_allowance(plugin, "HR", &lines).await;
    let whole = |value: &Value| money(&format!("{}.00 EUR", text(value))).amount();
    assert_eq!(found[0].base.amount(), whole(&expected["taxable_S"]));
    assert_eq!(amounts(&found), [whole(&expected["tax"]), "0.00".to_owned()]);
    assert_eq!(gross(&found), whole(&expected["gross"]));
}

async fn check_two_rates(plugin: &Plugin, example: &Value) {
    assert_eq!(text(&example["input"]["S25"]), "4000+900+200-100");
    let lines = of(&[
        "4000.00 NOK general",
        "900.00 NOK general",
        "200.00 NOK general",
        "-100.00 NOK general",
        "2000.00 NOK food",
    ]);
    let found = taxes_with_allowance(plugin, "NO", &lines).await;
    let expected = texts(&example["expected"]["tax"]);
    let expected: Vec<String> = expected.iter().map(|tax| format!("{tax}.00")).collect();
    assert_eq!(amounts(&found), expected);
}

/// 20 % of 0.02 are 0.4 pence; in 0.03 there are 0.5.
async fn check_half_up(plugin: &TaxPlugin, example: &Value) {
    let told = (texts(&example["input"]), texts(&example["expected"]));
    assert_eq!(told, (vec!["0.4p", "0.5p"], vec!["0p", "1p"]));
    let down = taxes(plugin, "GB", &of(&["0.02 GBP general"])).await;
    let up = taxes(plugin, "GB", &of(&["0.03 GBP general gross"])).await;
    assert_eq!((amounts(&down), amounts(&up)), (of(&["0.00"]), of(&["0.01"])));
}

async fn check_fractions(plugin: &TaxPlugin, example: &Value) {
    let rows = example["input"].as_array().unwrap();
    for (row, expected) in rows.iter().zip(texts(&example["expected"])) {
        let (place, code, category) = match text(&row[1]) {
            "20%" => ("GB", "GBP", "general"),
            "5%" => ("HR", "EUR", "book"),
            other => panic!("{other}"),
        };
        let line = format!("{} {code} {category} gross", text(&row[0]));
        let found = taxes(plugin, place, &[line]).await;
        assert_eq!(amounts(&found), [expected]);
        assert_eq!(gross(&found), text(&row[0]));
    }
}

#[tokio::test]
async fn european_documents_are_taxed_as_their_examples_say() {
    let plugin = bundled("tax-eu").await;
    for example in &examples(ANSWERED) {
        check_tax(&plugin, example).await;
    }
}
