//! The bundled plugins answer, and what is kept of an answer is enough to make it again: same output, same fuel.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use jiff::civil::date;
use purser_bundled::BUNDLED;
use purser_core::{
    money::{Currency, Money, Percent, Rounding},
    place::Place,
    rate::ConversionPolicy,
    record::EvidenceRecord,
    tax::{Category, Line, Sale},
};
use purser_host::{
    ByHandError, CallError, CurrencyPlugin, ENGINE_VERSION, Limits, PeriodLine, PeriodTotals,
    Plugin, Plugins, TaxPlugin,
};

const ECB: &[u8] = include_bytes!("../../../docs/vectors/eurofxref-2024-06-28.xml");

async fn bundled(name: &str) -> Plugin {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let file = BUNDLED.iter().find(|file| file.name == name).unwrap();
    plugins.install(file.bytes).await.unwrap()
}

async fn tax() -> (Plugin, TaxPlugin) {
    let plugin = bundled("tax-eu").await;
    let tax = plugin.tax().unwrap();
    (plugin, tax)
}

async fn ecb() -> (Plugin, CurrencyPlugin) {
    let plugin = bundled("currency-ecb").await;
    let currency = plugin.currency().unwrap();
    (plugin, currency)
}

fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').unwrap();
    Money::parse(amount, Currency::parse(code).unwrap()).unwrap()
}

fn sale() -> Sale {
    let line = |(price, category)| Line { category, amount: money(price), tax_inclusive: false };
    let lines = [
        ("10.00 EUR", Category::General),
        ("5.00 EUR", Category::Book),
        ("0.99 EUR", Category::General),
    ];
    Sale {
        date: date(2024, 6, 28),
        currency: Currency::parse("EUR").unwrap(),
        seller: Place::parse("DE").unwrap(),
        registrations: Vec::new(),
        buyer: Place::parse("DE").unwrap(),
        buyer_tax_id: None,
        lines: lines.map(line).into(),
    }
}

fn policy() -> ConversionPolicy {
    ConversionPolicy { today: date(2024, 6, 28), max_age_days: 5, rounding: Rounding::HalfUp }
}

#[tokio::test]
async fn taxes_of_a_sale_are_assessed_and_allotted() {
    let (_, tax) = tax().await;
    let called = tax.assess(&sale()).await.unwrap();
    let gross = called.value.lines.iter().map(|line| line.gross.to_string()).collect::<Vec<_>>();
    assert_eq!(gross, ["11.90 EUR", "5.35 EUR", "1.18 EUR"]);
}

#[tokio::test]
async fn evidence_is_the_contracts_json() {
    let (plugin, tax) = tax().await;
    let evidence = tax.assess(&sale()).await.unwrap().evidence;
    assert_eq!(evidence.digest, plugin.digest());
    assert_eq!(evidence.engine_version, ENGINE_VERSION);
    let input: serde_json::Value = serde_json::from_str(&evidence.input).unwrap();
    assert_eq!(input["sale"]["date"], "2024-06-28");
    assert_eq!(input["sale"]["lines"][0]["tax-inclusive"], false);
    assert_eq!(
        input["sale"]["lines"][0]["amount"],
        serde_json::json!({"minor": 1000, "currency": "EUR"})
    );
    assert_eq!(input["sale"].get("buyer-tax-id"), None, "what is absent is left out");
    let output: serde_json::Value = serde_json::from_str(&evidence.output).unwrap();
    assert_eq!(output["taxes"][0]["rate"], "19");
    assert_eq!(output["rounding"]["mode"], "half-up");
    let record = EvidenceRecord::from(evidence.clone());
    assert_eq!(record.function, "tax.assess");
    assert_eq!(record.fuel, evidence.fuel);
}

#[tokio::test]
async fn the_same_question_has_the_same_answer_and_the_same_fuel() {
    let (_, tax) = tax().await;
    let (_, again) = self::tax().await;
    let first = tax.assess(&sale()).await.unwrap();
    assert!(first.evidence.fuel > 1000);
    for plugin in [&tax, &tax, &again] {
        assert_eq!(plugin.assess(&sale()).await.unwrap(), first);
    }
}

