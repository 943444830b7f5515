//! Stamps that go back.

use super::*;
use crate::on_both_databases;

on_both_databases! {
    fn an_unused_stamp_is_voided_under_the_refund_rules(world: &World) {
        let (post, buyer, key) = (vendor(world, 0), world.buyer_with("10.00"), new_key());
        let (one, two) = (post.sell_to(&buyer), post.sell_to(&buyer));
        let path = format!("/v1/stamps/{}/void", text(&one, "/id"));
        let ask = || buyer.client.post(&path, Some(&key), &json!({}));
        let voided = ask().ok(200);
        assert_eq!((&voided["status"], &voided["refund"]["credited"]["amount"]), (&json!("void"), &json!("0.78")));
        assert_eq!(ask().ok(200), voided);
        assert_eq!(buyer.balance(), "9.22");
        let vault = buyer.client.get("/v1/vault").ok(200);
        assert_eq!((&vault["refund_account"]["count"], &vault["refund_account"]["total"]["amount"]), (&json!(1), &json!("0.78")));
        assert_eq!(verify(&world.anyone(), &one)["status"], "void");
        assert_eq!(scan(&post.client, &one)["status"], "void");
        void(&buyer, &one).problem(409, "already-refunded");
        assert_eq!(post.events(world), ["purchase.paid", "stamp.issued", "purchase.paid", "stamp.issued", "refund.made", "stamp.voided"]);
        buyer.client.post(&path, None, &json!({})).problem(400, "idempotency-key-missing");
        world.advance(15 * 86_400);
        let buyer = again(world, &buyer);
        void(&buyer, &two).problem(409, "refund-window-closed");
        assert_eq!(status(&buyer, &two), "issued");
        world.check();
    }

    fn a_refund_of_the_item_and_a_vendors_gift_void_the_stamp(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        let (one, two) = (post.sell_to(&buyer), post.sell_to(&buyer));
        buyer.refund(&text(&one, "/item")).ok(201);
        let goodwill = format!("/v1/sales/{}/refund", text(&two, "/item"));
        post.client.post(&goodwill, Some(&new_key()), &json!({})).ok(201);
        for stamp in [&one, &two] {
            assert_eq!(status(&buyer, stamp), "void");
            assert_eq!(verify(&world.anyone(), stamp)["status"], "void");
            void(&buyer, stamp).problem(409, "already-refunded");
        }
        assert_eq!(buyer.balance(), "10.00");
        assert_eq!(post.events(world).iter().filter(|kind| *kind == "stamp.voided").count(), 2);
        world.check();
    }

    fn a_vendor_may_hold_the_money_for_some_days_and_a_scan_cancels_the_void(world: &World) {
        let (post, buyer) = (vendor(world, 7), world.buyer_with("10.00"));
        let (one, two) = (post.sell_to(&buyer), post.sell_to(&buyer));
        let held = buyer.refund(&text(&one, "/item"));
        held.problem(409, "stamp-held");
        assert_eq!(held.body["days"], 7);
        for stamp in [&one, &two] {
            let pending = void(&buyer, stamp).ok(200);
            assert_eq!((&pending["status"], &pending["refund"]), (&json!("void-pending"), &Value::Null));
            assert_eq!(status(&buyer, stamp), "void-pending");
            assert_eq!(verify(&world.anyone(), stamp)["status"], "valid");
        }
        assert_eq!(buyer.balance(), "8.44");
        assert_eq!(scan(&post.client, &two)["status"], "valid");
        world.advance(6 * 86_400);
        settle(world);
        assert_eq!(status(&again(world, &buyer), &one), "void-pending");
        world.advance(2 * 86_400);
        settle(world);
        let buyer = again(world, &buyer);
        assert_eq!((status(&buyer, &one), status(&buyer, &two)), ("void".into(), "used".into()));
        assert_eq!(buyer.balance(), "9.22");
        assert_eq!(verify(&world.anyone(), &one)["status"], "void");
        world.check();
    }

    fn a_promised_void_takes_a_place_and_is_kept_whatever_the_rules_become(world: &World) {
        let (post, buyer) = (vendor(world, 7), world.buyer_with("20.00"));
        let stamps: Vec<Value> = (0..11).map(|_| post.sell_to(&buyer)).collect();
        for stamp in &stamps[..10] {
            assert_eq!(void(&buyer, stamp).ok(200)["status"], "void-pending");
        }
        void(&buyer, &stamps[10]).problem(409, "refund-limit-exceeded");
        assert_eq!(scan(&post.client, &stamps[9])["status"], "valid");
        world.advance(8 * 86_400);
        let buyer = again(world, &buyer);
        settle(world);
        let of = |stamp: &Value| status(&buyer, stamp);
        assert!(stamps[..9].iter().all(|stamp| of(stamp) == "void"));
        assert_eq!(buyer.balance(), "18.44");
        void(&buyer, &stamps[10]).ok(200);
        let stricter = world.operator.put("/v1/policies/refunds", &json!({
            "max_count": 1, "max_total": { "amount": "0.01", "currency": "USD" }, "window_days": 1, "period_days": 90,
        }));
        stricter.ok(200);
        world.advance(8 * 86_400);
        settle(world);
        assert_eq!(verify(&world.anyone(), &stamps[10])["status"], "void", "the rules of the day are not asked again");
        world.check();
    }
}
