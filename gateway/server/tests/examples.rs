//! The README's way to take money works as it is written there, against a real gateway and with a JWT library that
//! nobody here wrote.

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
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::symlink,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use support::Process;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The lines of every block of that kind in the README.
fn blocks(kind: &str) -> Vec<String> {
    blocks_of("README.md", kind)
}

fn blocks_of(page: &str, kind: &str) -> Vec<String> {
    let readme = fs::read_to_string(root().join(page)).unwrap();
    let fence = format!("```{kind}\n");
    readme.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// What the README says behind these words of a command.
fn told(command: &str) -> Vec<String> {
    let console = blocks("console").concat();
    let line = console.lines().find_map(|line| line.strip_prefix("$ ")?.strip_prefix(command));
    let line = line.unwrap_or_else(|| panic!("the README says `{command}`"));
    line.split_whitespace().map(str::to_owned).collect()
}

/// What the program says, if it succeeds.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// A Python with what the example needs, in the target directory.
fn python() -> PathBuf {
    let wanted = "the example is in Python: python3 and its module venv are needed (Debian: apt install python3-venv)";
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples-venv");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).output();
    assert!(made.is_ok_and(|output| output.status.success()), "{wanted}");
    let requirements = told("venv/bin/pip ");
    let mut pip = Command::new(environment.join("bin/pip"));
    run(pip
        .args(requirements)
        .args(["--quiet", "--disable-pip-version-check"])
        .current_dir(root()));
    environment.join("bin/python")
}

#[test]
fn the_ten_lines_of_the_readme_take_money() {
    let shop = fs::read_to_string(root().join("examples/first-sale/sale.py")).unwrap();
    let lines = blocks("python");
    assert!(
        !lines.is_empty() && lines.iter().all(|lines| shop.contains(lines)),
        "the example is the README's"
    );
    let python = python();
    let folder = tempfile::tempdir().unwrap();
    for name in ["docs", "examples"] {
        symlink(root().join(name), folder.path().join(name)).unwrap();
    }
    let serve = told("cargo run --release -- serve ");
    let serve: Vec<&str> = serve.iter().map(String::as_str).collect();
    let process = Process::start(folder.path(), &serve);
    let rates = told("cargo run --release -- rates ");
    run(Command::new(env!("CARGO_BIN_EXE_purser"))
        .arg("rates")
        .args(rates)
        .current_dir(folder.path()));
    let mut example = Command::new(python);
    example.args(told("venv/bin/python ")).current_dir(folder.path());
    let said = run(example.env("PURSER_URL", &process.base));
    assert_eq!(
        said,
        "loaded 53.25 USD\nbought for 12.74 USD\npurchase.paid: A notebook for 11.90 EUR\n"
    );
}

/// A program with all that it started; ends with the test, however that ends.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.0.wait();
    }
}

/// The repository's bookshop, in a folder of the same place below another root.
fn bookshop(root_of_copy: &Path) -> PathBuf {
    let shop = root_of_copy.join("examples/shop");
    let listed = run(Command::new("git").args(["ls-files", "examples/shop"]).current_dir(root()));
    for name in listed.lines() {
        fs::create_dir_all(root_of_copy.join(name).parent().unwrap()).unwrap();
        fs::copy(root().join(name), root_of_copy.join(name)).unwrap();
    }
    shop
}

#[test]
fn the_bookshop_opens_as_its_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let shop = bookshop(folder.path());
    let gateway = Process::start(folder.path(), &["--sandbox"]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}");
    let commands = blocks_of("examples/shop/README.md", "sh").concat();
    let sh = |command: &str| {
        let mut sh = Command::new("sh");
        sh.args(["-c", command]).current_dir(&shop);
        sh.env("PURSER_URL", &gateway.base).env("SHOP_URL", &address);
        sh
    };
    let mut commands: Vec<&str> = commands.lines().collect();
    assert_eq!(commands.pop(), Some("npm start"));
    for command in commands {
        run(&mut sh(command));
    }
    let mut server = sh("npm start");
    let mut server = Group(server.process_group(0).stdout(Stdio::piped()).spawn().unwrap());
    let said = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let open = said.map(Result::unwrap).find(|line| line.contains(&address));
    assert!(open.is_some(), "the shop says where it is open");
    let mut curl = Command::new("curl");
    let shelf = run(curl.args(["--silent", "--fail", &address]));
    assert!(shelf.contains("The Thing with Feathers"), "{shelf}");
    let mut curl = Command::new("curl");
    let login =
        ["--silent", "--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}"];
    let leads = run(curl.args(login).arg(format!("{address}/login")));
    let authorize = format!("303 {}/oauth/authorize?", gateway.base);
    assert!(leads.starts_with(&authorize), "a buyer logs in at the gateway: {leads}");
}
