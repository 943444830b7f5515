//! `cargo xtask e2e`: the journeys of buyers, merchants and operators through the pages, in a real browser.
//!
//! The gateway runs in its sandbox and the bookshop of `examples/shop` beside it, set up as its README says. What is walked
//! and what is looked at on each page is in `e2e/`.

mod wordpress;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use self::wordpress::WordPress;
use crate::gateway::{House, Subject};
use crate::interrupt::{self, Ending};
use crate::postgres::free_port;
use crate::shop::Operator;
use crate::{needs, step};

#[derive(clap::Args, Default)]
#[command(after_help = "\
Examples:
  cargo xtask e2e                  every journey
  cargo xtask e2e --only wallet    the journeys whose name contains \"wallet\"
  cargo xtask e2e --wordpress      WordPress too

Screenshots of every page are in target/e2e/screenshots, how long each took in target/e2e/pages.json. Chromium, Node.js 20 and npm
are installed where that is allowed and named otherwise; CHROMIUM=FILE chooses another browser of that kind.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Walks through WordPress too, with Debian's Apache, PHP and MariaDB
    #[arg(long)]
    pub(crate) wordpress: bool,
    /// Only the journeys whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// Above this, in the vault's currency, a buyer is asked for the PIN: one book of the shop costs more.
const STEP_UP_LIMIT: &str = "50";
/// Long enough that a buyer of two shops sees the page before, short enough to wait for.
const TOLD_WITHIN_SECONDS: &str = "5";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = arguments.subject.binary()?;
    let foreign = [needs::NODE_20, needs::NPM, needs::CHROMIUM];
    needs::foreign("walking through the pages", &foreign)?;
    let folder = step::target().join("e2e");
    let shop = installed("examples/shop", &folder.join("shop"))?;
    let walk = installed("e2e", &folder.join("walk"))?;
    let house = House::new(&binary, None)?;
    let told = ["--shops-told-within-seconds", TOLD_WITHIN_SECONDS];
    let gateway = house.open_with(&[&["--step-up-limit", STEP_UP_LIMIT], &told[..]].concat())?;
    Operator::of(&house, &gateway)?.open_shop()?;
    let bookshop = Bookshop::open(&house, &shop)?;
    let files = walk.join("wordpress");
    let wordpress = arguments.wordpress.then(|| WordPress::open(&house, &gateway, &files));
    let wordpress = wordpress.transpose()?;
    let mut node = Command::new("node");
    node.arg("--test").arg("--test-reporter=spec");
    if let Some(wordpress) = &wordpress {
        node.env("E2E_WORDPRESS", &wordpress.address);
    }
    if let Some(name) = &arguments.only {
        node.arg("--test-name-pattern").arg(name);
    }
    node.arg("walk.test.js")
        .current_dir(walk)
        .env("E2E_GATEWAY", house.issuer())
        .env("E2E_SHOP", &bookshop.address)
        .env("E2E_OPERATOR_KEY", house.operator_key()?)
        .env("E2E_PURSER", &binary)
        .env("E2E_PLUGIN", plugin(&binary, &folder)?)
        .env("E2E_ROOT", step::root())
        .env("E2E_RESULTS", &folder)
        .env("CHROMIUM", needs::chromium().context("there is no Chromium")?);
    step::run(&mut node).with_context(|| format!("the gateway logged:\n{}", house.log_end()))?;
    drop((bookshop, wordpress));
    gateway.stop()?;
    house.check_books()
}

/// A plugin that is not the gateway's own: the example.
fn plugin(purser: &Path, folder: &Path) -> Result<PathBuf> {
    let file = folder.join("gst-sg.wasm");
    let mut build = Command::new(purser);
    build.args(["plugin", "build"]).arg(step::root().join("examples/plugin-rust"));
    step::run(build.arg("--out").arg(&file))?;
    Ok(file)
}

/// A folder of the repository's, copied to where its packages may be installed beside it.
fn installed(source: &str, to: &Path) -> Result<PathBuf> {
    copy(&step::root().join(source), to)?;
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]);
    step::run(npm.current_dir(to))?;
    Ok(to.to_owned())
}

/// What an earlier run left there of the same names is replaced.
fn copy(source: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_file() {
            fs::copy(from, to)?;
        } else if entry.file_name() != "node_modules" {
            copy(&from, &to)?;
        }
    }
    Ok(())
}

/// The shop, running; dropping it ends it.
struct Bookshop {
    address: String,
    process: Child,
    _ending: Ending,
}

impl Bookshop {
    /// Introduces the shop to the gateway, and opens it.
    fn open(house: &House, source: &Path) -> Result<Self> {
        let address = format!("http://127.0.0.1:{}", free_port()?);
        let node = |program: &str| {
            let mut node = Command::new("node");
            node.arg(program).current_dir(source).env("SHOP_URL", &address);
            node.env("SHOP_SETTINGS", house.file("shop.json"));
            node.env("SHOP_ORDERS", house.file("orders.jsonl"));
            node
        };
        let mut setup = node("setup.js");
        setup.env("PURSER_URL", house.issuer());
        step::run(setup.env("PURSER_OPERATOR_KEY_FILE", house.operator_key_file()))?;
        let mut server = node("server.js");
        server.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = server.spawn().context("cannot start the shop")?;
        let stdout = process.stdout.take();
        let ending = Ending::with(&process, Signal::TERM);
        let shop = Self { address, process, _ending: ending };
        let mut line = String::new();
        BufReader::new(stdout.context("the shop is heard")?).read_line(&mut line)?;
        ensure!(line.contains(&shop.address), "the shop did not open: {line}");
        Ok(shop)
    }
}

impl Drop for Bookshop {
    fn drop(&mut self) {
        interrupt::send(&self.process, Signal::TERM);
        let _reaped = self.process.wait();
    }
}
