//! The whole life of a stamp.

use purser_core::{jws::PublicKey, stamp::keys::is_genuine};

use super::*;
use crate::on_both_databases;

on_both_databases! {
    fn a_stamp_is_quoted_bought_shown_verified_and_used(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        let asked = json!({ "vendor": post.id, "origin": "DE", "destination": "DE-80331", "weight_g": 20 });
        let quote = buyer.client.post("/v1/stamps/quotes", None, &asked).ok(200);
        let letter = &quote["data"][0];
        assert_eq!((text(letter, "/service"), text(letter, "/charged/amount")), ("letter".into(), "0.78".into()));
        assert_eq!((&letter["price"], &letter["gross"]), (&letter["charged"], &letter["charged"]));
        assert_eq!(letter["valid_days"], 365);
        assert_eq!(buyer.balance(), "10.00", "a quote moves nothing");

        let stamp = post.sell_to(&buyer);
        assert_eq!((text(&stamp, "/status"), text(&stamp, "/price/amount")), ("issued".into(), "0.78".into()));
        assert_eq!((text(&stamp, "/vendor"), text(&stamp, "/valid_until")), (post.id.clone(), "2025-06-27".into()));
        assert_eq!((indicium(&stamp).len(), &stamp["symbol"], &stamp["piece"]), (142, &json!("full"), &json!(1)));
        assert_eq!(buyer.balance(), "9.22");
        assert_eq!(now(&buyer, &stamp), stamp);
        assert_eq!(buyer.client.get("/v1/stamps").ok(200)["data"], json!([stamp]));
        let purchases = buyer.client.get("/v1/purchases").ok(200);
        let item = &purchases["data"][0]["items"][0];
        assert_eq!((&item["id"], &item["offer_id"], &item["title"]), (&stamp["item"], &stamp["id"], &json!("Letter")));
        assert_eq!(item["taxes"][0]["reason"], "exempt", "{item:#}");
        let profile = post.client.get("/v1/merchant").ok(200);
        assert_eq!(profile["balances"], json!([{ "amount": "0.78", "currency": "USD" }]));

        let public = verify(&world.anyone(), &stamp);
        let shown = json!({ "price": { "amount": "0.78", "currency": "USD" }, "issued_on": "2024-06-28", "valid_until": "2025-06-27" });
        assert_eq!(public, json!({ "status": "valid", "stamp": shown, "first_scanned_at": null }), "value and dates only");
        assert_eq!(verify(&buyer.client, &stamp), public);
        assert_eq!(verify(&post.client, &stamp)["stamp"]["id"], stamp["id"]);
        let used = scan(&post.client, &stamp);
        assert_eq!((&used["status"], &used["stamp"]["serial"]), (&json!("valid"), &stamp["serial"]));
        let other = scan(&world.operator, &stamp);
        assert_eq!(other["status"], "duplicate");
        assert_eq!((&other["first_scanned_at"], &other["first_scanned_place"]), (&used["first_scanned_at"], &json!("Leipzig")));
        let public = verify(&world.anyone(), &stamp);
        assert_eq!((&public["status"], &public["first_scanned_at"]), (&json!("duplicate"), &used["first_scanned_at"]));
        assert_eq!(public.get("first_scanned_place"), None, "where is not for everyone");
        assert_eq!(status(&buyer, &stamp), "used");
        void(&buyer, &stamp).problem(409, "stamp-already-scanned");
        buyer.refund(&text(&stamp, "/item")).problem(409, "stamp-already-scanned");
        let goodwill = format!("/v1/sales/{}/refund", text(&stamp, "/item"));
        post.client.post(&goodwill, Some(&new_key()), &json!({})).problem(409, "stamp-already-scanned");
        assert_eq!(post.events(world), ["purchase.paid", "stamp.issued", "stamp.scanned"]);
        world.check();
    }

    fn every_symbol_and_service_is_sold_signed_and_read(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("100.00"));
        for (n, (service, weight_g, destination)) in
            [("letter", 100, "US-94105"), ("card", 15, "FR"), ("regist", 400, "GB-SW1A 1AA"), ("parcel", 900, "DE")].into_iter().enumerate()
        {
            let mut wish = post.but("service", service);
            (wish["weight_g"], wish["destination"]) = (weight_g.into(), destination.into());
            let stamp = buy(&buyer, &wish).ok(201);
            assert_eq!(stamp["piece"], n + 1, "{stamp:#}");
            let s10 = stamp.get("s10").expect("there whether or not the service has one");
            assert_eq!(s10.is_string(), ["regist", "parcel"].contains(&service));
            assert!(s10.is_string() || s10.is_null(), "{stamp:#}");
            assert_eq!(stamp["symbol"] == "lite", service == "card");
            assert_eq!(verify(&world.anyone(), &stamp)["status"], "valid");
        }
        let page = buyer.client.get("/v1/stamps?limit=3").ok(200);
        let next = text(&page, "/next");
        let rest = buyer.client.get(&format!("/v1/stamps?limit=3&after={next}")).ok(200);
        assert_eq!((page["data"].as_array().unwrap().len(), rest["data"].as_array().unwrap().len()), (3, 1));
        assert_eq!(rest["data"][0]["piece"], 1, "newest first");
        world.check();
    }

    fn anyone_checks_a_stamp_with_the_published_key_and_old_keys_go_on_verifying(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        let old = post.sell_to(&buyer);
        let made = world.operator.post("/v1/stamps/keys", None, &json!({ "vendor": post.id })).ok(201);
        let new = post.sell_to(&buyer);
        let keys = world.anyone().get("/v1/stamps/keys").ok(200);
        let keys = keys["keys"].as_array().unwrap();
        assert_eq!((keys.len(), &keys[1], &keys[0]["merchant"]), (2, &made, &json!(post.id)));
        for (stamp, key) in [(&old, &keys[0]), (&new, &keys[1])] {
            let bytes = indicium(stamp);
            let (signed, signature) = bytes.split_at(78);
            let public = PublicKey::parse(&key.to_string()).unwrap();
            assert!(is_genuine(&public, signed, signature));
            let (kid, number) = (signed[6..10].try_into().unwrap(), signed[10..14].try_into().unwrap());
            assert_eq!(key["key_id"], u32::from_be_bytes(kid));
            assert_eq!(key["vendor"], u32::from_be_bytes(number));
            assert_eq!(verify(&world.anyone(), stamp)["status"], "valid");
        }
        assert_eq!(new["piece"], 2, "one series whatever the key");
        let second = vendor(world, 0);
        assert_eq!(second.sell_to(&buyer)["piece"], 1, "a series for each vendor");
        let keys = world.anyone().get("/v1/stamps/keys").ok(200);
        assert_eq!((&keys["keys"][2]["key_id"], &keys["keys"][2]["vendor"]), (&json!(3), &json!(2)));
    }

    fn a_stamp_is_printed_as_symbol_label_and_sheet(world: &World) {
        let (post, buyer, other) = (vendor(world, 0), world.buyer_with("10.00"), world.buyer());
        let (one, two) = (post.sell_to(&buyer), post.sell_to(&buyer));
        let path = |stamp: &Value, kind: &str| format!("/v1/stamps/{}.{kind}", text(stamp, "/id"));
        for (kind, media_type, magic) in [
            ("svg", "image/svg+xml", &b"<svg"[..]),
            ("png", "image/png", b"\x89PNG"),
            ("pdf", "application/pdf", b"%PDF-1."),
        ] {
            let (found, body) = buyer.client.get_file(&path(&one, kind));
            assert_eq!(found, media_type);
            assert!(body.windows(magic.len()).take(200).any(|part| part == magic), "{kind}");
            other.client.get(&path(&one, kind)).problem(404, "not-found");
            world.anyone().get(&path(&one, kind)).problem(401, "not-authenticated");
        }
        let sheet = format!("/v1/stamps/sheet.pdf?ids={},{}", text(&one, "/id"), text(&two, "/id"));
        let (found, body) = buyer.client.get_file(&format!("{sheet}&paper=letter"));
        assert!(found == "application/pdf" && body.starts_with(b"%PDF-1."));
        other.client.get(&sheet).problem(404, "not-found");
        for (query, field) in [("", "ids"), ("?ids=", "ids"), ("?ids=x&paper=a3", "paper"), ("?ids=x&more=1", "ids")] {
            let answer = buyer.client.get(&format!("/v1/stamps/sheet.pdf{query}"));
            assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{query}: {answer:?}");
        }
        void(&buyer, &one).ok(200);
        buyer.client.get(&path(&one, "png")).problem(409, "already-refunded");
        buyer.client.get(&sheet).problem(409, "already-refunded");
    }

    fn the_same_key_gets_the_same_stamp_and_another_body_is_refused(world: &World) {
        let (post, buyer, key) = (vendor(world, 0), world.buyer_with("10.00"), new_key());
        let ask = |body: &Value| buyer.client.post("/v1/stamps", Some(&key), body);
        let stamp = ask(&post.letter()).ok(201);
        scan(&post.client, &stamp);
        assert_eq!(ask(&post.letter()).ok(201), stamp, "as it was when it was bought");
        assert_eq!(buyer.balance(), "9.22");
        ask(&post.but("weight_g", 21)).problem(422, "idempotency-key-reused");
        buyer.client.post("/v1/stamps", None, &post.letter()).problem(400, "idempotency-key-missing");
        world.check();
    }

    fn scans_that_were_kept_offline_are_told_later_and_duplicates_surface(world: &World) {
        let (post, buyer) = (vendor(world, 0), world.buyer_with("10.00"));
        let (one, two) = (post.sell_to(&buyer), post.sell_to(&buyer));
        let at = "2024-06-28T12:00:01Z";
        world.advance(3 * 86_400);
        let kept = |stamp: &Value, place: &str| json!({ "indicium": text(stamp, "/indicium"), "scanned_at": at, "place": place });
        let forged = json!({ "indicium": "AAAA" });
        let batch = json!({ "scans": [kept(&one, "Halle"), kept(&two, "Halle"), kept(&one, "Jena"), forged] });
        let told = post.client.post("/v1/stamps/scans", None, &batch).ok(200);
        let statuses: Vec<String> = told["data"].as_array().unwrap().iter().map(|one| text(one, "/status")).collect();
        assert_eq!(statuses, ["valid", "valid", "duplicate", "forged"]);
        assert_eq!((&told["data"][2]["first_scanned_at"], &told["data"][2]["first_scanned_place"]), (&json!(at), &json!("Halle")));
        assert_eq!(told["data"][3]["stamp"], Value::Null);
        let again = post.client.post("/v1/stamps/scans", None, &batch).ok(200);
        let seen = |n: usize| (again["data"][n]["status"].clone(), again["data"][n]["first_scanned_at"].clone(), again["data"][n]["first_scanned_place"].clone());
        for n in 0..3 {
            assert_eq!(seen(n), (json!("duplicate"), json!(at), json!("Halle")), "a scanner that repeats itself knows its own");
        }
        let buyer = self::again(world, &buyer);
        assert_eq!(text(&now(&buyer, &one), "/first_scanned_at"), at);
        world.check();
    }

    /// A batch with a stamp of somebody else, and with a scan of a clock that was wrong.
    fn a_scan_that_is_refused_takes_no_other_with_it(world: &World) {
        let (post, rival, buyer) = (vendor(world, 0), vendor(world, 0), world.buyer_with("10.00"));
        let (one, foreign, two, three) =
            (post.sell_to(&buyer), rival.sell_to(&buyer), post.sell_to(&buyer), post.sell_to(&buyer));
        let kept = |stamp: &Value, at: &str| json!({ "indicium": text(stamp, "/indicium"), "scanned_at": at });
        let at = "2024-06-28T12:00:01Z";
        let batch = json!({ "scans": [kept(&one, at), kept(&foreign, at), kept(&two, "2020-01-01T00:00:00Z"), kept(&three, at)] });
        let told = post.client.post("/v1/stamps/scans", None, &batch).ok(200);
        let statuses: Vec<String> = told["data"].as_array().unwrap().iter().map(|one| text(one, "/status")).collect();
        assert_eq!(statuses, ["valid", "refused", "refused", "valid"]);
        let problem = |n: usize| told["data"][n]["problem"].clone();
        assert_eq!((problem(1)["status"].clone(), problem(2)["status"].clone()), (json!(403), json!(400)));
        assert_eq!(problem(2)["field"], "scans[2].scanned_at");
        let page = text(&problem(1), "/type");
        assert_eq!(page, format!("{}/problems/scope-missing", world.base), "it leads to its page");
        assert_eq!((told["data"][0].get("problem"), &told["data"][1]["stamp"]), (None, &Value::Null));
        assert_eq!((status(&buyer, &one), status(&buyer, &foreign), status(&buyer, &two)), ("used".into(), "issued".into(), "issued".into()));
        // One that cannot be read is found before any scan counts.
        let unreadable = json!({ "scans": [kept(&two, at), { "indicium": "%" }] });
        let refused = post.client.post("/v1/stamps/scans", None, &unreadable);
        refused.problem(400, "malformed-request");
        assert_eq!((&refused.body["field"], status(&buyer, &two)), (&json!("scans[1].indicium"), "issued".into()));
        world.check();
    }
}
