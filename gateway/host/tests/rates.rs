//! What a currency plugin says of rates is held against the table that it was given and the age that is allowed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use jiff::civil::{Date, date};
use purser_bundled::BUNDLED;
use purser_core::{
    money::{Currency, Money, Rounding},
    rate::{ConversionPolicy, RateTable, Route},
};
use purser_host::{CallError, CurrencyPlugin, Fault, Limits, Plugin, Plugins};
use purser_hostile_rates::Deed;

const DAY: Date = date(2024, 6, 28);

async fn installed(file: &'static [u8]) -> (Plugin, CurrencyPlugin) {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let plugin = plugins.install(file).await.unwrap();
    let currency = plugin.currency().unwrap();
    (plugin, currency)
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// Converts by a table of a day, on another, with rates of at most five days.
async fn convert(
    plugin: &CurrencyPlugin,
    (from, to): (&str, &str),
    (as_of, today): (Date, Date),
) -> Result<Route, CallError> {
    let tables = plugin.read_feed("hostile-daily", as_of.to_string().as_bytes()).await;
    let table = match tables {
        Ok(tables) => tables.value[0].clone(),
        Err(_) => RateTable {
            source: "ECB".into(),
            as_of,
            base: currency("EUR"),
            rates: vec![(currency("USD"), "1.0705".parse().unwrap())],
        },
    };
    let policy = ConversionPolicy { today, max_age_days: 5, rounding: Rounding::Down };
    let amount = Money::new(1_000, currency(from));
    let called = plugin.convert(amount, currency(to), &table, &policy).await;
    called.map(|called| called.value)
}

#[tokio::test]
async fn each_lie_is_a_fault_in_the_row() {
    let (plugin, rates) = installed(purser_hostile_rates::component()).await;
    let lies = [Deed::WrongLegs, Deed::WrongTo, Deed::Tomorrow, Deed::NoLegs, Deed::UnknownRefusal];
    for deed in lies {
        convert(&rates, ("CHF", "USD"), (DAY, DAY)).await.unwrap();
        assert_eq!(plugin.faults_in_a_row(), 0);
        // Rates are converted, not read again: reading is an answer, too.
        match convert(&rates, (deed.currency(), "USD"), (DAY, DAY)).await {
            Err(CallError::Fault(Fault::BadOutput, _)) => {}
            other => panic!("{deed:?} gave {other:?}"),
        }
        assert_eq!(plugin.faults_in_a_row(), 1, "{deed:?}");
    }
    let panicked = convert(&rates, (Deed::Panic.currency(), "USD"), (DAY, DAY)).await;
    assert!(matches!(panicked, Err(CallError::Fault(Fault::Trap, _))), "{panicked:?}");
}

#[tokio::test]
async fn rates_grow_old_whatever_the_plugin_says() {
    let (_, rates) = installed(purser_hostile_rates::component()).await;
    let on = |today| convert(&rates, (Deed::Stale.currency(), "USD"), (DAY, today));
    let last = date(2024, 7, 3);
    for today in [DAY, last] {
        assert_eq!(on(today).await.unwrap().valid_until, last, "not 2999, as it says");
    }
    for today in [date(2024, 7, 4), date(2030, 1, 1), date(2024, 6, 27)] {
        match on(today).await {
            Err(CallError::Refused(error)) => assert_eq!(error.code, "rates-too-old"),
            other => panic!("on {today}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_the_law_fixed_for_ever_does_not_grow_old() {
    let ecb = BUNDLED.iter().find(|file| file.name == "currency-ecb").unwrap();
    let (_, rates) = installed(ecb.bytes).await;
    let late = date(2030, 1, 1);
    assert!(convert(&rates, ("EUR", "DEM"), (DAY, late)).await.is_ok());
    let published = convert(&rates, ("EUR", "USD"), (DAY, late)).await;
    assert!(matches!(published, Err(CallError::Refused(_))), "{published:?}");
}
