//! Plugins in the database and in the sandbox: from the file to what answers where, and back.
//!
//! `installed` (verified, and held to the rules of [`crate::conformance`]) → `shadow` → `active` → `retired`, and
//! `quarantined` for one that only fails. What answers is a [`Binding`] of a place from a day on, never changed: a later
//! one takes over. So a swap is one database transaction, and requests under way end with the version they began with.

pub mod again;
mod bundled;
mod enable;
pub mod grants;
mod install;
pub mod keys;
pub mod load;
mod quarantine;
pub mod replay;
pub mod shadow;
mod swap;
mod trial;

pub use bundled::start;
pub use enable::{Enabling, Places, enable};
pub use install::{Permissions, install};
pub use quarantine::quarantine;
pub use swap::{Activating, activate, disable, rollback};

use jiff::civil::Date;
use purser_core::ids::PluginId;
use purser_host::{Digest, Manifest, Role};
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{Plugin, PluginStatus, plugin_get, plugin_list, plugin_status_set},
        plugin_binding::{Binding, binding_list},
    },
};

use crate::{
    clock::day,
    gateway::Gateway,
    problem::{self, Problem},
    random::id_bits,
};

/// Stands for every currency that has no plugin of its own.
pub const EVERY: &str = "*";

/// A plugin and what it answers for.
#[derive(Debug, Clone)]
pub struct Installed {
    /// The plugin.
    pub row: Plugin,
    /// Its bindings that hold today or later.
    pub bindings: Vec<Binding>,
}

/// The places that a plugin answers for by what its manifest says.
fn covered(manifest: &Manifest) -> Vec<String> {
    match (manifest.role, manifest.countries.as_slice(), manifest.currencies.as_slice()) {
        (Role::Tax, countries, _) => countries.to_vec(),
        (Role::Currency, _, []) => vec![EVERY.to_owned()],
        (Role::Currency, _, currencies) => currencies.to_vec(),
        // Merchants and endpoints name the plugin; the binding says which version of it answers.
        (Role::Stamps | Role::Webhook, ..) => vec![manifest.name.clone()],
    }
}

fn row(
    gateway: &Gateway,
    manifest: &Manifest,
    digest: Digest,
    status: PluginStatus,
) -> Result<Plugin, StoreError> {
    let json = manifest.to_json().ok().and_then(|json| String::from_utf8(json).ok());
    Ok(Plugin {
        id: PluginId::from_random(id_bits()),
        digest: *digest.bytes(),
        name: manifest.name.clone(),
        version: manifest.version.to_string(),
        role: manifest.role.name().to_owned(),
        manifest: json
            .ok_or_else(|| StoreError::corrupt("plugin", "a manifest that is no JSON"))?,
        status,
        installed_at: gateway.now(),
        publisher: None,
        grants: "{}".to_owned(),
    })
}

/// The manifest of an installed plugin.
pub fn manifest(row: &Plugin) -> Result<Manifest, StoreError> {
    Manifest::from_json(row.manifest.as_bytes())
        .map_err(|_| StoreError::corrupt("plugin", "a manifest that is none"))
}

fn refused(detail: impl Into<String>) -> Problem {
    Problem::new(problem::PLUGIN_REFUSED).detail(detail)
}

/// Calls that get no time may be the machine's fault: when there is less to do the plugin shows what it is.
fn late() -> Problem {
    let detail = "the machine was too busy to try the plugin: a call got no time, twice. Do it again when there is \
                  less to do; if this stays, `purser plugin test` says whether the plugin itself is too slow";
    Problem::new(problem::OVERLOADED).detail(detail).retry_after(10)
}

/// The bindings of a plugin that hold today or later, of a list with the ones in force first.
fn in_force(bindings: &[Binding], id: PluginId, today: Date) -> Vec<Binding> {
    let mut kept: Vec<Binding> = Vec::new();
    let mut decided: Vec<(&str, &str, Option<Date>)> = Vec::new();
    for binding in bindings {
        // The first that has begun is the one in force today, and of those for a day to come the first is the last word;
        // the others are history.
        let to_come = Some(binding.from).filter(|from| *from > today);
        let place = (binding.role.as_str(), binding.place.as_str(), to_come);
        if decided.contains(&place) {
            continue;
        }
        decided.push(place);
        if binding.plugin == Some(id) {
            kept.push(binding.clone());
        }
    }
    kept
}

