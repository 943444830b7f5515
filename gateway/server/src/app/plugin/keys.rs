//! Publishers whose plugins the operator takes.

use data_encoding::BASE64URL_NOPAD;
use purser_core::{jws::PublicKey, text::is_plain};
use purser_store::{
    StoreError,
    facts::plugin_key::{
        PluginKey, plugin_key_delete, plugin_key_get, plugin_key_insert, plugin_key_list,
    },
};

use crate::{gateway::Gateway, problem::Problem};

/// A name for people.
const NAME_CHARS_MAX: usize = 100;
const SHA256_BYTES: usize = 32;

/// Trusts a publisher's key: PEM, a JWK, or its 32 bytes in base64url.
pub async fn trust(gateway: &Gateway, key: &str, name: &str) -> Result<PluginKey, Problem> {
    let material =
        PublicKey::parse(key).map_err(|error| Problem::malformed("key", error.to_string()))?;
    if !is_plain(name, NAME_CHARS_MAX) {
        let detail = format!("at most {NAME_CHARS_MAX} characters that can be printed");
        return Err(Problem::malformed("name", detail));
    }
    let key = PluginKey {
        id: material.thumbprint(),
        name: name.to_owned(),
        material: *material.as_bytes(),
        added_at: gateway.now(),
    };
    let stored = gateway.store.write(move |db| {
        plugin_key_insert(db, &key)?;
        Ok(plugin_key_get(db, &key.id)?.unwrap_or(key))
    });
    Ok(stored.await?)
}

/// All keys that are trusted, newest first.
pub async fn list(gateway: &Gateway) -> Result<Vec<PluginKey>, StoreError> {
    gateway.store.read(plugin_key_list).await
}

/// Takes no more plugins by a key. Those that are installed stay.
pub async fn forget(gateway: &Gateway, id: &str) -> Result<(), Problem> {
    // Every thumbprint is a SHA-256 (RFC 7638).
    let is_thumbprint =
        BASE64URL_NOPAD.decode(id.as_bytes()).is_ok_and(|digest| digest.len() == SHA256_BYTES);
    if !is_thumbprint {
        return Err(Problem::not_found());
    }
    let id = id.to_owned();
    match gateway.store.write(move |db| plugin_key_delete(db, &id)).await? {
        true => Ok(()),
        false => Err(Problem::not_found()),
    }
}
