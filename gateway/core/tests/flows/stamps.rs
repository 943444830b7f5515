//! Stamps as postings, registers and states.

use std::collections::BTreeMap;

use purser_core::{
    account::Account,
    command::{Answer, Command, Decision, Prepared},
    ids::{EventId, ScanId, StampId},
    record::EventRecord,
    stamp::{
        Failure, Issue, Scanner, Seen, Stamp, StampState,
        buy::{BuyStamp, NewStamp},
        register::{Register, Vendor},
        scan::{ScanStamp, Verdict},
        settle::{FailStamp, IssueStamp},
        void::{StampReturn, VoidStage, VoidStamp},
    },
};

use crate::{
    make::{erase, goodwill, inclusive, purchase, refund},
    scene::{Scene, buyer, currency, merchant, money},
};

/// A scene in which `m` sells postage and the vault of `b` holds so much.
fn post_office(balance: &str) -> Scene {
    let mut scene = Scene::with_vault(balance);
    let vendor = Vendor { number: 7, items: 0, registers: BTreeMap::new() };
    scene.books.load_vendor(merchant("m"), vendor);
    scene
}

/// A stamp at its face value: without tax, and with a fee of a percent.
fn stamp(scene: &Scene, price: &str) -> BuyStamp {
    let mut purchase = purchase(scene, "b", &[inclusive("m", price)]);
    let item = &mut purchase.items[0];
    (item.net, item.taxes) = (item.gross, Vec::new());
    let stamp = NewStamp {
        id: StampId::from_random(scene.id()),
        key_id: 3,
        service: "letter".to_owned(),
        expires_on: "2024-07-27".parse().unwrap(),
        order: "{}".to_owned(),
    };
    BuyStamp { purchase, stamp }
}

fn event(scene: &Scene, kind: &'static str) -> EventRecord {
    let id = EventId::from_random(scene.id());
    EventRecord { id, merchant: merchant("m"), kind, at: scene.at, data: "{}".to_owned() }
}

fn issue(scene: &Scene, stamp: StampId) -> IssueStamp {
    let issue = Issue {
        indicium: vec![1, 2, 3],
        symbol: "full".to_owned(),
        serial: "PUR-7-1".to_owned(),
        s10: None,
        printed: Vec::new(),
    };
    IssueStamp { stamp, issue, event: event(scene, "stamp.issued"), evidence: Vec::new() }
}

fn fail(scene: &Scene, stamp: StampId) -> FailStamp {
    let failure = Failure { problem: "plugin-failed".to_owned(), detail: "it refused".to_owned() };
    let reversal = goodwill(scene, "b", "m", scene.item(0));
    FailStamp { stamp, failure, reversal }
}

fn back(scene: &Scene, stamp: StampId, void_hold_days: u32) -> Option<StampReturn> {
    Some(StampReturn { stamp, void_hold_days, event: event(scene, "stamp.voided") })
}

fn void(scene: &Scene, stamp: StampId, days: u32) -> VoidStamp {
    let mut refund = refund(scene, "b", row(scene, stamp).record.item);
    refund.stamp = back(scene, stamp, days);
    VoidStamp { stamp, refund, stage: VoidStage::Asked }
}

fn due(scene: &Scene, stamp: StampId, days: u32) -> VoidStamp {
    let mut gift = goodwill(scene, "b", "m", row(scene, stamp).record.item);
    gift.stamp = back(scene, stamp, days);
    gift.compensation = scene.vault_row("b").compensation();
    VoidStamp { stage: VoidStage::Due(Box::new(gift)), ..void(scene, stamp, days) }
}

fn scan(scene: &Scene, stamp: StampId) -> ScanStamp {
    ScanStamp {
        id: ScanId::from_random(scene.id()),
        stamp,
        scanned_at: None,
        place: Some("Leipzig".to_owned()),
        scanner: Scanner::Vendor(merchant("m")),
        event: event(scene, "stamp.scanned"),
    }
}

/// A scene with one stamp of EUR 0.95 that was issued, and USD 10.00 left.
fn issued() -> (Scene, StampId) {
    let mut scene = post_office("USD 11.02");
    let bought = stamp(&scene, "EUR 0.95");
    let id = bought.stamp.id;
    scene.done(bought);
    let issue = issue(&scene, id);
    scene.done(issue);
    (scene, id)
}

fn row(scene: &Scene, id: StampId) -> Stamp {
    scene.books.stamps().find(|stamp| stamp.record.id == id).unwrap().clone()
}

fn told(scene: &Scene) -> Vec<&'static str> {
    scene.books.writes().events.iter().map(|event| event.kind).collect()
}

