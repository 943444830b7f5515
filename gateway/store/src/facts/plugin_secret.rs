//! Secrets that a plugin's requests are filled with outside the sandbox, wrapped.

use diesel::prelude::*;
use purser_core::ids::PluginId;

use crate::{Connection, StoreError, schema::plugin_secret};

/// Keeps a secret in place of the one that was there.
pub fn plugin_secret_set(
    conn: &mut Connection,
    plugin: PluginId,
    name: &str,
    wrapped: &[u8],
) -> Result<(), StoreError> {
    diesel::delete(plugin_secret::table.find((plugin.to_string(), name))).execute(conn)?;
    let row = (
        plugin_secret::plugin.eq(plugin.to_string()),
        plugin_secret::name.eq(name),
        plugin_secret::wrapped.eq(wrapped),
    );
    diesel::insert_into(plugin_secret::table).values(row).execute(conn)?;
    Ok(())
}

/// A plugin's secrets by name, wrapped.
pub fn plugin_secret_list(
    conn: &mut Connection,
    plugin: PluginId,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    Ok(plugin_secret::table
        .filter(plugin_secret::plugin.eq(plugin.to_string()))
        .order(plugin_secret::name)
        .select((plugin_secret::name, plugin_secret::wrapped))
        .load(conn)?)
}
