//! Amounts at the edge of what can be held: refused or stopped, never wrong and never a panic.

use proptest::prelude::*;
use purser_core::{
    account::Account,
    books::OPEN_MINOR_MAX,
    command::Decision,
    money::Money,
    record::{CardKind, CardStatus},
    transfer::Transfer,
};

use crate::{
    make::{
        Ask, activate_batch, activate_card, goodwill, load, offer, purchase, refund, trade,
        transfer,
    },
    refunds::bought,
    scene::{Scene, buyer, card, currency},
};

fn most() -> Money {
    Money::new(i64::MAX, currency("USD"))
}

fn full(scene: &mut Scene, name: &str) {
    scene.books.load_balance(Account::Vault(buyer(name)), most());
}

#[test]
fn a_full_vault_takes_nothing_more() {
    let mut scene = bought(&[offer("m", "USD 10.00")], "USD 50.00");
    scene.hold("c", "USD 50.00");
    scene.sold_card("c1", "USD 50.00");
    full(&mut scene, "b");
    scene.too_large(load(&scene, "b", "c1", "USD 0.01"));
    scene.too_large(transfer(&scene, "c", "b", "USD 0.01"));
    scene.too_large(refund(&scene, "b", scene.item(0)));
    scene.too_large(goodwill(&scene, "b", "m", scene.item(0)));
    scene.done(transfer(&scene, "b", "d", "USD 0.01"));
}

#[test]
fn all_that_can_be_held_moves_and_is_spent() {
    let mut scene = Scene::new();
    full(&mut scene, "b");
    scene.done(Transfer { amount: most(), ..transfer(&scene, "b", "c", "USD 1.00") });
    assert_eq!(scene.vault("b"), "USD 0.00");
    scene.done(Transfer { amount: most(), ..transfer(&scene, "c", "b", "USD 1.00") });
    scene.done(crate::make::erase(&scene, "b"));
    assert_eq!(money_on("rest-of-b", &scene), most());
}

#[test]
fn a_refund_whose_closing_fails_leaves_the_item_as_it_was() {
    let mut scene = bought(&[offer("m", "USD 10.00")], "USD 0.00");
    scene.policy.max_total = Money::new(1, currency("USD"));
    let mut elsewhere = refund(&scene, "b", scene.item(0));
    elsewhere.closing.compensation.card = card("c1");
    scene.books.load_balance(Account::Card(card("c1")), most());
    scene.too_large(elsewhere);
    scene.done(refund(&scene, "b", scene.item(0)));
    assert_eq!(money_on("rest-of-b", &scene), Money::new(1190, currency("USD")));
}

fn money_on(name: &str, scene: &Scene) -> Money {
    scene.books.balances().find(|(account, _)| **account == Account::Card(card(name))).unwrap().1
}

#[test]
fn sums_that_do_not_fit_stop_the_command() {
    let mut scene = Scene::new();
    scene.print_batch("b1", &["c1", "c2"], "USD 1.00");
    let mut state = scene.books.batches().next().unwrap().1.clone();
    state.face = most();
    scene.books.load_batch(crate::scene::batch("b1"), state);
    scene.too_large(activate_batch(&scene, "b1", &["c1", "c2"]));
    let mut scene = Scene::with_vault("USD 1.00");
    let mut large = purchase(&scene, "b", &[offer("m", "USD 1.00"), offer("m", "USD 1.00")]);
    for item in &mut large.items {
        (item.net, item.gross, item.charged) = (most(), most(), most());
        item.taxes.clear();
    }
    large.record.total = most();
    scene.too_large(large);
}

