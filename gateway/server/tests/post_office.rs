//! The example of a post office works as its README says, against a real gateway: it checks stamps by the public keys alone,
//! and what two offices have seen comes out when they tell of it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use data_encoding::BASE64;
use jiff::civil::date;
use purser::stamp::{StampView, png};
use purser_core::stamp::piece::Symbol;
use purser_money::{Currency, Money};
use serde_json::json;
use support::{Buyer, Client, World, new_key, text};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/post-office").canonicalize().unwrap()
}

/// What the README says behind these words of a command.
fn told(command: &str) -> Vec<String> {
    let readme = fs::read_to_string(example().join("README.md")).unwrap();
    let console = readme.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let line = console.lines().find_map(|line| line.strip_prefix("$ ")?.strip_prefix(command));
    let line = line.unwrap_or_else(|| panic!("the README says `{command}`"));
    line.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect()
}

/// A Python with what the example needs, in the target directory: made once, however many tests want it at once.
fn python() -> PathBuf {
    static PYTHON: LazyLock<PathBuf> = LazyLock::new(environment);
    PYTHON.clone()
}

fn environment() -> PathBuf {
    let wanted = "the example is in Python: python3 and its module venv are needed (Debian: apt install python3-venv)";
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("post-office-venv");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).output();
    assert!(made.is_ok_and(|output| output.status.success()), "{wanted}");
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(told("venv/bin/pip ")).args(["--quiet", "--disable-pip-version-check"]);
    let output = pip.current_dir(example()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    environment.join("bin/python")
}

/// One post office: a folder with the example, images, and the keys that it once fetched.
struct Office {
    folder: tempfile::TempDir,
    place: &'static str,
    python: PathBuf,
}

impl Office {
    fn new(world: &World, python: &Path, place: &'static str, scanner_key: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        symlink(example().join("post_office.py"), folder.path().join("post_office.py")).unwrap();
        fs::create_dir(folder.path().join("scanned")).unwrap();
        fs::write(folder.path().join("scanner.key"), scanner_key).unwrap();
        let office = Self { folder, place, python: python.to_owned() };
        office.run(world, "keys", &[]).succeeded();
        office
    }

    fn scan(&self, image: &str, indicium: &[u8], symbol: Symbol) {
        // Only the symbol is in the image, so what else is printed does not matter here.
        let stamp = StampView {
            indicium: indicium.to_vec(),
            symbol,
            price: Money::new(1, Currency::parse("USD").unwrap()),
            title: String::new(),
            issued_on: date(2026, 1, 1),
            expires_on: date(2026, 1, 1),
            serial: String::new(),
            s10: None,
            printed: Vec::new(),
            verify_at: String::new(),
        };
        fs::write(self.folder.path().join("scanned").join(image), png(&stamp).unwrap()).unwrap();
    }

    /// A command of the README, as it is there but for the gateway's address and the place.
    fn run(&self, world: &World, command: &str, more: &[&str]) -> Said {
        let words = told(&format!("venv/bin/python post_office.py {command}"));
        let mut words: Vec<String> = words
            .into_iter()
            .map(|word| word.replace("http://127.0.0.1:8080", &world.base))
            .collect();
        if let Some(place) = words.iter().position(|word| word == "--place") {
            words.truncate(place + 1);
            words.push(self.place.to_owned());
        }
        let mut run = Command::new(&self.python);
        run.arg("post_office.py")
            .arg(command)
            .args(words)
            .args(more)
            .current_dir(self.folder.path());
        Said(run.output().unwrap())
    }

    /// What it makes of the images, without a network.
    fn check(&self, world: &World, at: &str) -> String {
        self.run(world, "check", &["--at", at]).succeeded()
    }
}

struct Said(Output);

impl Said {
    #[track_caller]
    fn succeeded(self) -> String {
        assert!(self.0.status.success(), "{}", String::from_utf8_lossy(&self.0.stderr));
        String::from_utf8(self.0.stdout).unwrap()
    }

    #[track_caller]
    fn failed(self) -> String {
        let error = String::from_utf8_lossy(&self.0.stderr);
        assert_eq!((self.0.status.code(), &*error), (Some(1), ""));
        String::from_utf8(self.0.stdout).unwrap()
    }
}

struct Bought {
    indicium: Vec<u8>,
    serial: String,
}

