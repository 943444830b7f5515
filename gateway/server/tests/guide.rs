//! The plugin author's guide, done literally: every file that it shows is written and every command that it names is run, in
//! an empty folder, against a real gateway; and what it says comes out does.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Where the guide's gateway listens; the test takes a free port instead.
const ADDRESS: &str = "127.0.0.1:8080";
/// Ends what a command says.
const END: &str = "--- end of what the command says:";

/// What the guide shows.
#[derive(Debug)]
enum Block {
    /// A file: ```` ```rust title="src/lib.rs" ````.
    File { path: String, text: String },
    /// Commands, each with what it says: ```` ```console ````.
    Commands(Vec<Shown>),
    /// A command that runs until everything is done: ```` ```console second terminal ````.
    Server(String),
}

#[derive(Debug)]
struct Shown {
    command: String,
    says: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn guide() -> String {
    fs::read_to_string(root().join("docs/plugins.md")).unwrap()
}

fn blocks(page: &str) -> Vec<Block> {
    let mut lines = page.lines();
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        let Some(about) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if let Some((_, title)) = about.split_once("title=\"") {
            let (path, text) = (title.trim_end_matches('"').to_owned(), body.join("\n") + "\n");
            blocks.push(Block::File { path, text });
        } else if about == "console second terminal" {
            blocks.push(Block::Server(body[0].strip_prefix("$ ").unwrap().to_owned()));
        } else if about == "console" {
            blocks.push(Block::Commands(commands(&body)));
        }
    }
    blocks
}

/// A command may go on over lines that end in a backslash.
fn commands(body: &[&str]) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    for line in body {
        let goes_on = shown.last().is_some_and(|last| last.command.ends_with('\\'));
        match (line.strip_prefix("$ "), shown.last_mut()) {
            (Some(command), _) => {
                shown.push(Shown { command: command.to_owned(), says: Vec::new() });
            }
            (None, Some(last)) if goes_on => last.command.push_str(&format!("\n{line}")),
            (None, Some(last)) => last.says.push((*line).to_owned()),
            (None, None) => panic!("`{line}` comes before any command"),
        }
    }
    shown
}

/// A shell in the folder, as somebody who follows the guide has it open.
struct Terminal {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Terminal {
    fn open(folder: &Path, address: &str) -> Self {
        let mut bash = shell(folder);
        bash.arg("-s").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = bash.spawn().expect("the guide is run by bash");
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "exec 2>&1").unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output, address: address.to_owned() }
    }

    /// What the command says, and whether it succeeds. The commands themselves are what the shell reads, so none of them
    /// may read that too.
    fn run(&mut self, command: &str) -> (bool, Vec<String>) {
        let command = command.replace(ADDRESS, &self.address);
        writeln!(self.input, "{{ {command}\n}} </dev/null; echo \"{END} $?\"").unwrap();
        let mut said = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the shell ended: {said:?}");
            match line.split_once(END) {
                Some((rest, status)) => {
                    if !rest.is_empty() {
                        said.push(rest.to_owned());
                    }
                    return (status.trim() == "0", said);
                }
                None => said.push(line.trim_end().to_owned()),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A gateway in a second terminal, which ends with the test.
struct Server(Child);

impl Server {
    fn start(folder: &Path, command: &str, address: &str) -> Self {
        let mut bash = shell(folder);
        bash.args(["-c", &format!("exec {command}")]).env("PURSER_LISTEN", address);
        let log = fs::File::create(folder.join("serve.log")).unwrap();
        let mut child = bash.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let log = || fs::read_to_string(folder.join("serve.log")).unwrap();
        assert!(line.starts_with("Purser listens on"), "{line}{}", log());
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// With the program on the search path, and what tests of plugins have compiled already.
fn shell(folder: &Path) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_purser")).parent().unwrap();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let paths =
        std::env::join_paths([program.to_owned()].into_iter().chain(std::env::split_paths(&paths)));
    let mut bash = Command::new("bash");
    bash.current_dir(folder).env("PATH", paths.unwrap());
    bash.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins"));
    bash
}

/// Whether what was said is what is shown, line by line: `...` stands for anything, also for any lines.
fn is_like(said: &[String], shown: &[String]) -> bool {
    match shown {
        [] => said.is_empty(),
        [dots, rest @ ..] if dots == "..." => {
            (0..=said.len()).any(|skipped| is_like(&said[skipped..], rest))
        }
        [line, rest @ ..] => {
            said.first().is_some_and(|first| fits(first, line)) && is_like(&said[1..], rest)
        }
    }
}

fn fits(said: &str, shown: &str) -> bool {
    let said = said.trim_end();
    match shown.split_once("...") {
        None => said == shown,
        Some((start, rest)) => said.strip_prefix(start).is_some_and(|said| {
            let ends = |at: &usize| {
                said.is_char_boundary(*at) && fits(said.get(*at..).unwrap_or_default(), rest)
            };
            (0..=said.len()).any(|at| ends(&at))
        }),
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn whoever_follows_the_guide_sells_in_a_country_that_nobody_knew() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut terminal = Terminal::open(folder.path(), &address);
    let mut servers = Vec::new();
    let mut count = 0;
    for block in blocks(&guide()) {
        match block {
            Block::File { path, text } => fs::write(folder.path().join(path), text).unwrap(),
            Block::Server(command) => {
                servers.push(Server::start(folder.path(), &command, &address));
            }
            Block::Commands(shown) => {
                for Shown { command, says } in shown {
                    count += 1;
                    let (succeeded, said) = terminal.run(&command);
                    let told = said.join("\n");
                    // What is said to go wrong is shown with what it says.
                    let meant = succeeded || says.iter().any(|line| is_failure(line));
                    assert!(meant, "$ {command}\n{told}");
                    let silent = says.is_empty();
                    assert!(
                        silent || is_like(&said, &says),
                        "$ {command}\nsays\n{told}\nand not\n{}",
                        says.join("\n")
                    );
                }
            }
        }
    }
    assert!(count > 30 && servers.len() == 1, "the guide is whole");
}

fn is_failure(line: &str) -> bool {
    line.starts_with("purser: ") || line.starts_with("fail")
}

#[test]
fn the_guide_writes_the_example() {
    let ours = fs::read_to_string(root().join("examples/plugin-rust/src/lib.rs")).unwrap();
    let shown = blocks(&guide()).into_iter().find_map(|block| match block {
        Block::File { path, text } if path == "gst-sg/src/lib.rs" => Some(text),
        _ => None,
    });
    assert_eq!(shown.unwrap(), ours, "the page and examples/plugin-rust are the same");
}

#[test]
fn what_is_left_out_may_be_anything() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let said = lines("ok  size  202,602 of 2,097,152 bytes\nok  fuel\ndone");
    assert!(is_like(&said, &lines("ok  size  ... of ... bytes\n...\ndone")));
    assert!(is_like(&said, &lines("...")));
    assert!(!is_like(&said, &lines("ok  size  ...")));
    assert!(!is_like(&said, &lines("ok  size  ... of 3 bytes\n...")));
}
