//! The pages about problems: plain HTML that needs no script and asks nobody else for anything.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::problem::Kind;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1b1f24; --quiet: #5a6472; --paper: #ffffff; --line: #d9dee5; --mark: #0b5cad }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebef; --quiet: #a3adba; --paper: #14171b; --line: #343b45; --mark: #7fb8f5 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.05rem/1.6 system-ui, sans-serif }
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem }
h2 { font-size: 1rem; margin: 2rem 0 .25rem }
p { margin: 0 }
.name { color: var(--quiet); margin: 0 0 1rem }
code { font: .95em ui-monospace, monospace; overflow-wrap: anywhere }
a { color: var(--mark) }
ul { list-style: none; margin: 1.5rem 0 0; padding: 0 }
li { border-top: 1px solid var(--line); padding: .6rem 0 }
li span { color: var(--quiet) }
nav { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem }
";

/// The policy of the pages: nothing but their own style, known by its hash.
pub(super) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// What one problem means and what to do about it.
pub(super) fn problem(kind: Kind) -> String {
    let (title, name, meaning, cure) =
        (escape(kind.title()), escape(kind.name()), prose(kind.meaning()), prose(kind.cure()));
    page(
        kind.title(),
        &format!(
            "<h1>{title}</h1>\n<p class=\"name\"><code>{name}</code>, status {status}</p>\n\
             <h2>What it means</h2>\n<p>{meaning}</p>\n<h2>What to do</h2>\n<p>{cure}</p>\n\
             <nav><a href=\"/problems\">All problems</a></nav>",
            status = kind.status(),
        ),
    )
}

/// The list of all problems.
pub(super) fn problems() -> String {
    let rows = Kind::all().map(|kind| {
        format!(
            "<li><a href=\"/problems/{name}\"><code>{name}</code></a> <span>{status}</span><br>{title}</li>\n",
            name = escape(kind.name()),
            status = kind.status(),
            title = escape(kind.title()),
        )
    });
    let rows: String = rows.collect();
    let intro = "<p>Every error that this gateway answers with is one of these. The last part of its \
                 <code>type</code> is the name.</p>";
    page("Problems", &format!("<h1>Problems</h1>\n{intro}\n<ul>\n{rows}</ul>"))
}

/// The page for a name that no problem has.
pub(super) fn unknown() -> String {
    page(
        "No such problem",
        "<h1>No such problem</h1>\n<p>This version of the gateway has no problem of that name.</p>\n\
         <nav><a href=\"/problems\">All problems</a></nav>",
    )
}

fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} – Purser</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
}

/// Text as people wrote it, with what stands between backticks as code.
fn prose(text: &str) -> String {
    let parts = escape(text);
    let marked = parts.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => part.to_owned(),
        _ => format!("<code>{part}</code>"),
    });
    marked.collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape(r#"<a href="x">&'"#), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(prose("use `<b>` now"), "use <code>&lt;b&gt;</code> now");
    }

    #[test]
    fn every_problem_has_its_page_and_is_listed() {
        let list = problems();
        for kind in Kind::all() {
            assert!(list.contains(&format!("/problems/{}", kind.name())), "{}", kind.name());
            assert!(problem(kind).contains("What to do"), "{}", kind.name());
        }
    }

    #[test]
    fn the_policy_lets_nothing_in_but_the_style() {
        assert!(POLICY.starts_with("default-src 'none'; style-src 'sha256-"));
    }
}
