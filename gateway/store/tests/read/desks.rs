//! What merchants and operators look at on their desks.

use diesel::connection::SimpleConnection;
use purser_core::{
    command::Command,
    ids::{EventId, TradeId},
    record::{EventRecord, TradeRecord},
};
use purser_store::{
    event_insert,
    read::{event::events_page, trade::trade_list, turnover::*, waiting::*},
};

use crate::{
    BOOKS, SHOES, at, buy, buyer,
    databases::{block_on, on_both},
    money, page, purchase, refund, submit,
};

const DAY_S: i64 = 86_400;

#[test]
fn a_merchants_days_are_its_own_and_what_goes_back_counts_on_the_day_it_does() {
    on_both(|database| {
        buyer(database);
        buy(database, &purchase(1, at(1), &[BOOKS, SHOES]));
        buy(database, &purchase(2, at(2), &[BOOKS]));
        buy(database, &purchase(3, at(DAY_S), &[BOOKS]));
        assert!(submit(database, at(DAY_S + 1), Command::Refund(Box::new(refund(1, 10)))).is_ok());
        let day = |day: &str, sales, gross, taxes, (refunds, refunded)| DayTurnover {
            day: day.parse().unwrap(),
            currency: money("0 EUR").currency(),
            sales,
            gross: money(gross),
            taxes: money(taxes),
            refunds,
            refunded: money(refunded),
        };
        let first = day("2024-06-28", 2, "23.80 EUR", "3.80 EUR", (0, "0.00 EUR"));
        let second = day("2024-06-29", 1, "11.90 EUR", "0.00 EUR", (1, "11.90 EUR"));
        let conn = &mut database.conn;
        let of = |conn: &mut _, merchant, from, until| {
            turnover_by_day(conn, merchant, (at(from), at(until))).unwrap()
        };
        assert_eq!(of(conn, BOOKS, 0, 2 * DAY_S), [first.clone(), second.clone()]);
        assert_eq!(of(conn, BOOKS, 0, DAY_S), [first], "the end is left out");
        assert_eq!(of(conn, BOOKS, DAY_S, 2 * DAY_S), [second], "the beginning is not");
        assert_eq!(of(conn, BOOKS, 2, 3)[0].sales, 1);
        assert_eq!(of(conn, SHOES, 0, 2 * DAY_S)[0].sales, 1);
    });
}

#[test]
fn what_waits_is_counted_and_an_event_of_no_command_is_told_like_any_other() {
    on_both(|database| {
        buyer(database);
        buy(database, &purchase(1, at(1), &[BOOKS]));
        let told = EventRecord {
            id: EventId::from_random(900),
            merchant: BOOKS,
            kind: "merchant.updated",
            at: at(2),
            data: r#"{"name":"Bücher"}"#.into(),
        };
        event_insert(&mut database.conn, &told).unwrap();
        let before = waiting(&mut database.conn, at(3)).unwrap();
        let nothing = Waiting {
            entries: 1,
            events: 0,
            deliveries: 0,
            deliveries_due: 0,
            stamps: 0,
            stamps_due: 0,
        };
        assert_eq!(before, Waiting { events: 2, ..nothing });
        assert_eq!(block_on(database.store.place_events()).unwrap(), 2);
        assert_eq!(waiting(&mut database.conn, at(3)).unwrap(), nothing);
        let events = events_page(&mut database.conn, BOOKS, &page(None, 10)).unwrap().rows;
        let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["merchant.updated", "purchase.paid"]);
        assert_eq!((events[0].id, events[0].data.as_str()), (told.id, told.data.as_str()));
    });
}

#[test]
fn trades_are_listed_newest_first() {
    on_both(|database| {
        let trade = |n: u128, second| TradeRecord {
            id: TradeId::from_random(n),
            at: at(second),
            sold: money("25.00 EUR"),
            bought: money("26.70 USD"),
        };
        let (older, newer) = (trade(2, 1), trade(1, 2));
        for TradeRecord { id, at, .. } in [&newer, &older] {
            let at = at.as_microsecond();
            let row = format!("INSERT INTO trade VALUES ('{id}', {at}, 2500, 'EUR', 2670, 'USD')");
            database.conn.batch_execute(&row).unwrap();
        }
        assert_eq!(trade_list(&mut database.conn, 9).unwrap(), [newer.clone(), older]);
        assert_eq!(trade_list(&mut database.conn, 1).unwrap(), [newer]);
    });
}
