//! Between vaults, out of them, and the operator's own trades.

use purser_core::{
    account::Account,
    closing::EraseAccount,
    command::{Answer, Decision},
    policy::Limits,
    record::{CardKind, CardStatus},
    refusal::{Limit, Refusal},
    transfer::Transfer,
    vault::VaultStatus,
};

use crate::{
    make::{activate_card, erase, load, offer, purchase, trade, transfer},
    scene::{Scene, card, money},
};

#[test]
fn a_transfer_moves_value() {
    let mut scene = Scene::with_vault("USD 50.00");
    let sent = transfer(&scene, "b", "c", "USD 20.00");
    let id = sent.id;
    let answer = scene.check(
        sent,
        "
        transfer
        Dr vault:b USD 20.00
        Cr vault:c USD 20.00
        ",
    );
    let amount = money("USD 20.00");
    assert_eq!(answer, Answer::Transferred { transfer: id, to: "c".to_owned(), amount });
    assert_eq!(
        scene.log(),
        ["transfer-out done USD 20.00 -> USD 30.00", "transfer-in done USD 20.00 -> USD 20.00"]
    );
}

#[test]
fn a_vault_sends_its_last_cent_and_no_more() {
    let mut scene = Scene::with_vault("USD 50.00");
    scene.refused(transfer(&scene, "b", "c", "USD 50.01"), "insufficient-funds");
    assert_eq!(scene.log(), ["transfer-out insufficient-funds USD 50.01 -> USD 50.00"]);
    scene.done(transfer(&scene, "b", "c", "USD 50.00"));
    scene.refused(transfer(&scene, "b", "c", "USD 0.01"), "insufficient-funds");
}

#[test]
fn nobody_can_tell_a_closed_vault_from_one_that_never_was() {
    let mut scene = Scene::with_vault("USD 50.00");
    scene.done(erase(&scene, "c"));
    let unknown = Transfer { to: None, ..transfer(&scene, "b", "d", "USD 1.00") };
    scene.refused(unknown, "not-found");
    scene.refused(transfer(&scene, "b", "c", "USD 1.00"), "not-found");
    scene.refused(transfer(&scene, "b", "b", "USD 1.00"), "not-found");
    scene.refused(transfer(&scene, "c", "b", "USD 1.00"), "vault-inactive");
}

#[test]
fn a_transfer_of_nothing_cannot_reach_the_books() {
    let mut scene = Scene::with_vault("USD 50.00");
    scene.broken(transfer(&scene, "b", "c", "USD 0.00"));
    let amount = money("USD 1.00").negated().unwrap();
    scene.broken(Transfer { amount, ..transfer(&scene, "b", "c", "USD 1.00") });
    scene.broken(transfer(&scene, "b", "c", "EUR 1.00"));
}

#[test]
fn both_countries_limit_a_transfer() {
    let mut scene = Scene::with_vault("USD 500.00");
    scene.hold("c", "USD 100.00");
    let limits = Limits { payment_max: Some(money("USD 50.00")), ..Limits::default() };
    let limits_to = Limits { balance_max: Some(money("USD 140.00")), ..Limits::default() };
    let limited = |scene: &Scene, amount: &str| Transfer {
        limits,
        limits_to,
        ..transfer(scene, "b", "c", amount)
    };
    let own = Refusal::LimitExceeded { limit: Limit::Payment, most: money("USD 50.00") };
    let decision = scene.decide(limited(&scene, "USD 50.01"));
    assert_eq!(decision, Decision::Decided(Err(own)));
    scene.refused(limited(&scene, "USD 40.01"), "limit-exceeded");
    scene.done(limited(&scene, "USD 40.00"));
}

#[test]
fn a_payer_does_not_learn_what_the_other_holds() {
    let mut scene = Scene::with_vault("USD 10.00");
    scene.hold("c", "USD 100.00");
    let limits_to = Limits {
        load_max: Some(money("USD 50.00")),
        balance_max: Some(money("USD 105.00")),
        payment_max: None,
    };
    let limited =
        |scene: &Scene, amount: &str| Transfer { limits_to, ..transfer(scene, "b", "c", amount) };
    let bare = Decision::Decided(Err(Refusal::LimitOfOtherExceeded));
    assert_eq!(scene.decide(limited(&scene, "USD 5.01")), bare);
    // Amounts that the payer does not have are answered alike, whatever is in the other's vault.
    for amount in ["USD 10.01", "USD 49.00", "USD 51.00"] {
        scene.refused(limited(&scene, amount), "insufficient-funds");
    }
    scene.done(limited(&scene, "USD 5.00"));
}