fn buy(buyer: &Buyer, vendor: &str, service: &str) -> Bought {
    let wish = json!({
        "vendor": vendor, "origin": "DE-10115", "destination": "DE-80331", "weight_g": 12, "service": service,
    });
    let stamp = buyer.client.post("/v1/stamps", Some(&new_key()), &wish).ok(201);
    let indicium = BASE64.decode(text(&stamp, "/indicium").as_bytes()).unwrap();
    Bought { indicium, serial: text(&stamp, "/serial") }
}

#[test]
fn two_offices_check_stamps_by_the_keys_alone_and_find_what_both_have_seen() {
    let world = World::on_sqlite();
    let vendor = json!({"name": "Open Post", "country": "DE", "stamps_plugin": "stamps-open"});
    let vendor = world.operator.post("/v1/merchants", None, &vendor).ok(201);
    let buyer = world.buyer_with("50.00");
    let [letter, other] = [(); 2].map(|()| buy(&buyer, &text(&vendor, "/id"), "letter"));
    let card = buy(&buyer, &text(&vendor, "/id"), "card");
    let rival = json!({"name": "Other Post", "country": "DE", "stamps_plugin": "stamps-open"});
    let rival = world.operator.post("/v1/merchants", None, &rival).ok(201);
    let foreign = buy(&buyer, &text(&rival, "/id"), "letter");

    let secret = text(&vendor, "/secret_key");
    let clerk = Client::new(&world.base, Some(&secret));
    let scopes = json!({"scopes": ["stamps:scan"]});
    let scanner = text(&clerk.post("/v1/api-keys", None, &scopes).ok(201), "/key");

    let python = python();
    let north = Office::new(&world, &python, "North", &scanner);
    let south = Office::new(&world, &python, "South", &scanner);
    let mut forged = letter.indicium.clone();
    forged[30] ^= 1;
    north.scan("a.png", &letter.indicium, Symbol::Full);
    north.scan("b.png", &letter.indicium, Symbol::Full);
    north.scan("c.png", &forged, Symbol::Full);
    north.scan("d.png", &card.indicium, Symbol::Lite);
    north.scan("e.png", b"a mark of somebody else", Symbol::Full);
    south.scan("f.png", &letter.indicium, Symbol::Full);
    south.scan("g.png", &foreign.indicium, Symbol::Full);
    south.scan("h.png", &other.indicium, Symbol::Full);

    let now = world.gateway.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let Bought { serial, .. } = &letter;
    assert_eq!(
        north.check(&world, &now),
        format!(
            "a.png: valid: {serial}, 0.78 USD for letter\n\
             b.png: duplicate: {serial}, 0.78 USD for letter\n\
             c.png: forged: {serial}, 0.78 USD for letter\n\
             d.png: ask: {}, 0.62 USD for card\n\
             e.png: no stamp of this layout\n",
            card.serial
        )
    );
    // What both have seen, neither can know by itself.
    assert_eq!(
        south.check(&world, &now),
        format!(
            "f.png: valid: {serial}, 0.78 USD for letter\n\
             g.png: valid: {}, 0.78 USD for letter\n\
             h.png: valid: {}, 0.78 USD for letter\n",
            foreign.serial, other.serial
        )
    );
    let seen = format!("first seen at {now} in North, a.png");
    let told = format!("a.png: valid\nb.png: duplicate, {seen}\nd.png: valid\n");
    assert_eq!(north.run(&world, "upload", &[]).failed(), told);
    assert_eq!(north.run(&world, "upload", &[]).failed(), told, "told twice it counts once");
    let refused =
        "a stamp is scanned by its own vendor, with a key that has the scope `stamps:scan`";
    let told = format!("f.png: duplicate, {seen}\ng.png: refused: {refused}\nh.png: valid\n");
    assert_eq!(south.run(&world, "upload", &[]).failed(), told);
}

#[test]
fn an_office_without_a_network_knows_the_last_day() {
    let world = World::on_sqlite();
    let vendor = json!({"name": "Open Post", "country": "DE", "stamps_plugin": "stamps-open"});
    let vendor = world.operator.post("/v1/merchants", None, &vendor).ok(201);
    let letter = buy(&world.buyer_with("5.00"), &text(&vendor, "/id"), "letter");
    let office = Office::new(&world, &python(), "North", "none");
    office.scan("a.png", &letter.indicium, Symbol::Full);
    let today = world.gateway.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = |count| today.checked_add(jiff::Span::new().days(count)).unwrap();
    for (day, status) in [(days(364), "valid"), (days(365), "expired"), (days(-1), "expired")] {
        let said = office.check(&world, &format!("{day}T12:00:00Z"));
        assert!(said.starts_with(&format!("a.png: {status}: ")), "{day}: {said}");
    }
}
