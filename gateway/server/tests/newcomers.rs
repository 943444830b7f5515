//! What somebody meets who does something for the first time, and wrongly: each text says what to do.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::process::Command;

use serde_json::json;
use support::{Process, RATES, World, raw, text};

#[track_caller]
fn refused(folder: &std::path::Path, arguments: &[&str], status: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn two_gateways_do_not_serve_one_directory() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path(), &[]);
    let second = ["serve", "--listen", "127.0.0.1:0"];
    let error = refused(folder.path(), &second, 1);
    assert!(error.contains("a gateway serves purser-data already; stop that one"), "{error}");
    // What only works on the data goes on beside it, and whoever comes after it may serve.
    let mut check = Command::new(env!("CARGO_BIN_EXE_purser"));
    assert!(check.arg("check").current_dir(&folder).output().unwrap().status.success());
    drop(first);
    drop(Process::start(folder.path(), &[]));
}

/// What the manual says of backups is run as it says it.
fn manual(title: &str) -> String {
    let page = include_str!("../../../docs/operating.md");
    let (_, rest) = page.split_once(&format!("```console {title}\n$ ")).unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

#[test]
fn a_backup_is_proved_and_serves_and_neither_keys_nor_books_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    drop(Process::start(folder.path(), &[]));
    let run = |command: &str| {
        let mut words = command.split(' ');
        let program = words.next().unwrap().replace("purser", env!("CARGO_BIN_EXE_purser"));
        let output = Command::new(program).args(words).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&manual("backup"));
    assert!(run(&manual("restore")).contains("the books are proved"));
    let backup = folder.path().join("purser-backup");
    for key in ["master.key", "signing.keys"] {
        std::fs::rename(backup.join(key), backup.join("aside")).unwrap();
        let serve = ["serve", "--data", "purser-backup", "--listen", "127.0.0.1:0"];
        let error = refused(folder.path(), &serve, 1);
        assert!(error.contains(key) && error.contains("restore it from a backup"), "{error}");
        assert!(!backup.join(key).exists());
        std::fs::rename(backup.join("aside"), backup.join(key)).unwrap();
    }
    // A database that was emptied is proved by nothing, and stays as it is.
    std::fs::write(backup.join("purser.db"), "").unwrap();
    let error = refused(folder.path(), &["check", "--data", "purser-backup"], 1);
    assert!(error.contains("no books of Purser in purser-backup/purser.db"), "{error}");
    assert_eq!(std::fs::metadata(backup.join("purser.db")).unwrap().len(), 0);
    std::fs::write(
        backup.join("purser.db"),
        "no database, but longer than a hundred bytes".repeat(9),
    )
    .unwrap();
    let error = refused(folder.path(), &["check", "--data", "purser-backup"], 1);
    assert!(error.contains("purser.db") && error.contains("restore it from a backup"), "{error}");
    std::fs::remove_dir_all(&backup).unwrap();
    run(&manual("backup"));
    run(&manual("restore"));
}

#[test]
fn a_wrong_time_is_told_how_times_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path(), &["serve", "--sandbox", "--clock", "tomorrow"], 2);
    assert!(error.contains("a time like 2026-11-22T12:00:00Z"), "{error}");
}

#[test]
fn the_address_of_a_gateway_says_what_it_is() {
    let world = World::on_sqlite();
    let page = world.anyone().get("/").ok(200);
    let page = page.as_str().unwrap();
    for link in
        ["/signup", "/login", "/desk", "/docs/", "/openapi.json", "/problems", "/v1/gateway"]
    {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
        assert!(world.anyone().get(link).status < 400, "{link}");
    }
    let head = raw(&world.base, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(head.to_lowercase().contains("content-security-policy: default-src 'none'"), "{head}");
}

#[test]
fn who_shows_no_credential_is_told_which_one_is_wanted() {
    let world = World::on_sqlite();
    for (path, wanted) in [
        ("/v1/plugins", "Bearer op_..."),
        ("/v1/offer-keys", "Bearer sk_..."),
        ("/v1/vault", "access_token of POST /v1/sessions"),
    ] {
        let answer = world.anyone().get(path);
        answer.problem(401, "not-authenticated");
        assert!(text(&answer.body, "/detail").contains(wanted), "{path}: {:#}", answer.body);
    }
    // The key of another kind is none.
    let shop = world.merchant("DE");
    let answer = shop.client.get("/v1/plugins");
    answer.problem(401, "not-authenticated");
    assert!(text(&answer.body, "/detail").contains("op_..."), "{:#}", answer.body);
}

on_both_databases! {
    fn rates_that_are_corrected_are_told(world: &World) {
        let again = world.operator.post_bytes("/v1/rates?feed=ecb-daily", RATES).ok(201);
        assert_eq!((&again["new"], &again["corrected"]), (&json!(0), &json!(0)));
        let other = String::from_utf8(RATES.to_vec()).unwrap().replace("1.0705", "1.0706");
        let other = world.operator.post_bytes("/v1/rates?feed=ecb-daily", other.as_bytes()).ok(201);
        assert_eq!((&other["new"], &other["corrected"]), (&json!(1), &json!(1)));
        let rate = world.operator.get("/v1/rates/EUR/USD").ok(200);
        assert_eq!(rate["rate"], "1.0706");
    }
}
