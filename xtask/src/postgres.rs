//! A PostgreSQL cluster of our own: made in a temporary directory, gone afterwards.
//!
//! It never runs as root, listens on loopback only with a password of its own, and flushes for real:
//! what the tests prove and the benches measure is what an operator gets.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::interrupt::{self, Ending, Removal};
use crate::{needs, step};

/// The oldest release that the gateway supports.
const MAJOR_MIN: u32 = 15;
/// What we run; a directory that has only some of them is of no use.
const PROGRAMS: [&str; 4] = ["postgres", "initdb", "psql", "createdb"];
const USER: &str = "purser";
/// Parallel tests each hold a pool.
const CONNECTIONS_MAX: &str = "300";
const START_MAX: Duration = Duration::from_secs(20);
const STOP_MAX: Duration = Duration::from_secs(30);

/// A running cluster; dropping it stops it and removes it.
pub(crate) struct Cluster {
    server: Child,
    port: u16,
    password: String,
    installed: Installed,
    _ending: Ending,
    _removal: Removal,
    directory: TempDir,
}

impl Cluster {
    /// Finds or installs PostgreSQL and starts a fresh cluster.
    pub(crate) fn start() -> Result<Self> {
        let installed = Installed::find_or_install()?;
        let directory =
            tempfile::Builder::new().prefix("purser-postgres-").tempdir_in(step::scratch())?;
        let removal = Removal::of(directory.path());
        if let Some(account) = &installed.account {
            chown(directory.path(), Some(account.user), Some(account.group))?;
        }
        let password: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
        create(&installed, directory.path(), &password)?;
        let port = free_port()?;
        let server = launch(&installed, directory.path(), port)?;
        let ending = Ending::with(&server, Signal::QUIT);
        let mut cluster = Self {
            server,
            port,
            password,
            installed,
            _ending: ending,
            _removal: removal,
            directory,
        };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// Creates a database and gives its URL.
    pub(crate) fn database(&self, name: &str) -> Result<String> {
        step::output(self.client("createdb").arg(name))?;
        Ok(format!("postgres://{USER}:{}@127.0.0.1:{}/{name}", self.password, self.port))
    }

    /// One of PostgreSQL's client programs, set up to reach this cluster.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = self.installed.program(program);
        command
            .current_dir(self.directory.path())
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", USER)
            .env("PGPASSWORD", &self.password);
        command
    }

    /// The release, such as "15.18".
    pub(crate) fn version(&self) -> &str {
        &self.installed.version
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_MAX;
        loop {
            let mut ask = self.client("psql");
            ask.args(["--no-psqlrc", "--quiet", "--command", "select 1", "postgres"]);
            let Err(refusal) = step::output(&mut ask) else { return Ok(()) };
            let ended = self.server.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start: {refusal:#}\nIt logged:\n{log}");
            }
            sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown: connected clients are sent away.
        interrupt::send(&self.server, Signal::INT);
        let deadline = Instant::now() + STOP_MAX;
        while matches!(self.server.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                interrupt::send(&self.server, Signal::KILL);
            }
            sleep(Duration::from_millis(20));
        }
    }
}

/// PostgreSQL's programs on this machine, and who runs them.
struct Installed {
    programs: PathBuf,
    version: String,
    /// Whom to become when we are root: the server refuses to run as root.
    account: Option<Account>,
}

impl Installed {
    fn find_or_install() -> Result<Self> {
        if let Some(found) = Self::find()? {
            return Ok(found);
        }
        let wanted = format!("PostgreSQL {MAJOR_MIN} or later (the server)");
        needs::debian_packages("a test on PostgreSQL", &["postgresql"], &wanted)?;
        Self::find()?.with_context(|| format!("what was installed is not {wanted}"))
    }

    /// The newest release that is new enough.
    fn find() -> Result<Option<Self>> {
        let account = if needs::is_root() { Some(Account::unprivileged()?) } else { None };
        let newest = candidates()
            .into_iter()
            .filter_map(|programs| version(&programs).map(|version| (programs, version)))
            .max_by_key(|(_, version)| major(version));
        Ok(newest
            .filter(|(_, version)| major(version) >= MAJOR_MIN)
            .map(|(programs, version)| Self { programs, version, account }))
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        if let Some(account) = &self.account {
            command.uid(account.user).gid(account.group);
        }
        command.env("LC_ALL", "C");
        command
    }
}

struct Account {
    user: u32,
    group: u32,
}

impl Account {
    fn unprivileged() -> Result<Self> {
        let known = fs::read_to_string("/etc/passwd").context("cannot list the users")?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::named(&known, name))
            .context("root may not run PostgreSQL, and there is no user `postgres` or `nobody`")
    }

    fn named(known: &str, name: &str) -> Option<Self> {
        known.lines().find_map(|line| {
            let mut fields = line.split(':');
            let same = fields.next()? == name;
            let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            same.then_some(Self { user, group })
        })
    }
}

/// Where Debian, Red Hat and Homebrew put the server's programs, and the search path.
fn candidates() -> Vec<PathBuf> {
    let releases = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
    let mut found: Vec<PathBuf> = releases
        .iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
        .flat_map(|entries| entries.filter_map(Result::ok))
        .map(|entry| entry.path().join("bin"))
        .collect();
    found.extend((MAJOR_MIN..MAJOR_MIN + 10).map(|n| format!("/usr/pgsql-{n}/bin").into()));
    found.extend(step::find_on_path("postgres").and_then(|file| Some(file.parent()?.to_owned())));
    found.retain(|programs| PROGRAMS.iter().all(|program| programs.join(program).is_file()));
    found
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` -> `15.18`
fn version(programs: &Path) -> Option<String> {
    let said = step::output(Command::new(programs.join("postgres")).arg("--version")).ok()?;
    said.split_whitespace().nth(2).map(str::to_owned)
}

fn major(version: &str) -> u32 {
    let digits = version.split(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn create(installed: &Installed, directory: &Path, password: &str) -> Result<()> {
    let secret = directory.join("password");
    File::create(&secret)?.write_all(password.as_bytes())?;
    let mut initdb = installed.program("initdb");
    initdb
        .current_dir(directory)
        .args(["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"])
        .arg(format!("--username={USER}"))
        .arg(format!("--pwfile={}", secret.display()))
        .arg("--pgdata=data");
    step::output(&mut initdb).map(drop)
}

fn launch(installed: &Installed, directory: &Path, port: u16) -> Result<Child> {
    let log = File::create(directory.join("log"))?;
    let mut server = installed.program("postgres");
    server.current_dir(directory).args(["-D", "data", "-k", "", "-p", &port.to_string()]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "fsync=on",
        "synchronous_commit=on",
        &format!("max_connections={CONNECTIONS_MAX}"),
    ] {
        server.args(["-c", setting]);
    }
    server.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    server.spawn().context("cannot start PostgreSQL")
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> Result<u16> {
    let probe = TcpListener::bind(("127.0.0.1", 0)).context("no free port on loopback")?;
    Ok(probe.local_addr()?.port())
}
