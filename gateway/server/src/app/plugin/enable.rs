//! Letting a plugin answer for places from a day on.

use jiff::civil::Date;
use purser_core::ids::PluginId;
use purser_host::{Manifest, Role};
use purser_money::Currency;
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{Plugin, PluginStatus, plugin_get, plugin_status_set},
        plugin_binding::{Binding, binding_for, binding_insert},
        plugin_shadow::shadow_end,
    },
};

use super::{
    EVERY, Installed, covered, get,
    grants::{self, Granting},
    installed, load, manifest, refused, settle, shadow,
    trial::{Wanted, try_out},
};
use crate::{
    gateway::Gateway,
    place::{place, place_on_earth},
    problem::Problem,
};

/// A configuration is a page of rates or addresses, and goes with every call.
const CONFIG_BYTES_MAX: usize = 64 * 1024;

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

/// How a plugin is to answer.
#[derive(Debug, Clone, Default)]
pub struct Enabling {
    /// Where and since when.
    pub places: Places,
    /// Under which configuration; none said, the one that the same plugin answers under. Empty is none.
    pub config: Option<String>,
    /// What it is given of what it asks for.
    pub granting: Granting,
    /// Whether it may take over from a newer version of itself.
    pub allow_older: bool,
}

/// Lets a plugin answer for places from a day on.
pub async fn enable(
    gateway: &Gateway,
    id: PluginId,
    enabling: Enabling,
) -> Result<Installed, Problem> {
    let Enabling { places, config, granting, allow_older } = enabling;
    let row = get(gateway, id).await?;
    let config = config.map(checked_config).transpose()?;
    let from = places.from.unwrap_or_else(|| gateway.clock.today());
    let places = checked(gateway, &manifest(&row)?, places)?;
    let granted = grants::decide(gateway, &row, granting).await?;
    // What cannot be loaded is not enabled, and the first sale need not wait for it.
    let loaded = load::plugin(gateway, &row).await?;
    let wanted = wanted(gateway, &row, (&places, from), config.as_ref()).await?;
    try_out(&loaded, &wanted, from).await?;
    let (today, at) = (gateway.clock.today(), gateway.now());
    let change = gateway.store.change_facts(move |db| {
        let mut bindings = Vec::new();
        for place in places {
            let before = before(db, &row, &place, from)?;
            // Nothing is written yet, so nothing stays of what is refused.
            if let Some(newer) = before.newer.filter(|_| !allow_older) {
                return Ok(Err(newer));
            }
            let config = config.clone().unwrap_or(before.config);
            let role = row.role.clone();
            bindings.push(Binding { role, place, from, plugin: Some(id), at, config });
        }
        bindings.iter().try_for_each(|binding| binding_insert(db, binding))?;
        granted.write(db, id)?;
        shadow_end(db, id)?;
        plugin_status_set(db, id, PluginStatus::Active)?;
        settle(db, today)?;
        Ok(Ok(()))
    });
    change.await?.map_err(|newer| downgrade(&newer))?;
    shadow::refresh(gateway).await?;
    installed(gateway, id).await
}

/// What is to be bound: under the configuration that is given, else under that of the same plugin there.
async fn wanted(
    gateway: &Gateway,
    row: &Plugin,
    (places, from): (&[String], Date),
    config: Option<&Option<String>>,
) -> Result<Vec<Wanted>, Problem> {
    let (row, places) = (row.clone(), places.to_vec());
    if let Some(config) = config {
        return Ok(places.into_iter().map(|place| (place, config.clone())).collect());
    }
    let wanted = gateway.store.read(move |db| {
        let wanted = |place: String| {
            let config = before(db, &row, &place, from)?.config;
            Ok((place, config))
        };
        places.into_iter().map(wanted).collect()
    });
    Ok(wanted.await?)
}

pub(super) fn downgrade(newer: &str) -> Problem {
    refused(format!(
        "version {newer} of it answers already; roll that back, or say `allow_older` if an older one is meant"
    ))
}

