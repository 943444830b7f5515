//! One version in place of another: activated, rolled back, or taken out of service. Each swap is one database
//! transaction, so every sale is assessed by the one or the other.

use jiff::civil::Date;
use purser_core::{Timestamp, ids::PluginId};
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{Plugin, PluginStatus, plugin_find_by_name, plugin_get, plugin_status_set},
        plugin_binding::{Binding, binding_insert, binding_list, binding_moment},
        plugin_shadow::shadow_end,
    },
};

use super::{
    Installed,
    enable::{as_tried, checked_config, downgrade, said},
    get,
    grants::{self, Granting},
    in_force, installed, load, manifest, refused, settle, shadow,
    trial::try_out,
};
use crate::{clock::day, gateway::Gateway, problem::Problem};

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
    let (today, now) = (gateway.clock.today(), gateway.now());
    let (of, given) = (row.clone(), config.clone());
    let taken = gateway.store.read(move |db| taken_over(db, &of, given, (today, now))).await?;
    let tried: Vec<Binding> = taken.into_iter().map(|(_, binding)| binding).collect();
    try_out(&loaded, &tried, today).await?;
    let change = gateway.store.change_facts(move |db| {
        let at = binding_moment(db, now)?;
        let (others, bindings): (Vec<Plugin>, Vec<Binding>) =
            taken_over(db, &row, config, (today, at))?.into_iter().unzip();
        for other in others.iter().filter(|_| !allow_older) {
            if manifest(other)?.version > manifest(&row)?.version {
                return Ok(Err(downgrade(&other.version)));
            }
        }
        if bindings.is_empty() {
            let detail =
                format!("no other version of {} answers for anything; enable it", row.name);
            return Ok(Err(refused(detail)));
        }
        if let Err(changed) = as_tried(&tried, &bindings) {
            return Ok(Err(changed));
        }
        bindings.iter().try_for_each(|binding| binding_insert(db, binding))?;
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

/// Where other versions of a plugin answer, today or later, as this one would in their place: under their configurations,
/// if no other is given.
pub(super) fn taken_over(
    db: &mut Connection,
    row: &Plugin,
    config: Option<Option<String>>,
    (today, at): (Date, Timestamp),
) -> Result<Vec<(Plugin, Binding)>, StoreError> {
    let (history, mut taken) = (binding_list(db)?, Vec::new());
    let plugin = Some(row.id);
    for other in plugin_find_by_name(db, &row.name)? {
        if other.id == row.id {
            continue;
        }
        for Binding { role, place, from, config: before, .. } in in_force(&history, other.id, today)
        {
            let (from, config) = (from.max(today), config.clone().unwrap_or(before));
            taken.push((other.clone(), Binding { role, place, from, plugin, at, config }));
        }
    }
    Ok(taken)
}

/// Takes a plugin out of service from today on: nobody answers for its places until another is enabled there. Where it was
/// to begin on a day to come, whoever answers until then goes on.
pub async fn disable(gateway: &Gateway, id: PluginId) -> Result<Installed, Problem> {
    get(gateway, id).await?;
    let (today, now) = (gateway.clock.today(), gateway.now());
    let change = gateway.store.change_facts(move |db| {
        // One that was taken out of service for its faults stays known as such: nothing rolls back to it.
        if plugin_get(db, id)?.is_some_and(|row| row.status != PluginStatus::Quarantined) {
            plugin_status_set(db, id, PluginStatus::Retired)?;
        }
        shadow_end(db, id)?;
        end(db, id, (today, now))
    });
    change.await?;
    shadow::refresh(gateway).await?;
    installed(gateway, id).await
}

/// Ends the bindings of a plugin.
fn end(
    db: &mut Connection,
    id: PluginId,
    (today, now): (Date, Timestamp),
) -> Result<(), StoreError> {
    let (mut history, at) = (binding_list(db)?, binding_moment(db, now)?);
    let mut ended = in_force(&history, id, today);
    // The first day first: who goes on there may go on at the next, and it is never the plugin itself.
    ended.sort_by_key(|binding| binding.from);
    for Binding { role, place, from, .. } in ended {
        let here = |binding: &&Binding| binding.role == role && binding.place == place;
        let until_then = history.iter().filter(here).filter(|_| from > today);
        let until_then = until_then.filter(|binding| binding.from < from);
        let last = until_then.max_by_key(|binding| (binding.from, binding.at)).cloned();
        let (plugin, config) = last.map_or((None, None), |last| (last.plugin, last.config));
        let next = Binding { role, place, from: from.max(today), plugin, at, config };
        binding_insert(db, &next)?;
        history.push(next);
    }
    Ok(())
}

/// Undoes the newest decision for a plugin: where that was made, what answered before answers again, another version or
/// the same under the configuration before. Its other places stay as they are.
pub async fn rollback(gateway: &Gateway, id: PluginId) -> Result<Installed, Problem> {
    let row = get(gateway, id).await?;
    let (today, now) = (gateway.clock.today(), gateway.now());
    let change = gateway.store.change_facts(move |db| {
        let traced = traced(db, id, today)?;
        let Some(newest) = traced.iter().map(|(since, _)| *since).max() else {
            return Ok(Err(refused(format!("{} {} answers for nothing", row.name, row.version))));
        };
        let (undone, others): (Vec<_>, Vec<_>) =
            traced.into_iter().partition(|(since, _)| *since == newest);
        let undone: Vec<Before> = undone.into_iter().map(|(_, before)| before).collect();
        if others.is_empty() && undone.iter().all(|(_, former)| former.is_none()) {
            let detail =
                format!("{} {} answers as it did from its first day, and nothing answered before it; `disable` takes it out of service at all of its places", row.name, row.version);
            return Ok(Err(refused(detail)));
        }
        restore(db, undone, (today, now))?;
        settle(db, today)?;
        Ok(Ok(()))
    });
    change.await??;
    shadow::refresh(gateway).await?;
    installed(gateway, id).await
}

/// A plugin that answered before, and its configuration.
pub(super) type Former = (Plugin, Option<String>);

/// A binding, and what answered there before.
pub(super) type Before = (Binding, Option<Former>);

/// The bindings of a plugin today or later, and what answered there before.
pub(super) fn befores(
    db: &mut Connection,
    id: PluginId,
    today: Date,
) -> Result<Vec<Before>, StoreError> {
    Ok(traced(db, id, today)?.into_iter().map(|(_, before)| before).collect())
}

/// The same, each with the moment since when it is so.
fn traced(
    db: &mut Connection,
    id: PluginId,
    today: Date,
) -> Result<Vec<(Timestamp, Before)>, StoreError> {
    let history = binding_list(db)?;
    let trace = |binding: Binding| {
        let (since, former) = former(db, &history, &binding)?;
        Ok((since, (binding, former)))
    };
    in_force(&history, id, today).into_iter().map(trace).collect()
}

/// Puts in place of bindings what answered before; where nothing good did, nobody answers.
pub(super) fn restore(
    db: &mut Connection,
    before: Vec<Before>,
    (today, now): (Date, Timestamp),
) -> Result<(), StoreError> {
    let at = binding_moment(db, now)?;
    for (Binding { role, place, from, .. }, former) in before {
        if let Some((plugin, _)) = &former {
            shadow_end(db, plugin.id)?;
            plugin_status_set(db, plugin.id, PluginStatus::Active)?;
        }
        let (plugin, config) = former.map(|(plugin, config)| (plugin.id, config)).unzip();
        let (from, config) = (from.max(today), config.flatten());
        binding_insert(db, &Binding { role, place, from, plugin, at, config })?;
    }
    Ok(())
}

/// Since when a place is as a binding says, and what would answer there by the other decisions: the one that begins last
/// before it, and of those for its own day the one decided last. `history` has the ones in force first.
///
/// What says the same changed nothing, and what was taken out of service for its faults is passed over. Nobody, where the
/// last word was nobody: what the operator took out of service comes back by no swap of another, and where a quarantine
/// found nothing good there is nothing before it.
fn former(
    db: &mut Connection,
    history: &[Binding],
    current: &Binding,
) -> Result<(Timestamp, Option<Former>), StoreError> {
    let below = history
        .iter()
        .filter(|binding| binding.role == current.role && binding.place == current.place)
        .filter(|binding| binding.at != current.at)
        .filter(|binding| (binding.from, binding.at) < (current.from, current.at));
    let (mut since, mut former, mut above) = (current.at, None, current);
    for binding in below {
        // What was taken back before its day came has never answered: where the place only goes on over that day as it was
        // until then, nothing was before that.
        let began = binding.from != above.from || day(above.at) >= binding.from;
        above = binding;
        let Some(id) = binding.plugin else { break };
        let goes_on = former.is_none() || (began && binding.at < since);
        if goes_on && said(binding) == said(current) {
            (since, former) = (since.min(binding.at), None);
            continue;
        }
        let Some(plugin) = plugin_get(db, id)? else { continue };
        if plugin.status == PluginStatus::Quarantined {
            continue;
        }
        former = former.or(Some((plugin, binding.config.clone())));
        if began {
            break;
        }
    }
    Ok((since, former))
}