#[test]
fn the_operator_covers_its_position() {
    let mut scene = Scene::new();
    scene.float("EUR 50.00");
    scene.check(
        trade(&scene, "EUR 50.00", "USD 53.40"),
        "
        trade
        Dr fx:EUR EUR 50.00
        Cr float:EUR EUR 50.00
        Dr float:USD USD 53.40
        Cr fx:USD USD 53.40
        ",
    );
    assert_eq!(scene.log(), [""; 0], "no buyer is told");
    scene.broken(trade(&scene, "EUR 50.00", "USD 0.00"));
    scene.broken(trade(&scene, "EUR 0.00", "USD 53.40"));
    scene.broken(trade(&scene, "EUR 50.00", "EUR 53.40"));
}

#[test]
fn a_trade_takes_no_more_of_a_float_than_is_there() {
    let mut scene = Scene::new();
    scene.float("EUR 50.00");
    let holds = |amount: &str| {
        let (account, holds) = ("float:EUR".to_owned(), money(amount));
        Decision::Decided(Err(Refusal::HoldsLess { account, holds }))
    };
    assert_eq!(scene.decide(trade(&scene, "EUR 50.01", "USD 53.40")), holds("EUR 50.00"));
    scene.done(trade(&scene, "EUR 30.00", "USD 32.00"));
    scene.refused(trade(&scene, "EUR 20.01", "USD 21.00"), "insufficient-funds");
    assert_eq!(scene.decide(trade(&scene, "EUR 20.01", "USD 21.00")), holds("EUR 20.00"));
    // What a neighbour in the batch adds is there, too.
    scene.print("c1", CardKind::Smart, "EUR 5.00");
    scene.done(activate_card(&scene, "c1"));
    scene.done(trade(&scene, "EUR 25.00", "USD 26.00"));
    scene.done(trade(&scene, "USD 58.00", "EUR 54.00"));
    scene.refused(trade(&scene, "USD 0.01", "EUR 0.01"), "insufficient-funds");
}

#[test]
fn an_erased_account_keeps_its_money_on_a_card() {
    let mut scene = Scene::with_vault("USD 53.25");
    let rest = (card("rest-of-b"), money("USD 53.25"));
    let answer = scene.check(
        erase(&scene, "b"),
        "
        closing
        Dr vault:b USD 53.25
        Cr card:rest-of-b USD 53.25
        ",
    );
    assert_eq!(answer, Answer::Erased { compensation: Some(rest) });
    assert_eq!(scene.log(), ["compensation done USD 53.25 -> USD 0.00"]);
    let written = &scene.books.writes().cards[0];
    assert_eq!((written.id, written.kind, written.face), (rest.0, CardKind::Compensation, rest.1));
    assert_eq!((written.status, written.expires_at), (CardStatus::Active, None));
    assert_eq!(scene.vault_row("b").compensation(), Some(rest.0));
}

#[test]
fn an_empty_vault_closes_without_a_card() {
    let mut scene = Scene::new();
    assert_eq!(scene.check(erase(&scene, "b"), ""), Answer::Erased { compensation: None });
    assert_eq!(scene.vault_row("b").status, VaultStatus::Closed { compensation: None });
    assert_eq!(scene.books.writes().cards, []);
    assert_eq!(scene.check(erase(&scene, "b"), ""), Answer::Erased { compensation: None });
}

#[test]
fn a_closed_vault_is_erased_without_losing_what_is_left() {
    let mut scene = Scene::with_vault("USD 53.25");
    scene.done(erase(&scene, "b"));
    let late = scene.prepared(erase(&scene, "b"));
    scene.stale(&late);
    let again = EraseAccount { compensation: Some(card("rest-of-b")), ..erase(&scene, "b") };
    let rest = Some((card("rest-of-b"), money("USD 53.25")));
    assert_eq!(scene.check(again.clone(), ""), Answer::Erased { compensation: rest });
    // The card was loaded into another account meanwhile.
    scene.sold_card("rest-of-b", "USD 53.25");
    scene.change_card("rest-of-b", |card| card.kind = CardKind::Compensation);
    scene.done(load(&scene, "c", "rest-of-b", "USD 53.25"));
    assert_eq!(scene.check(again, ""), Answer::Erased { compensation: None });
    assert_eq!(scene.vault("c"), "USD 53.25");
}

#[test]
fn a_closed_vault_does_nothing_any_more() {
    let mut scene = Scene::with_vault("USD 53.25");
    scene.sold_card("c1", "USD 5.00");
    scene.done(erase(&scene, "b"));
    scene.refused(load(&scene, "b", "c1", "USD 5.00"), "vault-inactive");
    scene.refused(purchase(&scene, "b", &[offer("m", "USD 1.00")]), "vault-inactive");
    scene.refused(transfer(&scene, "b", "c", "USD 1.00"), "vault-inactive");
    assert_eq!(scene.balance(&Account::Card(card("c1"))), "USD 5.00");
}
