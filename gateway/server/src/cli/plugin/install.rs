//! Plugins of a gateway: putting them into its database, and listing them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, anyhow, bail};
use jiff::civil::Date;
use purser_core::{ids::PluginId, secret::SecretText};
use purser_host::{Limits, LimitsClass, Role};
use purser_store::facts::plugin::{Plugin, digest_text};
use serde::Serialize;

use super::{
    build::read,
    operate::{Given, On},
};
use crate::{
    app::plugin::{self, Activating, Enabling, Installed, Permissions, Places, grants::Granting},
    cli::{config::PlaceFlags, place, report::print_json},
    gateway::Gateway,
    problem::Problem,
};

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    version: String,
    role: String,
    status: &'static str,
    digest: String,
    answers: Vec<Answers>,
}

#[derive(Serialize)]
struct Answers {
    place: String,
    from: Date,
}

impl From<Installed> for Row {
    fn from(Installed { row, bindings }: Installed) -> Self {
        Self {
            id: row.id.to_string(),
            digest: digest_text(&row.digest),
            status: row.status.name(),
            name: row.name,
            version: row.version,
            role: row.role,
            answers: bindings
                .into_iter()
                .map(|binding| Answers { place: binding.place, from: binding.from })
                .collect(),
        }
    }
}

impl Row {
    fn print(&self) {
        println!("{}  {} {}  {}  {}", self.id, self.name, self.version, self.role, self.status);
        // A place may have its first day, and days to come for which something else is planned.
        let mut days: BTreeMap<&str, BTreeSet<Date>> = BTreeMap::new();
        for Answers { place, from } in &self.answers {
            days.entry(place).or_default().insert(*from);
        }
        if !days.is_empty() {
            let places: Vec<&str> = days.keys().copied().collect();
            println!("    answers for {}", places.join(" "));
        }
        let mut planned: BTreeMap<Date, Vec<&str>> = BTreeMap::new();
        for (place, days) in &days {
            days.iter().skip(1).for_each(|day| planned.entry(*day).or_default().push(place));
        }
        for (day, places) in planned {
            println!("    as planned from {day}: {}", places.join(" "));
        }
    }
}

/// Secrets are keys and tokens; a configuration is bounded where it is bound.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

pub(super) fn run(
    file: &Path,
    enable: Option<(Vec<String>, Option<Date>)>,
    given: &Given,
    permissions: Permissions,
    (place, json): (&PlaceFlags, bool),
) -> anyhow::Result<ExitCode> {
    let component = read(file, Limits::default().large_component_bytes)?;
    let (config, granting) = (config(given)?, granting(given)?);
    show((place, json), async |gateway| {
        let row = plugin::install(gateway, component, permissions).await?;
        let Some((places, from)) = enable else {
            plugin::grants::grant(gateway, row.id, granting).await?;
            return plugin::installed(gateway, row.id).await;
        };
        let enabling = Enabling {
            places: meant(&row, places, from)?,
            config,
            granting,
            allow_older: permissions.older,
        };
        plugin::enable(gateway, row.id, enabling).await
    })
}

pub(super) fn enable(
    on: &On,
    (places, from): (Vec<String>, Option<Date>),
    given: &Given,
    allow_older: bool,
) -> anyhow::Result<ExitCode> {
    let (config, granting) = (config(given)?, granting(given)?);
    show((&on.place, on.json), async |gateway| {
        let id = find(gateway, &on.plugin).await?;
        let places = meant(&plugin::get(gateway, id).await?, places, from)?;
        plugin::enable(gateway, id, Enabling { places, config, granting, allow_older }).await
    })
}

/// Places are currencies to a plugin for those, and countries to all others.
fn meant(row: &Plugin, places: Vec<String>, from: Option<Date>) -> Result<Places, Problem> {
    Ok(match plugin::manifest(row)?.role {
        Role::Currency => Places { currencies: places, from, ..Places::default() },
        Role::Tax | Role::Stamps | Role::Webhook => {
            Places { countries: places, from, ..Places::default() }
        }
    })
}

pub(super) fn activate(on: &On, given: &Given, allow_older: bool) -> anyhow::Result<ExitCode> {
    let (config, granting) = (config(given)?, granting(given)?);
    show((&on.place, on.json), async |gateway| {
        let id = find(gateway, &on.plugin).await?;
        plugin::activate(gateway, id, Activating { config, granting, allow_older }).await
    })
}

pub(super) fn rollback(on: &On) -> anyhow::Result<ExitCode> {
    show((&on.place, on.json), async |gateway| {
        plugin::rollback(gateway, find(gateway, &on.plugin).await?).await
    })
}

