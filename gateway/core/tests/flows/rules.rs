//! The rules of refunds, in the order in which they are checked, each at its boundary.

use purser_core::{
    account::Account,
    command::{Answer, Decision},
    ids::ItemId,
    money::Money,
    policy::RefundPolicy,
    refund::Refund,
    refusal::Refusal,
    vault::VaultView,
};

use crate::{
    make::{Offered, erase, offer, purchase, refund},
    refunds::bought,
    scene::{Scene, after_days, buyer, card, currency, last_moment, money, next_moment},
};

/// Items of USD 10.00 and the tax on them: USD 11.90 each.
fn bought_items(count: usize) -> Scene {
    bought(&vec![offer("m", "USD 10.00"); count], "USD 0.00")
}

#[track_caller]
fn refunded(scene: &mut Scene, index: usize) -> VaultView {
    let answer = scene.done(refund(scene, "b", scene.item(index)));
    let Answer::Refunded { vault: Some(vault), .. } = answer else { panic!("{answer:?}") };
    *vault
}

#[test]
fn the_standard_policy_is_ten_times_or_five_hundred_in_ninety_days() {
    let policy = RefundPolicy::standard(currency("KWD"));
    assert_eq!((policy.max_count, policy.max_total), (10, money("KWD 500.000")));
    assert_eq!((policy.window_days, policy.period_days), (14, 90));
    assert_eq!(RefundPolicy::standard(currency("JPY")).max_total, money("JPY 500"));
}

#[test]
fn the_first_rule_that_fails_is_the_answer() {
    // Everything is wrong at once; rule by rule it is put right.
    let mut scene = bought_items(2);
    scene.policy.max_count = 1;
    refunded(&mut scene, 0);
    let open = scene.vault_row("b").clone();
    let sent_back = scene.item(0);
    scene.wait_days(15);
    scene.done(erase(&scene, "b"));

    scene.refused(refund(&scene, "b", ItemId::from_random(1)), "vault-inactive");
    scene.books.load_vault(open);
    scene.refused(refund(&scene, "b", ItemId::from_random(1)), "not-purchased");
    scene.refused(refund(&scene, "b", sent_back), "already-refunded");
    scene.refused(refund(&scene, "b", scene.item(1)), "refund-window-closed");
    scene.policy.window_days = 15;
    scene.refused(refund(&scene, "b", scene.item(1)), "refund-limit-exceeded");
    scene.policy.max_count = 2;
    refunded(&mut scene, 1);
}

#[test]
fn an_item_of_somebody_else_is_as_unknown_as_none() {
    let mut scene = bought_items(1);
    scene.refused(refund(&scene, "c", scene.item(0)), "not-purchased");
    scene.refused(refund(&scene, "c", ItemId::from_random(1)), "not-purchased");
    let nameless = Refund { item: None, ..refund(&scene, "c", scene.item(0)) };
    scene.refused(nameless, "not-purchased");
    refunded(&mut scene, 0);
    scene.refused(refund(&scene, "c", scene.item(0)), "not-purchased");
}

#[test]
fn an_item_comes_back_once() {
    let mut scene = bought_items(1);
    let first = refund(&scene, "b", scene.item(0));
    let id = first.id;
    scene.done(first);
    let again = scene.decide(refund(&scene, "b", scene.item(0)));
    assert_eq!(again, Decision::Decided(Err(Refusal::AlreadyRefunded { refund: id })));
}

#[test]
fn a_refused_request_is_in_the_log() {
    let mut scene = bought_items(1);
    scene.wait_days(15);
    let late = Refund { asked: money("USD 11.90"), ..refund(&scene, "b", scene.item(0)) };
    scene.refused(late, "refund-window-closed");
    let line = scene.last_line();
    assert_eq!(line.object, scene.item(0).to_string());
    assert_eq!(scene.log()[1], "refund refund-window-closed USD 11.90 -> USD 0.00");
}

