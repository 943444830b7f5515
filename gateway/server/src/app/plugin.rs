//! Plugins in the database and in the sandbox: installing, enabling by place and day, and taking out of service.

mod bundled;
pub mod load;
mod quarantine;

pub use bundled::start;
pub use quarantine::quarantine;

use jiff::civil::Date;
use purser_core::{ids::PluginId, place::Place};
use purser_host::{Digest, Manifest, Plugin as Loaded, Role};
use purser_money::Currency;
use purser_store::{
    StoreError,
    facts::{
        plugin::{
            Plugin, PluginStatus, plugin_find_by_digest, plugin_get, plugin_insert, plugin_list,
            plugin_status_set,
        },
        plugin_binding::{Binding, binding_insert, binding_list},
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

/// Where a plugin is to answer, from which day on.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Countries; all that the plugin covers, if none is named.
    pub countries: Vec<String>,
    /// Currencies; every one, if none is named.
    pub currencies: Vec<String>,
    /// The first day; today, if not said.
    pub from: Option<Date>,
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

/// Verifies a plugin's file and keeps it. It answers for nothing until it is enabled. The same file again is the
/// same plugin.
pub async fn install(gateway: &Gateway, component: Vec<u8>) -> Result<Plugin, Problem> {
    let loaded = gateway.plugins.verify(component.clone()).await.map_err(load::refused)?;
    let new = row(gateway, loaded.manifest(), loaded.digest(), PluginStatus::Installed)?;
    let stored = gateway.store.write(move |db| {
        if let Some(known) = plugin_find_by_digest(db, &new.digest)? {
            return Ok(known);
        }
        plugin_insert(db, &new, &component)?;
        Ok(new)
    });
    Ok(stored.await?)
}

/// Lets a plugin answer for places from a day on.
pub async fn enable(gateway: &Gateway, id: PluginId, places: Places) -> Result<Installed, Problem> {
    let row = get(gateway, id).await?;
    // What cannot be loaded is not enabled, and the first sale need not wait for it.
    let loaded = load::plugin(gateway, &row).await?;
    let from = places.from.unwrap_or_else(|| gateway.clock.today());
    let places = checked(&loaded, places)?;
    let (role, at) = (row.role.clone(), gateway.now());
    let change = gateway.store.change_facts(move |db| {
        plugin_status_set(db, id, PluginStatus::Active)?;
        for place in places {
            binding_insert(db, &Binding { role: role.clone(), place, from, plugin: Some(id), at })?;
        }
        Ok(())
    });
    change.await?;
    installed(gateway, id).await
}

/// The places as they are bound: known to the world, and to the plugin.
fn checked(loaded: &Loaded, places: Places) -> Result<Vec<String>, Problem> {
    let Places { countries, currencies, .. } = places;
    let (asked, other, field, wrong_field) = match loaded.role() {
        Role::Tax => (countries, currencies, "countries", "currencies"),
        Role::Currency => (currencies, countries, "currencies", "countries"),
        Role::Stamps | Role::Webhook => {
            if countries.is_empty() && currencies.is_empty() {
                return Ok(covered(loaded.manifest()));
            }
            let detail = format!("a {} plugin is named by who uses it", loaded.role());
            return Err(Problem::malformed("countries", detail));
        }
    };
    if !other.is_empty() {
        let detail = format!("a {} plugin answers for {field}", loaded.role());
        return Err(Problem::malformed(wrong_field, detail));
    }
    let covers = &loaded.description().covers;
    for (index, place) in asked.iter().enumerate() {
        let known = match loaded.role() {
            Role::Currency => place == EVERY || Currency::parse(place).is_ok(),
            Role::Tax | Role::Stamps | Role::Webhook => {
                Place::parse(place).is_ok_and(|place| place.subdivision().is_none())
            }
        };
        if !known || !(covers.is_empty() || covers.contains(place)) {
            let detail = format!("nothing that {} {} covers", loaded.name(), loaded.version());
            return Err(Problem::malformed(format!("{field}[{index}]"), detail));
        }
    }
    let places = if asked.is_empty() { covered(loaded.manifest()) } else { asked };
    if places.is_empty() {
        return Err(Problem::malformed(field, "name them: the plugin covers none in particular"));
    }
    Ok(places)
}

/// Takes a plugin out of service from today on: nobody answers for its places until another is enabled there.
pub async fn disable(gateway: &Gateway, id: PluginId) -> Result<Installed, Problem> {
    let row = get(gateway, id).await?;
    replace(gateway, &row, None, PluginStatus::Retired).await?;
    installed(gateway, id).await
}

/// Puts `next`, or nobody, in the place of a plugin wherever it answers today or later.
async fn replace(
    gateway: &Gateway,
    row: &Plugin,
    next: Option<PluginId>,
    status: PluginStatus,
) -> Result<(), StoreError> {
    let (id, role, today, at) = (row.id, row.role.clone(), gateway.clock.today(), gateway.now());
    gateway
        .store
        .change_facts(move |db| {
            plugin_status_set(db, id, status)?;
            if let Some(next) = next {
                plugin_status_set(db, next, PluginStatus::Active)?;
            }
            for binding in in_force(binding_list(db)?, id, today) {
                let from = binding.from.max(today);
                binding_insert(
                    db,
                    &Binding { role: role.clone(), place: binding.place, from, plugin: next, at },
                )?;
            }
            Ok(())
        })
        .await
}

/// The bindings of a plugin that hold today or later, of a list with the ones in force first.
fn in_force(bindings: Vec<Binding>, id: PluginId, today: Date) -> Vec<Binding> {
    let mut kept: Vec<Binding> = Vec::new();
    let mut answered: Vec<(String, String)> = Vec::new();
    for binding in bindings {
        let place = (binding.role.clone(), binding.place.clone());
        if binding.from <= today {
            // The first that has begun is the one in force today; the older ones are history.
            if answered.contains(&place) {
                continue;
            }
            answered.push(place);
        }
        if binding.plugin == Some(id) {
            kept.push(binding);
        }
    }
    kept
}

/// A plugin.
pub async fn get(gateway: &Gateway, id: PluginId) -> Result<Plugin, Problem> {
    let row = gateway.store.read(move |db| plugin_get(db, id)).await?;
    row.ok_or_else(|| Problem::new(problem::NOT_FOUND))
}

async fn installed(gateway: &Gateway, id: PluginId) -> Result<Installed, Problem> {
    let row = get(gateway, id).await?;
    let bindings = gateway.store.read(binding_list).await?;
    Ok(Installed { bindings: in_force(bindings, id, gateway.clock.today()), row })
}

/// All plugins, newest installation first.
pub async fn list(gateway: &Gateway) -> Result<Vec<Installed>, StoreError> {
    let (rows, bindings) =
        gateway.store.read(|db| Ok((plugin_list(db)?, binding_list(db)?))).await?;
    let today = day(gateway.now());
    let with_bindings =
        |row: Plugin| Installed { bindings: in_force(bindings.clone(), row.id, today), row };
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
            let found = in_force(bindings.clone(), id, today.parse().unwrap());
            found
                .into_iter()
                .map(|binding| format!("{} {}", binding.place, binding.from))
                .collect::<Vec<_>>()
        };
        assert_eq!(places(one, "2026-03-01"), ["DE 2026-01-01"]);
        assert_eq!(places(two, "2026-03-01"), ["DE 2026-07-01"]);
        assert_eq!(places(one, "2026-08-01"), Vec::<String>::new());
    }
}
