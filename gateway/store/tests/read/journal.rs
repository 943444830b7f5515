//! Balances, events, entries and times.

use super::*;

#[test]
fn a_merchant_is_owed_what_is_rolled_up_and_what_is_not() {
    on_both(|database| {
        buyer(database);
        buy(database, &purchase(1, at(1), &[BOOKS, SHOES]));
        buy(database, &purchase(2, at(2), &[BOOKS]));
        let rolled_up = format!(
            "INSERT INTO ledger_account (name, currency, guarded, balance)
             VALUES ('merchant:{BOOKS}:EUR', 'EUR', FALSE, 10000), ('merchant:{BOOKS}:JPY', 'JPY', FALSE, -7);"
        );
        database.conn.batch_execute(&rolled_up).unwrap();
        let yen = Money::new(-7, Currency::parse("JPY").unwrap());
        let conn = &mut database.conn;
        assert_eq!(merchant_balances(conn, BOOKS).unwrap(), [money("119.80 EUR"), yen]);
        assert_eq!(merchant_balances(conn, SHOES).unwrap(), [money("9.90 EUR")]);
        assert_eq!(merchant_balances(conn, MerchantId::from_random(3)).unwrap(), []);
    });
}

#[test]
fn events_are_read_by_their_positions() {
    on_both(|database| {
        buyer(database);
        for n in 1..=3 {
            buy(database, &purchase(n, at(n.try_into().unwrap()), &[BOOKS, SHOES]));
        }
        let conn = &mut database.conn;
        assert_eq!(
            events_page(conn, BOOKS, &page(None, 5)).unwrap().rows,
            [],
            "none has a position"
        );
        assert_eq!(event_position_last(conn, BOOKS).unwrap(), None);
        for (n, position) in [(10, 1), (11, 2), (20, 3), (30, 4)] {
            let id = EventId::from_random(n);
            conn.batch_execute(&format!(
                "INSERT INTO event_placed SELECT {position}, id, merchant FROM event WHERE id = '{id}'"
            ))
            .unwrap();
        }
        let ids =
            |events: &[StoredEvent]| events.iter().map(|event| event.id.bits()).collect::<Vec<_>>();
        let newest = events_page(conn, BOOKS, &page(None, 2)).unwrap();
        assert_eq!(ids(&newest.rows), [30, 20]);
        let rest = events_page(conn, BOOKS, &page(newest.next, 2)).unwrap();
        assert_eq!((ids(&rest.rows), rest.next), (vec![10], None));
        assert_eq!(
            (rest.rows[0].kind.as_str(), rest.rows[0].data.as_str()),
            ("purchase.paid", r#"{"n":1}"#)
        );
        assert_eq!(ids(&events_after(conn, BOOKS, 1, 1).unwrap()), [20]);
        assert_eq!(ids(&events_after(conn, BOOKS, 0, 9).unwrap()), [10, 20, 30]);
        assert_eq!(ids(&events_after(conn, SHOES, 0, 9).unwrap()), [11]);
        assert_eq!(event_position(conn, BOOKS, EventId::from_random(20)).unwrap(), Some(3));
        assert_eq!(
            event_position(conn, SHOES, EventId::from_random(20)).unwrap(),
            None,
            "another merchant's"
        );
        assert_eq!(event_position_last(conn, BOOKS).unwrap(), Some(4));
    });
}

#[test]
fn the_entries_of_a_purchase_are_its_postings() {
    on_both(|database| {
        buyer(database);
        let made = purchase(1, at(1), &[BOOKS, BOOKS]);
        buy(database, &made);
        let conn = &mut database.conn;
        let entries = entries_of(conn, &made.record.id.to_string()).unwrap();
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((entry.kind(), entry.at()), (EntryKind::Purchase, at(1)));
        let legs: Vec<_> = entry.postings().iter().map(ToString::to_string).collect();
        let expected = [
            format!("Dr vault:{BUYER} 25.48 USD"),
            "Cr fx:USD 25.48 USD".into(),
            "Dr fx:EUR 23.80 EUR".into(),
            format!("Cr merchant:{BOOKS}:EUR 19.80 EUR"),
            format!("Cr tax:{BOOKS}:DE:EUR 3.80 EUR"),
            "Cr income:fee:EUR 0.20 EUR".into(),
        ];
        assert_eq!(legs, expected);
        assert_eq!(entry_get(conn, made.entry).unwrap().as_ref(), Some(entry));
        assert_eq!(entry_get(conn, EntryId::from_random(9)).unwrap(), None);
        assert_eq!(entries_of(conn, "pur_unknown").unwrap(), []);
    });
}

#[test]
fn the_latest_time_is_that_of_the_latest_deed() {
    on_both(|database| {
        assert_eq!(time_latest(&mut database.conn).unwrap(), None);
        buyer(database);
        assert_eq!(time_latest(&mut database.conn).unwrap(), Some(at(0)));
        buy(database, &purchase(1, at(7), &[BOOKS]));
        assert_eq!(time_latest(&mut database.conn).unwrap(), Some(at(7)));
    });
}

#[test]
fn the_latest_time_is_found_though_the_machine_was_set_back() {
    on_both(|database| {
        buyer(database);
        buy(database, &purchase(2, at(7), &[BOOKS]));
        // Ids begin with the machine's time: this is the younger purchase.
        buy(database, &purchase(1, at(9), &[BOOKS]));
        assert_eq!(time_latest(&mut database.conn).unwrap(), Some(at(9)));
        let key = SigningKey::from_seed(&Secret::new([7; 32])).unwrap();
        block_on(database.store.seal(&key, at(11))).unwrap();
        assert_eq!(time_latest(&mut database.conn).unwrap(), Some(at(11)));
    });
}
