//! Installed plugins. None is ever deleted: the journal refers to their answers.

use data_encoding::HEXLOWER;
use diesel::prelude::*;
use purser_core::{Timestamp, ids::PluginId};

use crate::{Connection, StoreError, read::row::Row, schema::plugin};

/// A plugin, without its component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its name in the books.
    pub id: PluginId,
    /// SHA-256 of the component.
    pub digest: [u8; 32],
    /// Its name to people; one name has many versions.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `tax`, `currency`, ...
    pub role: String,
    /// JSON.
    pub manifest: String,
    /// Where it is in its life.
    pub status: PluginStatus,
    /// When it was installed.
    pub installed_at: Timestamp,
    /// The name of the key that signed it; none, if nobody did.
    pub publisher: Option<String>,
    /// What the operator gave of what the manifest asks for, as JSON.
    pub grants: String,
}

/// Where a plugin is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PluginStatus {
    /// Verified, and not used.
    Installed,
    /// Runs beside the active one; nothing is charged by it.
    Shadow,
    /// Answers where it is bound.
    Active,
    /// Taken out of service after faults in a row.
    Quarantined,
    /// Replaced, and kept for ever.
    Retired,
}

impl PluginStatus {
    const ALL: [Self; 5] =
        [Self::Installed, Self::Shadow, Self::Active, Self::Quarantined, Self::Retired];

    /// The name in the database and in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Shadow => "shadow",
            Self::Active => "active",
            Self::Quarantined => "quarantined",
            Self::Retired => "retired",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = plugin)]
struct PluginRow {
    id: String,
    digest: Vec<u8>,
    name: String,
    version: String,
    role: String,
    manifest: String,
    status: String,
    installed_at: i64,
    publisher: Option<String>,
    grants: String,
}

impl PluginRow {
    fn read(self) -> Result<Plugin, StoreError> {
        let row = Row::new("plugin", &self.id);
        Ok(Plugin {
            id: row.parse("id", &self.id)?,
            digest: row.bytes("digest", &self.digest)?,
            status: PluginStatus::parse(&self.status).ok_or_else(|| row.fault("status"))?,
            installed_at: row.time("installed_at", self.installed_at)?,
            name: self.name,
            version: self.version,
            role: self.role,
            manifest: self.manifest,
            publisher: self.publisher,
            grants: self.grants,
        })
    }
}

/// Installs a plugin. A component that is installed already is a conflict ([`StoreError::is_conflict`]).
pub fn plugin_insert(
    conn: &mut Connection,
    new: &Plugin,
    component: &[u8],
) -> Result<(), StoreError> {
    let row = (
        plugin::id.eq(new.id.to_string()),
        plugin::digest.eq(new.digest.as_slice()),
        plugin::name.eq(&new.name),
        plugin::version.eq(&new.version),
        plugin::role.eq(&new.role),
        plugin::manifest.eq(&new.manifest),
        plugin::component.eq(component),
        plugin::status.eq(new.status.name()),
        plugin::installed_at.eq(new.installed_at.as_microsecond()),
        plugin::publisher.eq(&new.publisher),
        plugin::grants.eq(&new.grants),
    );
    diesel::insert_into(plugin::table).values(row).execute(conn)?;
    Ok(())
}

/// A plugin.
pub fn plugin_get(conn: &mut Connection, id: PluginId) -> Result<Option<Plugin>, StoreError> {
    let found: Option<PluginRow> =
        plugin::table.find(id.to_string()).select(PluginRow::as_select()).first(conn).optional()?;
    found.map(PluginRow::read).transpose()
}

/// The plugin with this component.
pub fn plugin_find_by_digest(
    conn: &mut Connection,
    digest: &[u8; 32],
) -> Result<Option<Plugin>, StoreError> {
    let of_digest = plugin::table.filter(plugin::digest.eq(digest.as_slice()));
    let found: Option<PluginRow> =
        of_digest.select(PluginRow::as_select()).first(conn).optional()?;
    found.map(PluginRow::read).transpose()
}

/// The versions of a plugin, newest installation first.
pub fn plugin_find_by_name(conn: &mut Connection, name: &str) -> Result<Vec<Plugin>, StoreError> {
    let rows: Vec<PluginRow> = plugin::table
        .filter(plugin::name.eq(name))
        .order((plugin::installed_at.desc(), plugin::id.desc()))
        .select(PluginRow::as_select())
        .load(conn)?;
    rows.into_iter().map(PluginRow::read).collect()
}

/// All plugins, newest installation first.
pub fn plugin_list(conn: &mut Connection) -> Result<Vec<Plugin>, StoreError> {
    let rows: Vec<PluginRow> = plugin::table
        .order((plugin::installed_at.desc(), plugin::id.desc()))
        .select(PluginRow::as_select())
        .load(conn)?;
    rows.into_iter().map(PluginRow::read).collect()
}

/// The component of a plugin.
pub fn plugin_component(
    conn: &mut Connection,
    id: PluginId,
) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(plugin::table.find(id.to_string()).select(plugin::component).first(conn).optional()?)
}

/// Moves a plugin on in its life; false if there is no such plugin.
pub fn plugin_status_set(
    conn: &mut Connection,
    id: PluginId,
    status: PluginStatus,
) -> Result<bool, StoreError> {
    let of_id = plugin::table.find(id.to_string());
    Ok(diesel::update(of_id).set(plugin::status.eq(status.name())).execute(conn)? > 0)
}

/// Says what the operator gives a plugin, in place of what it was given before.
pub fn plugin_grants_set(
    conn: &mut Connection,
    id: PluginId,
    grants: &str,
) -> Result<(), StoreError> {
    let of_id = plugin::table.find(id.to_string());
    diesel::update(of_id).set(plugin::grants.eq(grants)).execute(conn)?;
    Ok(())
}

/// A digest, as people are shown it.
pub fn digest_text(digest: &[u8; 32]) -> String {
    HEXLOWER.encode(digest)
}
