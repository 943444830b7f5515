//! The gateway as a process under test: started, asked, killed.

use std::fs::{self, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::http::{Client, Request};
use crate::interrupt::{self, Ending, Removal};
use crate::postgres::free_port;
use crate::{needs, step};

/// The day of the rates in the repository, after their publication, as the sandbox clock starts ...
pub(crate) const CLOCK: &str = "2024-06-28T16:00:00Z";
/// ... and the same in seconds since 1970.
pub(crate) const CLOCK_UNIX: i64 = 1_719_590_400;

/// The first start compiles the plugins; this is no measurement but a limit.
const READY_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(30);
/// How long the system may take to end a process that was killed.
const KILLED_MAX: Duration = Duration::from_secs(10);
const LOG_LINES_SHOWN: usize = 30;

/// What a gateway keeps its books in.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// A gateway's files and where it listens: what stays the same when its process is killed.
pub(crate) struct House {
    binary: PathBuf,
    /// `None` is SQLite in the data directory.
    database: Option<String>,
    pub(crate) address: SocketAddr,
    _removal: Removal,
    directory: TempDir,
}

impl House {
    /// A new data directory, and a port that is kept over restarts.
    pub(crate) fn new(binary: &Path, database: Option<String>) -> Result<Self> {
        let directory =
            tempfile::Builder::new().prefix("purser-gateway-").tempdir_in(step::scratch())?;
        Ok(Self {
            binary: binary.to_owned(),
            database,
            address: SocketAddr::from(([127, 0, 0, 1], free_port()?)),
            _removal: Removal::of(directory.path()),
            directory,
        })
    }

    /// Starts the gateway in its sandbox and waits until it is ready.
    pub(crate) fn open(&self) -> Result<Gateway<'_>> {
        self.open_with(&[])
    }

    /// The same, with further flags of `purser serve`.
    pub(crate) fn open_with(&self, flags: &[&str]) -> Result<Gateway<'_>> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut serve = self.command("serve");
        serve
            .args(["--clock", CLOCK, "--listen", &self.address.to_string()])
            .args(flags)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let started = Instant::now();
        let process = serve.spawn().context("cannot start the gateway")?;
        let ending = Ending::with(&process, Signal::KILL);
        let mut gateway =
            Gateway { house: self, process, ready_after: Duration::ZERO, _ending: ending };
        gateway.wait_until_ready(started)?;
        Ok(gateway)
    }

    /// A sub-command of the binary, on this database and data directory.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .current_dir(self.directory.path())
            .args([name, "--sandbox", "--data"])
            .arg(self.data());
        if let Some(url) = &self.database {
            command.args(["--database", url]);
        }
        command
    }

    /// Lets `purser check` prove the books, from nothing but the database.
    pub(crate) fn check_books(&self) -> Result<()> {
        let printed = step::output(&mut self.command("check"))?;
        ensure!(!printed.trim().is_empty(), "`purser check` printed nothing");
        Ok(())
    }

    /// What offers name as their audience.
    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that the gateway wrote at its first start.
    pub(crate) fn operator_key(&self) -> Result<String> {
        let file = self.operator_key_file();
        let key = fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
        Ok(key.trim().to_owned())
    }

    /// Where it wrote it.
    pub(crate) fn operator_key_file(&self) -> PathBuf {
        self.data().join("operator.key")
    }

    /// A file that is removed with the house.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The last lines that the gateway logged.
    pub(crate) fn log_end(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let shown = lines.len().saturating_sub(LOG_LINES_SHOWN);
        lines.into_iter().skip(shown).collect::<Vec<_>>().join("\n")
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.file("data")
    }

    fn log(&self) -> PathBuf {
        self.file("log")
    }
}

/// A running gateway; dropping it kills it.
pub(crate) struct Gateway<'a> {
    house: &'a House,
    process: Child,
    /// From the start of the process to the first 200 of `/readyz`.
    pub(crate) ready_after: Duration,
    _ending: Ending,
}

impl Gateway<'_> {
    /// A connection to it.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.house.address)
    }

    /// `kill -9`: no handler runs and nothing is flushed.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.process.kill().context("cannot kill the gateway")?;
        self.process.wait().context("the killed gateway does not end")?;
        Ok(())
    }

    /// Waits until it has ended by a SIGKILL that somebody else sent; any other end is an error.
    pub(crate) fn was_killed(mut self) -> Result<()> {
        let status = self.wait(KILLED_MAX)?.context("the gateway still runs")?;
        let by = status.signal();
        ensure!(by == Some(Signal::KILL.as_raw()), "the gateway ended with {status}");
        Ok(())
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to shut down and waits; it must end with status 0.
    pub(crate) fn stop(mut self) -> Result<()> {
        interrupt::send(&self.process, Signal::TERM);
        let status = self.wait(STOP_MAX)?.context("the gateway does not shut down")?;
        ensure!(status.success(), "the gateway ended with {status}:\n{}", self.house.log_end());
        Ok(())
    }

    /// How it ended; `None` when it runs on for so long.
    fn wait(&mut self, most: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + most;
        loop {
            let ended = self.process.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                return Ok(ended);
            }
            sleep(Duration::from_millis(2));
        }
    }

    /// What the system tells of its memory, in KiB: `VmRSS` is what it holds, `VmHWM` the most that it ever held.
    pub(crate) fn memory_kib(&self, what: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    }

    fn wait_until_ready(&mut self, started: Instant) -> Result<()> {
        loop {
            let answer = self.client().send(Request::get("/readyz"));
            if answer.is_ok_and(|answer| answer.status == 200) {
                self.ready_after = started.elapsed();
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the gateway ended with {status}:\n{}", self.house.log_end());
            }
            if started.elapsed() > READY_MAX {
                bail!("the gateway is not ready; it logged:\n{}", self.house.log_end());
            }
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Gateway<'_> {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Which gateway is looked at.
#[derive(clap::Args, Default)]
pub(crate) struct Subject {
    /// A gateway that is built already [default: builds this repository's]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

impl Subject {
    /// The path of its binary.
    pub(crate) fn binary(&self) -> Result<PathBuf> {
        if let Some(binary) = &self.binary {
            let found = binary.canonicalize();
            return found.with_context(|| format!("there is no gateway at {}", binary.display()));
        }
        needs::wasm_target()?;
        step::gateway_binary()
    }
}

/// The European Central Bank's rates of the day of [`CLOCK`].
pub(crate) fn rates() -> Result<Vec<u8>> {
    let file = step::root().join("docs/vectors/eurofxref-2024-06-28.xml");
    fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
}
