//! Past decisions, asked of another plugin: what would it have answered, and what is the difference in money?

use std::sync::Arc;

use purser_core::{
    Timestamp,
    ids::MerchantId,
    record::{EvidenceRecord, ItemRecord},
};
use purser_host::Plugin;
use serde::Serialize;
use serde_json::{Value, json};

/// The function whose answers are money that is charged.
const ASSESS: &str = "tax.assess";

/// A call that decided something of a purchase, and whose sale it was for.
#[derive(Debug, Clone)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// Where the buyer is.
    pub country: String,
    /// Whose sale.
    pub merchant: MerchantId,
    /// In which currency.
    pub currency: String,
    /// The call.
    pub evidence: Arc<EvidenceRecord>,
}

/// What came of asking again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The same taxes.
    Equal,
    /// Others.
    Different {
        /// Its taxes less those that were charged, in minor units.
        difference_minor: i64,
        /// What it answered.
        output: String,
    },
    /// No answer.
    Failed(String),
}

/// The same call made again.
pub struct Again {
    /// What came of it.
    pub outcome: Outcome,
    /// Whether it also had the same output, byte for byte, for the same fuel.
    pub exact: bool,
}

/// The tax documents of a purchase: each call that assessed one, with every merchant whose sale it was.
///
/// A purchase names its calls, and equal calls are one, so a call belongs to each merchant who sold just that.
pub fn decisions(
    at: Timestamp,
    evidence: impl IntoIterator<Item = EvidenceRecord>,
    items: &[ItemRecord],
) -> Vec<Decision> {
    let assessed = evidence.into_iter().filter(|record| record.function == ASSESS);
    assessed.flat_map(|record| of_call(at, record, items)).collect()
}

fn of_call(at: Timestamp, record: EvidenceRecord, items: &[ItemRecord]) -> Vec<Decision> {
    let Ok(input) = serde_json::from_str::<Value>(&record.input) else { return Vec::new() };
    let sale = input.get("sale").unwrap_or(&input);
    let text = |pointer: &str| {
        sale.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (country, currency) = (text("/buyer/country"), text("/currency"));
    let lines = sale.get("lines").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut asked: Vec<i64> =
        lines.iter().filter_map(|line| line.pointer("/amount/minor")?.as_i64()).collect();
    asked.sort_unstable();
    let mut sellers: Vec<(MerchantId, Vec<i64>)> = Vec::new();
    for item in items.iter().filter(|item| item.price.currency().code() == currency) {
        match sellers.iter_mut().find(|(merchant, _)| *merchant == item.merchant) {
            Some((_, sold)) => sold.push(item.price.minor()),
            None => sellers.push((item.merchant, vec![item.price.minor()])),
        }
    }
    for (_, sold) in &mut sellers {
        sold.sort_unstable();
    }
    let exact = sellers.iter().filter(|(_, sold)| *sold == asked).map(|(merchant, _)| *merchant);
    let mut merchants: Vec<MerchantId> = exact.collect();
    if merchants.is_empty() {
        // A merchant's items may be taxed in two places, and then each call has some of them.
        let some =
            sellers.iter().find(|(_, sold)| asked.iter().all(|amount| sold.contains(amount)));
        merchants.extend(some.map(|(merchant, _)| *merchant));
    }
    let evidence = Arc::new(record);
    let decision = |merchant| Decision {
        at,
        country: country.clone(),
        merchant,
        currency: currency.clone(),
        evidence: Arc::clone(&evidence),
    };
    merchants.into_iter().map(decision).collect()
}

/// Asks `plugin` what was asked then, under `config` if one is given, else under that of then.
pub async fn ask(plugin: &Plugin, decision: &Decision, config: Option<&str>) -> Again {
    let then = &decision.evidence;
    let input = match config {
        None => then.input.clone(),
        Some(config) => configured(&then.input, config),
    };
    match plugin.call_json("assess", &input).await {
        Err(error) => Again { outcome: Outcome::Failed(error.to_string()), exact: false },
        Ok(called) => {
            let exact = called.value == then.output && called.evidence.fuel == then.fuel;
            Again { outcome: compare(&then.output, called.value), exact }
        }
    }
}

fn configured(input: &str, config: &str) -> String {
    let Ok(mut input) = serde_json::from_str::<Value>(input) else { return input.to_owned() };
    if let Some(attributes) = input.pointer_mut("/sale/attributes").and_then(Value::as_array_mut) {
        attributes.retain(|pair| pair.get(0).and_then(Value::as_str) != Some("config"));
        if !config.is_empty() {
            attributes.push(json!(["config", config]));
        }
    }
    input.to_string()
}

fn compare(then: &str, now: String) -> Outcome {
    let taxes = |output: &str| {
        let output: Value = serde_json::from_str(output).ok()?;
        Some(output.get("taxes")?.as_array()?.clone())
    };
    let sum = |taxes: &[Value]| {
        let minor = |tax: &Value| tax.pointer("/tax/minor")?.as_i64();
        taxes.iter().try_fold(0_i64, |sum, tax| sum.checked_add(minor(tax)?))
    };
    let (Some(before), Some(after)) = (taxes(then), taxes(&now)) else {
        return Outcome::Failed("an answer without taxes".to_owned());
    };
    if before == after {
        return Outcome::Equal;
    }
    let difference = sum(&after).zip(sum(&before)).and_then(|(now, then)| now.checked_sub(then));
    match difference {
        Some(difference_minor) => Outcome::Different { difference_minor, output: now },
        None => Outcome::Failed("taxes that are too large to be summed".to_owned()),
    }
}

/// An answer that was another, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// When the sale was.
    pub at: Timestamp,
    /// Where the buyer is.
    pub country: String,
    /// Whose sale.
    pub merchant: MerchantId,
    /// What was asked.
    pub input: Value,
    /// What was answered then.
    pub output: Value,
    /// What is answered now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<Value>,
    /// Why there is no answer now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Example {
    /// Of an outcome that is worth showing.
    pub fn of(decision: &Decision, outcome: &Outcome) -> Option<Self> {
        let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let (other, error) = match outcome {
            Outcome::Equal => return None,
            Outcome::Different { output, .. } => (Some(json(output)), None),
            Outcome::Failed(error) => (None, Some(error.clone())),
        };
        Some(Self {
            at: decision.at,
            country: decision.country.clone(),
            merchant: decision.merchant,
            input: json(&decision.evidence.input),
            output: json(&decision.evidence.output),
            other,
            error,
        })
    }
}
