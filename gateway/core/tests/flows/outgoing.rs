//! Money that leaves: the tables of the design for payouts and remittances, and that nothing leaves twice.

use std::collections::BTreeSet;

use purser_core::{
    account::{Account, Authority, Taxpayer},
    command::{Command, Decision},
    ids::{EntryId, EventId, PayoutId, RemittanceId},
    liability::{Activity, Lines, TaxAccount},
    money::Money,
    outgoing::{Outgoing, Settle, Settled},
    payout::Payout,
    period::Period,
    record::{EventRecord, EvidenceRecord, FilingRecord, ItemRecord, RemittanceRecord},
    remittance::{Remit, payable},
};

use crate::{
    make::{Ask, inclusive, offer, purchase},
    scene::{Scene, currency, merchant, money, time},
};

impl Ask for Remit {
    fn command(self) -> Command {
        Command::Remit(Box::new(self))
    }
}

impl Ask for Payout {
    fn command(self) -> Command {
        Command::Payout(Box::new(self))
    }
}

impl Ask for Settle {
    fn command(self) -> Command {
        Command::Settle(Box::new(self))
    }
}

fn tax_account() -> TaxAccount {
    TaxAccount {
        taxpayer: Taxpayer::Merchant(merchant("m")),
        authority: Authority::parse("DE").unwrap(),
        currency: currency("EUR"),
    }
}

/// Books in which `m` sold for EUR 20.00 and German VAT of 3.80, as they are found under lock.
fn sold() -> (Scene, Vec<ItemRecord>) {
    let mut scene = Scene::with_vault("USD 100.00");
    let bought = purchase(&scene, "b", &[offer("m", "EUR 10.00"), offer("m", "EUR 10.00")]);
    scene.done(bought);
    let items = scene.books.writes().items.clone();
    let eur = currency("EUR");
    for account in [
        tax_account().account(),
        Account::Merchant(merchant("m"), eur),
        Account::ClearingPayout(eur),
        Account::ClearingRemittance(eur),
    ] {
        // What was sold in this turn is added to what was found.
        scene.books.load_taken_from(account, Money::zero(eur));
    }
    scene.books.load_tax_account(tax_account().account(), 0);
    scene.float("EUR 50.00");
    (scene, items)
}

fn lines(items: &[ItemRecord]) -> Lines {
    let mut activity = Activity::default();
    items.iter().for_each(|item| activity.sold(item).unwrap());
    activity.of(&tax_account())
}

fn remit(scene: &Scene, lines: Lines, number: i64, carried: Money) -> Remit {
    let id = RemittanceId::from_random(scene.id());
    let period: Period = "2024-06".parse().unwrap();
    let (base, tax) = lines.totals(currency("EUR")).unwrap();
    let evidence = EvidenceRecord::new(
        [7; 32],
        "48".into(),
        "tax.file-return".into(),
        "{}".into(),
        "{}".into(),
        1,
    );
    let record = RemittanceRecord {
        id,
        at: scene.at,
        account: tax_account(),
        period,
        number,
        position: 1,
        months: period.months(),
        counted: vec![],
        lines,
        base,
        tax,
        carried,
        paid: payable(tax, carried).unwrap(),
        evidence: evidence.id,
    };
    let filing = FilingRecord::new(id, "text/csv".into(), "return.csv".into(), b"3,80".to_vec());
    let (may_lack, entry) = (Money::zero(currency("EUR")), EntryId::from_random(scene.id()));
    Remit { record, filing, evidence, may_lack, entry }
}

fn settle(scene: &Scene, of: Outgoing, from: Account, amount: &str, settled: Settled) -> Settle {
    let event = EventRecord {
        id: EventId::from_random(scene.id()),
        merchant: merchant("m"),
        kind: "payout.sent",
        at: scene.at,
        data: "{}".to_owned(),
    };
    Settle {
        of,
        from,
        amount: money(amount),
        settled,
        entry: EntryId::from_random(scene.id()),
        event: Some(event),
    }
}

fn payout(scene: &Scene) -> Payout {
    Payout {
        id: PayoutId::from_random(scene.id()),
        merchant: merchant("m"),
        told: money("EUR 1000.00"),
        untold: zero(),
        entry: EntryId::from_random(scene.id()),
    }
}

fn zero() -> Money {
    Money::zero(currency("EUR"))
}