#[test]
fn the_window_is_open_to_its_last_moment() {
    let check = |own: Option<u32>, days: u64| {
        let item = Offered { refund_window_days: own, ..offer("m", "USD 10.00") };
        let mut scene = bought(&[item], "USD 0.00");
        let end = after_days(scene.at, days);
        let mut later = scene.clone();
        later.at = next_moment(end);
        later.refused(refund(&later, "b", later.item(0)), "refund-window-closed");
        scene.at = end;
        refunded(&mut scene, 0);
    };
    check(None, 14);
    check(Some(1), 1);
    check(Some(30), 30);
}

#[test]
fn a_final_sale_does_not_come_back_at_once_either() {
    let item = Offered { refund_window_days: Some(0), ..offer("m", "USD 10.00") };
    let mut scene = bought(&[item], "USD 0.00");
    scene.refused(refund(&scene, "b", scene.item(0)), "refund-window-closed");
    let mut scene = bought_items(1);
    scene.policy.window_days = 0;
    scene.refused(refund(&scene, "b", scene.item(0)), "refund-window-closed");
}

#[test]
fn only_refunds_that_were_made_count() {
    let mut scene = bought_items(4);
    scene.policy.max_count = 2;
    assert_eq!(refunded(&mut scene, 0).refund_count, 1);
    scene.refused(refund(&scene, "b", scene.item(0)), "already-refunded");
    scene.refused(refund(&scene, "b", ItemId::from_random(1)), "not-purchased");
    scene.done(crate::make::goodwill(&scene, "b", "m", scene.item(3)));
    assert_eq!(refunded(&mut scene, 1).refund_count, 2);
    scene.refused(refund(&scene, "b", scene.item(2)), "refund-limit-exceeded");
    assert!(scene.vault_row("b").is_active(), "a count closes no vault");
}

#[test]
fn no_refunds_at_all_may_be_a_policy() {
    let mut scene = bought_items(1);
    scene.policy.max_count = 0;
    scene.refused(refund(&scene, "b", scene.item(0)), "refund-limit-exceeded");
}

#[test]
fn a_total_at_the_threshold_leaves_the_vault_open() {
    let mut scene = bought_items(2);
    scene.policy.max_total = money("USD 23.80");
    refunded(&mut scene, 0);
    let vault = refunded(&mut scene, 1);
    assert_eq!((vault.active, vault.refund_total), (true, money("USD 23.80")));
}

#[test]
fn a_total_above_the_threshold_closes_the_vault_and_loses_nothing() {
    let mut scene = bought(&vec![offer("m", "USD 10.00"); 3], "USD 5.00");
    scene.policy.max_total = money("USD 23.79");
    refunded(&mut scene, 0);
    let answer = scene.check(
        refund(&scene, "b", scene.item(1)),
        "
        refund
        Cr vault:b USD 11.90
        Dr merchant:m:USD USD 9.90
        Dr tax:m:DE:USD USD 1.90
        Dr income:fee:USD USD 0.10
        memo: Dr refund-control USD 11.90
        memo: Cr refund:b USD 11.90
        closing
        Dr vault:b USD 28.80
        Cr card:rest-of-b USD 28.80
        ",
    );
    let Answer::Refunded { vault: Some(vault), .. } = answer else { panic!("{answer:?}") };
    assert_eq!((vault.active, vault.balance), (false, money("USD 0.00")));
    assert_eq!(vault.compensation, Some((card("rest-of-b"), money("USD 28.80"))));
    assert_eq!((vault.refund_total, vault.refund_count), (money("USD 23.80"), 2));
    assert_eq!(
        scene.log()[2..],
        ["refund done USD 11.90 -> USD 28.80", "compensation done USD 28.80 -> USD 0.00"]
    );
    scene.refused(refund(&scene, "b", scene.item(2)), "vault-inactive");
    scene.wait_days(400);
    scene.refused(refund(&scene, "b", scene.item(2)), "vault-inactive");
}

