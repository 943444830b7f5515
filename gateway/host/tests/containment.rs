//! What a plugin does stays in the sandbox: each way to misbehave ends as its fault within the wall clock, and the
//! next call works.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::time::{Duration, Instant};

use purser_core::{
    money::{Currency, Money},
    place::Place,
    tax::{AssessmentError, Category, Line, Sale},
};
use purser_host::{CallError, Called, Fault, Limits, Plugin, Plugins, Taxed};
use purser_hostile::Deed;
use tokio::{task::JoinHandle, time::timeout};

/// A machine that runs other tests besides gets this much more than the wall clock of a call.
const SLACK: Duration = Duration::from_millis(900);

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").unwrap())
}

fn sale(deed: Deed) -> Sale {
    let line =
        |minor| Line { category: Category::General, amount: eur(minor), tax_inclusive: false };
    Sale {
        date: "2024-06-28".parse().unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        seller: Place::parse("DE").unwrap(),
        registrations: Vec::new(),
        buyer: Place::parse(deed.place()).unwrap(),
        buyer_tax_id: None,
        lines: [1000, 2500, 999].map(line).into(),
    }
}

async fn hostile() -> Plugin {
    hostile_within(Limits::default()).await
}

async fn hostile_within(limits: Limits) -> Plugin {
    let plugins = Plugins::new(limits, None).unwrap();
    plugins.install(purser_hostile::component()).await.unwrap()
}

/// Where a plugin that dawdles goes on for as long as any test looks.
async fn patient() -> Plugin {
    hostile_within(Limits {
        wall_clock: Duration::from_secs(60),
        fuel: 1 << 40,
        ..Limits::default()
    })
    .await
}

async fn fault_of(plugin: &Plugin, deed: Deed) -> (Fault, String) {
    match plugin.tax().unwrap().assess(&sale(deed)).await {
        Err(CallError::Fault(fault, detail)) => (fault, detail),
        other => panic!("{deed:?} gave {other:?}"),
    }
}

#[tokio::test]
async fn every_misdeed_is_its_fault_and_the_next_call_works() {
    // Time is left out of it, so that a slow machine gives the same faults.
    let plugin =
        hostile_within(Limits { wall_clock: Duration::from_secs(60), ..Limits::default() }).await;
    for (deed, expected) in [
        (Deed::Loop, Fault::Fuel),
        (Deed::MemoryBomb, Fault::Memory),
        (Deed::StackOverflow, Fault::Trap),
        (Deed::Panic, Fault::Trap),
        (Deed::HugeAnswer, Fault::OutputTooLarge),
        (Deed::Garbage, Fault::BadOutput),
        (Deed::EndlessDecimals, Fault::BadOutput),
        (Deed::UnknownCurrency, Fault::BadOutput),
        (Deed::WrongCurrency, Fault::BadOutput),
        (Deed::NegativeTax, Fault::BadOutput),
        (Deed::WrongSum, Fault::BadOutput),
        (Deed::UnknownLine, Fault::BadOutput),
        (Deed::UnknownRefusal, Fault::BadOutput),
    ] {
        let (fault, detail) = fault_of(&plugin, deed).await;
        assert_eq!(fault, expected, "{deed:?}: {detail}");
        assert_eq!(plugin.faults_in_a_row(), 1);
        let called = plugin.tax().unwrap().assess(&sale(Deed::Honest)).await.unwrap();
        assert_eq!(called.value.assessment.taxes[0].tax, eur(450), "after {deed:?}");
        assert_eq!(plugin.faults_in_a_row(), 0);
    }
}