#[test]
fn an_open_account_has_a_ceiling_where_large_amounts_are_posted_to_it() {
    let ceiling = Money::new(i64::try_from(OPEN_MINOR_MAX).unwrap(), currency("USD"));
    let mut scene = Scene::new();
    scene.print("c1", CardKind::Smart, "USD 1.00");
    scene.change_card("c1", |card| card.face = ceiling);
    assert!(scene.books.floats_of_unsold().contains(&Account::Float(currency("USD"))));
    scene.done(activate_card(&scene, "c1"));
    assert!(scene.books.floats_of_unsold().is_empty());
    scene.print("c2", CardKind::Smart, "USD 0.01");
    scene.too_large(activate_card(&scene, "c2"));
    let all = Transfer { amount: ceiling, ..transfer(&scene, "b", "c", "USD 1.00") };
    let mut large = purchase(&scene, "b", &[offer("m", "USD 1.00")]);
    let merchant = {
        let item = &mut large.items[0];
        (item.net, item.gross, item.charged) = (all.amount, all.amount, all.amount);
        item.taxes.clear();
        item.fee = Money::zero(currency("USD"));
        Account::Merchant(item.merchant, currency("USD"))
    };
    large.record.total = all.amount;
    scene.books.load_balance(Account::Vault(buyer("b")), all.amount);
    assert_eq!(scene.prepared(large.clone()).needs().taken_from, [merchant.clone()].into());
    scene.books.load_taken_from(merchant, Money::new(1, currency("USD")));
    scene.too_large(large);
}

proptest! {
    #[test]
    fn no_amount_panics(
        amounts in prop::array::uniform6(prop_oneof![
            any::<i64>(),
            i64::MAX - 2..=i64::MAX,
            i64::MIN..=i64::MIN + 2,
            -2_i64..=2,
        ]),
        converted in any::<bool>(),
        which in 0..5,
    ) {
        let [one, two, three, four, held, on_card] = amounts;
        let usd = |minor| Money::new(minor, currency("USD"));
        let other = |minor| Money::new(minor, currency(if converted { "EUR" } else { "USD" }));
        let mut scene = Scene::new();
        scene.books.load_balance(Account::Vault(buyer("b")), usd(held.saturating_abs()));
        scene.sold_card("c1", "USD 1.00");
        scene.books.load_balance(Account::Card(card("c1")), other(on_card.saturating_abs()));
        scene.change_card("c1", |card| card.status = CardStatus::Active);
        let command = match which {
            0 => {
                let mut load = load(&scene, "b", "c1", "USD 1.00");
                let record = &mut load.record;
                (record.taken, record.credited, record.spread) = (other(one), usd(two), usd(three));
                load.gross = usd(four);
                load.command()
            }
            1 => {
                let mut purchase = purchase(&scene, "b", &vec![offer("m", "USD 1.00"); 2]);
                let item = &mut purchase.items[1];
                (item.net, item.gross) = (other(one), other(two));
                (item.fee, item.charged) = (other(three), usd(four));
                item.taxes[0].tax = other(one);
                purchase.command()
            }
            2 => Transfer { amount: usd(one), ..transfer(&scene, "b", "c", "USD 1.00") }.command(),
            3 => {
                let mut trade = trade(&scene, "EUR 1.00", "USD 1.00");
                (trade.record.sold, trade.record.bought) = (usd(one), other(two));
                trade.command()
            }
            _ => {
                scene.change_card("c1", |card| {
                    (card.face, card.status, card.kind) = (usd(one), CardStatus::Inactive, CardKind::Smart);
                });
                activate_card(&scene, "c1").command()
            }
        };
        let before = scene.state();
        match scene.decide(command) {
            Decision::Decided(Ok(_)) => {}
            Decision::Decided(Err(_)) | Decision::Stale | Decision::TooLarge | Decision::Broken(_) => {
                prop_assert_eq!(scene.state(), before);
            }
        }
        let negative = scene.books.balances().find(|(_, balance)| balance.minor() < 0);
        prop_assert_eq!(negative, None);
    }
}

#[test]
fn money_of_another_currency_is_named_as_the_fault() {
    let mut scene = Scene::with_vault("USD 50.00");
    scene.sold_card("c1", "USD 50.00");
    let why = scene.broken(load(&scene, "b", "c1", "EUR 1.00"));
    assert_eq!(why, "EUR cannot be posted to an account of USD");
    assert_eq!(scene.vault("b"), "USD 50.00");
}
