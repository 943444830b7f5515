//! The examples of `docs/vectors/` that concern the bundled plugins, through the files that are shipped, in the sandbox
//! that runs them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails"
)]

use jiff::civil::{Date, date};
use purser_bundled::BUNDLED;
use purser_core::{
    money::{Currency, Money, Rounding},
    place::Place,
    rate::{ConversionPolicy, RateTable},
    tax::{Assessed, Category, Line, Sale},
};
use purser_host::{CallError, CurrencyPlugin, Limits, Plugin, Plugins, TaxPlugin};
use purser_money::{Leg, LegRounding, Rate};
use serde_json::{Value, json};

const PUBLIC: &str = include_str!("../../../docs/vectors/public.json");
const ECB: &[u8] = include_bytes!("../../../docs/vectors/eurofxref-2024-06-28.xml");
const DAY: Date = date(2024, 6, 28);

async fn bundled(name: &str) -> Plugin {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let file = BUNDLED.iter().find(|file| file.name == name).unwrap();
    plugins.install(file.bytes).await.unwrap()
}

fn examples(area: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(PUBLIC).unwrap();
    all.into_iter().filter(|example| example["area"] == area).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(text).collect()
}

/// `12.50 EUR`, which may be negative, as an allowance is.
fn money(text: &str) -> Money {
    if let Some(magnitude) = text.strip_prefix('-') {
        return money(magnitude).negated().unwrap();
    }
    let (amount, code) = text.split_once(' ').unwrap();
    Money::parse(amount, Currency::parse(code).unwrap()).unwrap()
}

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
        id @ ("ca-hst-31.95" | "qc-inclusive-10" | "nz-19O" | "in-170" | "jp-pint") => {
            let place = id[..2].to_uppercase().replace("QC", "CA-QC");
            let error = plugin.assess(&sale(&place, &of(&["1.00 EUR general"]))).await.unwrap_err();
            let CallError::Refused(error) = error else { panic!("{error}") };
            assert_eq!(error.code, "tax-country-unsupported", "{place} is for other plugins");
        }
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
async fn documents_are_taxed_as_their_examples_say() {
    let plugin = bundled("tax-eu").await;
    let examples = examples("tax");
    assert_eq!(examples.len(), 13);
    for example in &examples {
        check_tax(&plugin, example).await;
    }
}

#[tokio::test]
async fn tax_numbers_are_judged_as_their_examples_say() {
    let plugin = bundled("tax-eu").await.tax().unwrap();
    let examples = examples("vatid");
    assert_eq!(examples.len(), 13);
    for example in &examples {
        let (country, valid, invalid) = match text(&example["id"]) {
            "gstin" => ("IN", vec!["27AAPFU0939F1ZV"], "27AAPFU0939F1ZO"),
            "jp-trn" => ("JP", vec!["T8010601046367", "5835678256246"], "2835678256246"),
            _ => {
                let expected = &example["expected"];
                (
                    text(&example["input"]),
                    vec![text(&expected["valid"])],
                    text(&expected["invalid"]),
                )
            }
        };
        for number in valid {
            let verdict = plugin.check_tax_id(country, number).await.unwrap().value;
            assert!(verdict.valid, "{country} {number}: {verdict:?}");
        }
        let verdict = plugin.check_tax_id(country, invalid).await.unwrap().value;
        assert!(!verdict.valid && verdict.reason.is_some(), "{country} {invalid}: {verdict:?}");
    }
}

/// What comes out, and by which legs.
async fn convert(
    plugin: &CurrencyPlugin,
    from: &str,
    to: &str,
    table: &RateTable,
) -> (String, Vec<Leg>) {
    let (amount, to) = (money(from), Currency::parse(to).unwrap());
    let rounding = Rounding::HalfUp;
    let policy = ConversionPolicy { today: table.as_of, max_age_days: 5, rounding };
    let route = plugin.convert(amount, to, table, &policy).await.unwrap().value;
    (route.convert(amount, rounding).unwrap().amount(), route.legs().to_vec())
}

