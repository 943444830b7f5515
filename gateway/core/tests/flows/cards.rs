//! Cards: sold, loaded from, tapped, lost.

use purser_core::{
    account::Account,
    command::{Answer, Decision},
    load::Load,
    money::{Percent, Rounding},
    policy::Limits,
    record::{CardKind, CardStatus},
    refusal::{Limit, Refusal},
};

use crate::{
    make::{activate_batch, activate_card, block, erase, load, route},
    scene::{Scene, card, currency, last_moment, money, next_moment, time},
};

#[test]
fn a_batch_of_cards_is_sold() {
    let mut scene = Scene::new();
    scene.print_batch("b1", &["c1"], "EUR 50.00");
    scene.check(
        activate_batch(&scene, "b1", &["c1"]),
        "
        cards-sold
        Dr float:EUR EUR 50.00
        Cr card:c1 EUR 50.00
        ",
    );
}

#[test]
fn each_card_of_a_batch_is_worth_its_face() {
    let mut scene = Scene::new();
    scene.print_batch("b1", &["c1", "c2", "c3"], "JPY 5000");
    scene.check(
        activate_batch(&scene, "b1", &["c1", "c2", "c3"]),
        "
        cards-sold
        Dr float:JPY JPY 15000
        Cr card:c1 JPY 5000
        Cr card:c2 JPY 5000
        Cr card:c3 JPY 5000
        ",
    );
}

#[test]
fn a_batch_is_sold_once() {
    let mut scene = Scene::new();
    scene.print_batch("b1", &["c1"], "EUR 50.00");
    let first = scene.done(activate_batch(&scene, "b1", &["c1"]));
    assert_eq!(scene.check(activate_batch(&scene, "b1", &["c1"]), ""), first);
    scene.refused(activate_batch(&scene, "b2", &["c2"]), "not-found");
}

#[test]
fn a_lost_card_of_a_batch_is_sold_with_it_and_loads_nothing() {
    let mut scene = Scene::new();
    scene.print_batch("b1", &["c1", "c2"], "USD 50.00");
    scene.done(block("c1"));
    scene.done(activate_batch(&scene, "b1", &["c1", "c2"]));
    assert_eq!(scene.balance(&Account::Card(card("c1"))), "USD 50.00", "its value stays owed");
    scene.refused(load(&scene, "b", "c1", "USD 50.00"), "card-refused");
}

#[test]
fn a_smart_card_is_sold_once() {
    let mut scene = Scene::new();
    scene.print("c1", CardKind::Smart, "EUR 20.00");
    scene.check(
        activate_card(&scene, "c1"),
        "
        cards-sold
        Dr float:EUR EUR 20.00
        Cr card:c1 EUR 20.00
        ",
    );
    scene.check(activate_card(&scene, "c1"), "");
    scene.refused(activate_card(&scene, "c2"), "not-found");
    scene.print("c3", CardKind::Smart, "EUR 20.00");
    scene.done(block("c3"));
    scene.refused(activate_card(&scene, "c3"), "card-refused");
}

#[test]
fn a_voucher_is_not_sold_by_itself() {
    let mut scene = Scene::new();
    scene.print_batch("b1", &["c1"], "EUR 50.00");
    scene.refused(activate_card(&scene, "c1"), "not-found");
}

#[test]
fn a_load_converts_and_bears_the_spread() {
    let mut scene = Scene::new();
    scene.sold_card("c1", "EUR 50.00");
    let load = load(&scene, "b", "c1", "EUR 50.00");
    let answer = scene.check(
        load.clone(),
        "
        load
        Dr card:c1 EUR 50.00
        Cr fx:EUR EUR 50.00
        Dr fx:USD USD 53.52
        Cr vault:b USD 53.25
        Cr income:fx:USD USD 0.27
        ",
    );
    assert_eq!(answer, Answer::Loaded(Box::new(load.record.clone())));
    assert_eq!(load.record.rate, "1.0705");
    assert_eq!(scene.log(), ["load done USD 53.25 -> USD 53.25"]);
    assert_eq!(scene.books.writes().loads, [load.record]);
}

