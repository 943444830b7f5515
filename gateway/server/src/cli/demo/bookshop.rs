//! The bookshop of `examples/shop`, beside the demo's gateway: what a person does in a browser after the story.
//!
//! It is a program of its own, for Node.js. Where that is missing the demo says what to install; the gateway's own pages
//! need nothing.

use std::{
    fs,
    io::{BufRead, BufReader, IsTerminal},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{client::Client, print::text};
use crate::gateway::Gateway;

const NODE_MAJOR_MIN: u32 = 20;

/// What a visitor may spend.
const CARD_EUR: &str = "100.00";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../../../../../examples/shop/", $name)).as_slice())),*]
    };
}

/// The shop, as it is in the repository.
const FILES: [(&str, &[u8]); 21] = files![
    "package.json",
    "package-lock.json",
    "catalogue.js",
    "login.js",
    "offers.js",
    "orders.js",
    "pages.js",
    "server.js",
    "sessions.js",
    "settings.js",
    "setup.js",
    "webhooks.js",
    "books/feathers.txt",
    "books/pea-green-boat.txt",
    "books/summers-day.txt",
    "public/lantern.svg",
    "public/shop.css",
    "public/covers/feathers.svg",
    "public/covers/night-shelf.svg",
    "public/covers/pea-green-boat.svg",
    "public/covers/summers-day.svg",
];

/// Where somebody may go now.
pub(super) struct Open {
    shop: Option<Bookshop>,
    gateway: String,
    operator_key: String,
    card: String,
}

/// The shop, running; dropping it ends it.
struct Bookshop {
    address: String,
    process: Child,
}

/// Opens the shop, and sells a card to whoever comes. A shop that cannot be opened is no failure of the demo.
pub(super) fn open(gateway: &Gateway) -> Result<Open> {
    let operator_key = fs::read_to_string(gateway.settings.data.join("operator.key"))?;
    let operator_key = operator_key.trim().to_owned();
    let card = sold_card(&Client::new(&gateway.issuer, Some(&operator_key)))?;
    let shop = Bookshop::open(gateway)
        .inspect_err(|error| println!("\nThe bookshop stays closed: {error:#}"))
        .ok();
    Ok(Open { shop, gateway: gateway.issuer.clone(), operator_key, card })
}

impl Open {
    /// Says where to go, and goes there where there is a screen.
    pub(super) fn show(&self) {
        let Self { gateway, operator_key, card, .. } = self;
        println!("\nThe gateway stays open until Ctrl-C.");
        if let Some(shop) = &self.shop {
            println!("  a bookshop           {}", shop.address);
        }
        println!("  the buyer's wallet   {gateway}/wallet");
        println!("    sign up on the way, and load a card of {CARD_EUR} EUR: {card}");
        println!(
            "    or be Cleo: cleo@example.com, PIN 271828, password \"correct horse battery\""
        );
        println!("  the operator's desk  {gateway}/operator with the key {operator_key}");
        println!("  every call           {gateway}/docs");
        show_in_browser(self.shop.as_ref().map_or(gateway.as_str(), |shop| &shop.address));
    }
}

fn sold_card(operator: &Client) -> Result<String> {
    let face = json!({ "amount": CARD_EUR, "currency": "EUR" });
    let batch = operator.post("/v1/card-batches", None, &json!({ "count": 1, "face": face }))?;
    let activate = format!("/v1/card-batches/{}/activate", text(&batch, "id"));
    operator.post(&activate, Some("demo-visitor"), &json!({}))?;
    Ok(batch.pointer("/cards/0/code").and_then(Value::as_str).context("a card")?.to_owned())
}

impl Bookshop {
    fn open(gateway: &Gateway) -> Result<Self> {
        let node = version_of("node");
        ensure!(
            node.is_some_and(|major| major >= NODE_MAJOR_MIN) && version_of("npm").is_some(),
            "it needs Node.js {NODE_MAJOR_MIN} or later and npm (https://nodejs.org; Debian: apt install nodejs npm)"
        );
        let folder = written(&gateway.settings.data.join("bookshop"))?;
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]);
        ended(npm.current_dir(&folder)).context("npm cannot fetch what the shop needs")?;
        let address = format!("http://127.0.0.1:{}", free_port()?);
        let mut setup = Command::new("node");
        setup.arg("setup.js").current_dir(&folder).env("SHOP_URL", &address);
        setup.env("PURSER_URL", &gateway.issuer);
        let key = fs::canonicalize(gateway.settings.data.join("operator.key"))?;
        ended(setup.env("PURSER_OPERATOR_KEY_FILE", key))?;
        let mut server = Command::new("node");
        server.arg("server.js").current_dir(&folder).env("SHOP_URL", &address);
        let process = server.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut shop = Self { address, process };
        let mut line = String::new();
        let said = shop.process.stdout.take().context("the shop is heard")?;
        BufReader::new(said).read_line(&mut line)?;
        ensure!(line.contains(&shop.address), "it did not start");
        Ok(shop)
    }
}

impl Drop for Bookshop {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// The shop's files, in a folder that goes when the demo does.
fn written(folder: &Path) -> Result<PathBuf> {
    for (name, bytes) in FILES {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(file, bytes)?;
    }
    Ok(folder.to_owned())
}

/// The first number of a program's version, if it is there.
fn version_of(program: &str) -> Option<u32> {
    let said = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    said.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Runs a program to its end.
fn ended(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", said.trim());
    Ok(())
}

/// A port that nobody listens on now.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Opens the person's own browser, if a person is there. Whoever reads the output elsewhere has the address.
fn show_in_browser(address: &str) {
    let has_screen = cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if !std::io::stdout().is_terminal() || !has_screen {
        return;
    }
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut browser = Command::new(program);
    browser.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _address_was_printed = browser.spawn();
}
