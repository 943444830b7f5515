//! Refunds and goodwill as postings.

use purser_core::{
    Timestamp,
    account::Account,
    command::{Answer, Decision},
    ids::{ItemId, RefundId, TIME_SHIFT},
    money::Money,
    purchase::refund_told_at,
    record::ItemRecord,
    refund::{Goodwill, Refund},
    refusal::Refusal,
};

use crate::{
    make::{Offered, erase, goodwill, inclusive, load, offer, purchase, refund},
    scene::{Scene, buyer, card, money},
};

/// A scene in which `b` bought these and has `left` in the vault.
pub(crate) fn bought(offers: &[Offered], left: &str) -> Scene {
    let mut scene = Scene::new();
    let purchase = purchase(&scene, "b", offers);
    let total = purchase.record.total.plus(money(left)).unwrap();
    scene.books.load_balance(Account::Vault(buyer("b")), total);
    scene.done(purchase);
    scene
}

#[test]
fn an_item_comes_back_at_what_was_charged_for_it() {
    let mut scene = bought(&[offer("m", "EUR 10.00"), offer("m", "EUR 10.00")], "USD 27.77");
    let refund = refund(&scene, "b", scene.item(1));
    let id = refund.id;
    let answer = scene.check(
        refund,
        "
        refund
        Cr vault:b USD 12.74
        Dr fx:USD USD 12.74
        Cr fx:EUR EUR 11.90
        Dr merchant:m:EUR EUR 9.90
        Dr tax:m:DE:EUR EUR 1.90
        Dr income:fee:EUR EUR 0.10
        memo: Dr refund-control USD 12.74
        memo: Cr refund:b USD 12.74
        ",
    );
    let Answer::Refunded { refund, item, credited, vault: Some(vault) } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((refund, item, credited), (id, scene.item(1), money("USD 12.74")));
    assert_eq!((vault.balance, vault.active), (money("USD 40.51"), true));
    assert_eq!((vault.refund_total, vault.refund_count), (money("USD 12.74"), 1));
    assert_eq!(vault.period_started_at, Some(scene.at));
    assert_eq!(scene.log()[1], "refund done USD 12.74 -> USD 40.51");
    assert_eq!(scene.last_line().object, id.to_string());
}

#[test]
fn a_merchant_is_told_of_a_refund_that_was_made() {
    let mut scene = bought(&[offer("m", "EUR 10.00")], "USD 0.00");
    let event = goodwill(&scene, "b", "m", scene.item(0)).event;
    let told = Refund { event: Some(event.clone()), ..refund(&scene, "b", scene.item(0)) };
    scene.done(told.clone());
    scene.refused(told, "already-refunded");
    assert_eq!(scene.books.writes().events, [event]);
}

#[test]
fn of_a_sale_that_its_merchant_is_not_told_of_it_is_told_the_refund_behind_it() {
    let scene = bought(&[offer("m", "EUR 10.00")], "USD 0.00");
    let item = scene.books.writes().items[0].clone();
    let id = |behind_ms: u128| {
        RefundId::from_random(((item.id.bits() >> TIME_SHIFT) + behind_ms) << TIME_SHIFT)
    };
    assert_eq!(refund_told_at(&item, id(9), item.at), item.at);
    let item = ItemRecord { at: "2024-06-28T12:00:00.123456Z".parse().unwrap(), ..item.clone() };
    for (at, told) in [
        ("2024-06-28T11:59:59.999999Z", "2024-06-28T12:00:00.130999Z"),
        ("2024-06-28T11:59:30Z", "2024-06-28T12:00:00.130000Z"),
        ("2024-06-28T11:59:30.000455Z", "2024-06-28T12:00:00.130455Z"),
    ] {
        let (at, told): (Timestamp, Timestamp) = (at.parse().unwrap(), told.parse().unwrap());
        assert_eq!(
            refund_told_at(&item, id(7), at),
            told,
            "the digits below the millisecond are its own"
        );
    }
}

#[test]
fn every_item_of_a_document_comes_back_exactly() {
    let offers = [
        inclusive("m", "EUR 0.13"),
        offer("m", "EUR 0.13"),
        inclusive("m", "EUR 9.99"),
        offer("n", "JPY 777"),
        Offered { operator_is_taxpayer: true, ..offer("m", "USD 0.01") },
    ];
    let mut scene = bought(&offers, "USD 1.00");
    for index in 0..offers.len() {
        scene.done(refund(&scene, "b", scene.item(index)));
    }
    let paid = scene.books.writes().purchases[0].total;
    assert_eq!(
        scene
            .books
            .deltas()
            .find(|(account, delta)| { **account != Account::RefundControl && !delta.is_zero() }),
        None
    );
    assert_eq!(money(&scene.vault("b")), paid.plus(money("USD 1.00")).unwrap());
    assert_eq!(money(&scene.balance(&Account::Refund(buyer("b")))), paid);
}