/// An empty configuration is none.
pub(super) fn checked_config(config: String) -> Result<Option<String>, Problem> {
    if config.len() > CONFIG_BYTES_MAX {
        let detail = format!("{} bytes; at most {CONFIG_BYTES_MAX}", config.len());
        return Err(Problem::malformed("config", detail));
    }
    if config.contains('\0') {
        return Err(Problem::malformed("config", "text without the character of code zero"));
    }
    Ok(Some(config).filter(|config| !config.is_empty()))
}

/// What of the same plugin answers for a place on a day.
pub(super) struct Before {
    /// Its configuration goes on, unless another is given.
    pub(super) config: Option<String>,
    /// Its version, if that is newer.
    pub(super) newer: Option<String>,
}

pub(super) fn before(
    db: &mut Connection,
    row: &Plugin,
    place: &str,
    day: Date,
) -> Result<Before, StoreError> {
    let nothing = Before { config: None, newer: None };
    let Some(binding) = binding_for(db, &row.role, place, day)? else { return Ok(nothing) };
    let Some(other) = binding.plugin else { return Ok(nothing) };
    let Some(other) = plugin_get(db, other)? else { return Ok(nothing) };
    if other.name != row.name {
        return Ok(nothing);
    }
    let newer = manifest(&other)?.version > manifest(row)?.version;
    Ok(Before { config: binding.config, newer: newer.then_some(other.version) })
}

/// The places as they are bound: known to the world, and to the plugin.
pub(super) fn checked(
    gateway: &Gateway,
    manifest: &Manifest,
    places: Places,
) -> Result<Vec<String>, Problem> {
    let Places { countries, currencies, .. } = places;
    let (asked, other, field, wrong_field) = match manifest.role {
        Role::Tax => (countries, currencies, "countries", "currencies"),
        Role::Currency => (currencies, countries, "currencies", "countries"),
        Role::Stamps | Role::Webhook => {
            if countries.is_empty() && currencies.is_empty() {
                return Ok(covered(manifest));
            }
            let detail = format!("a {} plugin is named by who uses it", manifest.role);
            return Err(Problem::malformed("countries", detail));
        }
    };
    if !other.is_empty() {
        let detail = format!("a {} plugin answers for {field}", manifest.role);
        return Err(Problem::malformed(wrong_field, detail));
    }
    // The plugin says the same of itself, or it was not installed.
    let covers =
        if manifest.role == Role::Tax { &manifest.countries } else { &manifest.currencies };
    for (index, asked) in asked.iter().enumerate() {
        if !(covers.is_empty() || covers.contains(asked)) {
            let detail = format!("nothing that {} {} covers", manifest.name, manifest.version);
            return Err(Problem::malformed(format!("{field}[{index}]"), detail));
        }
        known(gateway, manifest.role, asked, &format!("{field}[{index}]"))?;
    }
    if !asked.is_empty() {
        return Ok(asked);
    }
    let places = covered(manifest);
    if places.is_empty() {
        return Err(Problem::malformed(field, "name them: the plugin covers none in particular"));
    }
    places.iter().try_for_each(|place| known(gateway, manifest.role, place, field))?;
    Ok(places)
}

/// Refuses what is no country or currency. Where no law holds a plugin is tried out, which is what the sandbox is for.
fn known(gateway: &Gateway, role: Role, text: &str, field: &str) -> Result<(), Problem> {
    if role == Role::Currency {
        let known = text == EVERY || Currency::parse(text).is_ok();
        return known.then_some(()).ok_or_else(|| {
            let detail =
                format!("a currency of ISO 4217, like EUR, or {EVERY} for every other one");
            Problem::malformed(field, detail)
        });
    }
    let place =
        if gateway.settings.sandbox { place(text, field)? } else { place_on_earth(text, field)? };
    match place.subdivision() {
        None => Ok(()),
        Some(_) => Err(Problem::malformed(field, "a whole country, like US")),
    }
}
