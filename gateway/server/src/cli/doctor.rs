//! `purser doctor`: what is wrong with this installation, and what to do about it. It changes nothing.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path, process::ExitCode};

use jiff::Timestamp;
use purser_store::{
    facts::{plugin::PluginStatus, rate_table::rate_table_list},
    read::latest::time_latest,
};

use super::{
    config::PlaceFlags,
    place,
    report::{Finding, Report, Verdict},
};
use crate::{
    app::{
        plugin::{self, Installed},
        rates,
    },
    clock::day,
    gateway::Gateway,
    settings::Settings,
};

/// Below this a busy day fills the disk.
const DISK_WARN_BYTES: u64 = 5 * GIB;
/// Below this the database may stop at any commit.
const DISK_FAIL_BYTES: u64 = 512 * 1024 * 1024;
const GIB: u64 = 1024 * 1024 * 1024;

/// Look for what is wrong with this installation.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  purser doctor\n  purser doctor --data /var/lib/purser --json")]
pub struct DoctorFlags {
    #[command(flatten)]
    place: PlaceFlags,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does it.
///
/// # Errors
///
/// When the findings cannot be printed.
pub fn run(flags: DoctorFlags) -> anyhow::Result<ExitCode> {
    let settings = match flags.place.settings() {
        Ok(settings) => settings,
        Err(error) => {
            let finding =
                Finding::fail("configuration", error, "correct it, or name another with --config");
            return Ok(Report::new(vec![finding]).print(flags.json)?);
        }
    };
    let mut findings = vec![configuration(&settings), data_directory(&settings.data)];
    if fit(&findings) {
        findings.extend(keys(&settings.data));
        findings.push(disk(&settings.data));
    }
    if fit(&findings) {
        findings.extend(place::block_on(async { Ok(inside(&flags.place).await) })?);
    }
    Ok(Report::new(findings).print(flags.json)?)
}

/// Whether it makes sense to look further.
fn fit(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.verdict != Verdict::Fail)
}

fn configuration(settings: &Settings) -> Finding {
    let kind = if settings.sandbox { "a sandbox" } else { "a real gateway" };
    Finding::ok(
        "configuration",
        format!("{kind} in {}, vaults in {}", settings.data.display(), settings.unit_of_account),
    )
}

fn data_directory(data: &Path) -> Finding {
    let name = "data directory";
    match fs::metadata(data) {
        Err(error) => Finding::fail(
            name,
            format!("{}: {error}", data.display()),
            "start `purser serve` once, or name it with --data",
        ),
        Ok(found) if !found.is_dir() => Finding::fail(
            name,
            format!("{} is no directory", data.display()),
            "name another with --data",
        ),
        Ok(_) if let Err(error) = fs::read_dir(data) => Finding::fail(
            name,
            format!("{}: {error}", data.display()),
            "run this as the user that the gateway runs as",
        ),
        Ok(found) => {
            let mode = found.mode() & 0o777;
            let detail = format!("{} has mode {mode:o}", data.display());
            match mode {
                _ if mode & 0o022 != 0 => {
                    Finding::fail(name, detail, format!("chmod 700 {}", data.display()))
                }
                _ if mode & 0o077 != 0 => {
                    Finding::warn(name, detail, format!("chmod 700 {}", data.display()))
                }
                _ => Finding::ok(name, detail),
            }
        }
    }
}

/// The files of the keys; where the environment holds them, they may be missing.
fn keys(data: &Path) -> Vec<Finding> {
    let files = [
        ("master.key", Some("PURSER_MASTER_KEY")),
        ("signing.keys", Some("PURSER_SIGNING_KEYS")),
        ("operator.key", None),
    ];
    files.into_iter().map(|(name, variable)| key(&data.join(name), name, variable)).collect()
}

fn key(path: &Path, name: &str, variable: Option<&str>) -> Finding {
    if let Some(variable) = variable.filter(|variable| std::env::var_os(variable).is_some()) {
        return Finding::ok(name, format!("from the environment, {variable}"));
    }
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Finding::fail(name, error, "run this as the user that the gateway runs as")
        }
        Err(error) => Finding::fail(
            name,
            error,
            "restore it from a backup; `purser serve` makes keys for a new gateway",
        ),
        Ok(found) if found.mode() & 0o077 != 0 => Finding::fail(
            name,
            format!("mode {:o}", found.mode() & 0o777),
            format!("chmod 600 {}", path.display()),
        ),
        Ok(_) => Finding::ok(name, "for the gateway alone"),
    }
}

