//! What a shop is not told of yet is in none of its lists and sums.

use purser_core::{money::Money, period::Month, record::EventRecord};
use purser_store::read::{statement::statements, turnover::turnover_by_day, waiting::waiting};

use super::*;
use crate::databases::block_on;

const LATER_MS: i64 = 60_000;
/// Beyond what any shop waits for.
const NEVER_MS: i64 = 86_400_000;

/// The bits of an id whose time is so many milliseconds from now.
fn bits_in(ms: i64, n: u128) -> u128 {
    let ms = u128::try_from(Timestamp::now().as_millisecond() + ms).unwrap();
    (ms << 80) | n
}

/// A purchase of which one shop is told at another time.
fn told_in(ms: i64, n: u64, shop: MerchantId) -> Purchase {
    let mut purchase = purchase(n, at(1), &[BOOKS, SHOES]);
    for (item, event) in purchase.items.iter_mut().zip(&mut purchase.events) {
        if item.merchant == shop {
            item.id = ItemId::from_random(bits_in(ms, n.into()));
            event.id = EventId::from_random(bits_in(ms, n.into()));
        }
    }
    purchase
}

/// How many sales, events, sums of balances, days and lines of statements a merchant sees.
fn seen(database: &mut Database, shop: MerchantId) -> [usize; 5] {
    while block_on(database.store.place_events()).unwrap() > 0 {}
    let conn = &mut database.conn;
    let sales = sales_page(conn, shop, &page(None, 10)).unwrap().rows.len();
    let events = events_page(conn, shop, &page(None, 10)).unwrap().rows.len();
    let owed = merchant_balances(conn, shop).unwrap();
    let owed = owed.iter().filter(|balance| !balance.is_zero()).count();
    let days = turnover_by_day(conn, shop, (at(0), at(9))).unwrap().len();
    let months = statements(conn, shop, Month::at(at(0)), 10).unwrap().unwrap();
    [sales, events, owed, days, months.iter().map(|month| month.lines.len()).sum()]
}

#[test]
fn a_shop_that_is_told_later_sees_nothing_until_then_and_the_other_all_of_it() {
    on_both(|database| {
        buyer(database);
        let bought = told_in(LATER_MS, 1, SHOES);
        buy(database, &bought);
        assert_eq!(seen(database, BOOKS), [1; 5]);
        assert_eq!(seen(database, SHOES), [0; 5]);
        assert_eq!(waiting(&mut database.conn, at(3)).unwrap().events, 0, "nothing is late");
        // Who shows the name of an item was told of it.
        let item = bought.items[1].id;
        assert!(sale_get(&mut database.conn, SHOES, item).unwrap().is_some());
        // What goes back before its shop is told leaves no trace either.
        give_back(database, item, LATER_MS + 1);
        assert_eq!(seen(database, SHOES), [0; 5]);
    });
}

/// Refunds an item whose shop is told of that so many milliseconds from now.
fn give_back(database: &mut Database, item: ItemId, told_ms: i64) {
    let id = RefundId::from_random(bits_in(told_ms, 1));
    let back = Refund { id, item: Some(item), ..refund(1, 0) };
    assert!(submit(database, at(2), Command::Refund(Box::new(back))).is_ok());
}

#[test]
fn a_sale_that_was_told_of_has_not_gone_back_until_that_is_told() {
    on_both(|database| {
        buyer(database);
        let told_of = told_in(-1, 1, SHOES);
        for purchase in [&told_of, &purchase(2, at(1), &[SHOES])] {
            buy(database, purchase);
        }
        let seen = |database: &mut Database| {
            let conn = &mut database.conn;
            let sales = sales_page(conn, SHOES, &page(None, 10)).unwrap().rows;
            let item = sale_get(conn, SHOES, told_of.items[1].id).unwrap().unwrap();
            let month = statements(conn, SHOES, Month::at(at(0)), 10).unwrap().unwrap();
            let later = statements(conn, SHOES, Month::at(at(40 * 86_400)), 10).unwrap().unwrap();
            let closing = (month[0].closing, later[0].opening);
            let days = turnover_by_day(conn, SHOES, (at(0), at(9))).unwrap();
            let is_back = sales.iter().any(|sale| sale.refund.is_some());
            assert_eq!(item.refund, None);
            let lines = month[0].lines.len();
            (is_back, merchant_balances(conn, SHOES).unwrap(), lines, closing, days)
        };
        let before = seen(database);
        give_back(database, told_of.items[1].id, LATER_MS);
        assert_eq!(seen(database), before);
        // And of another it is told.
        let back = submit(database, at(2), Command::Refund(Box::new(refund(2, 20))));
        assert!(back.is_ok(), "{back:?}");
        let (is_back, owed, lines, closing, days) = seen(database);
        assert_eq!((is_back, owed), (true, vec![money("9.90 EUR")]));
        assert_eq!((lines, closing), (3, (money("9.90 EUR"), money("9.90 EUR"))));
        assert_eq!((days[0].sales, days[0].refunds), (2, 1));
    });
}

#[test]
fn what_was_bought_before_is_told_of_meanwhile() {
    on_both(|database| {
        buyer(database);
        buy(database, &purchase(1, at(1), &[SHOES]));
        buy(database, &told_in(LATER_MS, 2, SHOES));
        let owed: Vec<Money> = merchant_balances(&mut database.conn, SHOES).unwrap();
        assert_eq!(owed, [money("9.90 EUR")]);
        assert_eq!(seen(database, SHOES), [1; 5]);
    });
}

#[test]
fn a_currency_that_was_never_told_of_is_not_there_and_one_that_was_stays() {
    on_both(|database| {
        buyer(database);
        buy(database, &told_in(LATER_MS, 1, SHOES));
        assert_eq!(merchant_balances(&mut database.conn, SHOES).unwrap(), []);
        buy(database, &purchase(2, at(1), &[SHOES]));
        assert!(submit(database, at(2), Command::Refund(Box::new(refund(1, 20)))).is_ok());
        assert_eq!(merchant_balances(&mut database.conn, SHOES).unwrap(), [money("0.00 EUR")]);
    });
}

#[test]
fn a_clock_that_was_wrong_hides_nothing() {
    on_both(|database| {
        buyer(database);
        buy(database, &told_in(NEVER_MS, 1, SHOES));
        assert_eq!(seen(database, SHOES), [1; 5]);
    });
}

#[test]
fn an_event_that_waits_holds_up_none_behind_it() {
    on_both(|database| {
        buyer(database);
        buy(database, &told_in(LATER_MS, 1, SHOES));
        let event = EventRecord {
            id: EventId::from_random(bits_in(NEVER_MS, 7)),
            merchant: BOOKS,
            kind: "merchant.updated",
            at: at(2),
            data: "{}".into(),
        };
        purser_store::event_insert(&mut database.conn, &event).unwrap();
        assert_eq!(seen(database, BOOKS)[1], 2);
        assert_eq!(seen(database, SHOES)[1], 0);
    });
}