#[tokio::test]
async fn every_misdeed_ends_within_the_wall_clock() {
    let plugin = hostile().await;
    for deed in Deed::ALL {
        let started = Instant::now();
        let answer = plugin.tax().unwrap().assess(&sale(deed)).await;
        let took = started.elapsed();
        assert!(took < Limits::default().wall_clock + SLACK, "{deed:?} took {took:?}");
        if deed == Deed::Dawdle {
            assert!(matches!(answer, Err(CallError::Fault(Fault::Deadline, _))), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_panic_tells_its_text_without_control_characters() {
    let plugin = hostile().await;
    let (_, detail) = fault_of(&plugin, Deed::Panic).await;
    assert!(detail.contains("the plugin panics[31m on purpose"), "{detail}");
    assert!(!detail.contains(char::is_control), "{detail}");
}

#[tokio::test]
async fn money_that_is_wrong_is_told_by_the_rule_it_breaks() {
    let plugin = hostile().await;
    for (deed, rule) in [
        (Deed::NegativeTax, AssessmentError::Negative),
        (Deed::WrongSum, AssessmentError::RateMismatch),
        (Deed::WrongCurrency, AssessmentError::Currency),
        (Deed::UnknownLine, AssessmentError::UnknownLine),
    ] {
        assert_eq!(fault_of(&plugin, deed).await, (Fault::BadOutput, rule.to_string()), "{deed:?}");
    }
    assert_eq!(plugin.faults_in_a_row(), 4);
}

#[tokio::test]
async fn a_huge_log_does_not_fail_the_sale() {
    let plugin = hostile().await;
    let called = plugin.tax().unwrap().assess(&sale(Deed::HugeLog)).await.unwrap();
    assert_eq!(called.value.assessment.law, "Leviticus 27:30");
}

#[tokio::test]
async fn a_refusal_is_kept_apart_from_faults_and_cut_short() {
    let plugin = hostile().await;
    let Err(CallError::Refused(error)) = plugin.tax().unwrap().assess(&sale(Deed::Rant)).await
    else {
        panic!("the plugin refuses");
    };
    assert_eq!(error.code, "tax-country-unsupported");
    assert_eq!(error.field.as_deref(), Some("buyer.country"));
    assert_eq!(error.message.chars().count(), 500);
    assert!(!error.message.contains(char::is_control));
    assert_eq!(plugin.faults_in_a_row(), 0);
}

#[tokio::test]
async fn faults_are_counted_until_an_answer_comes() {
    let plugin = hostile().await;
    for row in 1..=3 {
        fault_of(&plugin, Deed::Panic).await;
        assert_eq!(plugin.faults_in_a_row(), row);
    }
    plugin.tax().unwrap().assess(&sale(Deed::Honest)).await.unwrap();
    assert_eq!(plugin.faults_in_a_row(), 0);
}

fn dawdling(plugin: &Plugin) -> JoinHandle<Result<Called<Taxed>, CallError>> {
    let tax = plugin.tax().unwrap();
    tokio::spawn(async move { tax.assess(&sale(Deed::Dawdle)).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_loops_do_not_hold_up_two_workers() {
    let plugin = patient().await;
    let loops = (0..8).map(|_| dawdling(&plugin)).collect::<Vec<_>>();
    let normal = plugin.tax().unwrap();
    let normal = tokio::spawn(async move { normal.assess(&sale(Deed::Honest)).await });
    let called = normal.await.unwrap().unwrap();
    assert_eq!(called.value.assessment.taxes[0].tax, eur(450));
    for task in loops {
        assert!(!task.is_finished(), "the normal call did not wait for any of them");
        task.abort();
    }
}

#[tokio::test]
async fn on_one_thread_timers_fire_while_a_plugin_loops() {
    let plugin = patient().await;
    let looping = dawdling(&plugin);
    let fired = timeout(Duration::from_millis(20), std::future::pending::<()>()).await;
    assert!(fired.is_err() && !looping.is_finished());
    looping.abort();
}

#[tokio::test]
async fn a_full_house_says_so_and_recovers() {
    let plugin =
        hostile_within(Limits { calls: 2, wait: Duration::from_millis(10), ..Limits::default() })
            .await;
    let busy = [dawdling(&plugin), dawdling(&plugin)];
    tokio::task::yield_now().await;
    let refused = plugin.tax().unwrap().assess(&sale(Deed::Honest)).await;
    assert_eq!(refused, Err(CallError::Overloaded));
    for call in busy {
        assert!(matches!(call.await.unwrap(), Err(CallError::Fault(Fault::Deadline, _))));
    }
    assert!(plugin.tax().unwrap().assess(&sale(Deed::Honest)).await.is_ok());
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_its_seat() {
    let plugin = hostile_within(Limits { calls: 1, ..Limits::default() }).await;
    let tax = plugin.tax().unwrap();
    let given_up = timeout(Duration::from_millis(10), tax.assess(&sale(Deed::Dawdle))).await;
    assert!(given_up.is_err(), "the caller went away first");
    assert!(tax.assess(&sale(Deed::Honest)).await.is_ok());
}

#[tokio::test]
async fn more_input_than_allowed_is_not_given() {
    let plugin = hostile_within(Limits { input_bytes: 200, ..Limits::default() }).await;
    let refused = plugin.tax().unwrap().assess(&sale(Deed::Honest)).await;
    assert!(matches!(refused, Err(CallError::InputTooLarge { bytes_max: 200, .. })), "{refused:?}");
}
