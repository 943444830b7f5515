//! The plugins that come with the gateway are installed at its start, and none of them is run for that.

use jiff::civil::Date;
use purser_bundled::{BUNDLED, Bundled};
use purser_core::Timestamp;
use purser_host::{Digest, Manifest};
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{Plugin, PluginStatus, plugin_find_by_digest, plugin_insert},
        plugin_binding::{Binding, binding_insert, binding_list, binding_moment},
    },
};

use super::{covered, grants::Grants, manifest, row, settle, swap::taken_over};
use crate::gateway::Gateway;

/// A plugin that does not say since when its rates are good answers for every day there is money of.
const FIRST_DAY: Date = jiff::civil::date(1970, 1, 1);

/// A plugin of this release, as it goes into the database.
struct New {
    row: Plugin,
    component: &'static [u8],
    places: Vec<String>,
    first: Date,
}

/// Installs the plugins of this release that the database does not know yet. They are compiled when they are used.
pub async fn start(gateway: &Gateway) -> Result<(), StoreError> {
    let new = BUNDLED.iter().map(|bundled| new(gateway, bundled));
    let new = new.collect::<Result<Vec<_>, _>>()?;
    let unknown = gateway.store.read(move |db| {
        let mut unknown = Vec::new();
        for plugin in new {
            if plugin_find_by_digest(db, &plugin.row.digest)?.is_none() {
                unknown.push(plugin);
            }
        }
        Ok(unknown)
    });
    let unknown = unknown.await?;
    if unknown.is_empty() {
        return Ok(());
    }
    let (today, now) = (gateway.clock.today(), gateway.now());
    gateway
        .store
        .change_facts(move |db| {
            for plugin in &unknown {
                insert(db, plugin, (today, now))?;
            }
            // Some are of no place of their own, and an older version may have lost its last one.
            settle(db, today)
        })
        .await
}

fn new(gateway: &Gateway, bundled: &Bundled) -> Result<New, StoreError> {
    let unreadable = |what: &str| StoreError::corrupt(bundled.name, what);
    let manifest = Manifest::from_json(bundled.manifest.as_bytes());
    let manifest = manifest.map_err(|_| unreadable("a manifest that is none"))?;
    let digest = Digest::parse(bundled.digest).ok_or_else(|| unreadable("a digest"))?;
    let first = manifest.valid_from.as_deref().map_or(Ok(FIRST_DAY), str::parse);
    let mut row = row(gateway, &manifest, digest, PluginStatus::Active)?;
    // What comes with the gateway is trusted like the gateway; secrets it can only get from the operator.
    let grants = Grants { secrets: Vec::new(), ..Grants::asked(&manifest) };
    row.grants = grants.to_json()?;
    Ok(New {
        row,
        component: bundled.bytes,
        places: covered(&manifest),
        first: first.map_err(|_| unreadable("a first day that is none"))?,
    })
}

/// Puts a plugin of this release into the database, and binds it where nobody decided otherwise.
fn insert(
    db: &mut Connection,
    plugin: &New,
    (today, now): (Date, Timestamp),
) -> Result<(), StoreError> {
    let New { row, component, places, first } = plugin;
    // Another process may have been first.
    if plugin_find_by_digest(db, &row.digest)?.is_some() {
        return Ok(());
    }
    plugin_insert(db, row, component)?;
    bind(db, row, (places, *first), (today, now))
}

/// Binds a bundled plugin to its places: in place of older versions wherever they answer, today or on a day to come, each
/// time under the configuration of the one before; and from its first day on where nothing was ever bound. What the
/// operator decided stays.
fn bind(
    db: &mut Connection,
    row: &Plugin,
    (places, first): (&[String], Date),
    (today, now): (Date, Timestamp),
) -> Result<(), StoreError> {
    let (history, at, version) =
        (binding_list(db)?, binding_moment(db, now)?, manifest(row)?.version);
    let mut bindings = Vec::new();
    for (other, binding) in taken_over(db, row, None, (today, at))? {
        let is_mine = binding.role == row.role && places.contains(&binding.place);
        if is_mine && manifest(&other)?.version < version {
            bindings.push(binding);
        }
    }
    for place in places {
        let here = |binding: &Binding| binding.role == row.role && binding.place == *place;
        if !history.iter().any(here) {
            let (role, place, plugin) = (row.role.clone(), place.clone(), Some(row.id));
            bindings.push(Binding { role, place, from: first, plugin, at, config: None });
        }
    }
    bindings.iter().try_for_each(|binding| binding_insert(db, binding))
}

