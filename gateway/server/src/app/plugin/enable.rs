//! Letting a plugin answer for places from a day on.

use jiff::civil::Date;
use purser_core::{Timestamp, ids::PluginId};
use purser_host::{Manifest, Role};
use purser_money::Currency;
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{Plugin, PluginStatus, plugin_get, plugin_status_set},
        plugin_binding::{Binding, binding_for, binding_insert, binding_list, binding_moment},
        plugin_shadow::shadow_end,
    },
};

use super::{
    EVERY, Installed, covered, get,
    grants::{self, Granting},
    installed, load, manifest, refused, settle, shadow,
    trial::try_out,
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
    let (today, now) = (gateway.clock.today(), gateway.now());
    let from = places.from.unwrap_or(today);
    let places = checked(gateway, &manifest(&row)?, places)?;
    let granted = grants::decide(gateway, &row, granting).await?;
    // What cannot be loaded is not enabled, and the first sale need not wait for it.
    let loaded = load::plugin(gateway, &row).await?;
    let asked = Asked { row, places, from, config, allow_older };
    let first = asked.clone();
    let tried = gateway.store.read(move |db| first.bindings(db, (today, now))).await??;
    try_out(&loaded, &tried, today).await?;
    let change = gateway.store.change_facts(move |db| {
        let at = binding_moment(db, now)?;
        // Nothing is written yet, so nothing stays of what is refused.
        let bindings = match asked.bindings(db, (today, at))? {
            Ok(bindings) => bindings,
            Err(refused) => return Ok(Err(refused)),
        };
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

/// What an operator asks for: places that are known to the world and to the plugin.
#[derive(Clone)]
struct Asked {
    row: Plugin,
    places: Vec<String>,
    from: Date,
    /// None said: that of the same plugin at each place.
    config: Option<Option<String>>,
    allow_older: bool,
}

impl Asked {
    /// The bindings that this comes to.
    fn bindings(
        &self,
        db: &mut Connection,
        (today, at): (Date, Timestamp),
    ) -> Result<Result<Vec<Binding>, Problem>, StoreError> {
        let (history, mut bindings) = (binding_list(db)?, Vec::new());
        for place in &self.places {
            let before = before(db, &self.row, place, self.from)?;
            if let Some(newer) = before.newer.filter(|_| !self.allow_older) {
                return Ok(Err(downgrade(&newer)));
            }
            let config = self.config.clone().unwrap_or(before.config);
            let (role, place) = (self.row.role.clone(), place.clone());
            let plugin = Some(self.row.id);
            let first = Binding { role, place, from: self.from, plugin, at, config };
            let later = going_on(&history, &first, today);
            bindings.extend(later.into_iter().map(|from| Binding { from, ..first.clone() }));
            bindings.push(first);
        }
        Ok(Ok(bindings))
    }
}

/// The days to come for which something else was decided and taken back, so that a place goes on there as before: whoever
/// takes it over goes on as well. `history` has the ones in force first.
fn going_on(history: &[Binding], first: &Binding, today: Date) -> Vec<Date> {
    if first.from < today {
        // What is said of the past is the past's.
        return Vec::new();
    }
    let here = |binding: &&Binding| binding.role == first.role && binding.place == first.place;
    let words: Vec<&Binding> = history.iter().filter(here).collect();
    let before = words.iter().find(|binding| binding.from <= first.from);
    let before = before.map_or((None, None), |binding| said(binding));
    let taken_back = |of: &Binding| {
        let mut others = words.iter().filter(|binding| binding.from == of.from);
        said(of) == before && others.any(|other| said(other) != before)
    };
    let mut later = words.clone();
    later.retain(|binding| binding.from > first.from);
    later.dedup_by_key(|binding| binding.from);
    later.into_iter().rev().take_while(|word| taken_back(word)).map(|word| word.from).collect()
}

/// What a binding says for its place.
pub(super) fn said(binding: &Binding) -> (Option<PluginId>, Option<&str>) {
    (binding.plugin, binding.config.as_deref())
}

/// Refuses to bind what was not tried: what a place has may have become another while that went on.
pub(super) fn as_tried(tried: &[Binding], bindings: &[Binding]) -> Result<(), Problem> {
    let same = |(tried, now): (&Binding, &Binding)| {
        tried.place == now.place && tried.from == now.from && said(tried) == said(now)
    };
    if tried.len() == bindings.len() && tried.iter().zip(bindings).all(same) {
        return Ok(());
    }
    Err(refused(
        "what it would answer for changed while it was tried, so nothing is done; do it again",
    ))
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
struct Before {
    /// Its configuration goes on, unless another is given.
    config: Option<String>,
    /// Its version, if that is newer.
    newer: Option<String>,
}

fn before(db: &mut Connection, row: &Plugin, place: &str, day: Date) -> Result<Before, StoreError> {
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
    for (index, place) in asked.iter().enumerate() {
        let field = format!("{field}[{index}]");
        if !(covers.is_empty() || covers.contains(place)) {
            let (name, version) = (&manifest.name, &manifest.version);
            let detail =
                format!("{place} is nothing that {name} {version} covers: {}", covers.join(" "));
            return Err(Problem::malformed(field, detail));
        }
        if asked.iter().take(index).any(|before| before == place) {
            let detail = format!("{place} only once: it is named before");
            return Err(Problem::malformed(field, detail));
        }
        known(gateway, manifest.role, place, &field)?;
    }
    if !asked.is_empty() {
        return Ok(asked);
    }
    let places = covered(manifest);
    if places.is_empty() {
        let detail = format!("name the {field}: the plugin covers none in particular");
        return Err(Problem::malformed(field, detail));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_tried_is_not_bound() {
        let binding = |from: &str, config: &str| Binding {
            role: "tax".to_owned(),
            place: "XX".to_owned(),
            from: from.parse().unwrap(),
            plugin: Some(PluginId::from_random(1)),
            at: Timestamp::UNIX_EPOCH,
            config: Some(config.to_owned()),
        };
        let tried = [binding("2026-07-01", "20")];
        let later = Binding { at: Timestamp::MAX, ..tried[0].clone() };
        as_tried(&tried, &[later]).unwrap();
        for other in [
            vec![binding("2026-07-01", "30")],
            vec![binding("2026-07-02", "20")],
            vec![binding("2026-07-01", "20"), binding("2027-01-01", "20")],
            Vec::new(),
        ] {
            let detail = as_tried(&tried, &other).unwrap_err().detail;
            assert!(detail.contains("do it again"), "{detail}");
        }
    }
}
