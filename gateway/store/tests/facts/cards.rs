//! Cards that are printed or registered.

use diesel::connection::SimpleConnection;
use purser_core::{
    ids::{BatchId, CardId},
    money::Currency,
    place::Place,
    record::{CardKind, CardRecord, CardStatus},
    secret::KeyedHash,
};
use purser_store::{
    facts::card::*,
    read::{Page, batch::*, card::*},
};

use crate::{at, databases::on_both, hash, money};

fn card(n: u32, kind: CardKind, batch: Option<BatchId>) -> CardRecord {
    let mut code_hash = [0; 32];
    code_hash[..4].copy_from_slice(&n.to_be_bytes());
    CardRecord {
        id: CardId::from_random(n.into()),
        serial: format!("S{n}"),
        currency: Currency::parse("EUR").unwrap(),
        code_hash,
        status: CardStatus::Inactive,
        kind,
        face: money("50.00 EUR"),
        batch,
        expires_at: Some(at(1000)),
    }
}

#[test]
fn a_batch_of_thousands_is_kept_and_its_cards_follow_it() {
    on_both(|database| {
        let conn = &mut database.conn;
        let batch = NewBatch {
            id: BatchId::from_random(1),
            face: money("50.00 EUR"),
            country: Some(Place::parse("DE").unwrap()),
            expires_at: Some(at(1000)),
            created_at: at(0),
        };
        let cards: Vec<_> =
            (1..=2_500).map(|n| card(n, CardKind::Voucher, Some(batch.id))).collect();
        let mut heard = Vec::new();
        batch_insert(conn, &batch, &cards, |written| heard.push(written)).unwrap();
        assert_eq!(heard, [1_000, 2_000, 2_500]);
        let stored = batch_get(conn, batch.id).unwrap().unwrap();
        assert_eq!(stored.cards, cards.iter().map(|card| card.id).collect::<Vec<_>>());
        assert_eq!(
            (stored.face, stored.active, stored.expires_at),
            (batch.face, false, batch.expires_at)
        );
        assert_eq!(batch_get(conn, BatchId::from_random(2)).unwrap(), None);

        let same = card_find_by_serial(conn, "S8").unwrap().unwrap();
        assert_eq!(same.id, cards[7].id);
        assert_eq!(card_find_by_serial(conn, "S0").unwrap(), None);
        let code = KeyedHash::from_bytes(cards[7].code_hash);
        let found = card_find_by_code(conn, &code).unwrap().unwrap();
        assert_eq!(
            (found.id, found.status, found.kind),
            (cards[7].id, CardStatus::Inactive, CardKind::Voucher)
        );
        assert_eq!((found.left, found.country), (money("0.00 EUR"), batch.country.clone()));
        conn.batch_execute(&format!(
            "UPDATE card_batch SET active = TRUE;
             UPDATE card SET status = 'blocked' WHERE id = '{}';
             INSERT INTO ledger_account (name, currency, guarded, balance) VALUES ('card:{}', 'EUR', TRUE, 5000);",
            cards[8].id, found.id,
        ))
        .unwrap();
        let found = card_find_by_code(conn, &code).unwrap().unwrap();
        assert_eq!(
            (found.status, found.left, found.currency()),
            (CardStatus::Active, found.face, found.face.currency())
        );
        assert_eq!(card_get(conn, cards[8].id).unwrap().unwrap().status, CardStatus::Blocked);
        assert_eq!(card_find_by_code(conn, &hash(99)).unwrap(), None);
    });
}

#[test]
fn a_chip_is_registered_once() {
    on_both(|database| {
        let conn = &mut database.conn;
        let country = Place::parse("JP").unwrap();
        let foreign = Chip { smart_id: b"chip 1", file_read_key: Some(b"sealed") };
        let own = Chip { smart_id: b"chip 2", file_read_key: None };
        smart_card_insert(conn, &card(1, CardKind::Smart, None), Some(&country), foreign).unwrap();
        smart_card_insert(conn, &card(2, CardKind::Smart, None), None, own).unwrap();
        let found = card_find_by_smart_id(conn, b"chip 1").unwrap().unwrap();
        assert_eq!(
            (found.id, found.file_read_key.as_deref()),
            (CardId::from_random(1), Some(b"sealed".as_slice()))
        );
        assert_eq!(
            (found.country, found.status, found.tap_counter),
            (Some(country), CardStatus::Inactive, None)
        );
        assert_eq!(card_find_by_smart_id(conn, b"chip 3").unwrap(), None);
        let again = smart_card_insert(conn, &card(3, CardKind::Smart, None), None, own);
        assert!(again.unwrap_err().is_conflict());
    });
}

#[test]
fn a_key_of_many_chips_is_kept_once() {
    on_both(|database| {
        let conn = &mut database.conn;
        assert!(!meta_read_key_known(conn, &hash(1)).unwrap());
        meta_read_key_insert(conn, &hash(1), b"sealed").unwrap();
        assert!(meta_read_key_known(conn, &hash(1)).unwrap());
        assert!(!meta_read_key_known(conn, &hash(2)).unwrap());
        assert_eq!(meta_read_keys(conn).unwrap(), [b"sealed".to_vec()]);
        let again = meta_read_key_insert(conn, &hash(1), b"sealed again");
        assert!(again.unwrap_err().is_conflict());
    });
}

#[test]
fn batches_are_listed_newest_first_without_their_cards() {
    on_both(|database| {
        let conn = &mut database.conn;
        for n in 1..=3_u32 {
            let batch = NewBatch {
                id: BatchId::from_random(n.into()),
                face: money("50.00 EUR"),
                country: None,
                expires_at: None,
                created_at: at(i64::from(n.min(2))),
            };
            let cards = [card(n, CardKind::Voucher, Some(batch.id))];
            batch_insert(conn, &batch, &cards, |_| {}).unwrap();
        }
        let first = batches_page(conn, &Page::new(None, 2).unwrap()).unwrap();
        let bits = |rows: &[BatchSummary]| rows.iter().map(|row| row.id.bits()).collect::<Vec<_>>();
        assert_eq!(bits(&first.rows), [3, 2]);
        assert_eq!((first.rows[0].count, first.rows[0].active), (1, false));
        let rest = batches_page(conn, &Page::new(first.next, 2).unwrap()).unwrap();
        assert_eq!((bits(&rest.rows), rest.next), (vec![1], None));
        let unknown = Page::new(Some("batch_unknown".into()), 2).unwrap();
        assert_eq!(batches_page(conn, &unknown).unwrap().rows, []);
    });
}
