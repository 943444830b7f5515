//! Plugins of a gateway: putting them into its database, and listing them.

use std::{path::Path, process::ExitCode};

use jiff::civil::Date;
use purser_host::Limits;
use purser_store::facts::plugin::digest_text;
use serde::Serialize;

use super::build::read;
use crate::{
    app::plugin::{self, Installed, Places},
    cli::{config::PlaceFlags, place, report::print_json},
    gateway::Gateway,
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
        let places: Vec<&str> = self.answers.iter().map(|answers| answers.place.as_str()).collect();
        if !places.is_empty() {
            println!("    answers for {}", places.join(" "));
        }
    }
}

pub(super) fn run(
    file: &Path,
    enable: Vec<String>,
    from: Option<Date>,
    place: &PlaceFlags,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let component = read(file, Limits::for_interpreters().component_bytes)?;
    let row = place::block_on(async {
        let gateway = place::open(place).await?;
        let installed = install(&gateway, component, enable, from).await;
        gateway.store.clone().shutdown();
        installed
    })?;
    if json {
        print_json(&row)?
    } else {
        row.print()
    }
    Ok(ExitCode::SUCCESS)
}

async fn install(
    gateway: &Gateway,
    component: Vec<u8>,
    enable: Vec<String>,
    from: Option<Date>,
) -> anyhow::Result<Row> {
    let told = |problem: crate::problem::Problem| anyhow::anyhow!("{problem}");
    let row = plugin::install(gateway, component).await.map_err(told)?;
    if enable.is_empty() {
        return Ok(Installed { row, bindings: Vec::new() }.into());
    }
    let places = match row.role.as_str() {
        "tax" => Places { countries: enable, from, ..Places::default() },
        _ => Places { currencies: enable, from, ..Places::default() },
    };
    Ok(plugin::enable(gateway, row.id, places).await.map_err(told)?.into())
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
