//! Plugins in the database and in the sandbox: installing, enabling by place and day, and taking out of service.

use jiff::civil::Date;
use purser_core::{Timestamp, ids::PluginId, place::Place};
use purser_host::{Digest, LoadError, Plugin as Loaded, Role};
use purser_money::Currency;
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{
            Plugin, PluginStatus, plugin_component, plugin_find_by_digest, plugin_find_by_name,
            plugin_get, plugin_insert, plugin_list, plugin_status_set,
        },
        plugin_binding::{Binding, binding_for, binding_insert, binding_list},
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
/// Faults in a row after which a plugin is taken out of service: more than bad luck, less than a bad hour.
const FAULTS_MAX: u32 = 20;

/// Why the gateway cannot start with its plugins.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A plugin that comes with the gateway is refused by its own sandbox.
    #[error("the bundled plugin {name} cannot be loaded: {error}")]
    Bundled {
        /// Its name.
        name: &'static str,
        /// Why.
        error: LoadError,
    },
}

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

/// Installs the plugins that come with the gateway, and loads all that are in use.
pub async fn start(gateway: &Gateway) -> Result<(), StartError> {
    for bundled in purser_bundled::BUNDLED {
        let loaded = gateway.plugins.install(bundled.bytes).await;
        let loaded = loaded.map_err(|error| StartError::Bundled { name: bundled.name, error })?;
        bundle(gateway, &loaded, bundled.bytes).await?;
    }
    load_active(gateway).await
}

/// Loads what is in use and not in the sandbox yet: another process may have enabled it.
pub async fn load_active(gateway: &Gateway) -> Result<(), StartError> {
    let rows = gateway.store.read(plugin_list).await?;
    for row in rows.into_iter().filter(|row| row.status == PluginStatus::Active) {
        if gateway.plugins.get(&Digest::from_bytes(row.digest)).is_some() {
            continue;
        }
        // One that fails is out of service, and so is what it answers for; the others go on.
        if let Err(problem) = load(gateway, &row).await {
            tracing::error!(plugin.name = %row.name, plugin.version = %row.version, %problem, alarm = true, "a plugin in use cannot be loaded");
        }
    }
    Ok(())
}

async fn load(gateway: &Gateway, row: &Plugin) -> Result<Loaded, Problem> {
    if let Some(loaded) = gateway.plugins.get(&Digest::from_bytes(row.digest)) {
        return Ok(loaded);
    }
    let id = row.id;
    let component = gateway.store.read(move |db| plugin_component(db, id)).await?;
    let component = component.ok_or_else(|| Problem::internal("a plugin has no component"))?;
    gateway.plugins.install(component).await.map_err(refused)
}

/// Puts a plugin of this release into the database, and binds it where nobody decided otherwise.
async fn bundle(
    gateway: &Gateway,
    loaded: &Loaded,
    component: &'static [u8],
) -> Result<(), StoreError> {
    let digest = *loaded.digest().bytes();
    if gateway.store.read(move |db| plugin_find_by_digest(db, &digest)).await?.is_some() {
        return Ok(());
    }
    let row = row(gateway, loaded, PluginStatus::Active)?;
    let places = covered(loaded);
    let (first, today, at) =
        (loaded.description().valid_from, gateway.clock.today(), gateway.now());
    gateway
        .store
        .change_facts(move |db| {
            if plugin_find_by_digest(db, &row.digest)?.is_some() {
                return Ok(());
            }
            plugin_insert(db, &row, component)?;
            for place in &places {
                bind_bundled(db, &row, place, (first, today), at)?;
            }
            Ok(())
        })
        .await
}

/// Binds a place to a bundled plugin from its first day on, or from today on where an older version of it answers.
/// What the operator decided stays.
fn bind_bundled(
    db: &mut Connection,
    row: &Plugin,
    place: &str,
    (first, today): (Date, Date),
    at: Timestamp,
) -> Result<(), StoreError> {
    let from = match binding_for(db, &row.role, place, Date::MAX)? {
        None => first,
        Some(Binding { plugin: None, .. }) => return Ok(()),
        Some(Binding { plugin: Some(other), .. }) => match plugin_get(db, other)? {
            Some(other) if other.name == row.name => today,
            _ => return Ok(()),
        },
    };
    let (role, place) = (row.role.clone(), place.to_owned());
    binding_insert(db, &Binding { role, place, from, plugin: Some(row.id), at })
}

fn covered(loaded: &Loaded) -> Vec<String> {
    match (loaded.role(), loaded.description().covers.as_slice()) {
        (Role::Currency, []) => vec![EVERY.to_owned()],
        (Role::Tax | Role::Currency, covers) => covers.to_vec(),
        // Merchants and endpoints name the plugin; the binding says which version of it answers.
        (Role::Stamps | Role::Webhook, _) => vec![loaded.name().to_owned()],
    }
}

fn row(gateway: &Gateway, loaded: &Loaded, status: PluginStatus) -> Result<Plugin, StoreError> {
    let manifest = loaded.manifest().to_json().ok().and_then(|json| String::from_utf8(json).ok());
    Ok(Plugin {
        id: PluginId::from_random(id_bits()),
        digest: *loaded.digest().bytes(),
        name: loaded.name().to_owned(),
        version: loaded.version().to_owned(),
        role: loaded.role().name().to_owned(),
        manifest: manifest
            .ok_or_else(|| StoreError::corrupt("plugin", "a manifest that is no JSON"))?,
        status,
        installed_at: gateway.now(),
    })
}

fn refused(error: LoadError) -> Problem {
    match error {
        LoadError::Interrupted => Problem::new(problem::OVERLOADED).retry_after(1),
        LoadError::Refused(_)
        | LoadError::DoesNotFit(_)
        | LoadError::Describe(_)
        | LoadError::Differs { .. } => {
            Problem::new(problem::PLUGIN_REFUSED).detail(error.to_string())
        }
    }
}

/// Verifies a plugin's file and keeps it. It answers for nothing until it is enabled. The same file again is the
/// same plugin.
pub async fn install(gateway: &Gateway, component: Vec<u8>) -> Result<Plugin, Problem> {
    let loaded = gateway.plugins.install(component.clone()).await.map_err(refused)?;
    let new = row(gateway, &loaded, PluginStatus::Installed)?;
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
    let loaded = load(gateway, &row).await?;
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
            if let [] = [countries, currencies].concat().as_slice() {
                return Ok(covered(loaded));
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
    let places = if asked.is_empty() { covered(loaded) } else { asked };
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
            load(gateway, before).await?;
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

#[cfg(test)]
mod tests {
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
