//! One version in place of another: activated, rolled back, or taken out of service. Each swap is one database
//! transaction, so every sale is assessed by the one or the other.

use jiff::civil::Date;
use purser_core::{Timestamp, ids::PluginId};
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{Plugin, PluginStatus, plugin_find_by_name, plugin_get, plugin_status_set},
        plugin_binding::{Binding, binding_insert, binding_list},
        plugin_shadow::shadow_end,
    },
};

use super::{
    Installed,
    enable::{checked_config, downgrade},
    get,
    grants::{self, Granting},
    in_force, installed, load, manifest, refused, settle, shadow,
    trial::try_out,
};
use crate::{gateway::Gateway, problem::Problem};

/// How a version takes the place of another.
#[derive(Debug, Clone, Default)]
pub struct Activating {
    /// Another configuration than the one before; empty is none.
    pub config: Option<String>,
    /// What it is given of what it asks for.
    pub granting: Granting,
    /// Whether it may take over from a newer version.
    pub allow_older: bool,
}

/// Lets a version answer wherever another version of the same plugin does, from today on, under the same configuration
/// if no other is given.
pub async fn activate(
    gateway: &Gateway,
    id: PluginId,
    activating: Activating,
) -> Result<Installed, Problem> {
    let Activating { config, granting, allow_older } = activating;
    let row = get(gateway, id).await?;
    let config = config.map(checked_config).transpose()?;
    let granted = grants::decide(gateway, &row, granting).await?;
    let loaded = load::plugin(gateway, &row).await?;
    let (today, at) = (gateway.clock.today(), gateway.now());
    let of = row.clone();
    let taken = gateway.store.read(move |db| of_others(db, &of, today)).await?;
    let wanted = taken
        .into_iter()
        .map(|(_, binding)| (binding.place, config.clone().unwrap_or(binding.config)));
    try_out(&loaded, &wanted.collect::<Vec<_>>(), today).await?;
    let change = gateway.store.change_facts(move |db| {
        let taken = of_others(db, &row, today)?;
        for (other, _) in &taken {
            if !allow_older && manifest(other)?.version > manifest(&row)?.version {
                return Ok(Err(downgrade(&other.version)));
            }
        }
        if taken.is_empty() {
            let detail =
                format!("no other version of {} answers for anything; enable it", row.name);
            return Ok(Err(refused(detail)));
        }
        for (_, binding) in taken {
            let config = config.clone().unwrap_or(binding.config);
            let from = binding.from.max(today);
            let (role, place) = (binding.role, binding.place);
            binding_insert(db, &Binding { role, place, from, plugin: Some(id), at, config })?;
        }
        granted.write(db, id)?;
        shadow_end(db, id)?;
        plugin_status_set(db, id, PluginStatus::Active)?;
        settle(db, today)?;
        Ok(Ok(()))
    });
    change.await??;
    shadow::refresh(gateway).await?;
    installed(gateway, id).await
}

/// Where other versions of a plugin answer, today or later.
fn of_others(
    db: &mut Connection,
    row: &Plugin,
    today: Date,
) -> Result<Vec<(Plugin, Binding)>, StoreError> {
    let (bindings, mut found) = (binding_list(db)?, Vec::new());
    for other in plugin_find_by_name(db, &row.name)? {
        if other.id != row.id {
            let places = in_force(&bindings, other.id, today);
            found.extend(places.into_iter().map(|binding| (other.clone(), binding)));
        }
    }
    Ok(found)
}

/// Takes a plugin out of service from today on: nobody answers for its places until another is enabled there.
pub async fn disable(gateway: &Gateway, id: PluginId) -> Result<Installed, Problem> {
    get(gateway, id).await?;
    let (today, at) = (gateway.clock.today(), gateway.now());
    let change = gateway.store.change_facts(move |db| {
        // One that was taken out of service for its faults stays known as such: nothing rolls back to it.
        if plugin_get(db, id)?.is_some_and(|row| row.status != PluginStatus::Quarantined) {
            plugin_status_set(db, id, PluginStatus::Retired)?;
        }
        for Binding { role, place, from, .. } in in_force(&binding_list(db)?, id, today) {
            let from = from.max(today);
            binding_insert(db, &Binding { role, place, from, plugin: None, at, config: None })?;
        }
        Ok(())
    });
    change.await?;
    installed(gateway, id).await
}

/// Lets answer again what answered before a plugin, wherever it answers today or later: another version, or the same under
/// the configuration before.
pub async fn rollback(gateway: &Gateway, id: PluginId) -> Result<Installed, Problem> {
    let row = get(gateway, id).await?;
    let (today, at) = (gateway.clock.today(), gateway.now());
    let change = gateway.store.change_facts(move |db| {
        let before = befores(db, id, today)?;
        if before.is_empty() {
            return Ok(Err(refused(format!("{} {} answers for nothing", row.name, row.version))));
        }
        if before.iter().all(|(_, before)| before.is_none()) {
            let detail =
                format!("nothing answered before {} {}; disable it", row.name, row.version);
            return Ok(Err(refused(detail)));
        }
        restore(db, before, (today, at))?;
        settle(db, today)?;
        Ok(Ok(()))
    });
    change.await??;
    installed(gateway, id).await
}

/// A plugin that answered before, and its configuration.
pub(super) type Former = (Plugin, Option<String>);

/// The bindings of a plugin today or later, and what answered there before.
pub(super) fn befores(
    db: &mut Connection,
    id: PluginId,
    today: Date,
) -> Result<Vec<(Binding, Option<Former>)>, StoreError> {
    let history = binding_list(db)?;
    let current = in_force(&history, id, today);
    let with_former = |binding: Binding| {
        let former = former(db, &history, &binding, today)?;
        Ok((binding, former))
    };
    current.into_iter().map(with_former).collect()
}

/// Puts in place of bindings what answered before; where nothing good did, nobody answers.
pub(super) fn restore(
    db: &mut Connection,
    before: Vec<(Binding, Option<Former>)>,
    (today, at): (Date, Timestamp),
) -> Result<(), StoreError> {
    for (Binding { role, place, from, .. }, former) in before {
        if let Some((plugin, _)) = &former {
            plugin_status_set(db, plugin.id, PluginStatus::Active)?;
        }
        let (plugin, config) = former.map(|(plugin, config)| (plugin.id, config)).unzip();
        let (from, config) = (from.max(today), config.flatten());
        binding_insert(db, &Binding { role, place, from, plugin, at, config })?;
    }
    Ok(())
}

/// What answered for the place of a binding before that was decided: the last that held on the same day, is another plugin
/// or the same under another configuration, and was not taken out of service for its faults. Nobody, where the last word
/// was nobody: what the operator took out of service comes back by no swap of another, and where a quarantine found nothing
/// good there is nothing before it.
fn former(
    db: &mut Connection,
    history: &[Binding],
    current: &Binding,
    today: Date,
) -> Result<Option<Former>, StoreError> {
    let day = current.from.max(today);
    let mut older: Vec<&Binding> = history
        .iter()
        .filter(|binding| binding.role == current.role && binding.place == current.place)
        .filter(|binding| binding.from <= day && binding.at <= current.at)
        .collect();
    older.sort_by_key(|binding| std::cmp::Reverse((binding.at, binding.from)));
    for binding in older {
        let Some(id) = binding.plugin else { return Ok(None) };
        if binding.plugin == current.plugin && binding.config == current.config {
            continue;
        }
        let Some(plugin) = plugin_get(db, id)? else { continue };
        if plugin.status != PluginStatus::Quarantined {
            return Ok(Some((plugin, binding.config.clone())));
        }
    }
    Ok(None)
}
