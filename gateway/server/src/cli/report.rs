//! Findings for people and for programs: a line each with its figure, or JSON.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use serde::Serialize;

/// How a finding turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, but somebody should look.
    Warn,
    /// Does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub name: String,
    /// How it turned out.
    pub verdict: Verdict,
    /// What was found, with its figure.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(name: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { name: name.into(), verdict: Verdict::Ok, detail: detail.to_string(), cure: None }
    }

    /// Somebody should look.
    pub fn warn(
        name: impl Into<String>,
        detail: impl fmt::Display,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            verdict: Verdict::Warn,
            detail: detail.to_string(),
            cure: Some(cure.into()),
        }
    }

    /// It does not work.
    pub fn fail(
        name: impl Into<String>,
        detail: impl fmt::Display,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            verdict: Verdict::Fail,
            detail: detail.to_string(),
            cure: Some(cure.into()),
        }
    }
}

/// Findings, in the order they were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing failed.
    pub ok: bool,
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// A report of these findings.
    pub fn new(findings: Vec<Finding>) -> Self {
        let ok = findings.iter().all(|finding| finding.verdict != Verdict::Fail);
        Self { ok, findings }
    }

    /// Prints it as lines or JSON. Failure is the exit status.
    ///
    /// # Errors
    ///
    /// When the output cannot be written.
    pub fn print(&self, json: bool) -> io::Result<ExitCode> {
        if json {
            print_json(self)?;
        } else {
            let mut out = io::stdout().lock();
            self.write(&mut out, io::stdout().is_terminal())?;
        }
        Ok(if self.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn write(&self, out: &mut impl Write, colours: bool) -> io::Result<()> {
        let width =
            self.findings.iter().map(|finding| finding.name.chars().count()).max().unwrap_or(0);
        for Finding { name, verdict, detail, cure } in &self.findings {
            let mark = verdict.mark(colours);
            writeln!(out, "{mark}  {name:width$}  {detail}")?;
            if let Some(cure) = cure {
                writeln!(out, "      {:width$}  -> {cure}", "")?;
            }
        }
        Ok(())
    }
}

impl Verdict {
    /// Four columns, whatever it is; coloured where there is a person to see it.
    fn mark(self, colours: bool) -> &'static str {
        match (self, colours) {
            (Self::Ok, true) => "\u{1b}[32mok  \u{1b}[0m",
            (Self::Warn, true) => "\u{1b}[33mwarn\u{1b}[0m",
            (Self::Fail, true) => "\u{1b}[31mfail\u{1b}[0m",
            (Self::Ok, false) => "ok  ",
            (Self::Warn, false) => "warn",
            (Self::Fail, false) => "fail",
        }
    }
}

/// Prints a value as JSON for programs.
///
/// # Errors
///
/// When the output cannot be written.
pub fn print_json(value: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_aligned_and_one_failure_fails_the_report() {
        let report = Report::new(vec![
            Finding::ok("database", "SQLite 3.51.3"),
            Finding::fail("keys", "mode 0644", "chmod 600 keys"),
        ]);
        let mut out = Vec::new();
        report.write(&mut out, false).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "ok    database  SQLite 3.51.3\nfail  keys      mode 0644\n                -> chmod 600 keys\n"
        );
        assert!(!report.ok);
    }
}