#[test]
fn a_stamp_is_bought_at_its_face_value_and_its_register_is_loaded_and_stamped_out() {
    let mut scene = post_office("USD 11.02");
    let bought = stamp(&scene, "EUR 0.95");
    let id = bought.stamp.id;
    let answer = scene.check(
        bought,
        "
        purchase
        Dr vault:b USD 1.02
        Cr fx:USD USD 1.02
        Dr fx:EUR EUR 0.95
        Cr merchant:m:EUR EUR 0.94
        Cr income:fee:EUR EUR 0.01
        ",
    );
    assert_eq!(answer, Answer::StampBought { stamp: id });
    let Stamp { record, state } = row(&scene, id);
    assert_eq!(state, StampState::Issuing);
    assert_eq!(
        (record.vendor_number, record.key_id, record.piece, record.item_serial),
        (7, 3, 1, 0)
    );
    assert_eq!((record.ascending, record.descending), (95_000, 0));
    assert_eq!((record.account, record.item), (buyer("b"), scene.item(0)));
    let second = stamp(&scene, "EUR 1.10");
    scene.done(second);
    let (_, vendor) = scene.books.vendors().next().unwrap();
    let register = Register { pieces: 2, ascending: 205_000, descending: 0, loaded: 205_000 };
    assert_eq!(vendor.registers, [(currency("EUR"), register)].into());
    assert_eq!(vendor.items, 2);
}

#[test]
fn a_stamp_that_cannot_be_paid_takes_no_piece() {
    let mut scene = post_office("USD 1.01");
    let bought = stamp(&scene, "EUR 0.95");
    scene.refused(bought, "insufficient-funds");
    scene.hold("b", "USD 2.00");
    let bought = stamp(&scene, "EUR 0.95");
    let id = bought.stamp.id;
    scene.done(bought);
    assert_eq!(row(&scene, id).record.piece, 1);
}

#[test]
fn only_who_has_registers_sells_stamps() {
    let mut scene = Scene::with_vault("USD 10.00");
    let bought = stamp(&scene, "EUR 0.95");
    scene.broken(bought);
}

#[test]
fn a_stamp_is_issued_once_or_its_money_comes_back_and_the_first_outcome_holds() {
    let mut scene = post_office("USD 11.02");
    let bought = stamp(&scene, "EUR 0.95");
    let id = bought.stamp.id;
    scene.done(bought);
    let failed = fail(&scene, id);
    scene.check(
        failed,
        "
        reversal
        Cr vault:b USD 1.02
        Dr fx:USD USD 1.02
        Cr fx:EUR EUR 0.95
        Dr merchant:m:EUR EUR 0.94
        Dr income:fee:EUR EUR 0.01
        ",
    );
    assert_eq!((row(&scene, id).status(), scene.vault("b")), ("void", "USD 11.02".to_owned()));
    assert_eq!(scene.vault_row("b").refund_count, 0, "no refund that the buyer took");
    assert_eq!(told(&scene), ["refund.made"]);
    let before = scene.state();
    let late = [
        Command::IssueStamp(Box::new(issue(&scene, id))),
        Command::FailStamp(Box::new(fail(&scene, id))),
    ];
    for late in late {
        assert_eq!(scene.done(late), Answer::StampSettled { stamp: id });
    }
    assert_eq!(scene.state(), before, "nothing happens twice");
    let (mut scene, id) = issued();
    let before = scene.state();
    let late = fail(&scene, id);
    scene.done(late);
    assert_eq!(scene.state(), before, "an issued stamp does not fail");
}

#[test]
fn of_many_scans_the_first_is_valid_and_all_others_hear_of_it() {
    let (mut scene, id) = issued();
    let first = Some(Seen { at: scene.at, place: Some("Leipzig".to_owned()) });
    let one = scan(&scene, id);
    let seen = Answer::StampScanned { stamp: id, verdict: Verdict::Valid, first: first.clone() };
    assert_eq!(scene.done(one), seen);
    scene.wait_days(1);
    let duplicate = Answer::StampScanned { stamp: id, verdict: Verdict::Duplicate, first };
    for _ in 0..3 {
        let other = scan(&scene, id);
        assert_eq!(scene.done(other), duplicate);
    }
    assert_eq!(told(&scene), ["stamp.issued", "stamp.scanned"]);
    assert_eq!(scene.books.writes().scans.len(), 4);
    let stamp = row(&scene, id);
    assert_eq!(stamp.status(), "used");
}

