//! Many callers at the same moment: exactly the right number succeed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use purser::random::bytes;
use purser_core::{
    card::{
        code::CardCode,
        sun::{FileReadKey, MetaReadKey},
    },
    secret::Secret,
};
use serde_json::json;
use support::{Answer, Client, World, at_once, new_key, tap_under, text};

const CALLERS: usize = 50;

fn succeeded(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status < 300).count()
}

/// Those who did not succeed were told why.
#[track_caller]
fn the_others_got(answers: &[Answer], status: u16, name: &str) {
    for answer in answers.iter().filter(|answer| answer.status >= 300) {
        answer.problem(status, name);
    }
}

on_both_databases! {
    fn one_balance_is_not_spent_twice(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("35.70"));
        let offer = shop.offer("10.00", "USD");
        let one = buyer.clone();
        let answers = at_once(CALLERS, move |_| one.buy(&[&offer]));
        assert_eq!(succeeded(&answers), 3);
        the_others_got(&answers, 402, "insufficient-funds");
        assert_eq!(buyer.balance(), "0.00");
        world.check();
    }

    fn a_single_use_offer_is_bought_once(world: &World) {
        let shop = world.merchant("DE");
        let offer = shop.offer_of(&json!({
            "item": { "id": "seat", "title": "Seat 1" },
            "price": { "amount": "10.00", "currency": "USD" },
            "single_use": true,
        }));
        let buyers: Vec<_> = (0..5).map(|_| world.buyer_with("1000.00")).collect();
        let answers = at_once(CALLERS, move |index| buyers[index % 5].buy(&[&offer]));
        assert_eq!(succeeded(&answers), 1);
        the_others_got(&answers, 409, "offer-already-used");
        world.check();
    }

    fn a_card_is_loaded_once_by_many(world: &World) {
        let code = world.cards(1, "50.00", "EUR").remove(0);
        let buyers: Vec<_> = (0..5).map(|_| world.buyer()).collect();
        let all = buyers.clone();
        let answers = at_once(CALLERS, move |index| all[index % 5].load(&code));
        assert_eq!(succeeded(&answers), 1);
        the_others_got(&answers, 409, "card-already-used");
        let loaded = buyers.iter().filter(|buyer| buyer.balance() == "53.25").count();
        assert_eq!(loaded, 1);
        world.check();
    }

    fn a_tap_is_loaded_once_by_many(world: &World) {
        let (uid, buyer) = ([4, 9, 9, 9, 9, 9, 9], world.buyer());
        world.smart_card(uid, "100.00", "USD");
        let body = json!({ "card": world.tap(uid, 3), "amount": { "amount": "1.00", "currency": "USD" } });
        let one = buyer.clone();
        let answers = at_once(CALLERS, move |_| one.client.post("/v1/vault/loads", Some(&new_key()), &body));
        assert_eq!(succeeded(&answers), 1);
        the_others_got(&answers, 422, "card-refused");
        assert_eq!(buyer.balance(), "1.00");
        world.check();
    }

    /// In the sandbox a vault may fail 200 times, an address 2,000 times.
    fn guesses_at_once_are_no_more_guesses(world: &World) {
        let (guesser, other) = (world.buyer(), world.buyer());
        let good = world.cards(2, "10.00", "USD");
        let one = guesser.clone();
        let answers = at_once(320, move |_| one.load(CardCode::from_random(bytes()).reveal().expose()));
        let refused = answers.iter().filter(|answer| answer.status == 422).count();
        assert!((1..=200).contains(&refused), "{refused} guesses were judged");
        for answer in &answers {
            match answer.status {
                422 => answer.problem(422, "card-refused"),
                _ => answer.problem(429, "too-many-requests"),
            }
            assert_eq!(answer.retry_after.is_some(), answer.status == 429);
        }
        other.load(&good[0]).ok(201);
        // One after the other they get as far, and no further.
        let judged = (refused..).find(|_| guesser.load("wrong").status == 429);
        assert_eq!(judged, Some(200));
        guesser.load(&good[1]).problem(429, "too-many-requests");
    }

    fn an_empty_card_is_no_failure(world: &World) {
        let (buyer, code) = (world.buyer(), world.cards(1, "10.00", "USD").remove(0));
        buyer.load(&code).ok(201);
        let answers = at_once(CALLERS, move |_| (0..5).map(|_| buyer.load(&code)).collect::<Vec<_>>());
        assert_eq!(answers.len(), CALLERS);
        the_others_got(&answers.concat(), 409, "card-already-used");
    }

    fn sixteen_keys_of_other_issuers_are_taken_however_many_come_at_once(world: &World) {
        let face = json!({ "amount": "10.00", "currency": "USD" });
        let hex = |byte: u8| data_encoding::HEXLOWER.encode(&[byte; 16]);
        // The nth card: its issuer's key, its own key, its number.
        let register = move |operator: &Client, issuer: u8, card: u8| {
            let keys = json!({ "meta_read": hex(issuer), "file_read": hex(card) });
            let uid = data_encoding::HEXLOWER.encode(&[card; 7]);
            operator.post("/v1/smart-cards", None, &json!({ "face": face, "uid": uid, "keys": keys }))
        };
        let operator = world.operator.clone();
        let all = register.clone();
        let answers = at_once(24, move |n| all(&operator, 100 + n as u8, 1 + n as u8));
        assert_eq!(succeeded(&answers), 16);
        the_others_got(&answers, 400, "malformed-request");
        for answer in answers.iter().filter(|answer| answer.status == 400) {
            assert_eq!(answer.body["field"], "keys.meta_read");
            assert!(text(&answer.body, "/detail").contains("16"), "{:#}", answer.body);
        }
        // Further cards of the same issuers are welcome, under a key of this gateway too, and each chip once.
        let known = answers.iter().position(|answer| answer.status == 201).unwrap() as u8;
        let second = register(&world.operator, 100 + known, 50);
        register(&world.operator, 100 + known, 50).problem(400, "malformed-request");
        register(&world.operator, 200, 51).problem(400, "malformed-request");
        let buyer = world.buyer();
        let mut cards: Vec<_> = (0..24).map(|n| (100 + n, 1 + n, answers[usize::from(n)].clone())).collect();
        cards.push((100 + known, 50, second));
        for (issuer, card, answer) in cards.iter().filter(|(.., answer)| answer.status == 201) {
            let activate = format!("/v1/smart-cards/{}/activate", text(&answer.body, "/id"));
            world.operator.post(&activate, Some(&new_key()), &json!({})).ok(200);
            let load = |issuer: u8, file: u8| {
                let (meta, file) = (Secret::new([issuer; 16]), Secret::new([file; 16]));
                let tap = tap_under(&MetaReadKey::new(meta), &FileReadKey::new(file), [*card; 7], 1);
                buyer.client.post("/v1/vault/loads", Some(&new_key()), &json!({ "card": tap }))
            };
            load(*issuer, card + 1).problem(422, "card-refused");
            load(*issuer, *card).ok(201);
        }
        assert_eq!(buyer.balance(), "170.00");
        world.check();
    }

    fn an_item_is_refunded_once_by_many(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("50.00"));
        let purchase = buyer.buy(&[&shop.offer("10.00", "USD")]).ok(201);
        let item = text(&purchase, "/items/0/id");
        let one = buyer.clone();
        let answers = at_once(CALLERS, move |_| one.refund(&item));
        assert_eq!(succeeded(&answers), 1);
        the_others_got(&answers, 409, "already-refunded");
        assert_eq!(buyer.balance(), "50.00");
        world.check();
    }

    fn one_key_moves_money_once(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("500.00"));
        let (key, body) = (new_key(), json!({ "offers": [shop.offer("10.00", "USD")] }));
        let (one, same) = (buyer.clone(), key.clone());
        let answers = at_once(CALLERS, move |_| one.client.post("/v1/purchases", Some(&same), &body));
        for answer in &answers {
            assert_eq!(answer.clone().ok(201), answers[0].body, "same key, same answer");
        }
        assert_eq!(buyer.balance(), "488.10");
        world.check();
    }

    /// Many retries of what failed, all at once, when it can succeed.
    fn retries_after_a_failure_charge_once(world: &World) {
        let plugin = world.operator.post_bytes("/v1/plugins", purser_hostile::component()).ok(201);
        let enable = format!("/v1/plugins/{}/enable", text(&plugin, "/id"));
        world.operator.post(&enable, None, &json!({ "countries": ["XX"] })).ok(200);
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("500.00"));
        let (key, offer) = (new_key(), shop.offer("10.00", "USD"));
        let ask = |country: &'static str| {
            let (one, key) = (buyer.clone(), key.clone());
            let body = json!({ "offers": [offer], "country": country });
            at_once(CALLERS, move |_| one.client.post("/v1/purchases", Some(&key), &body))
        };
        let failed = ask("XX-PAN");
        assert_eq!(succeeded(&failed), 0);
        the_others_got(&failed, 502, "plugin-failed");
        assert_eq!(buyer.balance(), "500.00");
        let answers = ask("DE");
        for answer in &answers {
            assert_eq!(answer.clone().ok(201), answers[0].body, "same key, same answer");
        }
        assert_eq!(buyer.balance(), "488.10");
        let purchases = buyer.client.get("/v1/purchases").ok(200);
        assert_eq!(purchases["data"].as_array().unwrap().len(), 1);
        world.check();
    }

    fn crossing_transfers_neither_lose_nor_lock(world: &World) {
        let buyers: Vec<_> = (0..5).map(|_| world.buyer_with("100.00")).collect();
        let all = buyers.clone();
        let answers = at_once(CALLERS, move |index| {
            let (from, to) = (&all[index % 5], &all[(index + 1 + index / 5 % 4) % 5]);
            from.pay(&to.handle, "1.00")
        });
        assert_eq!(succeeded(&answers), CALLERS);
        let cents = |text: String| text.replace('.', "").parse::<u64>().unwrap();
        assert_eq!(buyers.iter().map(|buyer| cents(buyer.balance())).sum::<u64>(), 50_000);
        world.check();
    }
}