#[tokio::test]
async fn evidence_replays_to_the_unit() {
    let (plugin, tax) = tax().await;
    let called = tax.assess(&sale()).await.unwrap().evidence;
    let replayed = plugin.call_json("assess", &called.input).await.unwrap();
    assert_eq!(replayed.evidence, called);
    assert_eq!(replayed.value, called.output);

    let called = tax.check_tax_id("DE", "136695976").await.unwrap();
    let replayed = plugin.call_json("check-tax-id", &called.evidence.input).await.unwrap();
    assert_eq!(replayed.evidence, called.evidence);

    let (plugin, currency) = ecb().await;
    let read = currency.read_feed("ecb-daily", ECB).await.unwrap();
    let replayed = plugin.call_json("read-feed", &read.evidence.input).await.unwrap();
    assert_eq!(replayed.evidence, read.evidence);
    let (amount, to) = (money("1000 JPY"), Currency::parse("USD").unwrap());
    let converted = currency.convert(amount, to, &read.value[0], &policy()).await.unwrap();
    let replayed = plugin.call_json("convert", &converted.evidence.input).await.unwrap();
    assert_eq!(replayed.evidence, converted.evidence);
    let feeds = currency.feeds().await.unwrap();
    assert_eq!(plugin.call_json("feeds", "{}").await.unwrap().evidence, feeds.evidence);
}

#[tokio::test]
async fn a_feed_is_read_and_converts() {
    let (_, currency) = ecb().await;
    let feeds = currency.feeds().await.unwrap().value;
    assert_eq!(feeds[0].id, "ecb-daily");
    let tables = currency.read_feed("ecb-daily", ECB).await.unwrap().value;
    assert_eq!((tables.len(), tables[0].as_of), (1, date(2024, 6, 28)));
    let (amount, to) = (money("100.00 EUR"), Currency::parse("USD").unwrap());
    let route = currency.convert(amount, to, &tables[0], &policy()).await.unwrap().value;
    assert_eq!(route.convert(amount, Rounding::HalfUp), Ok(money("107.05 USD")));
}

#[tokio::test]
async fn a_plugins_own_refusal_comes_through() {
    let (_, currency) = ecb().await;
    let refused = currency.read_feed("no-such-feed", b"").await.unwrap_err();
    assert!(matches!(refused, CallError::Refused(error) if error.field.as_deref() == Some("feed")));
}

#[tokio::test]
async fn every_function_of_the_tax_role_has_the_contracts_types() {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let tax = plugins.install(purser_hostile::component()).await.unwrap().tax().unwrap();
    tax.assess(&sale()).await.unwrap();
    assert!(
        tax.check_tax_id("XX", "1")
            .await
            .is_err_and(|error| matches!(error, CallError::Refused(_)))
    );
    let row = PeriodLine {
        jurisdiction: "XX".into(),
        category: "general".into(),
        reason: "standard".into(),
        rate: Percent::parse("10").unwrap(),
        base: money("10.00 EUR"),
        tax: money("1.00 EUR"),
        corrects: Some("2026-09".into()),
    };
    let totals = PeriodTotals {
        authority: "XX".into(),
        period: "2026-10".into(),
        number: None,
        lines: vec![row],
        attributes: vec![],
    };
    let filing = tax.file_return(&totals).await.unwrap().value;
    assert_eq!(
        (filing.media_type.as_str(), filing.file_name.as_str()),
        ("text/plain", "tithe.txt")
    );
}

#[tokio::test]
async fn arguments_by_hand_may_leave_out_the_only_name() {
    let (plugin, tax) = tax().await;
    let called = tax.assess(&sale()).await.unwrap().evidence;
    let input: serde_json::Value = serde_json::from_str(&called.input).unwrap();
    let bare = plugin.call_json("assess", &input["sale"].to_string()).await.unwrap();
    assert_eq!(bare.evidence, called, "and evidence has it again");
}

#[tokio::test]
async fn arguments_by_hand_that_do_not_fit_are_named() {
    let (plugin, tax) = tax().await;
    let good = tax.assess(&sale()).await.unwrap().evidence.input;
    for (from, to, expected) in [
        (
            "\"minor\":1000",
            "\"minor\":\"1000\"",
            "sale.lines[0].amount.minor: expected a whole number of 64 bits",
        ),
        ("\"date\":", "\"day\":", "sale: no field \"day\""),
        (
            "\"tax-inclusive\":false",
            "\"tax-inclusive\":0",
            "sale.lines[0].tax-inclusive: expected true or false",
        ),
        ("\"quantity\":1,", "", "sale.lines[0].quantity: missing"),
        (
            "\"quantity\":1,",
            "\"quantity\":4294967296,",
            "sale.lines[0].quantity: expected a whole number of 32 bits",
        ),
        ("{\"sale\"", "[{\"sale\"", "input: "),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        let error = plugin.call_json("assess", &bad).await.unwrap_err();
        assert!(matches!(error, ByHandError::Input(_)), "{error:?}");
        assert!(error.to_string().contains(expected), "{error} is not {expected}");
    }
    let error = plugin.call_json("asses", "{}").await.unwrap_err();
    assert!(matches!(error, ByHandError::UnknownFunction { .. }), "{error:?}");
}