#[cfg(test)]
mod tests {
    use purser_core::ids::PluginId;
    use purser_money::Currency;
    use purser_store::{Store, StoreConfig, facts::plugin_binding::binding_for};

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 7, 1);

    fn version(number: u8, version: &str) -> Plugin {
        let bundled = BUNDLED.iter().find(|bundled| bundled.name == "currency-ecb").unwrap();
        let mut manifest = Manifest::from_json(bundled.manifest.as_bytes()).unwrap();
        manifest.version = version.parse().unwrap();
        Plugin {
            id: PluginId::from_random(u128::from(number)),
            digest: [number; 32],
            name: manifest.name.clone(),
            version: version.to_owned(),
            role: manifest.role.name().to_owned(),
            manifest: String::from_utf8(manifest.to_json().unwrap()).unwrap(),
            status: PluginStatus::Active,
            installed_at: Timestamp::UNIX_EPOCH,
            publisher: None,
            grants: "{}".to_owned(),
        }
    }

    /// A release with this version of the plugin begins.
    fn release(
        db: &mut Connection,
        (number, of): (u8, &str),
        places: &[&str],
    ) -> Result<Plugin, StoreError> {
        let row = version(number, of);
        let places: Vec<String> = places.iter().map(|place| (*place).to_owned()).collect();
        plugin_insert(db, &row, b"")?;
        bind(db, &row, (&places, FIRST_DAY), (TODAY, Timestamp::UNIX_EPOCH))?;
        Ok(row)
    }

    fn on_a_database<T: Send + 'static>(
        look: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreConfig {
            url: data.path().join("purser.db").display().to_string(),
            unit_of_account: Currency::parse("USD").unwrap(),
            key_fingerprint: "keys".to_owned(),
        })
        .unwrap();
        actix_web::rt::System::new().block_on(store.write(look)).unwrap()
    }

    #[test]
    fn a_release_takes_over_from_what_is_older_and_from_nothing_else() {
        let answers = on_a_database(|db| {
            let mut answers = Vec::new();
            for new in [(1, "2.0.0"), (2, "1.9.0"), (3, "2.0.0"), (4, "2.0.1")] {
                let row = release(db, new, &["EUR"])?;
                answers.push(binding_for(db, &row.role, "EUR", TODAY)?.unwrap().plugin);
            }
            Ok(answers)
        });
        let expected = [1, 1, 1, 4].map(|number| Some(PluginId::from_random(number)));
        assert_eq!(answers, expected);
    }

    #[test]
    fn what_is_to_come_comes_on_its_day_also_with_a_new_release() {
        let new_year = jiff::civil::date(2027, 1, 1);
        let answers = on_a_database(move |db| {
            let old = release(db, (1, "2.0.0"), &["EUR", "USD", "CHF"])?;
            for (place, plugin, config) in [("EUR", Some(old.id), Some("20")), ("USD", None, None)]
            {
                let (role, place) = (old.role.clone(), place.to_owned());
                let config = config.map(str::to_owned);
                let at = binding_moment(db, Timestamp::UNIX_EPOCH)?;
                binding_insert(db, &Binding { role, place, from: new_year, plugin, at, config })?;
            }
            let new = release(db, (2, "2.0.1"), &["EUR", "USD", "GBP"])?;
            let mut answers = Vec::new();
            for place in ["EUR", "USD", "CHF", "GBP"] {
                for day in [FIRST_DAY, TODAY, new_year] {
                    let binding = binding_for(db, &new.role, place, day)?;
                    let binding = binding.map(|binding| (binding.plugin, binding.config));
                    answers.push((place, binding));
                }
            }
            Ok(answers)
        });
        let [old, new] = [1, 2].map(|number| Some(PluginId::from_random(number)));
        let later = Some("20".to_owned());
        let expected = [
            ("EUR", [Some((old, None)), Some((new, None)), Some((new, later))]),
            ("USD", [Some((old, None)), Some((new, None)), Some((None, None))]),
            ("CHF", [Some((old, None)), Some((old, None)), Some((old, None))]),
            ("GBP", [Some((new, None)), Some((new, None)), Some((new, None))]),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .flat_map(|(place, days)| days.map(|binding| (place, binding)))
            .collect();
        assert_eq!(answers, expected);
    }
}
