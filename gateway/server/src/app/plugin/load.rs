//! Installed plugins come into the sandbox when somebody needs them.

use std::borrow::Cow;

use purser_core::ids::PluginId;
use purser_host::{CallError, Digest, LoadError, Manifest, Plugin as Loaded};
use purser_store::{
    StoreError,
    facts::plugin::{Plugin, PluginStatus, plugin_component, plugin_list},
};

use crate::{
    gateway::Gateway,
    problem::{self, Problem},
};

/// The plugin of a row, loaded.
pub async fn plugin(gateway: &Gateway, row: &Plugin) -> Result<Loaded, Problem> {
    let manifest = Manifest::from_json(row.manifest.as_bytes()).map_err(Problem::internal)?;
    known(gateway, row.id, Digest::from_bytes(row.digest), &manifest).await
}

/// A plugin that is known by its id, loaded: from memory if it is there. Of all who need it at once one loads it,
/// and the others wait.
pub async fn known(
    gateway: &Gateway,
    id: PluginId,
    digest: Digest,
    manifest: &Manifest,
) -> Result<Loaded, Problem> {
    let component = async {
        let component = gateway.store.read(move |db| plugin_component(db, id)).await?;
        let component = component.ok_or_else(|| Problem::internal("a plugin has no component"))?;
        Ok::<_, Unloaded>(Cow::from(component))
    };
    let loaded = gateway.plugins.load(digest, manifest, component).await;
    loaded.map_err(|Unloaded(problem)| problem)
}

/// Why a plugin is not loaded.
struct Unloaded(Problem);

impl From<Problem> for Unloaded {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StoreError> for Unloaded {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl From<LoadError> for Unloaded {
    fn from(error: LoadError) -> Self {
        Self(refused(error))
    }
}

/// What the sandbox has against a file.
pub(super) fn refused(error: LoadError) -> Problem {
    match error {
        LoadError::Interrupted | LoadError::Describe(CallError::Overloaded) => {
            Problem::new(problem::OVERLOADED).retry_after(1)
        }
        LoadError::Refused(_)
        | LoadError::DoesNotFit(_)
        | LoadError::Describe(_)
        | LoadError::OtherFile
        | LoadError::Differs { .. } => {
            Problem::new(problem::PLUGIN_REFUSED).detail(error.to_string())
        }
    }
}

/// Loads what is in use, as far as there is room, so that no sale waits for it. Another process may have enabled it.
pub async fn warm(gateway: &Gateway) -> Result<(), StoreError> {
    let rows = gateway.store.read(plugin_list).await?;
    for row in rows.into_iter().filter(|row| row.status == PluginStatus::Active) {
        if !gateway.plugins.has_room() {
            return Ok(());
        }
        // One that fails is out of service, and so is what it answers for; the others go on.
        if let Err(problem) = plugin(gateway, &row).await {
            tracing::error!(plugin.name = %row.name, plugin.version = %row.version, %problem, alarm = true, "a plugin in use cannot be loaded");
        }
    }
    Ok(())
}
