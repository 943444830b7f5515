//! `purser plugin` as an operator meets it: on the database of a gateway that runs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::{fs, path::Path, process::Command};

use purser_pack::{SigningKey, sign};
use serde_json::{Value, json};
use support::{START, World, new_key, plugin, text};

/// What the command printed, as JSON, or what it said instead.
fn purser(world: &World, arguments: &[&str]) -> Result<Value, String> {
    let settings = &world.gateway.settings;
    let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
    command
        .arg("plugin")
        .args(arguments)
        .args(["--json", "--sandbox", "--clock", START, "--data"])
        .arg(&settings.data);
    if let Some(database) = &settings.database {
        command.args(["--database", database]);
    }
    let output = command.output().unwrap();
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}

/// The plugin that does as it is configured, under another version, as a file.
fn file(folder: &Path, version: &str, key: Option<&SigningKey>) -> String {
    let component = plugin::version(version);
    let component = key.map_or(component.clone(), |key| sign(&component, key).unwrap());
    let file = folder.join(format!("hostile-{version}.wasm"));
    fs::write(&file, component).unwrap();
    file.to_str().unwrap().to_owned()
}

on_both_databases! {
    fn a_version_is_tried_activated_and_undone_on_the_command_line(world: &World) {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate().unwrap();
        let (one, two) = (file(folder.path(), "0.1.1", Some(&key)), file(folder.path(), "0.1.2", Some(&key)));
        let config = folder.path().join("config.json");
        fs::write(&config, "20").unwrap();
        let config = config.to_str().unwrap();

        let untrusted = purser(world, &["install", &one]).unwrap_err();
        assert!(untrusted.contains("purser plugin trust"), "the cure is named: {untrusted}");
        let trusted = purser(world, &["trust", &key.public().to_string(), "--name", "Mammon"]).unwrap();
        assert_eq!(trusted["name"], "Mammon");
        let installed = purser(world, &["install", &one, "--enable", "XX", "--plugin-config", config]).unwrap();
        assert_eq!((&installed["status"], &installed["answers"][0]["place"]), (&json!("active"), &json!("XX")));

        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        let body = json!({ "offers": [shop.offer("10.00", "USD")], "country": "XX" });
        let paid = buyer.client.post("/v1/purchases", Some(&new_key()), &body).ok(201);
        assert_eq!(text(&paid, "/total/amount"), "12.00");

        let same = purser(world, &["replay", "hostile@0.1.1"]).unwrap();
        assert_eq!((&same["inexact"], &same["differences"][0]["equal"]), (&json!(0), &json!(1)));
        fs::write(config, "30").unwrap();
        let dearer = purser(world, &["replay", "hostile@0.1.1", "--with", &two, "--plugin-config", config]).unwrap();
        assert_eq!(dearer["differences"][0]["difference"], json!({ "amount": "1.00", "currency": "USD" }));
        let none = purser(world, &["replay", "hostile@0.1.1", "--with", &two, "--since", "2024-06-29"]).unwrap();
        assert_eq!(none["differences"], json!([]));

        let installed = purser(world, &["install", &two]).unwrap();
        assert_eq!(installed["status"], "installed");
        let shadow = purser(world, &["shadow", "hostile@0.1.2", "--start", "XX"]).unwrap();
        assert_eq!((&shadow["running"], &shadow["countries"]), (&json!(true), &json!(["XX"])));
        assert_eq!(purser(world, &["shadow", "hostile@0.1.2", "--stop"]).unwrap()["running"], false);
        let activated = purser(world, &["activate", "hostile@0.1.2", "--plugin-config", config]).unwrap();
        assert_eq!(activated["status"], "active");
        let older = purser(world, &["activate", "hostile@0.1.1"]).unwrap_err();
        assert!(older.contains("0.1.2"), "{older}");
        assert_eq!(purser(world, &["rollback", "hostile@0.1.2"]).unwrap()["status"], "retired");
        assert_eq!(purser(world, &["disable", "hostile@0.1.1"]).unwrap()["answers"], json!([]));
        let grant = purser(world, &["grant", "hostile@0.1.1", "--grant-host", "api.post.example"]).unwrap_err();
        assert!(grant.contains("does not ask for"), "{grant}");
        let unknown = purser(world, &["rollback", "nobody@1.0.0"]).unwrap_err();
        assert!(unknown.contains("hostile@0.1.1"), "those that there are: {unknown}");
        let listed = purser(world, &["list"]).unwrap();
        assert!(listed.as_array().unwrap().iter().any(|row| row["name"] == "hostile"));
        world.check();
    }

    fn a_table_of_rates_is_enabled_on_the_command_line(world: &World) {
        let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/tax-tables/SG.json");
        let folder = tempfile::tempdir().unwrap();
        let broken = folder.path().join("broken.json");
        fs::write(&broken, r#"{"places":[{"place":"SG","tax":"GST","rates":"9"}]}"#).unwrap();
        let enable = |config: &str| purser(world, &["enable", "tax-table@0.1.0", "SG", "--plugin-config", config]);
        let refused = enable(broken.to_str().unwrap()).unwrap_err();
        assert!(refused.contains("rates"), "{refused}");
        let elsewhere = purser(world, &["enable", "tax-table@0.1.0", "US", "--plugin-config", table]).unwrap_err();
        assert!(elsewhere.contains("no taxes of US"), "{elsewhere}");
        let enabled = enable(table).unwrap();
        assert_eq!((&enabled["status"], &enabled["answers"][0]["place"]), (&json!("active"), &json!("SG")));
        let (shop, buyer) = (world.merchant("SG"), world.buyer_with("100.00"));
        let body = json!({ "offers": [shop.offer("10.00", "USD")], "country": "SG" });
        let paid = buyer.client.post("/v1/purchases", Some(&new_key()), &body).ok(201);
        assert_eq!(text(&paid, "/total/amount"), "10.90");
        world.check();
    }
}
