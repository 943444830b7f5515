//! Sales as they happen, goodwill refunds, statements and payouts.

use std::io::{BufRead, BufReader};

use serde_json::json;

use super::{Shop, World, titled};
use crate::{
    on_both_databases,
    support::{new_key, text},
};

on_both_databases! {
    fn sales_are_listed_and_a_refund_is_given_once(world: &World) {
        let (mut shop, buyer) = (Shop::new(world), world.buyer_with("100.00"));
        shop.browser.get("/desk/sales").ok().says("Nothing was sold yet.");
        let offer = shop.merchant.offer_of(&titled("A blue thing", "10.00", "USD"));
        let sold = buyer.buy(&[&offer]).ok(201);
        let item = text(&sold, "/items/0/id");
        let path = format!("/desk/sales/{item}");
        shop.browser.get("/desk/sales").ok().says(&path).says("A blue thing").says("$11.90");
        let page = shop.browser.get(&path).ok();
        page.says("$1.90").says("$0.10").says("Give $11.90 back");
        for absent in [text(&sold, "/id"), buyer.id.clone(), buyer.handle.clone()] {
            assert!(!page.body.contains(&absent), "the buyer is not the merchant's to know");
        }
        let refund = format!("{path}/refund");
        let (mut reader, _) = shop.with_scopes(world, &["sales:read"]);
        let other = reader.get(&path).ok();
        assert!(!other.body.contains(&refund), "this key may not refund");
        let csrf = reader.get("/desk").ok();
        assert!(!csrf.body.contains("name=\"once\""));

        // Twice the same form is one refund; another form comes too late.
        let late = shop.browser.get(&path).ok();
        for _ in 0..2 {
            shop.browser.send(&page, &refund, &[]).leads_to(&path);
        }
        shop.browser.get(&path).ok().says("$11.90 went back to the buyer.").says("Refunded");
        let refused = shop.browser.send(&late, &refund, &[]);
        assert_eq!(refused.status, 409);
        refused.says("role=\"alert\"");
        assert_eq!(buyer.balance(), "100.00");
        world.check();
    }

    fn somebody_elses_sale_is_unknown(world: &World) {
        let (mut shop, other, buyer) = (Shop::new(world), Shop::new(world), world.buyer_with("100.00"));
        let own = buyer.buy(&[&shop.merchant.offer("1.00", "USD")]).ok(201);
        let sold = buyer.buy(&[&other.merchant.offer("1.00", "USD")]).ok(201);
        let page = shop.browser.get(&format!("/desk/sales/{}", text(&own, "/items/0/id"))).ok();
        let foreign = format!("/desk/sales/{}", text(&sold, "/items/0/id"));
        for path in [&foreign, "/desk/sales/nonsense"] {
            shop.browser.get(path).problem(404, "not-found");
            let hidden = page.form(0).fields;
            let hidden: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (&**name, &**value)).collect();
            shop.browser.post(&format!("{path}/refund"), &hidden).problem(404, "not-found");
        }
        assert_eq!(other.merchant.client.get("/v1/sales").ok(200)["data"][0]["refunded"], false);
    }

    fn a_long_list_comes_in_pages(world: &World) {
        let (mut shop, buyer) = (Shop::new(world), world.buyer_with("500.00"));
        let offers: Vec<String> = (0..30).map(|n| {
            shop.merchant.offer_of(&titled(&format!("Thing no. {n:02}"), "1.00", "USD"))
        }).collect();
        buyer.buy(&offers.iter().map(String::as_str).collect::<Vec<_>>()).ok(201);
        let first = shop.browser.get("/desk/sales").ok();
        assert_eq!(first.body.matches("Thing no. ").count(), 25);
        first.says("data-live=\"/desk/events\"");
        let older = first.body.split("href=\"/desk/sales?after=").nth(1).unwrap().split('"').next().unwrap();
        let rest = shop.browser.get(&format!("/desk/sales?after={older}&lang=de")).ok();
        assert_eq!(rest.body.matches("Thing no. ").count(), 5);
        assert!(!rest.body.contains("data-live"), "what is new is not on this page");
        shop.browser.get("/desk/sales?after=item_unknown").ok();
        let long = format!("/desk/sales?after={}", "x".repeat(65));
        shop.browser.get(&long).problem(400, "malformed-request");
    }

    fn sales_are_told_live_until_the_key_is_deleted(world: &World) {
        let (mut shop, buyer) = (Shop::new(world), world.buyer_with("100.00"));
        let (browser, id) = shop.with_scopes(world, &["sales:read"]);
        let cookie = format!("purser-desk={}", browser.cookies["purser-desk"]);
        let open = || {
            let request = ureq::get(format!("{}/desk/events", world.base));
            let request = request.header("Cookie", &cookie).header("Accept", "text/event-stream");
            let response = request.call().unwrap();
            assert_eq!(response.headers()["content-type"], "text/event-stream");
            BufReader::new(response.into_body().into_reader())
        };
        let told = |stream: &mut dyn BufRead| {
            let mut lines = stream.lines().map_while(Result::ok);
            lines.find_map(|line| line.strip_prefix("event: ").map(str::to_owned))
        };
        let mut stream = open();
        buyer.buy(&[&shop.merchant.offer("1.00", "USD")]).ok(201);
        assert_eq!(told(&mut stream).as_deref(), Some("purchase.paid"));
        let page = shop.browser.get("/desk/keys").ok();
        shop.browser.send(&page, &format!("/desk/keys/{id}/delete"), &[]).leads_to("/desk/keys");
        buyer.buy(&[&shop.merchant.offer("1.00", "USD")]).ok(201);
        assert_eq!(told(&mut stream), None, "what happens since is not told");
    }

    fn the_overview_shows_what_is_owed_and_how_sales_went(world: &World) {
        let (mut shop, buyer) = (Shop::new(world), world.buyer_with("500.00"));
        let buy = |amount: &str, currency: &str| {
            let offer = shop.merchant.offer(amount, currency);
            text(&buyer.buy(&[&offer]).ok(201), "/items/0/id")
        };
        buy("100.00", "USD");
        let back = buy("50.00", "USD");
        buy("10.00", "EUR");
        buyer.refund(&back).ok(201);
        let page = shop.browser.get("/desk").ok();
        // Owed: net less the fee of 1 %, and the fee of what went back stays with nobody.
        page.says("$99.00").says("€9.90");
        // Sold with tax, taxes less those of what went back, and what went back.
        page.says("$178.50").says("$19.00").says("$59.50").says("€11.90");
        page.says("<svg class=\"chart\"").says("2024-06-28").says("2024-05-30");
        assert_eq!(page.body.matches("<svg class=\"chart\"").count(), 2, "one for each currency");
    }

    fn a_month_is_shown_and_downloaded_as_the_api_gives_it(world: &World) {
        let (mut shop, buyer) = (Shop::new(world), world.buyer_with("100.00"));
        let offer = shop.merchant.offer_of(&titled("=A formula", "10.00", "USD"));
        buyer.buy(&[&offer]).ok(201);
        shop.browser.get("/desk/statements").ok().says("2024-06").says("$9.90").says("=A formula");
        shop.browser.get("/desk/statements?month=2024-05").ok().says("Nothing happened");
        shop.browser.get("/desk/statements?month=nonsense").problem(404, "not-found");
        let csv = shop.browser.get("/desk/statements/2024-06.csv").ok();
        let (_, same) = shop.merchant.client.get_file("/v1/statements/2024-06.csv");
        assert_eq!(csv.body.as_bytes(), same);
        assert!(csv.header("content-disposition").unwrap().contains("statement-2024-06.csv"));
        let json: serde_json::Value =
            serde_json::from_str(&shop.browser.get("/desk/statements/2024-06.json").ok().body).unwrap();
        assert_eq!(json, shop.merchant.client.get("/v1/statements/2024-06").ok(200));
    }

    fn payouts_are_the_merchants_own(world: &World) {
        let (mut shop, mut other, buyer) = (Shop::new(world), Shop::new(world), world.buyer_with("100.00"));
        buyer.buy(&[&shop.merchant.offer("10.00", "USD")]).ok(201);
        let wish = json!({ "merchant": shop.merchant.id, "currency": "USD" });
        let payout = world.operator.post("/v1/payouts", Some(&new_key()), &wish).ok(201);
        let id = text(&payout, "/id");
        shop.browser.get("/desk/payouts").ok().says(&id).says("$9.90").says("Under way");
        let confirm = format!("/v1/payouts/{id}/confirm");
        world.operator.post(&confirm, Some(&new_key()), &json!({})).ok(200);
        shop.browser.get("/desk/payouts").ok().says("Confirmed");
        assert!(!other.browser.get("/desk/payouts").ok().body.contains(&id));
    }
}
