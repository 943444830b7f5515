//! Many at once.

use super::*;
use crate::{on_both_databases, support::at_once};

on_both_databases! {
    fn of_a_hundred_scans_at_once_exactly_one_is_valid(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        let stamp = post.sell_to(&buyer);
        let (client, shown) = (post.client.clone(), stamp.clone());
        let answers = at_once(100, move |_| scan(&client, &shown));
        let of = |status: &str| answers.iter().filter(|answer| answer["status"] == status).count();
        assert_eq!((of("valid"), of("duplicate")), (1, 99));
        let first = answers.iter().find(|answer| answer["status"] == "valid").unwrap();
        assert!(answers.iter().all(|answer| answer["first_scanned_at"] == first["first_scanned_at"]));
        assert_eq!(post.events(world), ["purchase.paid", "stamp.issued", "stamp.scanned"]);
        world.check();
    }

    fn of_copies_in_one_tray_exactly_one_is_valid(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        let stamp = post.sell_to(&buyer);
        let copy = json!({ "indicium": text(&stamp, "/indicium"), "scan": true, "scanned_at": "2024-06-28T12:00:00Z", "place": "Leipzig" });
        let client = post.client.clone();
        let answers = at_once(20, move |_| client.post("/v1/stamps/verify", None, &copy).ok(200));
        let of = |status: &str| answers.iter().filter(|answer| answer["status"] == status).count();
        assert_eq!((of("valid"), of("duplicate")), (1, 19));
        world.check();
    }

    fn fifty_stamps_bought_at_once_are_numbered_from_1_to_50(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("100.00"));
        let letter = post.letter();
        let answers = at_once(50, move |_| buy(&buyer, &letter).ok(201));
        let mut pieces: Vec<u64> = answers.iter().map(|stamp| stamp["piece"].as_u64().unwrap()).collect();
        pieces.sort_unstable();
        assert_eq!(pieces, (1..=50).collect::<Vec<_>>());
        let mut serials: Vec<String> = answers.iter().map(|stamp| text(stamp, "/serial")).collect();
        serials.sort();
        serials.dedup();
        assert_eq!(serials.len(), 50, "every stamp has its own serial");
        world.check();
    }

    fn fifty_retries_of_one_purchase_make_one_stamp(world: &World) {
        let (post, buyer, key) = (vendor(world, 0), world.buyer_with("100.00"), new_key());
        let (letter, client) = (post.letter(), buyer.client.clone());
        let answers = at_once(50, move |_| client.post("/v1/stamps", Some(&key), &letter).ok(201));
        assert!(answers.iter().all(|stamp| stamp == &answers[0]));
        assert_eq!((buyer.balance(), answers[0]["piece"].clone()), ("99.22".to_owned(), json!(1)));
        assert_eq!(post.events(world), ["purchase.paid", "stamp.issued"]);
        world.check();
    }

    fn a_stamp_is_used_or_goes_back_and_never_both(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("100.00"));
        world.operator.put("/v1/policies/refunds", &json!({
            "max_count": 100, "max_total": { "amount": "500.00", "currency": "USD" }, "window_days": 14, "period_days": 90,
        })).ok(200);
        for round in 0..10 {
            let stamp = post.sell_to(&buyer);
            let (client, payer, shown) = (post.client.clone(), buyer.clone(), stamp.clone());
            let answers = at_once(3, move |n| match n {
                0 => scan(&client, &shown)["status"] == "valid",
                1 => void(&payer, &shown).status == 200,
                _ => payer.refund(&text(&shown, "/item")).status == 201,
            });
            assert_eq!(answers.iter().filter(|done| **done).count(), 1, "round {round}: {answers:?}");
            let used = status(&buyer, &stamp) == "used";
            assert_eq!(used, answers[0]);
        }
        world.check();
    }
}
