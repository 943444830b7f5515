//! Cards: printed with a progress that needs no script, shown once, and sold.

use super::{World, csrf, operator, secrets};
use crate::{
    browser::{Browser, Page},
    on_both_databases,
    support::new_key,
};

/// Prints a batch and waits until it is; gives where it is watched, and the page then.
fn printed(browser: &mut Browser, form: &[(&str, &str)]) -> (String, Page) {
    let page = browser.get("/operator/cards").ok();
    let begun = browser.send(&page, "/operator/cards", form);
    assert_eq!(begun.status, 303, "{}", begun.body);
    let watch = begun.header("location").unwrap().to_owned();
    loop {
        let page = browser.get(&watch).ok();
        page.says("<progress");
        if page.body.contains("/sheet\"") {
            return (watch, page);
        }
        page.says("<noscript><meta http-equiv=\"refresh\" content=\"1\"></noscript>");
        std::thread::yield_now();
    }
}

const SMALL: [(&str, &str); 3] =
    [("count", "3"), ("face.amount", "20.00"), ("face.currency", "USD")];

on_both_databases! {
    fn a_large_batch_is_watched_shown_once_and_sold(world: &World) {
        let mut browser = operator(world);
        let form = [
            ("count", "2500"), ("face.amount", "50.00"), ("face.currency", "EUR"), ("country", "DE"), ("expires_at", "2025-12-31"),
        ];
        let (watch, page) = printed(&mut browser, &form);
        page.says("2500");
        // Looking takes nothing.
        let page = browser.get(&watch).ok();
        let sheet = browser.send(&page, &format!("{watch}/sheet"), &[]).ok();
        assert_eq!(sheet.header("cache-control"), Some("no-store"));
        let codes: Vec<&str> = sheet.body.split("<p class=\"code\" dir=\"ltr\">").skip(1)
            .map(|rest| rest.split('<').next().unwrap()).collect();
        assert_eq!(codes.len(), 2500);
        sheet.says("€50.00").says("2025-12-31");
        let again = browser.send(&page, &format!("{watch}/sheet"), &[]);
        again.leads_to(&watch);
        let gone = browser.get(&watch).ok();
        gone.says("The codes were shown");
        assert!(!gone.body.contains(codes[0]));

        let buyer = world.buyer();
        buyer.load(codes[0]).problem(422, "card-refused");
        let list = browser.get("/operator/cards").ok();
        let batch = list.body.split("/operator/cards/batch_").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let activate = format!("/operator/cards/batch_{batch}/activate");
        // Pressed twice, sold once.
        for _ in 0..2 {
            browser.send(&list, &activate, &[]).leads_to("/operator/cards");
        }
        let list = browser.get("/operator/cards").ok();
        list.says("is sold: its cards are good.");
        assert!(!list.body.contains(&activate));
        buyer.load(codes[2499]).ok(201);
        world.check();
    }

    fn a_form_that_is_sent_twice_prints_one_batch(world: &World) {
        let mut browser = operator(world);
        let page = browser.get("/operator/cards").ok();
        let send = |browser: &mut Browser, form: &[(&str, &str)]| browser.send(&page, "/operator/cards", form);
        let watch = send(&mut browser, &SMALL).header("location").unwrap().to_owned();
        send(&mut browser, &SMALL).leads_to(&watch);
        let batches = |browser: &mut Browser| {
            let list = browser.get("/operator/cards").ok();
            list.body.matches("<th scope=\"row\">").count()
        };
        while !browser.get(&watch).ok().body.contains("/sheet\"") {
            std::thread::yield_now();
        }
        send(&mut browser, &SMALL).leads_to(&watch);
        let watched = browser.get(&watch).ok();
        browser.send(&watched, &format!("{watch}/sheet"), &[]).ok();
        send(&mut browser, &SMALL).leads_to(&watch);
        assert_eq!(batches(&mut browser), 1);
        let other = [("count", "4"), ("face.amount", "20.00"), ("face.currency", "USD")];
        assert_eq!(send(&mut browser, &other).status, 422, "another batch needs another form");
        // The page opened anew is another intent.
        printed(&mut browser, &SMALL);
        assert_eq!(batches(&mut browser), 2);
    }

    fn what_cannot_be_printed_is_named(world: &World) {
        let mut browser = operator(world);
        for (name, value, said) in [
            ("count", "0", "Enter a whole number from 1 to 10000"),
            ("count", "10001", "Enter a whole number from 1 to 10000"),
            ("count", "", "Enter a whole number from 1 to 10000"),
            ("face.amount", "0", "Enter an amount above zero"),
            ("face.amount", "1.234", "Enter an amount above zero"),
            ("face.currency", "XXX", "Enter the three letters of a currency"),
            ("expires_at", "2020-01-01", "Choose a day to come."),
            ("country", "Germany", "Enter the two letters of a country"),
        ] {
            let page = browser.get("/operator/cards").ok();
            let mut form: Vec<_> = SMALL.into_iter().filter(|(other, _)| *other != name).collect();
            form.push((name, value));
            let refused = browser.send(&page, "/operator/cards", &form);
            assert_eq!(refused.status, 400, "{name} = {value}");
            refused.says(said).says(&format!("href=\"#{name}\""));
        }
        let page = browser.get("/operator/cards").ok();
        let token = csrf(&page);
        let fields = [("csrf", token.as_str()), ("once", "a-key")];
        for path in ["/operator/cards/nonsense/activate", "/operator/cards/batch_00000000000000000000000009/activate", "/operator/cards/printing/nonsense/sheet"] {
            browser.post(path, &fields).problem(404, "not-found");
        }
        browser.get("/operator/cards/printing/nonsense").problem(404, "not-found");
        let unkeyed = [("csrf", token.as_str())];
        browser.post("/operator/cards/batch_00000000000000000000000009/activate", &unkeyed).problem(400, "idempotency-key-missing");
    }

    fn only_so_many_batches_wait_to_be_looked_at(world: &World) {
        let mut browser = operator(world);
        for _ in 0..8 {
            printed(&mut browser, &SMALL);
        }
        let page = browser.get("/operator/cards").ok();
        let refused = browser.send(&page, "/operator/cards", &SMALL);
        assert_eq!(refused.status, 503);
        assert_eq!(refused.header("retry-after"), Some("60"));
    }

    fn a_smart_card_is_registered_sold_found_and_blocked(world: &World) {
        let mut browser = operator(world);
        let page = browser.get("/operator/smart-cards").ok();
        let uid = [4, 9, 8, 7, 6, 5, 4];
        let hex = data_encoding::HEXLOWER.encode(&uid);
        let form = [("face.amount", "20.00"), ("face.currency", "USD"), ("uid", hex.as_str())];
        let made = browser.send(&page, "/operator/smart-cards", &form);
        assert_eq!(made.status, 201);
        let shown = secrets(&made);
        let (serial, code) = (&shown[0], &shown[1]);
        let found = browser.get(&format!("/operator/smart-cards?find={serial}")).ok();
        found.says("Not sold yet").says("$20.00");
        assert!(!found.body.contains(code.as_str()), "shown once");
        let card = found.body.split("/operator/smart-cards/card_").nth(1).unwrap().split('/').next().unwrap();
        let path = format!("/operator/smart-cards/card_{card}");
        let back = format!("/operator/smart-cards?find=card_{card}");
        browser.send(&found, &format!("{path}/activate"), &[]).leads_to(&back);
        let buyer = world.buyer();
        let tap = serde_json::json!({ "card": world.tap(uid, 1) });
        buyer.client.post("/v1/vault/loads", Some(&new_key()), &tap).ok(201);
        let found = browser.get(&back).ok();
        found.says("The card is sold").says("$0.00");
        browser.send(&found, &format!("{path}/block"), &[]).leads_to(&back);
        browser.get(&back).ok().says("Blocked");
        let again = browser.send(&page, "/operator/smart-cards", &form);
        assert_eq!(again.status, 400);
        again.says("14 hexadecimal digits of a chip that is not registered yet");
        browser.get("/operator/smart-cards?find=nonsense").ok().says("There is no such card.");
        let foreign = [("face.amount", "20.00"), ("face.currency", "USD"), ("uid", "04112233445577"), ("keys.meta_read", "00112233445566778899aabbccddeeff")];
        let half = browser.send(&page, "/operator/smart-cards", &foreign);
        assert_eq!(half.status, 400);
        assert!(!half.body.contains("00112233445566778899aabbccddeeff"), "a key is typed again");
    }
}