#[test]
fn a_load_of_the_vaults_own_currency_costs_nothing() {
    let mut scene = Scene::new();
    scene.sold_card("c1", "USD 50.00");
    let load = load(&scene, "b", "c1", "USD 20.00");
    assert_eq!((load.record.spread, load.record.rate.as_str()), (money("USD 0.00"), "1"));
    scene.check(
        load,
        "
        load
        Dr card:c1 USD 20.00
        Cr vault:b USD 20.00
        ",
    );
    assert_eq!(scene.balance(&Account::Card(card("c1"))), "USD 30.00");
}

#[test]
fn no_split_of_a_card_yields_more_than_all_of_it() {
    let spread = Percent::parse("0.5").unwrap();
    let yielded = |taken: &str, spread| {
        let taken = money(taken);
        let route = route(taken.currency(), currency("USD"));
        let yielded = purser_core::load::load_yield(taken, &route, spread).unwrap();
        assert_eq!(yielded.credited.plus(yielded.spread), Ok(yielded.gross));
        yielded.credited.minor()
    };
    let whole = yielded("JPY 100", spread);
    for part in 1..100 {
        let parts = yielded(&format!("JPY {part}"), spread);
        let rest = yielded(&format!("JPY {}", 100 - part), spread);
        assert!(parts + rest <= whole, "{part} yen, and the rest");
    }
    assert_eq!(yielded("JPY 1", spread), 0);
    assert_eq!(yielded("JPY 1", Percent::ZERO), 0, "0.62 cents, rounded down");
    assert_eq!(
        route(currency("JPY"), currency("USD")).convert(money("JPY 1"), Rounding::Up),
        Ok(money("USD 0.01"))
    );
}

#[test]
fn a_load_that_credits_nothing_cannot_reach_the_books() {
    let mut scene = Scene::new();
    scene.sold_card("c1", "JPY 5000");
    assert_eq!(scene.broken(load(&scene, "b", "c1", "JPY 1")), "a load credits nothing");
}

#[test]
fn a_card_gives_what_is_on_it_and_no_more() {
    let mut scene = Scene::new();
    scene.sold_card("c1", "USD 50.00");
    scene.refused(load(&scene, "b", "c1", "USD 50.01"), "insufficient-funds");
    scene.done(load(&scene, "b", "c1", "USD 50.00"));
    scene.refused(load(&scene, "c", "c1", "USD 0.01"), "card-already-used");
}

#[test]
fn a_wrong_card_is_refused_alike() {
    let check = |change: fn(&mut Scene)| {
        let mut scene = Scene::new();
        scene.sold_card("c1", "USD 50.00");
        change(&mut scene);
        scene.refused(load(&scene, "b", "c1", "USD 50.00"), "card-refused");
        assert_eq!(scene.log(), ["load card-refused USD 50.00 -> USD 0.00"]);
    };
    check(|scene| scene.change_card("c1", |card| card.status = CardStatus::Inactive));
    check(|scene| scene.change_card("c1", |card| card.status = CardStatus::Blocked));
    check(|scene| {
        let now = scene.at;
        scene.change_card("c1", |card| card.expires_at = Some(now));
    });
    let mut scene = Scene::new();
    scene.refused(load(&scene, "b", "c1", "USD 50.00"), "card-refused");
}

#[test]
fn a_card_expires_at_a_moment_and_keeps_its_value() {
    let mut scene = Scene::new();
    scene.sold_card("c1", "USD 50.00");
    let end = time("2026-01-01T00:00:00Z");
    scene.change_card("c1", |card| card.expires_at = Some(end));
    scene.at = last_moment(end);
    scene.done(load(&scene, "b", "c1", "USD 20.00"));
    for at in [end, next_moment(end)] {
        scene.at = at;
        scene.refused(load(&scene, "b", "c1", "USD 20.00"), "card-refused");
    }
    assert_eq!(scene.balance(&Account::Card(card("c1"))), "USD 30.00");
}