#[test]
fn tax_is_set_apart_and_paid() {
    let (mut scene, items) = sold();
    let remit = remit(&scene, lines(&items), 0, zero());
    let of = Outgoing::Remittance(remit.record.id);
    scene.check(remit, "remittance\nDr tax:m:DE:EUR EUR 3.80\nCr clearing:remittance:EUR EUR 3.80");
    let confirm = settle(&scene, of, tax_account().account(), "EUR 3.80", Settled::Confirmed);
    scene.check(
        confirm.clone(),
        "remittance-confirmed\nDr clearing:remittance:EUR EUR 3.80\nCr float:EUR EUR 3.80",
    );
    scene.check(confirm.clone(), "");
    scene.refused(Settle { settled: Settled::Failed, ..confirm }, "already-settled");
}

#[test]
fn tax_that_did_not_arrive_is_owed_again() {
    let (mut scene, items) = sold();
    let first = remit(&scene, lines(&items), 0, zero());
    let of = Outgoing::Remittance(first.record.id);
    scene.done(first);
    let fail = settle(&scene, of, tax_account().account(), "EUR 3.80", Settled::Failed);
    scene.check(
        fail,
        "remittance-failed\nDr clearing:remittance:EUR EUR 3.80\nCr tax:m:DE:EUR EUR 3.80",
    );
    scene.done(remit(&scene, lines(&items), 2, zero()));
}

#[test]
fn what_was_counted_before_another_remittance_is_counted_again() {
    let (mut scene, items) = sold();
    let (one, other) =
        (remit(&scene, lines(&items), 0, zero()), remit(&scene, lines(&items), 0, zero()));
    scene.done(one);
    let other = scene.prepared(other);
    scene.stale(&other);
}

#[test]
fn more_than_the_account_held_when_it_was_counted_is_not_taken() {
    let (mut scene, items) = sold();
    let account = tax_account().account();
    scene.books.load_taken_from(account.clone(), money("EUR 1.00").negated().unwrap());
    let prepared = scene.prepared(remit(&scene, lines(&items), 0, zero()));
    scene.stale(&prepared);
    // A refund of a later period took EUR 1.00 before: its own return takes that back.
    let later = Remit { may_lack: money("EUR 1.00"), ..remit(&scene, lines(&items), 0, zero()) };
    scene.check(later, "remittance\nDr tax:m:DE:EUR EUR 3.80\nCr clearing:remittance:EUR EUR 3.80");
}

#[test]
fn a_return_that_leaves_nothing_to_pay_moves_nothing() {
    let (mut scene, items) = sold();
    let mut activity = Activity::default();
    activity.went_back(&items[0], time("2024-07-01T00:00:00Z")).unwrap();
    let back = remit(&scene, activity.of(&tax_account()), 0, zero());
    assert_eq!((back.record.tax.minor(), back.record.paid.minor()), (-190, 0));
    let (of, left) = (Outgoing::Remittance(back.record.id), back.record.tax);
    scene.check(back, "");
    scene.check(settle(&scene, of, tax_account().account(), "EUR 0", Settled::Confirmed), "");
    // What it left is taken off what is paid next.
    scene.check(
        remit(&scene, lines(&items), 2, left),
        "remittance\nDr tax:m:DE:EUR EUR 1.90\nCr clearing:remittance:EUR EUR 1.90",
    );
}

#[test]
fn a_merchant_is_paid_all_that_it_is_owed_and_never_more() {
    let (mut scene, _) = sold();
    let first = payout(&scene);
    let of = Outgoing::Payout(first.id);
    scene.check(first, "payout\nDr merchant:m:EUR EUR 19.80\nCr clearing:payout:EUR EUR 19.80");
    assert_eq!(scene.books.writes().payouts[0].amount, money("EUR 19.80"));
    scene.refused(payout(&scene), "insufficient-funds");
    let from = || Account::Merchant(merchant("m"), currency("EUR"));
    scene.check(
        settle(&scene, of, from(), "EUR 19.80", Settled::Failed),
        "payout-failed\nDr clearing:payout:EUR EUR 19.80\nCr merchant:m:EUR EUR 19.80",
    );
    assert_eq!(scene.books.writes().events.last().unwrap().kind, "payout.sent");
    let again = payout(&scene);
    let of = Outgoing::Payout(again.id);
    scene.done(again);
    scene.check(
        settle(&scene, of, from(), "EUR 19.80", Settled::Confirmed),
        "payout-confirmed\nDr clearing:payout:EUR EUR 19.80\nCr float:EUR EUR 19.80",
    );
}

