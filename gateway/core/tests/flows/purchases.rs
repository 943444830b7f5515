//! Purchases: what the vault gives, and who gets what of it.

use purser_core::{
    command::{Answer, Decision},
    money::Money,
    policy::Limits,
    purchase::Purchase,
    refusal::{Limit, Refusal},
};

use crate::{
    make::{Offered, inclusive, offer, purchase},
    scene::{Scene, currency, money},
};

#[test]
fn two_items_are_charged_each_for_itself() {
    let mut scene = Scene::with_vault("USD 53.25");
    let bought = purchase(&scene, "b", &[offer("m", "EUR 10.00"), offer("m", "EUR 10.00")]);
    let record = bought.record.clone();
    let items = bought.items.clone();
    let answer = scene.check(
        bought,
        "
        purchase
        Dr vault:b USD 25.48
        Cr fx:USD USD 25.48
        Dr fx:EUR EUR 23.80
        Cr merchant:m:EUR EUR 19.80
        Cr tax:m:DE:EUR EUR 3.80
        Cr income:fee:EUR EUR 0.20
        ",
    );
    assert_eq!(answer, Answer::Purchased { purchase: record.id });
    assert_eq!(scene.vault("b"), "USD 27.77");
    assert_eq!(scene.log(), ["purchase done USD 25.48 -> USD 27.77"]);
    assert_eq!(scene.last_line().object, record.id.to_string());
    assert_eq!(
        (&scene.books.writes().purchases[0], &scene.books.writes().items),
        (&record, &items)
    );
}

#[test]
fn a_price_that_contains_the_tax_is_the_same() {
    let mut scene = Scene::with_vault("USD 53.25");
    scene.check(
        purchase(&scene, "b", &[inclusive("m", "EUR 11.90"), inclusive("m", "EUR 11.90")]),
        "
        purchase
        Dr vault:b USD 25.48
        Cr fx:USD USD 25.48
        Dr fx:EUR EUR 23.80
        Cr merchant:m:EUR EUR 19.80
        Cr tax:m:DE:EUR EUR 3.80
        Cr income:fee:EUR EUR 0.20
        ",
    );
}

#[test]
fn nothing_is_converted_within_the_vaults_own_currency() {
    let mut scene = Scene::with_vault("USD 50.00");
    scene.check(
        purchase(&scene, "b", &[offer("m", "USD 10.00"), inclusive("m", "USD 11.90")]),
        "
        purchase
        Dr vault:b USD 23.80
        Cr merchant:m:USD USD 19.80
        Cr tax:m:DE:USD USD 3.80
        Cr income:fee:USD USD 0.20
        ",
    );
}

#[test]
fn two_merchants_in_two_currencies_are_paid_at_once() {
    let mut scene = Scene::with_vault("USD 50.00");
    scene.check(
        purchase(&scene, "b", &[offer("m", "EUR 10.00"), offer("n", "USD 20.00")]),
        "
        purchase
        Dr vault:b USD 36.54
        Cr fx:USD USD 12.74
        Dr fx:EUR EUR 11.90
        Cr merchant:m:EUR EUR 9.90
        Cr tax:m:DE:EUR EUR 1.90
        Cr income:fee:EUR EUR 0.10
        Cr merchant:n:USD USD 19.80
        Cr tax:n:DE:USD USD 3.80
        Cr income:fee:USD USD 0.20
        ",
    );
}

#[test]
fn the_operator_owes_the_tax_as_the_seller_of_record() {
    let mut scene = Scene::with_vault("USD 50.00");
    let offer = Offered { operator_is_taxpayer: true, ..offer("m", "EUR 10.00") };
    scene.check(
        purchase(&scene, "b", &[offer]),
        "
        purchase
        Dr vault:b USD 12.74
        Cr fx:USD USD 12.74
        Dr fx:EUR EUR 11.90
        Cr merchant:m:EUR EUR 9.90
        Cr tax:operator:DE:EUR EUR 1.90
        Cr income:fee:EUR EUR 0.10
        ",
    );
}

#[test]
fn tax_is_rounded_for_the_document_and_a_fee_or_tax_of_nothing_leaves_no_leg() {
    let mut scene = Scene::with_vault("USD 1.00");
    let three = vec![offer("m", "EUR 0.13"); 3];
    let bought = purchase(&scene, "b", &three);
    let taxes: Vec<_> = bought.items.iter().map(|item| item.taxes[0].tax.amount()).collect();
    assert_eq!(taxes, ["0.03", "0.02", "0.02"], "0.0741 is 0.07, the first gets the odd cent");
    scene.check(
        bought,
        "
        purchase
        Dr vault:b USD 0.52
        Cr fx:USD USD 0.52
        Dr fx:EUR EUR 0.46
        Cr merchant:m:EUR EUR 0.39
        Cr tax:m:DE:EUR EUR 0.07
        ",
    );
    scene.check(
        purchase(&scene, "b", &[offer("m", "USD 0.01")]),
        "
        purchase
        Dr vault:b USD 0.01
        Cr merchant:m:USD USD 0.01
        ",
    );
}

#[test]
fn the_smallest_price_still_costs_something() {
    let mut scene = Scene::with_vault("USD 1.00");
    let bought = purchase(&scene, "b", &[offer("m", "JPY 1")]);
    assert_eq!(bought.record.total, money("USD 0.01"));
    scene.check(
        bought,
        "
        purchase
        Dr vault:b USD 0.01
        Cr fx:USD USD 0.01
        Dr fx:JPY JPY 1
        Cr merchant:m:JPY JPY 1
        ",
    );
}