/// Plugins that are said to answer and do so nowhere, today or later, and what each of them is.
fn idle(db: &mut Connection, today: Date) -> Result<Vec<(PluginId, PluginStatus)>, StoreError> {
    let bindings = binding_list(db)?;
    let mut plugins = plugin_list(db)?;
    plugins.retain(|row| {
        row.status == PluginStatus::Active && in_force(&bindings, row.id, today).is_empty()
    });
    let truth = |row: Plugin| match bindings.iter().any(|bound| bound.plugin == Some(row.id)) {
        true => (row.id, PluginStatus::Retired),
        false => (row.id, PluginStatus::Installed),
    };
    Ok(plugins.into_iter().map(truth).collect())
}

/// Says of plugins that lost their last place that they did: whatever takes a place over ends with this.
fn settle(db: &mut Connection, today: Date) -> Result<(), StoreError> {
    for (id, status) in idle(db, today)? {
        plugin_status_set(db, id, status)?;
    }
    Ok(())
}

/// Says so of those whose last place another took over as a day began.
pub async fn retire(gateway: &Gateway) -> Result<(), StoreError> {
    let today = gateway.clock.today();
    if gateway.store.read(move |db| idle(db, today)).await?.is_empty() {
        return Ok(());
    }
    gateway.store.write(move |db| settle(db, today)).await
}

/// A plugin.
pub async fn get(gateway: &Gateway, id: PluginId) -> Result<Plugin, Problem> {
    let row = gateway.store.read(move |db| plugin_get(db, id)).await?;
    row.ok_or_else(|| Problem::new(problem::NOT_FOUND))
}

/// A plugin and what it answers for.
pub async fn installed(gateway: &Gateway, id: PluginId) -> Result<Installed, Problem> {
    let row = get(gateway, id).await?;
    let bindings = gateway.store.read(binding_list).await?;
    Ok(Installed { bindings: in_force(&bindings, id, gateway.clock.today()), row })
}

/// All plugins, newest installation first.
pub async fn list(gateway: &Gateway) -> Result<Vec<Installed>, StoreError> {
    let (rows, bindings) =
        gateway.store.read(|db| Ok((plugin_list(db)?, binding_list(db)?))).await?;
    let today = day(gateway.now());
    let with_bindings =
        |row: Plugin| Installed { bindings: in_force(&bindings, row.id, today), row };
    Ok(rows.into_iter().map(with_bindings).collect())
}

#[cfg(test)]
mod tests {
    use purser_core::Timestamp;

    use super::*;

    #[test]
    fn only_what_holds_today_or_later_is_in_force() {
        let (one, two) = (PluginId::from_random(1), PluginId::from_random(2));
        let binding = |place: &str, from: &str, plugin| Binding {
            role: "tax".to_owned(),
            place: place.to_owned(),
            from: from.parse().unwrap(),
            plugin,
            at: Timestamp::UNIX_EPOCH,
            config: None,
        };
        let bindings = vec![
            binding("DE", "2026-07-01", Some(two)),
            binding("DE", "2026-01-01", Some(one)),
            binding("DE", "2024-01-01", Some(two)),
            binding("FR", "2024-01-01", None),
            binding("FR", "2023-01-01", Some(one)),
        ];
        let places = |id, today: &str| {
            let found = in_force(&bindings, id, today.parse().unwrap());
            found
                .into_iter()
                .map(|binding| format!("{} {}", binding.place, binding.from))
                .collect::<Vec<_>>()
        };
        assert_eq!(places(one, "2026-03-01"), ["DE 2026-01-01"]);
        assert_eq!(places(two, "2026-03-01"), ["DE 2026-07-01"]);
        assert_eq!(places(one, "2026-08-01"), Vec::<String>::new());
        let changed_mind =
            vec![binding("FR", "2027-03-01", Some(two)), binding("FR", "2027-03-01", Some(one))];
        let held = |id| in_force(&changed_mind, id, "2026-08-01".parse().unwrap()).len();
        assert_eq!(
            (held(one), held(two)),
            (0, 1),
            "of two for one day to come the later one holds"
        );
    }
}
