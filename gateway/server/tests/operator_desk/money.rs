//! Money that leaves, and what decides how it moves: taxes, payouts, trades, rates, refunds.

use serde_json::json;

use super::{World, csrf, operator};
use crate::{
    on_both_databases,
    support::{RATES, text},
};

on_both_databases! {
    fn tax_is_set_apart_downloaded_sent_and_confirmed(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer());
        for code in world.cards(2, "400.00", "EUR") {
            buyer.load(&code).ok(201);
        }
        buyer.buy(&[&shop.offer("100.00", "EUR")]).ok(201);
        let mut browser = operator(world);
        let page = browser.get("/operator/taxes?period=2024-06").ok();
        page.says("€19.00").says("€100.00").says(&shop.id);
        let once = page.form(1).fields;
        // Pressed twice it is one remittance.
        let made = browser.send(&page, "/operator/taxes", &[]);
        let path = made.header("location").unwrap().to_owned();
        browser.send(&page, "/operator/taxes", &[]).leads_to(&path);
        assert!(once.iter().any(|(name, _)| name == "once"));
        let page = browser.get(&path).ok();
        page.says("The tax is set apart").says("€19.00").says("Under way");
        browser.get("/operator/taxes?period=2024-06").ok().says("Nothing is new for this period.").says(&path);
        let file = browser.get(&format!("{path}/return")).ok();
        let id = path.rsplit('/').next().unwrap();
        let (_, same) = world.operator.get_file(&format!("/v1/tax/remittances/{id}/return"));
        assert_eq!(file.body.as_bytes(), same);
        let send = format!("{path}/send");
        let to = format!("{}/healthz", world.base);
        browser.send(&page, &send, &[("url", &to), ("headers", "authorization: Bearer a-secret-token\r\n")]).leads_to(&path);
        let sent = browser.get(&path).ok();
        sent.says("the answer has the status 405");
        assert!(!sent.body.contains("a-secret-token"), "headers are not kept");
        for (form, (status, said)) in [
            ([("url", "http://10.0.0.1/"), ("headers", "")], (400, "This address cannot be used")),
            ([("url", to.as_str()), ("headers", "nonsense")], (400, "On each line a name")),
            ([("url", to.as_str()), ("headers", "host: evil.example")], (400, "On each line a name")),
        ] {
            let page = browser.get(&path).ok();
            let refused = browser.send(&page, &send, &form);
            assert_eq!(refused.status, status, "{said}: {}", refused.body);
            refused.says(said);
        }
        browser.send(&page, &format!("{path}/confirm"), &[]).leads_to(&path);
        let settled = browser.get(&path).ok();
        settled.says("Confirmed");
        assert!(!settled.body.contains(&format!("{path}/fail\"")));
        let token = csrf(&page);
        let late = [("csrf", token.as_str()), ("once", "another")];
        browser.post(&format!("{path}/fail"), &late).problem(409, "already-settled");
        for path in ["/operator/taxes/nonsense", "/operator/taxes/rem_00000000000000000000000009"] {
            browser.get(path).problem(404, "not-found");
        }
        browser.get("/operator/taxes?period=nonsense").problem(400, "malformed-request");
        world.check();
    }

    fn merchants_are_paid_out_and_what_fails_is_owed_again(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        buyer.buy(&[&shop.offer("10.00", "USD")]).ok(201);
        let mut browser = operator(world);
        let page = browser.get("/operator/payouts").ok();
        page.says("Shop DE").says("$9.90");
        for _ in 0..2 {
            browser.send(&page, "/operator/payouts", &[]).leads_to("/operator/payouts");
        }
        let page = browser.get("/operator/payouts").ok();
        page.says("$9.90 are set apart").says("Nobody is owed anything.");
        let payouts = world.operator.get("/v1/payouts").ok(200);
        assert_eq!(payouts["data"].as_array().unwrap().len(), 1, "pressed twice, paid once");
        let id = text(&payouts, "/data/0/id");
        let file = browser.get(&format!("/operator/payouts/{id}/file")).ok();
        file.says(&format!("{id},{},Shop DE,9.90,USD", shop.id));
        browser.send(&page, &format!("/operator/payouts/{id}/fail"), &[]).leads_to("/operator/payouts");
        let page = browser.get("/operator/payouts").ok();
        page.says("is owed it again").says("Failed");
        browser.send(&page, "/operator/payouts", &[]).leads_to("/operator/payouts");
        let newest = text(&world.operator.get("/v1/payouts").ok(200), "/data/0/id");
        let page = browser.get("/operator/payouts").ok();
        browser.send(&page, &format!("/operator/payouts/{newest}/confirm"), &[]).leads_to("/operator/payouts");
        browser.get("/operator/payouts").ok().says("the merchant is told");
        assert_eq!(shop.client.get("/v1/payouts").ok(200)["data"][0]["status"], "confirmed");
        browser.get("/operator/payouts/nonsense/file").problem(404, "not-found");
        world.check();
    }

    fn positions_are_covered_once_for_each_form(world: &World) {
        world.buyer().load(&world.cards(1, "50.00", "EUR")[0]).ok(201);
        let mut browser = operator(world);
        let page = browser.get("/operator/treasury").ok();
        page.says("€50.00");
        let half = [("sold.amount", "25.00"), ("sold.currency", "EUR"), ("bought.amount", "26.70"), ("bought.currency", "USD")];
        for _ in 0..2 {
            browser.send(&page, "/operator/treasury", &half).leads_to("/operator/treasury");
        }
        let page = browser.get("/operator/treasury").ok();
        page.says("€25.00 were given for $26.70.");
        // One half is left, so one half was booked.
        browser.send(&page, "/operator/treasury", &half).leads_to("/operator/treasury");
        let page = browser.get("/operator/treasury").ok();
        let refused = browser.send(&page, "/operator/treasury", &half);
        assert_eq!(refused.status, 402);
        refused.says("role=\"alert\"");
        for (name, value, said) in [
            ("sold.amount", "0", "Enter an amount above zero"),
            ("bought.currency", "EUR", "of another currency"),
            ("sold.currency", "XXX", "Enter the three letters of a currency"),
        ] {
            let mut form: Vec<_> = half.into_iter().filter(|(other, _)| *other != name).collect();
            form.push((name, value));
            let page = browser.get("/operator/treasury").ok();
            let refused = browser.send(&page, "/operator/treasury", &form);
            assert_eq!(refused.status, 400, "{name}");
            refused.says(said);
        }
        world.check();
    }

    fn a_feed_is_brought_in_and_its_rates_are_shown(world: &World) {
        let mut browser = operator(world);
        let page = browser.get("/operator/rates").ok();
        page.says("ecb-daily").says("2024-06-28").says("Good");
        let nth = (0..).find(|nth| page.form(*nth).fields.iter().any(|(name, _)| name == "csrf")).unwrap();
        let newer = String::from_utf8(RATES.to_vec()).unwrap().replace("2024-06-28", "2024-07-01");
        world.set_clock("2024-07-01T12:00:00Z");
        // The sign-in of before is over by now.
        let mut browser = operator(world);
        let page = browser.get("/operator/rates").ok();
        browser.upload((&page, nth), &[("feed", "ecb-daily")], newer.as_bytes()).leads_to("/operator/rates");
        browser.get("/operator/rates").ok().says("of 2024-07-01 was read. New tables: 1, corrected: 0.");
        browser.get("/operator/rates?rate_from=EUR&rate_to=USD").ok().says("1 EUR = 1.0705 USD");
        let unknown = browser.get("/operator/rates?rate_from=EUR&rate_to=XXX");
        assert_eq!(unknown.status, 400);
        let nonsense = browser.upload((&page, nth), &[("feed", "ecb-daily")], b"<nonsense");
        assert_eq!(nonsense.status, 400);
        let other = browser.upload((&page, nth), &[("feed", "other")], newer.as_bytes());
        assert_eq!(other.status, 404);
        let huge = browser.upload((&page, nth), &[("feed", "ecb-daily")], &vec![b'x'; (1 << 20) + 1]);
        assert_eq!(huge.status, 413);
    }

    fn a_file_needs_the_token_of_its_form(world: &World) {
        let mut browser = operator(world);
        let page = browser.get("/operator/rates").ok();
        let nth = (0..).find(|nth| page.form(*nth).fields.iter().any(|(name, _)| name == "csrf")).unwrap();
        let mut forged = page.clone();
        forged.body = page.body.replace(&csrf_of(&page.body), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        browser.upload((&forged, nth), &[("feed", "ecb-daily")], RATES).problem(403, "form-expired");
        forged.body = page.body.replace("name=\"csrf\"", "name=\"other\"");
        browser.upload((&forged, nth), &[("feed", "ecb-daily")], RATES).problem(403, "form-expired");
        let mut elsewhere = browser.sending("Origin", "https://evil.example");
        elsewhere.upload((&page, nth), &[("feed", "ecb-daily")], RATES).problem(403, "form-expired");
    }

    fn a_refund_policy_is_set_and_its_history_is_kept(world: &World) {
        let mut browser = operator(world);
        let page = browser.get("/operator/refunds").ok();
        page.says("The standard policy was never changed.");
        let form = [("max_count", "3"), ("max_total.amount", "10.00"), ("window_days", "7"), ("period_days", "30")];
        browser.send(&page, "/operator/refunds", &form).leads_to("/operator/refunds");
        let set = world.operator.get("/v1/policies/refunds").ok(200);
        let expected = json!({ "max_count": 3, "max_total": { "amount": "10.00", "currency": "USD" }, "window_days": 7, "period_days": 30 });
        assert_eq!(set, expected);
        browser.get("/operator/refunds").ok().says("$10.00").says("The policy is set.").says("2024-06-28");
        for (name, value, said) in [
            ("max_count", "1000001", "Enter a whole number from 0 to 1000000"),
            ("max_total.amount", "x", "Enter an amount"),
            ("window_days", "-1", "Enter whole days from 0 to 3650"),
            ("period_days", "0", "Enter whole days from 1 to 3650"),
        ] {
            let mut other: Vec<_> = form.into_iter().filter(|(field, _)| *field != name).collect();
            other.push((name, value));
            let refused = browser.send(&page, "/operator/refunds", &other);
            assert_eq!(refused.status, 400, "{name}");
            refused.says(said);
        }
        assert_eq!(world.operator.get("/v1/policies/refunds").ok(200), expected);
    }
}

/// The token in a page.
fn csrf_of(body: &str) -> String {
    body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}
