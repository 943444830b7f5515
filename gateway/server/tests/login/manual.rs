//! The manual for shops, done literally: its commands are run, and its two shops log a buyer in and out.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    libraries::{node, python},
    *,
};

/// A shop of the manual, running. It ends with the test.
struct Running {
    child: Child,
    /// Open, so that the shop can go on saying things.
    _output: BufReader<ChildStdout>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A page of the manual.
pub(super) fn manual(name: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    fs::read_to_string(page).unwrap()
}

/// The blocks that begin like this, without their first lines.
pub(super) fn blocks<'a>(page: &'a str, begin: &str) -> Vec<&'a str> {
    let begin = format!("\n```{begin}\n");
    let behind = page.split(begin.as_str()).skip(1);
    behind.map(|rest| rest.split_once("\n```").unwrap().0).collect()
}

/// What a command says, run as it stands there but for the names of this test.
#[track_caller]
pub(super) fn says(world: &World, key: &str, command: &str, address: &str) -> String {
    let command = command.replace("https://pay.example", &world.base);
    let command = command.replace("http://127.0.0.1:3000", address);
    let output =
        Command::new("bash").args(["-c", &command]).env("PURSER_KEY", key).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A command, and what it says; either may be of many lines.
pub(super) fn shown(block: &str) -> (String, String) {
    let lines: Vec<&str> = block.strip_prefix("$ ").unwrap().lines().collect();
    let ends = lines.iter().position(|line| !line.ends_with('\\')).unwrap();
    (lines[..=ends].join("\n"), lines[ends + 1..].join("\n"))
}

/// Whether the text is what is shown, where `...` stands for anything.
pub(super) fn is_like(text: &str, shown: &str) -> bool {
    let mut rest = text;
    let mut parts = shown.split("...");
    let first = parts.next().unwrap_or_default();
    let Some(behind) = rest.strip_prefix(first) else { return false };
    rest = behind;
    parts.all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a shop of the manual, which says so.
fn start(command: &mut Command, folder: &Path, said: &str) -> Running {
    command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    let running = Running { child, _output: output };
    assert_eq!(first.trim(), said.trim());
    running
}

/// Whether somebody listens there yet.
fn listens(address: &str) -> bool {
    std::net::TcpStream::connect(address.trim_start_matches("http://")).is_ok()
}

fn logs_in_and_out(world: &World, address: &str) {
    let begun = Instant::now();
    while !listens(address) {
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody listens at {address}");
        std::thread::yield_now();
    }
    let buyer = world.buyer();
    let person = Person::new(&world.base);
    let at_shop = Person::new(address);
    let back = person.log_in(at_shop.get("/login").location().unwrap(), &buyer.login);
    let greeting = at_shop.get(&back).ok().body;
    assert!(greeting.starts_with("Hello buyer-"), "{greeting}");
    let forged = at_shop.get(&back);
    assert!(forged.status >= 400, "{forged:?}");
    let out = at_shop.get("/logout").location().unwrap().to_owned();
    let after = person.get(&out).leads();
    assert!(after.starts_with(&format!("{address}/")), "{after}");
}

#[test]
fn what_the_manual_shows_is_what_happens() {
    let (world, page) = (World::on_sqlite(), manual("login.md"));
    let (port, key) = (free_port(), key_of(&world));
    let address = format!("http://127.0.0.1:{port}");
    let commands = blocks(&page, "console");
    let [register, discover] = commands.as_slice() else { panic!("{commands:?}") };
    let (command, says_so) = shown(register);
    let said = says(&world, &key, &command, &address);
    let expected = says_so.replace("http://127.0.0.1:3000", &address);
    assert!(is_like(&said, &expected), "{said}");
    let client: Value = serde_json::from_str(&said).unwrap();
    let (command, says_so) = shown(discover);
    let told = says(&world, &key, &command, &address);
    assert!(is_like(&told, &says_so.replace("https://pay.example", &world.base)), "{told}");

    let programs = [
        ("js title=\"shop.mjs\"", "shop.mjs", node()),
        ("python title=\"shop.py\"", "shop.py", python()),
    ];
    let starts = blocks(&page, "console shop");
    for ((begin, name, tools), start_block) in programs.iter().zip(starts) {
        let folder =
            if *name == "shop.mjs" { tools.clone() } else { tools.parent().unwrap().join("shop") };
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), format!("{}\n", blocks(&page, begin)[0])).unwrap();
        let (command, said) = shown(start_block);
        let command = command.replace("https://pay.example", &world.base);
        let command = command.replace("client_...", &text(&client, "/client_id"));
        let command = command.replace("cs_...", &text(&client, "/client_secret"));
        let command = command.replace("3000", &port.to_string());
        // The shell is replaced by the shop, so that the shop ends with it.
        let (variables, program) = command.rsplit_once(" node ").map_or_else(
            || command.split_once(" flask ").map(|(v, p)| (v, format!("flask {p}"))).unwrap(),
            |(v, p)| (v, format!("node {p}")),
        );
        let path = format!("{}:{}", tools.join("bin").display(), std::env::var("PATH").unwrap());
        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("export {variables}; exec {program}")]);
        bash.env("PATH", path).env("PORT", port.to_string());
        let first = said.lines().next().unwrap().replace("3000", &port.to_string());
        let _shop = start(&mut bash, &folder, &first);
        logs_in_and_out(&world, &address);
    }
}

fn key_of(world: &World) -> String {
    let wish = json!({ "name": "Shop of the manual", "country": "DE" });
    text(&world.operator.post("/v1/merchants", None, &wish).ok(201), "/secret_key")
}
