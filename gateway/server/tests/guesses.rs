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
use serde_json::{Value, json};
use support::{Answer, Client, Process, World, at_once, but, login, new_key, raw, text};

/// A tenth of the budgets that are wanted: the sandbox allows ten times as many.
fn throttled(logins_per_email: u32, logins_per_address: u32, sign_ups_per_minute: u32) -> World {
    let standard = Throttle::default();
    let throttle =
        Throttle { logins_per_email, logins_per_address, sign_ups_per_minute, ..standard };
    World::with(|settings| settings.throttle = throttle)
}

/// A gateway that believes the proxy on this machine.
fn behind_a_proxy(throttle: Throttle) -> World {
    World::with(|settings| {
        settings.throttle = throttle;
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
}

/// What a client behind the proxy gets.
fn sign_in_from(world: &World, client: &str, login: &Value) -> String {
    let body = login.to_string();
    let head = format!(
        "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: {client}"
    );
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    raw(&world.base, request.as_bytes()).split(' ').nth(1).unwrap().to_owned()
}

/// A gateway with these budgets as they are.
fn in_earnest(throttle: Throttle) -> World {
    World::with(|settings| {
        settings.throttle = throttle;
        // The sandbox would allow ten times as many.
        (settings.sandbox, settings.clock) = (false, None);
    })
}

/// Moves the account of a recovery code to these credentials.
fn recover(world: &World, code: &str, login: &Value) -> Answer {
    let body = json!({
        "recovery_code": code, "email": login["email"], "new_pin": login["pin"], "new_password": login["password"],
    });
    world.anyone().post("/v1/account/credentials", None, &body)
}

#[test]
fn a_recovery_is_a_guess_of_the_credentials_that_it_chooses() {
    let world = throttled(1, 100, 60);
    let ann = login("ann@example.org");
    world.sign_up(&ann);
    let mut code = text(&world.sign_up(&login("mallory@example.org")), "/recovery_code");
    // The sign-up itself counted as a guess.
    for index in 0..9 {
        let guess = but(&ann, "pin", &format!("{index:06}"));
        code = text(&recover(&world, &code, &guess).ok(200), "/recovery_code");
    }
    recover(&world, &code, &ann).problem(429, "too-many-requests");
    recover(&world, &code, &but(&ann, "pin", "000009")).problem(429, "too-many-requests");
    recover(&world, &code, &login("bob@example.org")).ok(200);
}

#[test]
fn a_recovery_that_meets_the_credentials_of_another_counts_too() {
    let world = in_earnest(Throttle { logins_per_email: 2, ..Throttle::default() });
    let ann = login("ann@example.org");
    world.sign_up(&ann);
    let code = text(&world.sign_up(&login("mallory@example.org")), "/recovery_code");
    recover(&world, &code, &ann).problem(400, "malformed-request");
    recover(&world, &code, &ann).problem(429, "too-many-requests");
}

#[test]
fn an_account_is_not_recovered_without_end() {
    let world = in_earnest(Throttle::default());
    let mut code = text(&world.sign_up(&login("mallory@example.org")), "/recovery_code");
    for index in 0..5 {
        let elsewhere = login(&format!("{index}@example.org"));
        code = text(&recover(&world, &code, &elsewhere).ok(200), "/recovery_code");
    }
    recover(&world, &code, &login("5@example.org")).problem(429, "too-many-requests");
}

#[test]
fn a_change_of_credentials_is_a_guess_too() {
    let world = in_earnest(Throttle { logins_per_email: 2, ..Throttle::default() });
    let ann = login("ann@example.org");
    world.sign_up(&ann);
    let tokens = world.sign_in(&ann).ok(200);
    let buyer = Client::new(&world.base, Some(&text(&tokens, "/access_token")));
    let change = json!({ "pin": ann["pin"], "password": ann["password"], "new_pin": "141421" });
    buyer.post("/v1/account/credentials", None, &change).ok(200);
    world.sign_in(&but(&ann, "pin", "141421")).problem(429, "too-many-requests");
}

#[test]
fn strangers_keep_nobody_out_where_they_signed_in_before() {
    let world = behind_a_proxy(Throttle { logins_per_email: 1, ..Throttle::default() });
    let (ann, wrong) = (login("ann@example.org"), but(&login("ann@example.org"), "pin", "000000"));
    let (home, abroad, stranger) = ("198.51.100.7", "192.0.2.1", "203.0.113.1");
    world.sign_up(&ann);
    assert_eq!(sign_in_from(&world, home, &ann), "200");
    for _ in 0..9 {
        assert_eq!(sign_in_from(&world, stranger, &wrong), "401");
    }
    assert_eq!(sign_in_from(&world, stranger, &wrong), "429");
    assert_eq!(sign_in_from(&world, abroad, &ann), "429", "whoever it is, it is a stranger there");
    assert_eq!(sign_in_from(&world, home, &ann), "200");
    for _ in 0..10 {
        assert_eq!(sign_in_from(&world, home, &wrong), "401");
    }
    assert_eq!(sign_in_from(&world, home, &ann), "429", "its own failures count");
}

#[test]
fn sign_ins_without_end_are_stopped_though_they_are_right() {
    let world = in_earnest(Throttle::default());
    let ann = login("ann@example.org");
    world.sign_up(&ann);
    for _ in 0..60 {
        world.sign_in(&ann).ok(200);
    }
    world.sign_in(&ann).problem(429, "too-many-requests");
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
    let statuses = |world: &World, clients: &[&str]| {
        let sent = |client: &&str| sign_in_from(world, client, &login("ann@example.org"));
        clients.iter().map(sent).collect::<Vec<_>>()
    };
    let throttle = Throttle { logins_per_address: 1, ..Throttle::default() };
    let guesser = ["198.51.100.7"; 10];
    let last = ["198.51.100.7", "203.0.113.1, 198.51.100.7", "203.0.113.1"];
    let trusting = behind_a_proxy(throttle);
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

#[test]
fn no_other_site_makes_a_browser_guess() {
    let world = World::on_sqlite();
    let buyer = world.buyer();
    let body = buyer.login.to_string();
    let from = |site: &str| {
        let head = format!(
            "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nSec-Fetch-Site: {site}"
        );
        raw(
            &world.base,
            format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes(),
        )
    };
    for site in ["cross-site", "same-site", "nonsense"] {
        let answer = from(site);
        assert!(
            answer.starts_with("HTTP/1.1 403") && answer.contains("form-expired"),
            "{site}: {answer}"
        );
    }
    for site in ["same-origin", "none"] {
        assert!(from(site).starts_with("HTTP/1.1 200"), "{site}");
    }
}

#[test]
fn logins_by_hundreds_at_once_hold_the_memory_of_a_few() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--sandbox", "--data", "data", "--trusted-proxies", "127.0.0.1"];
    let process = Process::start(folder.path(), &flags);
    // Each from an address of its own, or few of them would be judged at all.
    let base = process.base.clone();
    let sign_in = move |number: usize| {
        let body = login(&format!("nobody-{number}@example.com")).to_string();
        let request = format!(
            "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.{number}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len(),
        );
        raw(&base, request.as_bytes())
    };
    let status = |answer: &String| answer.split(' ').nth(1).unwrap_or_default().to_owned();
    assert_eq!(status(&sign_in(0)), "401");
    let before = process.peak_kib();
    let again = sign_in.clone();
    let answers = at_once(200, move |number| sign_in(1 + number));
    let of = |wanted: &str| answers.iter().filter(|answer| status(answer) == wanted).count();
    let (judged, busy) = (of("401"), of("503"));
    assert_eq!(judged + busy, 200, "{answers:?}");
    // A lane for each two cores and a queue of 64: more than wait from one address, and not all.
    assert!(judged > 32 && busy > 0, "{judged} judged, {busy} told to come again");
    // A password hash takes 19 MiB: two hundred of them would take four gibibytes.
    let grown = process.peak_kib() - before;
    assert!(grown < 256 * 1024, "{grown} KiB more");
    assert_eq!(status(&again(0)), "401");
}
