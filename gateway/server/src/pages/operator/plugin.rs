//! One plugin: what it is, what it asks for and was given, where it answers, and what it decided.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use purser_core::{ids::PluginId, record::EvidenceRecord};
use purser_host::Role;
use purser_store::{
    facts::plugin::{Plugin, PluginStatus, digest_text},
    read::evidence::plugin_calls_page,
};

use super::plugins::{LIST, tone};
use crate::{
    app::plugin::{
        self, Installed,
        grants::Grants,
        shadow::{self, Watched},
    },
    pages::{
        Answered,
        paging::{After, Pager},
        shell::{Flash, Shell},
        shown::Faults,
        visit::OperatorVisit,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "operator/plugin.html")]
struct PluginPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    plugin: Installed,
    digest: String,
    role: Role,
    asked: Grants,
    given: Grants,
    watched: Watched,
}

impl PluginPage<'_> {
    fn tone(&self) -> &'static str {
        tone(self.plugin.row.status)
    }

    fn is_given_host(&self, host: &String) -> bool {
        self.given.hosts.contains(host)
    }

    fn is_given_secret(&self, name: &String) -> bool {
        self.given.secrets.contains(name)
    }

    fn is_given_limits(&self) -> bool {
        self.asked.limits.is_some() && self.given.limits == self.asked.limits
    }

    fn is_given_all(&self) -> bool {
        self.asked.hosts.iter().all(|host| self.is_given_host(host))
            && self.asked.secrets.iter().all(|name| self.is_given_secret(name))
            && (self.asked.limits.is_none() || self.is_given_limits())
    }

    fn is_active(&self) -> bool {
        self.plugin.row.status == PluginStatus::Active
    }

    /// What an answer that was another was about, as people can read it.
    fn examples(&self) -> Vec<String> {
        self.watched.examples.iter().map(|example| indented(example)).collect()
    }
}

#[derive(Template)]
#[template(path = "operator/plugin_calls.html")]
struct CallsPage<'a> {
    shell: &'a Shell,
    plugin: Plugin,
    calls: Vec<Call>,
    pager: Pager,
}

/// A call that moved money.
struct Call {
    function: String,
    engine: String,
    fuel: u64,
    input: String,
    output: String,
}

impl From<EvidenceRecord> for Call {
    fn from(record: EvidenceRecord) -> Self {
        let EvidenceRecord { function, engine, fuel, input, output, .. } = record;
        Self { function, engine, fuel, input: indented(&input), output: indented(&output) }
    }
}

/// JSON with its lines set in; what is none stays as it is.
fn indented(json: &str) -> String {
    let value: Result<serde_json::Value, _> = serde_json::from_str(json);
    let set_in = value.and_then(|value| serde_json::to_string_pretty(&value));
    set_in.unwrap_or_else(|_| json.to_owned())
}

/// The plugin.
pub async fn page(visit: OperatorVisit, id: Path<String>) -> Answered {
    show(&visit, known(&id)?, Faults::default()).await
}

/// What it decided, newest first.
pub async fn calls(visit: OperatorVisit, id: Path<String>, after: Query<After>) -> Answered {
    let row = plugin::get(&visit.gateway, known(&id)?).await?;
    let (digest, page) = (row.digest, after.page()?);
    let found = visit.gateway.store.read(move |db| plugin_calls_page(db, &digest, &page)).await?;
    let pager = after.pager(&format!("{LIST}/{}/calls", row.id), found.next.as_deref());
    let calls = found.rows.into_iter().map(Call::from).collect();
    visit.show(&CallsPage { shell: &visit.shell, plugin: row, calls, pager }).send()
}

/// Back to the plugin, saying what was done, or with what is wrong.
pub(super) async fn done<T>(
    visit: &OperatorVisit,
    id: PluginId,
    (done, flash): (Result<T, Problem>, Flash),
) -> Answered {
    match done {
        Ok(_) => Ok(visit.go_saying(&format!("{LIST}/{id}"), &flash)),
        // What a plugin is refused for is said in the problem's own words.
        Err(problem) => {
            let detail = problem.detail.clone();
            let mut faults = visit.mend(problem)?;
            if faults.fields.is_empty() {
                faults.fields.push(("main".to_owned(), detail));
            }
            show(visit, id, faults).await
        }
    }
}

pub(super) fn known(id: &str) -> Result<PluginId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

async fn show(
    visit: &OperatorVisit,
    id: PluginId,
    faults: Faults,
) -> Result<HttpResponse, Problem> {
    let plugin = plugin::installed(&visit.gateway, id).await?;
    let manifest = plugin::manifest(&plugin.row)?;
    let page = PluginPage {
        shell: &visit.shell,
        faults,
        digest: digest_text(&plugin.row.digest),
        role: manifest.role,
        asked: Grants::asked(&manifest),
        given: Grants::of(&plugin.row)?,
        watched: shadow::watched(&visit.gateway, id).await?,
        plugin,
    };
    visit.show(&page).about(&page.faults).send()
}