#[test]
fn a_copy_with_the_same_time_and_place_is_a_duplicate() {
    let (mut scene, id) = issued();
    let at = scene.at;
    scene.wait_days(3);
    let late = ScanStamp { scanned_at: Some(at), ..scan(&scene, id) };
    scene.done(late.clone());
    let again = ScanStamp { id: ScanId::from_random(scene.id()), ..late };
    let Answer::StampScanned { verdict, first, .. } = scene.done(again) else { panic!() };
    let seen = Seen { at, place: Some("Leipzig".to_owned()) };
    assert_eq!((verdict, first), (Verdict::Duplicate, Some(seen)), "its scanner knows its own");
    assert_eq!(scene.books.writes().scans.len(), 2);
    assert_eq!(told(&scene), ["stamp.issued", "stamp.scanned"]);
}

#[test]
fn a_stamp_expires_behind_its_last_day_wherever_the_scanner_was() {
    let (mut scene, id) = issued();
    let on_the_way = scene.at;
    scene.wait_days(29);
    let stamp = row(&scene, id);
    assert_eq!(stamp.verdict(scene.at).unwrap().0, Verdict::Valid, "the last day");
    scene.wait_days(1);
    let late = scan(&scene, id);
    let Answer::StampScanned { verdict, .. } = scene.done(late) else { panic!() };
    assert_eq!(verdict, Verdict::Expired);
    let in_time = ScanStamp { scanned_at: Some(on_the_way), ..scan(&scene, id) };
    let Answer::StampScanned { verdict, .. } = scene.done(in_time) else { panic!() };
    assert_eq!(verdict, Verdict::Valid, "heard of late");
}

#[test]
fn a_void_is_a_refund_of_the_item() {
    let (mut scene, id) = issued();
    let void = void(&scene, id, 0);
    let refund = void.refund.id;
    let answer = scene.check(
        void,
        "
        refund
        Cr vault:b USD 1.02
        Dr fx:USD USD 1.02
        Cr fx:EUR EUR 0.95
        Dr merchant:m:EUR EUR 0.94
        Dr income:fee:EUR EUR 0.01
        memo: Dr refund-control USD 1.02
        memo: Cr refund:b USD 1.02
        ",
    );
    let credited = Some((refund, money("USD 1.02")));
    assert_eq!(answer, Answer::StampVoided { stamp: id, credited, due_at: None });
    assert_eq!((row(&scene, id).status(), scene.vault_row("b").refund_count), ("void", 1));
    let scanned = scan(&scene, id);
    let Answer::StampScanned { verdict, .. } = scene.done(scanned) else { panic!() };
    assert_eq!(verdict, Verdict::Void);
    let again = self::void(&scene, id, 0);
    scene.refused(again, "already-refunded");
}

#[test]
fn a_used_stamp_goes_back_in_no_way() {
    let (mut scene, id) = issued();
    let used = scan(&scene, id);
    scene.done(used);
    let asked = void(&scene, id, 0);
    scene.refused(asked.refund.clone(), "stamp-already-scanned");
    scene.refused(asked, "stamp-already-scanned");
    let mut gift = goodwill(&scene, "b", "m", scene.item(0));
    gift.stamp = back(&scene, id, 0);
    scene.refused(gift, "stamp-already-scanned");
}

#[test]
fn a_refund_or_a_gift_of_the_item_voids_the_stamp() {
    let (mut scene, id) = issued();
    let asked = void(&scene, id, 0).refund;
    scene.done(asked);
    assert_eq!((row(&scene, id).status(), scene.vault("b")), ("void", "USD 11.02".to_owned()));
    let (mut scene, id) = issued();
    let mut gift = goodwill(&scene, "b", "m", scene.item(0));
    gift.stamp = back(&scene, id, 9);
    scene.done(gift);
    assert_eq!((row(&scene, id).status(), scene.vault("b")), ("void", "USD 11.02".to_owned()));
    assert_eq!(told(&scene), ["stamp.issued", "refund.made", "stamp.voided"]);
}

#[test]
fn a_stamp_that_is_being_issued_is_settled_before_it_goes_back() {
    let mut scene = post_office("USD 11.02");
    let bought = stamp(&scene, "EUR 0.95");
    let id = bought.stamp.id;
    scene.done(bought);
    let asked = void(&scene, id, 0);
    let early = scene.prepared(asked.refund.clone());
    scene.stale(&early);
    let early = scene.prepared(asked);
    scene.stale(&early);
    let early = scan(&scene, id);
    scene.refused(early, "not-found");
}

