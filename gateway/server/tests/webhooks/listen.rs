//! `purser listen` brings events to a developer's machine.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{endpoint::Say, *};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The command, ended with the test.
struct Listening(Child);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(world: &World, key: &str, to: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
    command.args(["listen", "--forward-to", to]).args(more).env("PURSER_URL", &world.base);
    command.env("PURSER_KEY", key).env("PURSER_WEBHOOK_SECRET", SECRET);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A merchant's key for all that it does.
fn key(scene: &Scene) -> String {
    let made =
        scene.merchant.client.post("/v1/api-keys", None, &json!({ "scopes": ["sales:read"] }));
    text(&made.ok(201), "/key")
}

#[test]
fn events_are_forwarded_signed_from_where_it_was_and_tried_again() {
    let world = World::on_sqlite();
    let (scene, endpoint) = (Scene::of(&world), Endpoint::new());
    let (secret, key) = (WebhookSecret::parse(SECRET).unwrap(), key(&scene));
    let before = scene.buy();
    let missed = scene.buy();
    endpoint.next(Say::Status(500));
    let more = ["--after", &before, "--count", "2", "--events", "purchase.paid"];
    let mut child = command(&world, &key, &endpoint.url, &more).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let listening = Listening(child);
    for _ in 0..2 {
        let got = endpoint.got();
        assert_eq!(got.header("webhook-id"), missed, "what it missed, and once more");
        assert!(is_signed(&got, &secret));
    }
    let live = scene.buy();
    assert_eq!(endpoint.got().header("webhook-id"), live);
    let said: Vec<String> = output.lines().map(Result::unwrap).collect();
    assert!(said.iter().any(|line| line.contains(SECRET)), "{said:#?}");
    let of = |event: &str| said.iter().filter(|line| line.contains(event)).collect::<Vec<_>>();
    assert!(of(&missed)[0].contains("-> 500"), "{said:#?}");
    assert!(
        of(&missed)[1].contains("-> 204") && of(&missed)[1].ends_with("(attempt 2)"),
        "{said:#?}"
    );
    assert_eq!(of(&live).len(), 1, "{said:#?}");
    drop(listening);
}

#[test]
fn chaos_repeats_mixes_up_and_forges_and_loses_nothing() {
    let world = World::on_sqlite();
    let (scene, endpoint) = (Scene::of(&world), Endpoint::new());
    let (secret, key) = (WebhookSecret::parse(SECRET).unwrap(), key(&scene));
    let before = scene.buy();
    let events: Vec<String> = (0..12).map(|_| scene.buy()).collect();
    let chaos = "duplicate,reorder,bad-signature";
    let more = ["--after", &before, "--count", "12", "--chaos", chaos, "--json"];
    let output = command(&world, &key, &endpoint.url, &more).output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let mut told: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let got = endpoint.got();
        assert_eq!(got.header("webhook-id"), line["id"]);
        assert_eq!(is_signed(&got, &secret), line["forged"] == json!(false));
        told.entry(text(&line, "/id")).or_default().push(is_signed(&got, &secret));
    }
    assert!(events.iter().all(|event| told[event].contains(&true)), "nothing is lost");
    assert!(told.values().all(|signed| signed.contains(&false)), "each is forged once");
    assert!(String::from_utf8(output.stderr).unwrap().contains("it must verify them"));
}

#[test]
fn chaos_holds_events_back_and_says_for_how_long() {
    let world = World::on_sqlite();
    let (scene, endpoint) = (Scene::of(&world), Endpoint::new());
    let (key, before) = (key(&scene), scene.buy());
    let events: Vec<String> = (0..4).map(|_| scene.buy()).collect();
    let more = ["--after", &before, "--count", "4", "--chaos", "delay", "--json"];
    let started = Instant::now();
    let output = command(&world, &key, &endpoint.url, &more).output().unwrap();
    let took = started.elapsed();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let told: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(told.iter().map(|line| &line["id"]).eq(&events), "late, and still in order: {said}");
    let late_ms: Vec<u64> = told.iter().map(|line| line["late_ms"].as_u64().unwrap()).collect();
    assert!(late_ms.iter().all(|late| *late <= 3_000), "{late_ms:?}");
    assert!(late_ms.iter().any(|late| *late > 0), "{late_ms:?}");
    assert!(took >= Duration::from_millis(late_ms.iter().sum()), "it was not held back");
    for event in events {
        assert_eq!(endpoint.got().header("webhook-id"), event);
    }
}

#[test]
fn errors_say_what_to_do() {
    let world = World::on_sqlite();
    let scene = Scene::of(&world);
    let said = |key: &str, to: &str, more: &[&str]| {
        let output = command(&world, key, to, more).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let key = key(&scene);
    for (told, cure) in [
        (said("sk_test_none", "http://localhost:1/", &[]), "with --key or PURSER_KEY"),
        (said(&key, "localhost:1", &[]), "http://localhost:3000/hooks"),
        (said(&key, "http://localhost:1/", &["--events", "moon.risen"]), "purchase.paid"),
        (said(&key, "http://localhost:1/", &["--plugin", "tax-eu"]), "not for webhooks"),
        (said(&key, "http://localhost:1/", &["--plugin", "none"]), "no file"),
        (said(&key, "http://localhost:1/", &["--secret", "x"]), "whsec_"),
        (
            said(&key, "http://localhost:1/", &["--url", "http://127.0.0.1:9"]),
            "name the gateway with --url",
        ),
    ] {
        assert!(told.contains(cure), "{told}");
    }
}