async fn check_fx(plugin: &CurrencyPlugin, published: &RateTable, example: &Value) {
    let (input, expected) = (&example["input"], &example["expected"]);
    let amount = |code: &str| {
        let decimals = usize::from(Currency::parse(code).unwrap().decimals());
        let zeros = if decimals == 0 { "" } else { &".000"[..=decimals] };
        format!("{}{zeros} {code}", text(&input["amount"]))
    };
    match text(&example["id"]) {
        "eur-SIT-500" | "eur-SIT-1000" | "eur-BGN-100" => {
            let code = text(&input["ccy"]);
            for as_of in [DAY, date(2026, 1, 2)] {
                let table = RateTable { as_of, ..published.clone() };
                let (found, _) = convert(plugin, &amount(code), "EUR", &table).await;
                assert_eq!(found, text(&expected["eur"]));
            }
        }
        "eur-mid" => {
            // At one for one, three decimals become two.
            let one: Rate = "1".parse().unwrap();
            let rates = vec![(Currency::parse("KWD").unwrap(), one)];
            let table = RateTable { rates, ..published.clone() };
            for (dinars, expected) in texts(input).iter().zip(texts(expected)) {
                let (found, _) = convert(plugin, &format!("{dinars} KWD"), "EUR", &table).await;
                assert_eq!(found, expected);
            }
        }
        id @ ("tri-1000BEF-FRF" | "tri-100FRF-DEM" | "tri-illegal") => {
            let (from, to) = (text(&input["from_"]), text(&input["to"]));
            let (found, legs) = convert(plugin, &amount(from), to, published).await;
            let three = LegRounding { decimals: 3, mode: Rounding::HalfUp };
            assert_eq!(legs[0].then_round, Some(three));
            match id {
                "tri-illegal" => {
                    assert_eq!(found, "989");
                    assert!(text(expected).starts_with("987 is never allowed (legal: 989"));
                }
                _ => assert_eq!(found, text(&expected["out"])),
            }
        }
        "ecb-100USDEUR" | "ecb-100USDJPY" | "ecb-100GBPUSD" | "ecb-1000KRWEUR" => {
            assert_eq!(text(&input["date"]), DAY.to_string());
            let (from, to) = (text(&input["from_"]), text(&input["to"]));
            let (found, legs) = convert(plugin, &amount(from), to, published).await;
            assert_eq!(found, text(expected));
            assert!(legs.iter().all(|leg| leg.then_round.is_none()), "rounded once");
        }
        other => panic!("{other} has no test"),
    }
}

#[tokio::test]
async fn amounts_are_converted_as_their_examples_say() {
    let plugin = bundled("currency-ecb").await.currency().unwrap();
    let published = plugin.read_feed("ecb-daily", ECB).await.unwrap().value.remove(0);
    let examples = examples("fx");
    assert_eq!(examples.len(), 11);
    for example in &examples {
        check_fx(&plugin, &published, example).await;
    }
}

/// The file of 90 days has 66 working days at most. The sandbox must have room for as many as the plugin takes.
#[tokio::test]
async fn a_history_of_rates_fits_into_the_sandbox() {
    let plugin = bundled("currency-ecb").await;
    let currency = plugin.currency().unwrap();
    let daily = std::str::from_utf8(ECB).unwrap();
    let (start, end) = (daily.find("<Cube time=").unwrap(), daily.rfind("</Cube>").unwrap());
    let history = |count: i64| {
        let days = (0..count).map(|days| {
            let date = DAY.checked_sub(jiff::Span::new().days(days)).unwrap();
            daily[start..end].replace("2024-06-28", &date.to_string())
        });
        format!("{}{}{}", &daily[..start], days.collect::<String>(), &daily[end..])
    };
    let read = async |count| currency.read_feed("ecb-hist-90d", history(count).as_bytes()).await;
    let ninety_days = read(66).await.unwrap();
    assert_eq!((ninety_days.value.len(), ninety_days.value[65].rates.len()), (66, 30));
    assert!(ninety_days.evidence.fuel < Limits::default().fuel / 2);
    assert_eq!(read(150).await.unwrap().value.len(), 150);
    let refused = read(151).await.unwrap_err();
    assert!(matches!(refused, CallError::Refused(error) if error.code == "malformed-request"));
    let peak = plugin.peak();
    // One call described the plugin when it was loaded; the refused one counts too.
    assert_eq!(peak.calls, 4);
    assert!(
        peak.fuel > ninety_days.evidence.fuel && peak.memory_bytes < 8 * 1024 * 1024,
        "{peak:?}"
    );
}