fn disk(data: &Path) -> Finding {
    let name = "disk";
    let Ok(found) = rustix::fs::statvfs(data) else {
        return Finding::warn(name, "the free space is not known", "look with `df`");
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let detail = format!("{} MiB free", free / (1024 * 1024));
    match free {
        0..DISK_FAIL_BYTES => {
            Finding::fail(name, detail, "make room: the database needs it to commit")
        }
        DISK_FAIL_BYTES..DISK_WARN_BYTES => {
            Finding::warn(name, detail, "make room before it runs out")
        }
        _ => Finding::ok(name, detail),
    }
}

/// What can only be seen with the database open.
async fn inside(place: &PlaceFlags) -> Vec<Finding> {
    let gateway = match place::open(place).await {
        Ok(gateway) => gateway,
        Err(error) => {
            return vec![Finding::fail(
                "database",
                format!("{error:#}"),
                "see the message; nothing else was looked at",
            )];
        }
    };
    let mut findings = vec![database(&gateway), clock(&gateway).await];
    findings.extend(plugins(&gateway).await);
    findings.push(rates_age(&gateway).await);
    gateway.store.clone().shutdown();
    findings
}

fn database(gateway: &Gateway) -> Finding {
    let kind = match place::sqlite_file(&gateway.settings) {
        Some(file) => format!("SQLite, {}", file.display()),
        None => "PostgreSQL".to_owned(),
    };
    Finding::ok(
        "database",
        format!("{kind}: opens with these keys, schema of {}", env!("CARGO_PKG_VERSION")),
    )
}

/// The system's clock against the newest entry: the books never run ahead of time.
async fn clock(gateway: &Gateway) -> Finding {
    let name = "clock";
    match gateway.store.read(time_latest).await {
        Err(error) => Finding::fail(name, error, "run `purser check`"),
        Ok(Some(latest)) if latest > Timestamp::now() && !gateway.settings.sandbox => {
            Finding::fail(
                name,
                format!("it is {}, but the books are of {latest}", Timestamp::now()),
                "set the clock of this machine (timedatectl set-ntp true) before taking requests",
            )
        }
        Ok(_) => Finding::ok(name, format!("{}, not behind the books", gateway.now())),
    }
}

async fn plugins(gateway: &Gateway) -> Vec<Finding> {
    let installed = match plugin::list(gateway).await {
        Ok(installed) => installed,
        Err(error) => return vec![Finding::fail("plugins", error, "run `purser check`")],
    };
    let mut found = Vec::new();
    for Installed { row, bindings } in installed {
        if row.status != PluginStatus::Active {
            continue;
        }
        let name = format!("plugin {}", row.name);
        found.push(match plugin::load::plugin(gateway, &row).await {
            Ok(_) => Finding::ok(
                name,
                format!("{} loads, bindings in force: {}", row.version, bindings.len()),
            ),
            Err(problem) => Finding::fail(
                name,
                format!("{} does not load: {problem}", row.version),
                "enable another version",
            ),
        });
    }
    match found.is_empty() {
        true => vec![Finding::warn(
            "plugins",
            "none is in use",
            "start `purser serve` once: it installs those that come with it",
        )],
        false => found,
    }
}

async fn rates_age(gateway: &Gateway) -> Finding {
    let name = "rates";
    let import = "purser rates import FILE; a gateway that is not a sandbox fetches them by itself";
    let newest = match gateway.store.read(|db| rate_table_list(db, 1)).await {
        Ok(mut tables) => tables.pop(),
        Err(error) => return Finding::fail(name, error, "run `purser check`"),
    };
    let Some(newest) = newest else {
        return Finding::warn(name, "there are none: nothing is converted", import);
    };
    let detail = format!("of {} by {}", newest.table.as_of, newest.table.source);
    if rates::is_stale(newest.table.as_of, day(gateway.now()), gateway.settings.rates_max_age_days)
    {
        return Finding::warn(name, format!("{detail}: too old to convert by"), import);
    }
    Finding::ok(name, detail)
}