pub(super) fn disable(on: &On) -> anyhow::Result<ExitCode> {
    show((&on.place, on.json), async |gateway| {
        plugin::disable(gateway, find(gateway, &on.plugin).await?).await
    })
}

pub(super) fn grant(on: &On, given: &Given) -> anyhow::Result<ExitCode> {
    if given.config.is_some() {
        bail!(
            "a configuration belongs to what a plugin answers for: give it with `enable`, `activate` or `install --enable`"
        );
    }
    let granting = granting(given)?;
    show((&on.place, on.json), async |gateway| {
        let id = find(gateway, &on.plugin).await?;
        plugin::grants::grant(gateway, id, granting).await?;
        plugin::installed(gateway, id).await
    })
}

#[derive(Serialize)]
struct Trusted {
    id: String,
    name: String,
}

pub(super) fn trust(
    key: &str,
    name: &str,
    (place, json): (&PlaceFlags, bool),
) -> anyhow::Result<ExitCode> {
    let file = Path::new(key);
    let key = if file.is_file() { text(file)? } else { key.to_owned() };
    let trusted = on(place, async |gateway| plugin::keys::trust(gateway, &key, name).await)?;
    let trusted = Trusted { id: trusted.id, name: trusted.name };
    if json {
        print_json(&trusted)?;
    } else {
        println!("{}  {}", trusted.id, trusted.name);
    }
    Ok(ExitCode::SUCCESS)
}

/// Works on a gateway's database, with the plugins of this release in it.
pub(super) fn on<T>(
    place: &PlaceFlags,
    work: impl AsyncFnOnce(&Gateway) -> Result<T, Problem>,
) -> anyhow::Result<T> {
    place::block_on(async {
        let gateway = place::open(place).await?;
        plugin::start(&gateway).await?;
        let done = work(&gateway).await;
        gateway.store.clone().shutdown();
        done.map_err(|problem| anyhow!("{problem}"))
    })
}

fn show(
    (place, json): (&PlaceFlags, bool),
    work: impl AsyncFnOnce(&Gateway) -> Result<Installed, Problem>,
) -> anyhow::Result<ExitCode> {
    let row = Row::from(on(place, work)?);
    if json {
        print_json(&row)?;
    } else {
        row.print();
    }
    Ok(ExitCode::SUCCESS)
}

/// The plugin that people mean: by its id, its digest, or its name and version.
pub(super) async fn find(gateway: &Gateway, meant: &str) -> Result<PluginId, Problem> {
    let rows = plugin::list(gateway).await?;
    let found = rows.iter().find(|Installed { row, .. }| {
        row.id.to_string() == meant
            || digest_text(&row.digest) == meant
            || meant.split_once('@') == Some((row.name.as_str(), row.version.as_str()))
    });
    found.map(|found| found.row.id).ok_or_else(|| {
        let known = rows.iter().map(|known| format!("{}@{}", known.row.name, known.row.version));
        let known: Vec<String> = known.collect();
        Problem::not_found()
            .detail(format!("no plugin is called {meant:?}; there are {}", known.join(", ")))
    })
}

pub(super) fn config(given: &Given) -> anyhow::Result<Option<String>> {
    given.config.as_deref().map(text).transpose()
}

pub(super) fn granting(given: &Given) -> anyhow::Result<Granting> {
    let mut secrets = BTreeMap::new();
    for secret in &given.secrets {
        let (name, file) = secret
            .split_once('=')
            .with_context(|| format!("{secret:?} is not NAME=FILE, like api-key=key.txt"))?;
        // Editors end files with a line break, which belongs to no secret.
        let secret = text(Path::new(file))?.trim_end_matches(['\r', '\n']).to_owned();
        secrets.insert(name.to_owned(), SecretText::new(secret));
    }
    let limits = given.interpreter.then_some(LimitsClass::Interpreter);
    Ok(Granting { hosts: given.hosts.clone(), secrets, limits })
}

pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    let shown = file.display();
    let size = fs::metadata(file).with_context(|| format!("cannot read {shown}"))?.len();
    if size > FILE_BYTES_MAX {
        bail!("{shown} has {size} bytes; at most {FILE_BYTES_MAX} are read");
    }
    fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))
}

pub(super) fn list(place: &PlaceFlags, json: bool) -> anyhow::Result<ExitCode> {
    let rows: Vec<Row> = place::block_on(async {
        let gateway = place::open(place).await?;
        let rows = plugin::list(&gateway).await?;
        gateway.store.clone().shutdown();
        Ok(rows.into_iter().map(Row::from).collect())
    })?;
    if json {
        print_json(&rows)?;
    } else {
        rows.iter().for_each(Row::print);
    }
    Ok(ExitCode::SUCCESS)
}