#[test]
fn a_lost_card_keeps_its_value() {
    let mut scene = Scene::new();
    scene.sold_card("c1", "USD 50.00");
    scene.check(block("c1"), "");
    scene.check(block("c1"), "");
    scene.refused(load(&scene, "b", "c1", "USD 50.00"), "card-refused");
    assert_eq!(scene.balance(&Account::Card(card("c1"))), "USD 50.00");
    scene.refused(block("c2"), "not-found");
}

#[test]
fn what_a_closed_vault_held_cannot_be_blocked() {
    let mut scene = Scene::with_vault("USD 53.25");
    scene.done(erase(&scene, "b"));
    scene.sold_card("rest-of-b", "USD 53.25");
    scene.change_card("rest-of-b", |card| card.kind = CardKind::Compensation);
    scene.refused(block("rest-of-b"), "not-found");
    scene.done(load(&scene, "c", "rest-of-b", "USD 53.25"));
    assert_eq!(scene.vault("c"), "USD 53.25");
}

#[test]
fn a_tap_counts_once_and_only_forward() {
    let mut scene = Scene::new();
    scene.sold_card("c1", "USD 50.00");
    let tapped =
        |scene: &Scene, tap: u32| Load { tap: Some(tap), ..load(scene, "b", "c1", "USD 1.00") };
    scene.done(tapped(&scene, 7));
    scene.refused(tapped(&scene, 7), "card-refused");
    scene.refused(tapped(&scene, 6), "card-refused");
    scene.done(load(&scene, "b", "c1", "USD 1.00"));
    scene.done(tapped(&scene, 8));
    scene.refused(
        Load { tap: Some(9), ..load(&scene, "b", "c1", "USD 90.00") },
        "insufficient-funds",
    );
    scene.done(tapped(&scene, 9));
    assert_eq!(scene.vault("b"), "USD 4.00", "a refused load uses no tap up");
}

#[test]
fn an_empty_card_is_told_only_to_who_shows_it_afresh() {
    let mut scene = Scene::new();
    scene.sold_card("c1", "USD 1.00");
    let tapped =
        |scene: &Scene, tap: u32| Load { tap: Some(tap), ..load(scene, "b", "c1", "USD 1.00") };
    scene.done(tapped(&scene, 7));
    scene.refused(tapped(&scene, 7), "card-refused");
    scene.refused(tapped(&scene, 8), "card-already-used");
}

#[test]
fn all_of_a_card_is_what_was_on_it_when_it_was_shown() {
    let mut scene = Scene::new();
    scene.sold_card("c1", "USD 50.00");
    let all = Load { all_of: Some(money("USD 50.00")), ..load(&scene, "b", "c1", "USD 50.00") };
    let late = scene.prepared(all.clone());
    scene.done(load(&scene, "c", "c1", "USD 10.00"));
    scene.stale(&late);
    let again = Load { all_of: Some(money("USD 40.00")), ..load(&scene, "b", "c1", "USD 40.00") };
    scene.done(again);
    scene.refused(all, "card-already-used");
}

#[test]
fn a_country_limits_one_load_and_what_a_vault_holds() {
    let mut scene = Scene::with_vault("USD 100.00");
    scene.sold_card("c1", "USD 500.00");
    let limits = Limits {
        load_max: Some(money("USD 150.00")),
        balance_max: Some(money("USD 230.00")),
        payment_max: None,
    };
    let limited = |scene: &Scene, taken: &str| Load { limits, ..load(scene, "b", "c1", taken) };
    let over = scene.decide(limited(&scene, "USD 150.01"));
    let refusal = Refusal::LimitExceeded { limit: Limit::Load, most: money("USD 150.00") };
    assert_eq!(over, Decision::Decided(Err(refusal)));
    let over = scene.decide(limited(&scene, "USD 130.01"));
    let refusal = Refusal::LimitExceeded { limit: Limit::Balance, most: money("USD 230.00") };
    assert_eq!(over, Decision::Decided(Err(refusal)));
    scene.done(limited(&scene, "USD 130.00"));
    assert_eq!(scene.vault("b"), "USD 230.00");
}
