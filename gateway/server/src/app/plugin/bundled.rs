//! The plugins that come with the gateway are installed at its start, and none of them is run for that.

use jiff::civil::Date;
use purser_bundled::{BUNDLED, Bundled};
use purser_core::Timestamp;
use purser_host::{Digest, Manifest};
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{Plugin, PluginStatus, plugin_find_by_digest, plugin_get, plugin_insert},
        plugin_binding::{Binding, binding_for, binding_insert},
    },
};

use super::{covered, grants::Grants, manifest, row, settle};
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
    let (today, at) = (gateway.clock.today(), gateway.now());
    gateway
        .store
        .change_facts(move |db| {
            for plugin in &unknown {
                insert(db, plugin, today, at)?;
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
fn insert(db: &mut Connection, plugin: &New, today: Date, at: Timestamp) -> Result<(), StoreError> {
    let New { row, component, places, first } = plugin;
    // Another process may have been first.
    if plugin_find_by_digest(db, &row.digest)?.is_some() {
        return Ok(());
    }
    plugin_insert(db, row, component)?;
    places.iter().try_for_each(|place| bind(db, row, place, (*first, today), at))
}

/// Binds a place to a bundled plugin from its first day on, or from today on where an older version of it answers.
/// What the operator decided stays.
fn bind(
    db: &mut Connection,
    row: &Plugin,
    place: &str,
    (first, today): (Date, Date),
    at: Timestamp,
) -> Result<(), StoreError> {
    let (from, config) = match binding_for(db, &row.role, place, Date::MAX)? {
        None => (first, None),
        Some(Binding { plugin: None, .. }) => return Ok(()),
        // A newer version goes on under the configuration of the one before.
        Some(Binding { plugin: Some(other), config, .. }) => match plugin_get(db, other)? {
            Some(other)
                if other.name == row.name && manifest(&other)?.version < manifest(row)?.version =>
            {
                (today, config)
            }
            _ => return Ok(()),
        },
    };
    let (role, place) = (row.role.clone(), place.to_owned());
    binding_insert(db, &Binding { role, place, from, plugin: Some(row.id), at, config })
}

#[cfg(test)]
mod tests {
    use purser_core::ids::PluginId;
    use purser_money::Currency;
    use purser_store::{Store, StoreConfig};

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

    #[test]
    fn a_release_takes_over_from_what_is_older_and_from_nothing_else() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreConfig {
            url: data.path().join("purser.db").display().to_string(),
            unit_of_account: Currency::parse("USD").unwrap(),
            key_fingerprint: "keys".to_owned(),
        })
        .unwrap();
        let answers = store.write(|db| {
            let mut answers = Vec::new();
            let at = Timestamp::UNIX_EPOCH;
            for (number, of) in [(1, "2.0.0"), (2, "1.9.0"), (3, "2.0.0"), (4, "2.0.1")] {
                let row = version(number, of);
                plugin_insert(db, &row, b"")?;
                bind(db, &row, "EUR", (FIRST_DAY, TODAY), at)?;
                answers.push(binding_for(db, &row.role, "EUR", TODAY)?.unwrap().plugin);
            }
            Ok(answers)
        });
        let answers = actix_web::rt::System::new().block_on(answers).unwrap();
        let expected = [1, 1, 1, 4].map(|number| Some(PluginId::from_random(number)));
        assert_eq!(answers, expected);
    }
}
