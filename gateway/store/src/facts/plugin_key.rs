//! Keys of publishers whose plugins the operator trusts.

use diesel::prelude::*;
use purser_core::Timestamp;

use crate::{Connection, StoreError, read::row::Row, schema::plugin_key};

/// A publisher's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginKey {
    /// The key's thumbprint.
    pub id: String,
    /// Whose it is, in the operator's words.
    pub name: String,
    /// The key, as RFC 8032 encodes it.
    pub material: [u8; 32],
    /// Since when it is trusted.
    pub added_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = plugin_key)]
struct KeyRow {
    id: String,
    name: String,
    material: Vec<u8>,
    added_at: i64,
}

impl KeyRow {
    fn read(self) -> Result<PluginKey, StoreError> {
        let row = Row::new("plugin_key", &self.id);
        Ok(PluginKey {
            material: row.bytes("material", &self.material)?,
            added_at: row.time("added_at", self.added_at)?,
            id: self.id,
            name: self.name,
        })
    }
}

/// Trusts a key. One that is trusted already stays as it is.
pub fn plugin_key_insert(conn: &mut Connection, new: &PluginKey) -> Result<(), StoreError> {
    if plugin_key_get(conn, &new.id)?.is_some() {
        return Ok(());
    }
    let row = (
        plugin_key::id.eq(&new.id),
        plugin_key::name.eq(&new.name),
        plugin_key::material.eq(new.material.as_slice()),
        plugin_key::added_at.eq(new.added_at.as_microsecond()),
    );
    diesel::insert_into(plugin_key::table).values(row).execute(conn)?;
    Ok(())
}

/// A key that is trusted.
pub fn plugin_key_get(conn: &mut Connection, id: &str) -> Result<Option<PluginKey>, StoreError> {
    let found: Option<KeyRow> =
        plugin_key::table.find(id).select(KeyRow::as_select()).first(conn).optional()?;
    found.map(KeyRow::read).transpose()
}

/// All keys that are trusted, newest first.
pub fn plugin_key_list(conn: &mut Connection) -> Result<Vec<PluginKey>, StoreError> {
    let rows: Vec<KeyRow> = plugin_key::table
        .order((plugin_key::added_at.desc(), plugin_key::id))
        .select(KeyRow::as_select())
        .load(conn)?;
    rows.into_iter().map(KeyRow::read).collect()
}

/// Trusts a key no longer; false if it was not trusted.
pub fn plugin_key_delete(conn: &mut Connection, id: &str) -> Result<bool, StoreError> {
    Ok(diesel::delete(plugin_key::table.find(id)).execute(conn)? > 0)
}
