//! Guessing over HTTP: passwords, PINs, and sign-ups without end are slow, whether one after the other or at once.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use purser::settings::Throttle;
use purser_money::{Currency, Money};
use serde_json::json;
use support::{Answer, World, at_once, but, login, new_key, raw};

/// A tenth of the budgets that are wanted: the sandbox allows ten times as many.
fn throttled(logins_per_email: u32, logins_per_address: u32, sign_ups_per_minute: u32) -> World {
    let standard = Throttle::default();
    let throttle =
        Throttle { logins_per_email, logins_per_address, sign_ups_per_minute, ..standard };
    World::with(|settings| settings.throttle = throttle)
}

#[test]
fn failed_logins_wait_and_the_right_ones_get_in_again() {
    let world = throttled(1, 100, 60);
    let (ann, bob) = (login("ann@example.org"), login("bob@example.org"));
    world.sign_up(&ann);
    world.sign_up(&bob);
    let wrong = but(&ann, "pin", "000000");
    // The sign-up itself counted as a guess.
    for _ in 0..9 {
        world.sign_in(&wrong).problem(401, "wrong-credentials");
    }
    world.sign_in(&wrong).problem(429, "too-many-requests");
    world.sign_in(&ann).problem(429, "too-many-requests");
    world.sign_in(&but(&wrong, "email", "nobody@example.org")).problem(401, "wrong-credentials");
    world.sign_in(&bob).ok(200);
    world.advance(60);
    world.sign_in(&ann).ok(200);
    world.sign_in(&wrong).problem(401, "wrong-credentials");
    world.sign_in(&ann).problem(429, "too-many-requests");
    world.advance(600);
    for _ in 0..10 {
        world.sign_in(&wrong).problem(401, "wrong-credentials");
    }
    world.sign_in(&ann).problem(429, "too-many-requests");
}

#[test]
fn guesses_at_once_are_not_more_guesses() {
    let world = throttled(1, 100, 60);
    let (wrong, anyone) = (but(&login("ann@example.org"), "pin", "000000"), world.anyone());
    let answers = at_once(50, move |_| anyone.post("/v1/sessions", None, &wrong));
    let judged = answers.iter().filter(|answer| answer.status == 401).count();
    assert!((1..=10).contains(&judged), "{judged} were judged");
    answers
        .iter()
        .filter(|answer| answer.status != 401)
        .for_each(|answer| answer.problem(429, "too-many-requests"));
}

#[test]
fn an_address_has_a_budget_of_its_own() {
    let world = throttled(10, 1, 60);
    for index in 0..10 {
        world.sign_in(&login(&format!("{index}@example.org"))).problem(401, "wrong-credentials");
    }
    world.sign_in(&login("eleventh@example.org")).problem(429, "too-many-requests");
}

#[test]
fn behind_a_trusted_proxy_each_client_has_its_own_budget() {
    // What comes from these clients, with the proxy on this machine.
    let statuses = |world: &World, clients: &[&str]| {
        let sent = |client: &&str| {
            let body = login("ann@example.org").to_string();
            let head = format!(
                "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: {client}"
            );
            let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            raw(&world.base, request.as_bytes()).split(' ').nth(1).unwrap().to_owned()
        };
        clients.iter().map(sent).collect::<Vec<_>>()
    };
    let throttle = Throttle { logins_per_address: 1, ..Throttle::default() };
    let guesser = ["198.51.100.7"; 10];
    let last = ["198.51.100.7", "203.0.113.1, 198.51.100.7", "203.0.113.1"];
    let trusting = World::with(|settings| {
        settings.throttle = throttle;
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    assert_eq!(statuses(&trusting, &guesser), ["401"; 10]);
    assert_eq!(statuses(&trusting, &last), ["429", "429", "401"]);
    let trusting_nobody = World::with(|settings| settings.throttle = throttle);
    assert_eq!(statuses(&trusting_nobody, &guesser), ["401"; 10]);
    assert_eq!(statuses(&trusting_nobody, &last), ["429"; 3]);
}

#[test]
fn sign_ups_of_an_address_are_counted_by_the_minute() {
    let world = World::with(|settings| {
        settings.throttle.sign_ups_per_minute = 2;
        // The sandbox would allow ten times as many.
        (settings.sandbox, settings.clock) = (false, None);
    });
    world.sign_up(&login("one@example.org"));
    world.sign_up(&login("two@example.org"));
    let third = login("three@example.org");
    world.anyone().post("/v1/accounts", None, &third).problem(429, "too-many-requests");
}

fn with_step_up() -> World {
    let limit = Money::parse("10.00", Currency::parse("USD").unwrap()).unwrap();
    World::with(|settings| settings.step_up_limit = Some(limit))
}

#[test]
fn a_large_payment_needs_the_pin_and_five_wrong_ones_end_the_session() {
    let world = with_step_up();
    let (buyer, friend) = (world.buyer_with("100.00"), world.buyer());
    let pay = |amount: &str, pin: Option<&str>| {
        let mut body =
            json!({ "to": friend.handle, "amount": { "amount": amount, "currency": "USD" } });
        if let Some(pin) = pin {
            body["pin"] = pin.into();
        }
        buyer.client.post("/v1/transfers", Some(&new_key()), &body)
    };
    pay("10.00", None).ok(201);
    pay("10.01", None).problem(403, "pin-required");
    for _ in 0..4 {
        pay("10.01", Some("000000")).problem(403, "pin-required");
    }
    pay("10.01", Some("271828")).ok(201);
    for _ in 0..5 {
        pay("10.01", Some("000000")).problem(403, "pin-required");
    }
    pay("10.01", Some("271828")).problem(401, "not-authenticated");
    buyer.client.get("/v1/vault").problem(401, "not-authenticated");
    assert_eq!(friend.balance(), "20.01");
    world.check();
}

#[test]
fn wrong_pins_at_once_are_not_more_wrong_pins() {
    let world = with_step_up();
    let (buyer, friend) = (world.buyer_with("100.00"), world.buyer());
    let (payer, to) = (buyer.client.clone(), friend.handle.clone());
    let answers = at_once(50, move |index| {
        let body = json!({
            "to": to, "amount": { "amount": "11.00", "currency": "USD" }, "pin": format!("{index:06}"),
        });
        payer.post("/v1/transfers", Some(&new_key()), &body)
    });
    let is_judged = |answer: &&Answer| answer.body["detail"] == "that PIN is not right";
    let judged = answers.iter().filter(is_judged).count();
    assert!((1..=5).contains(&judged), "{judged} were judged");
    assert!(answers.iter().all(|answer| answer.status == 403 || answer.status == 401));
    assert_eq!(friend.balance(), "0.00");
}