#[test]
fn a_merchant_is_not_paid_what_it_is_not_told_of() {
    let (mut scene, _) = sold();
    let told = |scene: &Scene, told: &str| Payout { told: money(told), ..payout(scene) };
    scene.refused(told(&scene, "EUR 0.00"), "insufficient-funds");
    scene.check(
        told(&scene, "EUR 9.90"),
        "payout\nDr merchant:m:EUR EUR 9.90\nCr clearing:payout:EUR EUR 9.90",
    );
    assert_eq!(scene.books.writes().payouts[0].amount, money("EUR 9.90"));
    // Another that was prepared at the same moment finds what the first left.
    let second = Payout { untold: money("EUR 5.00"), ..told(&scene, "EUR 9.90") };
    scene.done(second);
    assert_eq!(scene.books.writes().payouts[1].amount, money("EUR 4.90"));
    let third = Payout { untold: money("EUR 5.00"), ..told(&scene, "EUR 9.90") };
    scene.refused(third, "insufficient-funds");
}

#[test]
fn only_real_money_is_paid() {
    let (mut scene, _) = sold();
    let first = payout(&scene);
    let of = Outgoing::Payout(first.id);
    scene.done(first);
    scene.float("EUR 19.79");
    let from = Account::Merchant(merchant("m"), currency("EUR"));
    let confirm = settle(&scene, of, from, "EUR 19.80", Settled::Confirmed);
    scene.refused(confirm.clone(), "insufficient-funds");
    scene.float("EUR 19.80");
    scene.done(confirm);
}

#[test]
fn a_remittance_is_what_its_lines_say() {
    let (mut scene, items) = sold();
    let mut wrong = remit(&scene, lines(&items), 0, zero());
    wrong.record.paid = money("EUR 3.81");
    scene.broken(wrong);
    let mut wrong = remit(&scene, lines(&items), 0, zero());
    wrong.record.tax = money("EUR 3.81");
    wrong.record.paid = wrong.record.tax;
    scene.broken(wrong);
    assert!(matches!(
        scene.decide(remit(&scene, lines(&items), 0, zero())),
        Decision::Decided(Ok(_))
    ));
}

#[test]
fn a_return_has_a_row_for_each_rate_and_for_each_period_that_it_corrects() {
    let mut scene = Scene::with_vault("USD 1000.00");
    let mut sell = |at: &str, price: &str| {
        scene.at = time(at);
        let before = scene.books.writes().items.len();
        let bought = purchase(&scene, "b", &[inclusive("m", price)]);
        scene.done(bought);
        let mut item = scene.books.writes().items[before].clone();
        item.at = time(at);
        item
    };
    let (may, june) =
        (sell("2024-05-31T23:59:59Z", "EUR 11.90"), sell("2024-06-01T00:00:00Z", "EUR 23.80"));
    let (late, july) =
        (sell("2024-06-30T23:59:59Z", "EUR 1.19"), sell("2024-07-01T00:00:00Z", "EUR 119.00"));
    let mut activity = Activity::default();
    [&may, &june, &late, &july].into_iter().for_each(|item| activity.sold(item).unwrap());
    activity.went_back(&may, time("2024-06-15T00:00:00Z")).unwrap();
    activity.went_back(&late, time("2024-06-30T23:59:59.5Z")).unwrap();
    activity.went_back(&june, time("2024-07-02T00:00:00Z")).unwrap();
    let check = |period: &str, expected: &[(&str, &str, &str)]| {
        let period: Period = period.parse().unwrap();
        let months: BTreeSet<_> = period.months().into_iter().collect();
        let lines = activity.of(&tax_account()).made_in(&months);
        let rows = lines.rows(period, currency("EUR")).unwrap();
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let corrects = row.corrects.map(|period| period.to_string()).unwrap_or_default();
                (row.base.amount(), row.tax.amount(), corrects)
            })
            .collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|(base, tax, corrects)| (base.as_str(), tax.as_str(), corrects.as_str()))
            .collect();
        assert_eq!(rows, expected, "{period}");
    };
    check("2024-05", &[("10.00", "1.90", "")]);
    check("2024-06", &[("20.00", "3.80", ""), ("-10.00", "-1.90", "2024-05")]);
    check("2024-07", &[("100.00", "19.00", ""), ("-20.00", "-3.80", "2024-06")]);
    check("2024-Q2", &[("20.00", "3.80", "")]);
    check("2024-Q3", &[("100.00", "19.00", ""), ("-20.00", "-3.80", "2024-Q2")]);
    check("2024-08", &[]);
}
