//! Plugins: which there are, and new ones.

use actix_web::HttpResponse;
use askama::Template;
use purser_host::Limits;
use serde::Deserialize;

use crate::{
    app::plugin::{self, Installed, Permissions},
    pages::{
        Answered,
        shell::{Flash, Shell},
        shown::Faults,
        upload::{Upload, UploadForm},
        visit::OperatorVisit,
    },
    problem::Problem,
};
use purser_store::facts::plugin::PluginStatus;

pub(super) const LIST: &str = "/operator/plugins";

#[derive(Template)]
#[template(path = "operator/plugins.html")]
struct PluginsPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    plugins: Vec<Installed>,
}

impl PluginsPage<'_> {
    fn tone(&self, status: &PluginStatus) -> &'static str {
        tone(*status)
    }
}

/// How good a status is.
pub(super) const fn tone(status: PluginStatus) -> &'static str {
    match status {
        PluginStatus::Active => "good",
        PluginStatus::Quarantined => "bad",
        PluginStatus::Shadow => "warn",
        PluginStatus::Installed | PluginStatus::Retired => "",
    }
}

/// A plugin to be installed, with what is refused unless it is meant.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InstallForm {
    allow_large: String,
    allow_older: String,
    allow_other_publisher: String,
}

impl UploadForm for InstallForm {
    fn file_bytes_max() -> usize {
        Limits::default().large_component_bytes
    }
}

/// The list.
pub async fn page(visit: OperatorVisit) -> Answered {
    show(&visit, Faults::default()).await
}

/// Installs a plugin. It answers for nothing yet, and has been given nothing: its page shows what it asks for.
pub async fn install(visit: OperatorVisit, upload: Upload<InstallForm>) -> Answered {
    let permissions = Permissions {
        large: !upload.fields.allow_large.is_empty(),
        older: !upload.fields.allow_older.is_empty(),
        other_publisher: !upload.fields.allow_other_publisher.is_empty(),
    };
    match plugin::install(&visit.gateway, upload.file, permissions).await {
        Ok(row) => {
            let flash = Flash::good("op-plugin-was-installed").arg("name", row.name);
            Ok(visit.go_saying(&format!("{LIST}/{}", row.id), &flash))
        }
        // What is wrong with the file is said in the problem's own words.
        Err(problem) => {
            let detail = problem.detail.clone();
            let mut faults = visit.mend(problem)?;
            faults.fields.push(("file".to_owned(), detail));
            show(&visit, faults).await
        }
    }
}

async fn show(visit: &OperatorVisit, faults: Faults) -> Result<HttpResponse, Problem> {
    let plugins = plugin::list(&visit.gateway).await?;
    let page = PluginsPage { shell: &visit.shell, faults, plugins };
    visit.show(&page).about(&page.faults).send()
}
