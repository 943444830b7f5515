//! The proof finds whatever is changed of stamps and registers behind the gateway's back.

use std::iter;

use diesel::connection::SimpleConnection;
use purser_core::{
    command::Command,
    ids::{EventId, MerchantId, ScanId, StampId},
    record::EventRecord,
    stamp::{
        Failure, Issue, Scanner,
        buy::{BuyStamp, NewStamp},
        scan::ScanStamp,
        settle::{FailStamp, IssueStamp},
        void::{StampReturn, VoidStage, VoidStamp},
    },
};
use purser_store::{
    Connection, Store,
    facts::stamp_key::{stamp_key_insert, vendor_insert},
};

use super::{
    databases::{Database, block_on, on_both},
    proof,
    world::*,
};

/// What a vendor sold: a stamp that was used, one that was given back, one that could not be issued, one that is good.
struct Sold {
    vendor: MerchantId,
    used: StampId,
    void: StampId,
    failed: StampId,
    good: StampId,
}

fn event(vendor: MerchantId, kind: &'static str) -> EventRecord {
    let id = EventId::from_random(fresh());
    EventRecord { id, merchant: vendor, kind, at: at(0), data: "{}".into() }
}

/// Buys a stamp at so many cents, and tells its name and what it was bought with.
async fn stamp(store: &Store, vendor: MerchantId, cents: i64) -> (StampId, BuyStamp) {
    let buyer = buyer_with(store, usd(cents * 2)).await;
    let stamp = NewStamp {
        id: StampId::from_random(fresh()),
        key_id: 1,
        service: "letter".into(),
        expires_on: "2025-06-27".parse().unwrap(),
        order: "{}".into(),
    };
    let bought = BuyStamp { purchase: purchase(buyer, &[(vendor, cents)]), stamp };
    done(store, Command::BuyStamp(Box::new(bought.clone()))).await;
    (bought.stamp.id, bought)
}

async fn issued(store: &Store, vendor: MerchantId, cents: i64) -> (StampId, BuyStamp) {
    let (id, bought) = stamp(store, vendor, cents).await;
    let issue = Issue {
        indicium: id.to_string().into_bytes(),
        symbol: "full".into(),
        serial: id.to_string(),
        s10: None,
        printed: Vec::new(),
    };
    let issue =
        IssueStamp { stamp: id, issue, event: event(vendor, "stamp.issued"), evidence: Vec::new() };
    done(store, Command::IssueStamp(Box::new(issue))).await;
    (id, bought)
}

async fn sell(store: &Store) -> Sold {
    let vendor = merchant(77);
    let made = store.change_facts(move |conn| {
        vendor_insert(conn, vendor)?;
        stamp_key_insert(conn, vendor, (&[1; 32], b"secret"), at(0))
    });
    assert_eq!(made.await.unwrap(), 1);
    let (used, _) = issued(store, vendor, 95).await;
    let scan = ScanStamp {
        id: ScanId::from_random(fresh()),
        stamp: used,
        scanned_at: None,
        place: Some("Leipzig".into()),
        scanner: Scanner::Operator,
        event: event(vendor, "stamp.scanned"),
    };
    done(store, Command::ScanStamp(Box::new(scan))).await;
    let (void, bought) = issued(store, vendor, 110).await;
    let item = &bought.purchase.items[0];
    let Command::Refund(mut refund) = refund(item.account, item, policy()) else { panic!() };
    let back = StampReturn { stamp: void, void_hold_days: 0, event: event(vendor, "stamp.voided") };
    refund.stamp = Some(back);
    let asked = VoidStamp { stamp: void, refund: *refund, stage: VoidStage::Asked };
    done(store, Command::VoidStamp(Box::new(asked))).await;
    let (failed, bought) = stamp(store, vendor, 78).await;
    let Command::Goodwill(reversal) = goodwill(&bought.purchase.items[0], None) else { panic!() };
    let failure = Failure { problem: "plugin-failed".into(), detail: "it refused".into() };
    let fail = FailStamp { stamp: failed, failure, reversal: *reversal };
    done(store, Command::FailStamp(Box::new(fail))).await;
    let (good, _) = issued(store, vendor, 60).await;
    Sold { vendor, used, void, failed, good }
}

#[test]
fn stamps_that_nobody_touched_hold() {
    on_both(|database| {
        let store = database.store.clone();
        let proof = block_on(async {
            sell(&store).await;
            proof(&store).await
        });
        assert!(proof.iter().all(|check| check.ok), "{proof:#?}");
        let examined = |name: &str| proof.iter().find(|check| check.name == name).unwrap().examined;
        assert_eq!((examined("stamp-registers-agree"), examined("stamps-settled-once")), (1, 4));
    });
}

