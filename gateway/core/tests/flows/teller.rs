//! What holds for every command: facts, notes, locks, keys.

use purser_core::{
    account::Account,
    books::{Books, Needs},
    command::{Answer, Decision, Note, Prepared},
    ids::LogId,
    record::{LogKind, OfferUse},
};

use crate::{
    make::{
        Ask, Offered, activate_batch, activate_card, block, erase, goodwill, load, offer, purchase,
        refund, trade, transfer,
    },
    refunds::bought,
    scene::{FACTS_VERSION, Scene, batch, buyer, card, currency, merchant, money},
};

fn note(scene: &Scene) -> Note {
    Note {
        log: LogId::from_random(scene.id()),
        account: buyer("b"),
        kind: LogKind::Purchase,
        outcome: "offer-tampered".to_owned(),
        amount: money("USD 0.00"),
        object: String::new(),
    }
}

#[test]
fn what_was_prepared_with_other_facts_is_prepared_again() {
    let mut scene = bought(&[offer("m", "USD 10.00")], "USD 50.00");
    scene.sold_card("c1", "USD 50.00");
    scene.print_batch("b1", &["c2"], "USD 50.00");
    let item = scene.item(0);
    let commands = [
        load(&scene, "b", "c1", "USD 1.00").command(),
        purchase(&scene, "b", &[offer("m", "USD 1.00")]).command(),
        refund(&scene, "b", item).command(),
        goodwill(&scene, "b", "m", item).command(),
        transfer(&scene, "b", "c", "USD 1.00").command(),
        activate_batch(&scene, "b1", &["c2"]).command(),
        trade(&scene, "EUR 1.00", "USD 1.00").command(),
        erase(&scene, "b").command(),
        // It would be refused, but nobody knows by which facts.
        transfer(&scene, "b", "b", "USD 1.00").command(),
    ];
    for command in commands {
        for facts_version in [FACTS_VERSION - 1, FACTS_VERSION + 1] {
            let prepared = scene.prepared(command.clone());
            scene.stale(&Prepared { facts_version, ..prepared });
        }
    }
}

#[test]
fn a_refusal_before_the_teller_is_recorded_whatever_the_facts() {
    let mut scene = Scene::with_vault("USD 5.00");
    let note = note(&scene);
    let old = Prepared { facts_version: FACTS_VERSION - 1, ..scene.prepared(note) };
    assert_eq!(scene.decide_prepared(&old), Decision::Decided(Ok(Answer::Noted)));
    assert_eq!(scene.log(), ["purchase offer-tampered USD 0.00 -> USD 5.00"]);
}

#[test]
fn a_command_names_every_row_that_it_needs() {
    let scene = bought(&[offer("m", "USD 10.00")], "USD 50.00");
    let (b, c) = (buyer("b"), buyer("c"));
    let item = scene.item(0);
    let check = |ask: purser_core::command::Command, expected: Needs| {
        assert_eq!(scene.prepared(ask).needs(), expected);
    };
    let vault = |who| Needs {
        accounts: [Account::Vault(who)].into(),
        vaults: [who].into(),
        ..Needs::default()
    };
    let with = |mut needs: Needs, account: Account| {
        needs.accounts.insert(account);
        needs
    };
    let of_card = |needs: Needs| Needs {
        cards: [card("c1")].into(),
        ..with(needs, Account::Card(card("c1")))
    };
    let of_item = |needs: Needs| Needs { items: [item].into(), ..needs };

    check(load(&scene, "b", "c1", "USD 1.00").command(), of_card(vault(b)));
    check(activate_card(&scene, "c1").command(), of_card(Needs::default()));
    check(block("c1").command(), of_card(Needs::default()));
    let taken = Needs { pending_voids: [b].into(), ..with(vault(b), Account::Refund(b)) };
    check(refund(&scene, "b", item).command(), of_item(taken));
    check(goodwill(&scene, "b", "m", item).command(), of_item(vault(b)));
    check(erase(&scene, "b").command(), vault(b));
    let float = [Account::Float(currency("EUR"))].into();
    let expected = Needs { taken_from: float, ..Needs::default() };
    check(trade(&scene, "EUR 1.00", "USD 1.00").command(), expected);
    let both = Needs { vaults: [b, c].into(), ..with(vault(b), Account::Vault(c)) };
    check(transfer(&scene, "b", "c", "USD 1.00").command(), both);
    let once = Offered { once: Some("n-1".to_owned()), ..offer("m", "USD 1.00") };
    let used = OfferUse { merchant: merchant("m"), offer_id: "n-1".to_owned() };
    let expected = Needs { offers: [used].into(), ..vault(b) };
    check(purchase(&scene, "b", &[once, offer("m", "USD 1.00")]).command(), expected);
    let batches = [batch("b1")].into();
    let expected = Needs { batches, ..with(Needs::default(), Account::Card(card("c1"))) };
    check(activate_batch(&scene, "b1", &["c1"]).command(), expected);
}

#[test]
fn a_row_that_was_not_locked_is_not_touched() {
    let mut empty = Books::new(FACTS_VERSION, currency("USD"));
    let scene = Scene::new();
    let mut check = |ask: purser_core::command::Command, name: &str| {
        let Decision::Decided(Err(refusal)) = scene.prepared(ask).decide(&mut empty) else {
            panic!("not refused");
        };
        assert_eq!(refusal.name(), name);
        assert_eq!(empty.balances().count() + empty.deltas().count(), 0);
    };
    check(load(&scene, "b", "c1", "USD 1.00").command(), "card-refused");
    check(purchase(&scene, "b", &[offer("m", "USD 1.00")]).command(), "vault-inactive");
    check(transfer(&scene, "b", "c", "USD 1.00").command(), "vault-inactive");
    check(erase(&scene, "b").command(), "not-found");
    let trade = scene.prepared(trade(&scene, "EUR 1.00", "USD 1.00")).decide(&mut empty);
    assert_eq!(trade, Decision::Broken("float:EUR was not locked".to_owned()));
}

#[test]
fn refusals_of_buyers_are_in_the_log_and_those_of_others_are_not() {
    let mut scene = Scene::new();
    let item = purser_core::ids::ItemId::from_random(1);
    scene.refused(load(&scene, "b", "c1", "USD 1.00"), "card-refused");
    scene.refused(purchase(&scene, "b", &[offer("m", "USD 10.00")]), "insufficient-funds");
    scene.refused(refund(&scene, "b", item), "not-purchased");
    scene.refused(transfer(&scene, "b", "b", "USD 1.00"), "not-found");
    scene.refused(goodwill(&scene, "b", "m", item), "not-found");
    scene.refused(activate_card(&scene, "c1"), "not-found");
    scene.refused(block("c1"), "not-found");
    let outcomes: Vec<_> =
        scene.books.writes().log.iter().map(|line| line.outcome.as_str()).collect();
    assert_eq!(outcomes, ["card-refused", "insufficient-funds", "not-purchased", "not-found"]);
}
