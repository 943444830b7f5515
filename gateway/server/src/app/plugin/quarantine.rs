//! Plugins that only fail are taken out of service.

use purser_store::{
    StoreError,
    facts::plugin::{Plugin, PluginStatus, plugin_find_by_digest, plugin_find_by_name},
};

use super::{load, replace};
use crate::{gateway::Gateway, problem::Problem};

/// Faults in a row after which a plugin is taken out of service: more than bad luck, less than a bad hour.
const FAULTS_MAX: u32 = 20;

/// Takes plugins that only fail out of service, and lets the version before answer again where there is one.
pub async fn quarantine(gateway: &Gateway) -> Result<(), Problem> {
    let failing =
        gateway.plugins.all().into_iter().filter(|plugin| plugin.faults_in_a_row() >= FAULTS_MAX);
    for loaded in failing {
        let digest = *loaded.digest().bytes();
        let found = gateway.store.read(move |db| plugin_find_by_digest(db, &digest)).await?;
        let Some(row) = found.filter(|row| row.status == PluginStatus::Active) else { continue };
        let before = version_before(gateway, &row).await?;
        tracing::error!(
            plugin.name = %row.name, plugin.version = %row.version, plugin.faults = loaded.faults_in_a_row(),
            replaced = before.is_some(), alarm = true, "a plugin failed too often and is out of service"
        );
        if let Some(before) = &before {
            load::plugin(gateway, before).await?;
        }
        replace(gateway, &row, before.map(|before| before.id), PluginStatus::Quarantined).await?;
        gateway.plugins.remove(&loaded.digest());
    }
    Ok(())
}

async fn version_before(gateway: &Gateway, row: &Plugin) -> Result<Option<Plugin>, StoreError> {
    let name = row.name.clone();
    let versions = gateway.store.read(move |db| plugin_find_by_name(db, &name)).await?;
    let mut older = versions.into_iter().skip_while(|version| version.id != row.id).skip(1);
    Ok(older.find(|version| matches!(version.status, PluginStatus::Active | PluginStatus::Retired)))
}