#[test]
fn a_vendor_may_hold_the_money_back_and_a_scan_cancels_the_void() {
    let (mut scene, id) = issued();
    let asked = void(&scene, id, 7);
    scene.refused(asked.refund.clone(), "stamp-held");
    let due_at = crate::scene::after_days(scene.at, 7);
    let pending = Answer::StampVoided { stamp: id, credited: None, due_at: Some(due_at) };
    assert_eq!(scene.check(asked, ""), pending);
    assert_eq!(
        (row(&scene, id).status(), scene.vault("b")),
        ("void-pending", "USD 10.00".to_owned())
    );
    scene.wait_days(6);
    let again = void(&scene, id, 7);
    assert_eq!(scene.check(again, ""), pending, "not due later");
    let early = due(&scene, id, 7);
    scene.check(early, "");
    let mut other = scene.clone();
    scene.wait_days(1);
    let due = self::due(&scene, id, 7);
    scene.done(due);
    assert_eq!((row(&scene, id).status(), scene.vault("b")), ("void", "USD 11.02".to_owned()));
    assert_eq!(told(&scene).last(), Some(&"stamp.voided"));
    let used = scan(&other, id);
    let Answer::StampScanned { verdict, .. } = other.done(used) else { panic!() };
    assert_eq!(verdict, Verdict::Valid);
    other.wait_days(1);
    let due = self::due(&other, id, 7);
    other.check(due, "");
    assert_eq!((row(&other, id).status(), other.vault("b")), ("used", "USD 10.00".to_owned()));
}

/// Another stamp of EUR 0.95.
fn another(scene: &mut Scene) -> StampId {
    let bought = stamp(scene, "EUR 0.95");
    let id = bought.stamp.id;
    scene.done(bought);
    let issue = issue(scene, id);
    scene.done(issue);
    id
}

#[test]
fn a_promised_void_has_its_place_among_the_refunds() {
    let (mut scene, one) = issued();
    let [two, three] = [(); 2].map(|()| another(&mut scene));
    scene.policy.max_count = 2;
    for id in [one, two, one] {
        let asked = void(&scene, id, 20);
        scene.check(asked, "");
    }
    let over = void(&scene, three, 20);
    scene.refused(over, "refund-limit-exceeded");
    let now = void(&scene, three, 0).refund;
    scene.refused(now, "refund-limit-exceeded");
    let used = scan(&scene, two);
    scene.done(used);
    let asked = void(&scene, three, 20);
    scene.check(asked, "");
}

#[test]
fn a_promised_void_is_paid_whatever_the_rules_say_by_then() {
    let (mut scene, id) = issued();
    let asked = void(&scene, id, 300);
    scene.done(asked);
    scene.wait_days(300);
    scene.policy.max_count = 0;
    let due = self::due(&scene, id, 300);
    scene.done(due);
    assert_eq!((row(&scene, id).status(), scene.vault("b")), ("void", "USD 11.02".to_owned()));
    assert_eq!(scene.vault_row("b").refund_count, 1);
}

#[test]
fn a_promised_void_reaches_the_card_of_a_vault_that_was_closed() {
    let (mut scene, id) = issued();
    let asked = void(&scene, id, 7);
    scene.done(asked);
    let prepared = scene.prepared(self::due(&scene, id, 7));
    let erase = erase(&scene, "b");
    scene.done(erase);
    scene.wait_days(7);
    let late = Prepared { at: scene.at, ..prepared };
    assert_eq!(scene.decide_prepared(&late), Decision::Stale, "it moves to the card");
    let due = self::due(&scene, id, 7);
    scene.done(due);
    let card = Account::Card(scene.vault_row("b").compensation().unwrap());
    assert_eq!((row(&scene, id).status(), scene.balance(&card)), ("void", "USD 11.02".to_owned()));
    assert_eq!(told(&scene).last(), Some(&"stamp.voided"));
}

#[test]
fn the_money_for_a_stamp_that_failed_reaches_a_closed_vaults_card() {
    let mut scene = post_office("USD 11.02");
    let bought = stamp(&scene, "EUR 0.95");
    let id = bought.stamp.id;
    scene.done(bought);
    let prepared = scene.prepared(fail(&scene, id));
    let erase = erase(&scene, "b");
    scene.done(erase);
    assert_eq!(scene.decide_prepared(&prepared), Decision::Stale, "it moves to the card");
    let mut again = fail(&scene, id);
    again.reversal.compensation = scene.vault_row("b").compensation();
    scene.done(again);
    let card = Account::Card(scene.vault_row("b").compensation().unwrap());
    assert_eq!(scene.balance(&card), "USD 11.02");
    assert!(matches!(row(&scene, id).state, StampState::Failed(_)));
}