#[test]
fn an_item_without_any_tax_is_the_merchants_but_for_the_fee() {
    let mut scene = Scene::with_vault("USD 50.00");
    let mut bought = purchase(&scene, "b", &[offer("m", "USD 10.00")]);
    let item = &mut bought.items[0];
    item.taxes.clear();
    (item.gross, item.charged) = (item.net, item.net);
    bought.record.total = item.net;
    scene.check(
        bought,
        "
        purchase
        Dr vault:b USD 10.00
        Cr merchant:m:USD USD 9.90
        Cr income:fee:USD USD 0.10
        ",
    );
}

#[test]
fn a_vault_gives_its_last_cent_and_no_more() {
    let mut scene = Scene::with_vault("USD 25.47");
    let two = [offer("m", "EUR 10.00"), offer("m", "EUR 10.00")];
    scene.refused(purchase(&scene, "b", &two), "insufficient-funds");
    assert_eq!(scene.log(), ["purchase insufficient-funds USD 25.48 -> USD 25.47"]);
    scene.hold("b", "USD 25.48");
    scene.done(purchase(&scene, "b", &two));
    assert_eq!(scene.vault("b"), "USD 0.00");
}

#[test]
fn a_single_use_offer_is_bought_once_by_anybody() {
    let mut scene = Scene::with_vault("USD 50.00");
    scene.hold("c", "USD 50.00");
    let once = |merchant| Offered { once: Some("n-1".to_owned()), ..offer(merchant, "USD 1.00") };
    scene.refused(
        purchase(&scene, "b", &[once("m"), offer("m", "USD 60.00")]),
        "insufficient-funds",
    );
    scene.done(purchase(&scene, "c", &[once("m")]));
    let again = scene.decide(purchase(&scene, "b", &[once("m")]));
    let refusal = Refusal::OfferAlreadyUsed { offer: Some("n-1".to_owned()) };
    assert_eq!(again, Decision::Decided(Err(refusal)));
    scene
        .refused(purchase(&scene, "b", &[offer("m", "USD 1.00"), once("m")]), "offer-already-used");
    scene.done(purchase(&scene, "b", &[once("n")]));
    scene.refused(purchase(&scene, "c", &[once("n"), once("n")]), "offer-already-used");
    assert_eq!(scene.books.writes().offers_used.len(), 2);
}

#[test]
fn nobody_learns_that_a_single_use_offer_was_bought_without_buying_it() {
    let mut scene = Scene::with_vault("USD 50.00");
    scene.hold("c", "USD 50.00");
    let once = |id: &str| Offered { once: Some(id.to_owned()), ..offer("m", "USD 1.00") };
    scene.done(purchase(&scene, "c", &[once("decoy")]));
    let looks = [
        vec![once("n-1"), offer("m", "USD 60.00")],
        vec![once("n-1"), once("decoy")],
        vec![once("n-1"), once("other"), once("other")],
    ];
    let look = |scene: &mut Scene| -> Vec<Decision> {
        looks.iter().map(|look| scene.decide(purchase(scene, "b", look))).collect()
    };
    let before = look(&mut scene);
    scene.done(purchase(&scene, "c", &[once("n-1")]));
    assert_eq!(look(&mut scene), before);
    assert!(before.iter().all(|decision| matches!(decision, Decision::Decided(Err(_)))));
}

#[test]
fn a_single_use_offer_is_not_bought_twice_in_one_purchase() {
    let mut scene = Scene::with_vault("USD 50.00");
    let once = Offered { once: Some("n-1".to_owned()), ..offer("m", "USD 1.00") };
    scene.refused(purchase(&scene, "b", &[once.clone(), once.clone()]), "offer-already-used");
    scene.done(purchase(&scene, "b", &[once]));
}

#[test]
fn a_country_limits_one_payment() {
    let mut scene = Scene::with_vault("USD 100.00");
    let limits = Limits { payment_max: Some(money("USD 23.80")), ..Limits::default() };
    let limited = |scene: &Scene, price: &str| Purchase {
        limits,
        ..purchase(scene, "b", &[offer("m", price)])
    };
    let refusal = Refusal::LimitExceeded { limit: Limit::Payment, most: money("USD 23.80") };
    assert_eq!(scene.decide(limited(&scene, "USD 20.01")), Decision::Decided(Err(refusal)));
    scene.done(limited(&scene, "USD 20.00"));
}

#[test]
fn what_was_not_priced_item_by_item_cannot_reach_the_books() {
    let mut scene = Scene::with_vault("USD 100.00");
    let two = [offer("m", "USD 10.00"), offer("m", "USD 10.00")];
    let empty = purchase(&scene, "b", &[]);
    scene.broken(empty);
    let mut other_total = purchase(&scene, "b", &two);
    other_total.record.total = money("USD 23.79");
    scene.broken(other_total);
    let mut others_vault = purchase(&scene, "b", &two);
    others_vault.items[1].account = crate::scene::buyer("c");
    scene.broken(others_vault);
    // Together they balance, but neither could be refunded by itself.
    let mut crossed = purchase(&scene, "b", &two);
    crossed.items[0].net = money("USD 9.00");
    crossed.items[1].net = money("USD 11.00");
    scene.broken(crossed);
    let mut free = purchase(&scene, "b", &two[..1]);
    let nothing = Money::zero(currency("USD"));
    let item = &mut free.items[0];
    (item.net, item.gross, item.fee, item.charged) = (nothing, nothing, nothing, nothing);
    item.taxes.clear();
    free.record.total = nothing;
    scene.broken(free);
}
