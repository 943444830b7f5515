//! `purser explain`: what a problem means, and what the log says of a request.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::report::print_json;
use crate::problem::Kind;

/// A line of the log is a few hundred bytes; this ends whatever is no log.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Say what a problem means, or what became of a request.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  purser explain offer-expired\n  purser explain https://pay.example/problems/card-refused\n  \
                  journalctl -u purser -o cat | purser explain req_1f0c2b --log -"
)]
pub struct ExplainFlags {
    /// A problem's name or type, or a request's id
    what: String,
    /// Where to look for a request: a log of JSON lines, or - for standard input
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does it.
///
/// # Errors
///
/// With what went wrong, for people.
pub fn run(flags: ExplainFlags) -> anyhow::Result<ExitCode> {
    let name = flags.what.rsplit('/').next().unwrap_or_default();
    if let Some(kind) = Kind::parse(name) {
        explain(kind, flags.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !flags.what.starts_with("req_") {
        match nearest(name) {
            Some(known) => bail!("no problem is called {name}; did you mean {known}?"),
            None => bail!("no problem is called {name}; a gateway lists all of them at /problems"),
        }
    }
    let Some(log) = flags.log else {
        bail!(
            "a request is looked up in the log: name it with --log FILE, or pipe it in with --log -"
        );
    };
    request(&flags.what, &log, flags.json)
}

fn explain(kind: Kind, json: bool) -> io::Result<()> {
    if json {
        return print_json(&json!({
            "name": kind.name(), "status": kind.status(), "title": kind.title(), "meaning": kind.meaning(),
            "cure": kind.cure(),
        }));
    }
    println!(
        "{} ({}): {}\n\n{}\n\n{}",
        kind.name(),
        kind.status(),
        kind.title(),
        kind.meaning(),
        kind.cure()
    );
    Ok(())
}

/// More are another word.
const SLIPS_MAX: usize = 3;

/// The problem that was meant: one that begins so, or differs by a slip or two.
fn nearest(name: &str) -> Option<&'static str> {
    let begun = Kind::all().find(|kind| name.len() > 2 && kind.name().starts_with(name));
    let distance = |kind: &Kind| strsim::damerau_levenshtein(kind.name(), name);
    let near = || Kind::all().min_by_key(distance).filter(|kind| distance(kind) <= SLIPS_MAX);
    begun.or_else(near).map(Kind::name)
}

fn request(id: &str, log: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let lines = if log == Path::new("-") {
        about(id, io::stdin().lock())
    } else {
        let file = File::open(log).with_context(|| format!("cannot read {}", log.display()))?;
        about(id, BufReader::new(file))
    };
    let lines = lines.with_context(|| format!("cannot read {}", log.display()))?;
    if json {
        print_json(&lines)?;
    } else {
        for line in &lines {
            println!("{}", one_line(line));
        }
        if lines.is_empty() {
            println!("this log has no JSON line about {id}; `purser serve --log json` writes them");
        }
    }
    Ok(if lines.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The lines that name the request.
fn about(id: &str, mut log: impl BufRead) -> io::Result<Vec<Value>> {
    let mut found = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if log.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(found);
        }
        if !line.windows(id.len()).any(|part| part == id.as_bytes()) {
            continue;
        }
        found.extend(serde_json::from_slice::<Value>(&line).ok());
    }
}

/// What every line has, and is shown in its own place or not at all.
const COMMON: [&str; 6] = ["timestamp", "level", "message", "target", "span", "spans"];

/// A line for people: when, how bad, what, and its fields.
fn one_line(line: &Value) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let message = text(line.get("message"));
    let fields = line.as_object().into_iter().flatten();
    let others = fields.filter(|(name, _)| !COMMON.contains(&name.as_str()));
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={value}")).collect();
    format!(
        "{}  {:5}  {message}  {}",
        text(line.get("timestamp")),
        text(line.get("level")),
        others.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_problem_finds_its_nearest() {
        assert_eq!(nearest("ofer-expired"), Some("offer-expired"));
        assert_eq!(nearest("insuficient-fund"), Some("insufficient-funds"));
        assert_eq!(nearest("idempotency"), Some("idempotency-key-missing"));
        assert_eq!(nearest("xyz"), None);
    }

    #[test]
    fn only_the_lines_of_the_request_are_found() {
        let log = concat!(
            r#"{"timestamp":"t1","level":"INFO","message":"answered","http.status":201,"target":"purser","span":{"request.id":"req_a"}}"#,
            "\nnot json with req_a\n",
            r#"{"timestamp":"t2","level":"INFO","message":"answered","span":{"request.id":"req_b"}}"#,
        );
        let lines = about("req_a", log.as_bytes()).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(one_line(&lines[0]), "t1  INFO   answered  http.status=201");
    }
}
