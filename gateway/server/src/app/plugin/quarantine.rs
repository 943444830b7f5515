//! Plugins that only fail are taken out of service, and what answered before them answers again. One that fails on what a
//! single caller makes up stays (decision 0025).

use purser_host::{Faults, Plugin as Loaded};
use purser_store::facts::plugin::{
    Plugin, PluginStatus, plugin_find_by_digest, plugin_get, plugin_status_set,
};

use super::swap::{befores, restore};
use crate::{gateway::Gateway, problem::Problem};

/// Faults in a row after which a plugin is taken out of service: more than bad luck, less than a bad hour.
const FAULTS_MAX: u32 = 20;
/// Callers for whom it must have failed, unless it failed on the gateway's own input: one may have found what it cannot
/// take, and two may be the same.
const CALLERS_MIN: usize = 3;

/// Takes plugins that only fail out of service, and lets the versions before answer again where there are any.
pub async fn quarantine(gateway: &Gateway) -> Result<(), Problem> {
    for loaded in gateway.plugins.all() {
        let faults = loaded.faults();
        if faults.in_a_row < FAULTS_MAX {
            continue;
        }
        if !is_at_fault(faults) {
            let manifest = loaded.manifest();
            tracing::error!(
                plugin.name = %manifest.name, plugin.version = %manifest.version, plugin.faults = faults.in_a_row,
                alarm = true, "a plugin fails at what few callers ask; it stays in service"
            );
            continue;
        }
        let digest = *loaded.digest().bytes();
        let found = gateway.store.read(move |db| plugin_find_by_digest(db, &digest)).await?;
        if let Some(row) = found.filter(|row| row.status == PluginStatus::Active) {
            replace(gateway, &row, &loaded).await?;
        }
        gateway.plugins.remove(&loaded.digest());
    }
    Ok(())
}

/// Whether the plugin is to blame, and not what somebody asks it.
const fn is_at_fault(faults: Faults) -> bool {
    faults.on_own_input || faults.callers >= CALLERS_MIN
}

async fn replace(gateway: &Gateway, row: &Plugin, loaded: &Loaded) -> Result<(), Problem> {
    let (id, today, at) = (row.id, gateway.clock.today(), gateway.now());
    let change = gateway.store.change_facts(move |db| {
        // Another process may have seen to it.
        if plugin_get(db, id)?.is_none_or(|row| row.status != PluginStatus::Active) {
            return Ok(0);
        }
        plugin_status_set(db, id, PluginStatus::Quarantined)?;
        let before = befores(db, id, today)?;
        let replaced = before.iter().filter(|(_, former)| former.is_some()).count();
        restore(db, before, (today, at))?;
        Ok(replaced)
    });
    let replaced = change.await?;
    tracing::error!(
        plugin.name = %row.name, plugin.version = %row.version, plugin.faults = loaded.faults_in_a_row(),
        plugin.places_replaced = replaced, alarm = true, "a plugin failed too often and is out of service"
    );
    Ok(())
}
