//! Reading examples, and asking plugins about them.

use purser_bundled::BUNDLED;
use purser_core::money::{Currency, Money};
use purser_host::{Limits, Plugin, Plugins};
use serde_json::{Value, json};

const PUBLIC: &str = include_str!("../../../../docs/vectors/public.json");

pub(crate) async fn bundled(name: &str) -> Plugin {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let file = BUNDLED.iter().find(|file| file.name == name);
    let file = file.unwrap_or_else(|| panic!("{name} is not bundled"));
    plugins.install(file.bytes).await.unwrap()
}

pub(crate) fn all() -> Vec<Value> {
    serde_json::from_str(PUBLIC).unwrap()
}

/// Those of these ids, in the file's order; none may be missing.
pub(crate) fn examples(ids: &[&str]) -> Vec<Value> {
    let named = |example: &Value| ids.contains(&text(&example["id"]));
    let found: Vec<Value> = all().into_iter().filter(named).collect();
    assert_eq!(found.len(), ids.len(), "{ids:?}");
    found
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

pub(crate) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(text).collect()
}

/// `12.50 EUR`, which may be negative, as an allowance is.
pub(crate) fn money(text: &str) -> Money {
    if let Some(magnitude) = text.strip_prefix('-') {
        return money(magnitude).negated().unwrap();
    }
    let (amount, code) = text.split_once(' ').unwrap();
    Money::parse(amount, Currency::parse(code).unwrap()).unwrap()
}

/// A sale by hand: from a place to a place on a day, with lines like `24.00 GBP general gross`, under a configuration.
pub(crate) fn sale(route: &str, day: &str, lines: &[&str], config: Option<&Value>) -> Value {
    let (seller, buyer) = route.split_once(" to ").unwrap();
    let place = |text: &str| match text.split_once('-') {
        Some((country, part)) => json!({ "country": country, "subdivision": part }),
        None => json!({ "country": text }),
    };
    let line = |(id, line): (usize, &&str)| {
        let words: Vec<&str> = line.split(' ').collect();
        let amount = money(&words[..2].join(" "));
        let amount = json!({ "minor": amount.minor(), "currency": words[1] });
        json!({
            "id": id, "category": words[2], "quantity": 1, "amount": amount,
            "tax-inclusive": words.get(3) == Some(&"gross"), "attributes": [],
        })
    };
    let lines: Vec<Value> = (1..).zip(lines).map(line).collect();
    let attributes: Vec<Value> =
        config.iter().map(|it| json!(["config", it.to_string()])).collect();
    json!({
        "date": day, "currency": lines[0]["amount"]["currency"], "seller": place(seller), "registrations": [],
        "buyer": place(buyer), "lines": lines, "attributes": attributes,
    })
}

/// What the plugin answers.
pub(crate) async fn answer(plugin: &Plugin, function: &str, input: &Value) -> Value {
    let called = plugin.call_json(function, &input.to_string()).await;
    let called = called.unwrap_or_else(|error| panic!("{function} of {input}: {error}"));
    serde_json::from_str(&called.value).unwrap()
}

/// The amounts of an answer's taxes, as decimals.
pub(crate) fn amounts(assessment: &Value) -> Vec<String> {
    assessment["taxes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| decimal(&row["tax"]).amount())
        .collect()
}

/// Everything that is paid: each line's net once, and every tax.
pub(crate) fn total(assessment: &Value, net: Money) -> Money {
    let taxes = assessment["taxes"].as_array().unwrap().iter().map(|row| decimal(&row["tax"]));
    taxes.fold(net, |sum, tax| sum.plus(tax).unwrap())
}

pub(crate) fn decimal(amount: &Value) -> Money {
    let currency = Currency::parse(text(&amount["currency"])).unwrap();
    Money::new(amount["minor"].as_i64().unwrap(), currency)
}