/// Sells, changes the database by `sql`, and expects that this check fails and names `row`.
fn check(sql: impl Fn(&Sold) -> String, name: &str, row: impl Fn(&Sold) -> String) {
    on_both(|database| {
        let store = database.store.clone();
        let sold = block_on(sell(&store));
        let changed = sql(&sold);
        loosen(database);
        database.conn.batch_execute(&changed).unwrap();
        let proof = block_on(proof(&store));
        let found = proof.iter().find(|check| check.name == name).unwrap();
        let detail = found.detail.clone().unwrap_or_default();
        let about = format!("{name} after {changed}: {detail:?}");
        assert!(!found.ok && detail.contains(&row(&sold)), "{about}");
    });
}

/// Takes away what forbids the changes.
fn loosen(database: &mut Database) {
    let finals = ["stamp_is_final_u", "stamp_is_final_d"].map(|trigger| (trigger, "stamp"));
    let scans = match database.conn {
        Connection::Sqlite(_) => {
            database.conn.batch_execute("PRAGMA ignore_check_constraints = ON").unwrap();
            vec!["stamp_scan_is_final_u", "stamp_scan_is_final_d"]
        }
        Connection::Postgres(_) => {
            let drop = "ALTER TABLE stamp_register DROP CONSTRAINT stamp_register_check";
            database.conn.batch_execute(drop).unwrap();
            vec!["stamp_scan_is_final"]
        }
    };
    let scans = scans.into_iter().map(|trigger| (trigger, "stamp_scan"));
    for (trigger, table) in finals.into_iter().chain(scans) {
        let on = match database.conn {
            Connection::Sqlite(_) => String::new(),
            Connection::Postgres(_) => format!(" ON {table}"),
        };
        database.conn.batch_execute(&format!("DROP TRIGGER {trigger}{on}")).unwrap();
    }
}

#[test]
fn a_register_that_was_changed_is_found() {
    let name = "stamp-registers-agree";
    let vendor = |sold: &Sold| sold.vendor.to_string();
    check(|_| "UPDATE stamp_register SET loaded = loaded + 1".into(), name, vendor);
    check(
        |_| "UPDATE stamp_register SET ascending = ascending + 1, loaded = loaded + 1".into(),
        name,
        vendor,
    );
    check(|_| "UPDATE stamp_register SET pieces = 5".into(), name, vendor);
    check(|_| "UPDATE stamp_vendor SET items = 3".into(), name, vendor);
    check(|_| "DELETE FROM stamp_register".into(), name, vendor);
    check(|sold| format!("DELETE FROM stamp WHERE id = '{}'", sold.void), name, vendor);
    check(
        |sold| format!("UPDATE stamp SET price = price + 1 WHERE id = '{}'", sold.void),
        name,
        |sold| sold.void.to_string(),
    );
    check(
        |sold| format!("UPDATE stamp SET ascending = ascending + 5 WHERE id = '{}'", sold.used),
        name,
        |sold| sold.used.to_string(),
    );
}

#[test]
fn a_stamp_that_was_changed_is_found() {
    let name = "stamps-settled-once";
    let one = |id: StampId, change: &str| format!("UPDATE stamp SET {change} WHERE id = '{id}'");
    type Of = fn(&Sold) -> StampId;
    let cases: [(Of, &str); 9] = [
        (|sold| sold.good, "item = 'item_x'"),
        (|sold| sold.good, "status = 'void'"),
        (|sold| sold.void, "status = 'issued'"),
        (|sold| sold.good, "indicium = NULL"),
        (|sold| sold.failed, "failure = NULL"),
        (|sold| sold.used, "seen_at = NULL"),
        (|sold| sold.used, "seen_at = seen_at + 1"),
        (|sold| sold.good, "status = 'used', seen_at = 5"),
        (|sold| sold.used, "status = 'issued', seen_at = NULL"),
    ];
    for (which, change) in cases {
        check(move |sold| one(which(sold), change), name, move |sold| which(sold).to_string());
    }
    check(
        |sold| format!("UPDATE stamp_scan SET stamp = 'stamp_x' WHERE stamp = '{}'", sold.used),
        name,
        |sold| sold.used.to_string(),
    );
    check(
        |sold| format!("UPDATE stamp SET vendor = 'merch_x' WHERE id = '{}'", sold.good),
        name,
        |sold| sold.good.to_string(),
    );
    let both = |sold: &Sold| {
        iter::once(one(sold.failed, "status = 'void', failure = NULL, indicium = 'x', issue = 'x'"))
            .collect::<String>()
    };
    check(both, name, |_| "failed without its reversal".to_owned());
}