#[test]
fn a_gift_of_the_merchant_is_outside_the_refund_account() {
    let mut scene = bought(&[offer("m", "EUR 10.00")], "USD 0.00");
    let gift = goodwill(&scene, "b", "m", scene.item(0));
    let (id, event) = (gift.id, gift.event.clone());
    let answer = scene.check(
        gift,
        "
        goodwill
        Cr vault:b USD 12.74
        Dr fx:USD USD 12.74
        Cr fx:EUR EUR 11.90
        Dr merchant:m:EUR EUR 9.90
        Dr tax:m:DE:EUR EUR 1.90
        Dr income:fee:EUR EUR 0.10
        ",
    );
    let (item, credited) = (scene.item(0), money("USD 12.74"));
    assert_eq!(answer, Answer::Refunded { refund: id, item, credited, vault: None });
    assert_eq!(scene.vault_row("b").refund_count, 0);
    assert_eq!(scene.books.writes().events, [event]);
    let refusal = Refusal::AlreadyRefunded { refund: id };
    let again = scene.decide(refund(&scene, "b", scene.item(0)));
    assert_eq!(again, Decision::Decided(Err(refusal.clone())));
    let again = scene.decide(goodwill(&scene, "b", "m", scene.item(0)));
    assert_eq!(again, Decision::Decided(Err(refusal)));
}

#[test]
fn a_merchant_gives_neither_for_others_nor_for_nothing() {
    let mut scene = bought(&[offer("m", "EUR 10.00")], "USD 0.00");
    scene.refused(goodwill(&scene, "b", "n", scene.item(0)), "not-found");
    let unknown = ItemId::from_random(1);
    scene.refused(goodwill(&scene, "b", "m", unknown), "not-found");
    scene.refused(goodwill(&scene, "b", "n", unknown), "not-found");
    assert!(scene.books.writes().log.iter().all(|line| line.outcome == "done"));
}

#[test]
fn neither_windows_nor_counts_nor_totals_bind_a_gift() {
    let final_sale = Offered { refund_window_days: Some(0), ..offer("m", "USD 900.00") };
    let mut scene = bought(&[final_sale], "USD 0.00");
    scene.policy.max_count = 0;
    scene.wait_days(5000);
    scene.done(goodwill(&scene, "b", "m", scene.item(0)));
    assert!(scene.vault_row("b").is_active());
}

#[test]
fn a_gift_to_a_closed_vault_reaches_its_compensation_card() {
    let mut scene = bought(&[offer("m", "EUR 10.00")], "USD 27.77");
    let to_vault = goodwill(&scene, "b", "m", scene.item(0));
    let late = scene.prepared(to_vault.clone());
    scene.done(erase(&scene, "b"));
    scene.stale(&late);
    let to_card = Goodwill { compensation: Some(card("rest-of-b")), ..to_vault };
    scene.check(
        to_card,
        "
        goodwill
        Cr card:rest-of-b USD 12.74
        Dr fx:USD USD 12.74
        Cr fx:EUR EUR 11.90
        Dr merchant:m:EUR EUR 9.90
        Dr tax:m:DE:EUR EUR 1.90
        Dr income:fee:EUR EUR 0.10
        ",
    );
    assert_eq!(scene.balance(&Account::Card(card("rest-of-b"))), "USD 40.51");
    assert_eq!(scene.log().last().unwrap(), "refund done USD 12.74 -> USD 0.00");
}

#[test]
fn a_gift_to_a_closed_vault_that_left_nothing_makes_a_card() {
    let mut scene = bought(&[offer("m", "EUR 10.00"), offer("m", "EUR 10.00")], "USD 0.00");
    scene.done(erase(&scene, "b"));
    let first = goodwill(&scene, "b", "m", scene.item(0));
    scene.done(first);
    let rest = card("rest-of-b");
    assert_eq!(scene.balance(&Account::Card(rest)), "USD 12.74");
    assert_eq!(scene.vault_row("b").compensation(), Some(rest));
    assert!(!scene.vault_row("b").is_active());
    let second = goodwill(&scene, "b", "m", scene.item(1));
    scene.stale(&scene.prepared(second.clone()));
    scene.done(Goodwill { compensation: Some(rest), ..second });
    assert_eq!(scene.balance(&Account::Card(rest)), "USD 25.48");
    assert_eq!(scene.books.writes().cards.len(), 1);
}

#[test]
fn a_merchant_may_owe_after_a_refund_and_a_card_is_not_asked() {
    let mut scene = bought(&[offer("m", "USD 10.00")], "USD 0.00");
    scene.sold_card("c1", "USD 5.00");
    scene.done(load(&scene, "b", "c1", "USD 5.00"));
    // As if all had been paid out: the books do not hold it against the buyer.
    let mut later = Scene::with_vault("USD 0.00");
    let record = scene.books.writes().items[0].clone();
    later.books.load_item(purser_core::books::ItemState { record, refund: None });
    later.done(refund(&later, "b", scene.item(0)));
    let usd = crate::scene::currency("USD");
    let merchant = Account::Merchant(crate::scene::merchant("m"), usd);
    let owed = later.books.deltas().find(|(account, _)| **account == merchant).unwrap().1;
    assert_eq!(owed, Money::new(-990, usd));
}