#[test]
fn a_closed_vaults_period_never_ends() {
    let mut scene = bought_items(1);
    scene.policy.max_total = money("USD 1.00");
    let closed = refunded(&mut scene, 0);
    let (row, later) = (scene.vault_row("b"), after_days(scene.at, 400));
    let nothing = money("USD 0.00");
    let seen = row.view(nothing, money("USD 11.90"), Some(nothing), &scene.policy, later);
    assert_eq!((seen.refund_total, seen.refund_count), (closed.refund_total, 1));
    assert_eq!(seen.compensation, None, "a card that was used is shown no more");
}

#[test]
fn the_period_ends_to_the_moment() {
    let mut scene = bought_items(2);
    scene.policy.max_count = 1;
    scene.policy.window_days = 365;
    scene.wait_days(3);
    let started = scene.at;
    refunded(&mut scene, 0);
    scene.at = last_moment(after_days(started, 90));
    scene.refused(refund(&scene, "b", scene.item(1)), "refund-limit-exceeded");

    scene.at = after_days(started, 90);
    let (row, total) = (scene.vault_row("b"), money("USD 11.90"));
    let seen = row.view(money("USD 11.90"), total, None, &scene.policy, scene.at);
    assert_eq!((seen.refund_total, seen.refund_count), (money("USD 0.00"), 0), "shown at once");
    assert_eq!(seen.period_started_at, None);

    let answer = scene.check(
        refund(&scene, "b", scene.item(1)),
        "
        period-reset
        memo: Dr refund:b USD 11.90
        memo: Cr refund-control USD 11.90
        refund
        Cr vault:b USD 11.90
        Dr merchant:m:USD USD 9.90
        Dr tax:m:DE:USD USD 1.90
        Dr income:fee:USD USD 0.10
        memo: Dr refund-control USD 11.90
        memo: Cr refund:b USD 11.90
        ",
    );
    let Answer::Refunded { vault: Some(vault), .. } = answer else { panic!("{answer:?}") };
    assert_eq!((vault.refund_total, vault.refund_count), (money("USD 11.90"), 1));
    assert_eq!(vault.period_started_at, Some(scene.at));
}

#[test]
fn a_refused_refund_after_the_period_posts_no_reset() {
    let mut scene = bought_items(2);
    scene.policy.window_days = 365;
    refunded(&mut scene, 0);
    scene.wait_days(90);
    scene.policy.max_count = 0;
    scene.refused(refund(&scene, "b", scene.item(1)), "refund-limit-exceeded");
    assert_eq!(scene.balance(&Account::Refund(buyer("b"))), "USD 11.90");
    assert_eq!(scene.vault_row("b").refund_count, 1);
}

#[test]
fn the_period_starts_with_the_first_refund_and_not_with_the_next() {
    let mut scene = bought_items(3);
    scene.policy.window_days = 365;
    let started = scene.at;
    refunded(&mut scene, 0);
    scene.wait_days(89);
    assert_eq!(refunded(&mut scene, 1).period_started_at, Some(started));
    scene.wait_days(1);
    assert_eq!(refunded(&mut scene, 2).refund_count, 1);
}

#[test]
fn the_policy_in_force_judges() {
    let mut scene = bought_items(4);
    scene.policy.max_count = 1;
    refunded(&mut scene, 0);
    scene.refused(refund(&scene, "b", scene.item(1)), "refund-limit-exceeded");
    scene.policy.max_count = 3;
    refunded(&mut scene, 1);
    // A lower threshold closes with the next refund, not before it.
    scene.policy.max_total = money("USD 20.00");
    assert!(scene.vault_row("b").is_active());
    assert!(!refunded(&mut scene, 2).active);
}

#[test]
fn the_refunds_of_one_buyer_are_nothing_to_another() {
    let mut scene = bought_items(1);
    scene.policy.max_count = 1;
    scene.hold("c", "USD 50.00");
    scene.done(purchase(&scene, "c", &[offer("m", "USD 10.00")]));
    refunded(&mut scene, 0);
    scene.done(refund(&scene, "c", scene.item(1)));
    assert_eq!(Money::zero(currency("USD")), money(&scene.vault("d")));
}
