//! From a file to an installed plugin: whose it is, what it may be, and whether it keeps the rules.

use std::time::Duration;

use purser_bundled::BUNDLED;
use purser_core::jws::PublicKey;
use purser_host::{Digest, Manifest, Plugin as Loaded};
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{Plugin, PluginStatus, plugin_find_by_digest, plugin_find_by_name, plugin_insert},
        plugin_key::plugin_key_get,
    },
};
use tokio::time::timeout;

use super::{late, load, manifest, refused, row};
use crate::{
    cli::report::{Finding, Verdict},
    conformance,
    gateway::Gateway,
    problem::Problem,
    settings::Signatures,
};

/// Ours keep the rules in a second; one that keeps the gateway for longer would do so with every upload.
const CONFORMANCE_MAX: Duration = Duration::from_secs(60);

/// What is refused unless the operator says that it is meant.
#[derive(Debug, Clone, Copy, Default)]
pub struct Permissions {
    /// A file as large as those that bring their language's runtime along.
    pub large: bool,
    /// A version older than one that answers.
    pub older: bool,
    /// A file by somebody else than who signed the versions before.
    pub other_publisher: bool,
}

/// Verifies a plugin's file and keeps it. It answers for nothing until it is enabled. The same file again is the
/// same plugin.
pub async fn install(
    gateway: &Gateway,
    component: Vec<u8>,
    permissions: Permissions,
) -> Result<Plugin, Problem> {
    let bytes_max = bytes_max(gateway, component.len(), permissions)?;
    let digest = *Digest::of(&component).bytes();
    if let Some(known) = gateway.store.read(move |db| plugin_find_by_digest(db, &digest)).await? {
        return Ok(known);
    }
    let publisher = publisher(gateway, &component).await?;
    let loaded = gateway.plugins.verify(component.clone(), bytes_max).await;
    let loaded = loaded.map_err(load::refused)?;
    let mut new = row(gateway, loaded.manifest(), loaded.digest(), PluginStatus::Installed)?;
    new.publisher = publisher;
    let (wanted, of) = (loaded.manifest().clone(), new.publisher.clone());
    let fits = move |db: &mut Connection| fits(db, &wanted, of.as_deref(), permissions);
    // Before the rules are tried, which takes a while, and again when it is written.
    gateway.store.read(fits.clone()).await?.map_err(refused)?;
    conform(gateway, &loaded).await?;
    let stored = gateway.store.write(move |db| {
        if let Some(known) = plugin_find_by_digest(db, &new.digest)? {
            return Ok(Ok(known));
        }
        if let Err(reason) = fits(db)? {
            return Ok(Err(reason));
        }
        plugin_insert(db, &new, &component)?;
        Ok(Ok(new))
    });
    stored.await?.map_err(refused)
}

fn bytes_max(gateway: &Gateway, bytes: usize, permissions: Permissions) -> Result<usize, Problem> {
    let limits = gateway.plugins.limits();
    let (usual, large) = (limits.component_bytes, limits.large_component_bytes);
    if bytes > large {
        return Err(refused(format!("the file is {bytes} bytes; no plugin has more than {large}")));
    }
    if bytes > usual && !permissions.large {
        return Err(refused(format!(
            "the file is {bytes} bytes; more than {usual} are only taken if you say `allow_large`: one that brings \
             its language's runtime along"
        )));
    }
    Ok(if permissions.large { large } else { usual })
}

/// Who signed the file, whom the operator trusts; nobody, where that is allowed.
async fn publisher(gateway: &Gateway, component: &[u8]) -> Result<Option<String>, Problem> {
    let signed = purser_pack::verify(component).map_err(|error| refused(error.to_string()))?;
    let Some(key) = signed else {
        return match gateway.settings.plugin_signatures {
            Signatures::Optional => Ok(None),
            Signatures::Required => Err(refused(
                "the file is not signed, and this gateway takes none that is not: ask its author to sign it, or set \
                 `plugin_signatures = \"optional\"`",
            )),
        };
    };
    let id = PublicKey::from_bytes(*key.as_bytes()).thumbprint();
    let wanted = id.clone();
    match gateway.store.read(move |db| plugin_key_get(db, &wanted)).await? {
        Some(_) => Ok(Some(id)),
        None => Err(refused(format!(
            "it is signed with the key {key}, which is not trusted here; if it is its author's, trust it with \
             `purser plugin trust {key}`, and install it again"
        ))),
    }
}

/// Whether a file goes with the versions of the plugin that are there.
fn fits(
    db: &mut Connection,
    wanted: &Manifest,
    publisher: Option<&str>,
    permissions: Permissions,
) -> Result<Result<(), String>, StoreError> {
    let Manifest { name, version, role, .. } = wanted;
    let versions = plugin_find_by_name(db, name)?;
    if let Some(same) = versions.iter().find(|other| other.version == version.to_string()) {
        return Ok(Err(format!(
            "{name} {version} is installed already as another file ({}); give this one a new version",
            same.id
        )));
    }
    if let Some(other) = versions.iter().find(|other| other.role != role.name()) {
        return Ok(Err(format!(
            "{name} is a {} plugin here; give this one another name",
            other.role
        )));
    }
    // Even where no version of it is in the database yet: the next release would find its name taken.
    if BUNDLED.iter().any(|bundled| bundled.name == name) && !permissions.other_publisher {
        return Ok(Err(format!(
            "{name} comes with the gateway, and this file does not; give it another name, or say \
             `allow_other_publisher` if it is meant to take its place"
        )));
    }
    let owner = versions.iter().find_map(|other| other.publisher.as_deref());
    if let Some(owner) =
        owner.filter(|owner| publisher != Some(*owner) && !permissions.other_publisher)
    {
        return Ok(Err(format!(
            "{name} is signed by {owner} here, and this file is not; if its publisher has a new key, say \
             `allow_other_publisher`"
        )));
    }
    for other in versions.iter().filter(|other| other.status == PluginStatus::Active) {
        if manifest(other)?.version > *version && !permissions.older {
            return Ok(Err(format!(
                "version {} of {name} answers here, and {version} is older; roll that back, or say `allow_older` if \
                 the older one is meant",
                other.version
            )));
        }
    }
    Ok(Ok(()))
}

/// Holds the plugin to the rules that all keep, in the sandbox.
async fn conform(gateway: &Gateway, loaded: &Loaded) -> Result<(), Problem> {
    let held = timeout(CONFORMANCE_MAX, conformance::run(loaded, &[], gateway.clock.today()));
    let held = held.await.map_err(|_| {
        refused(format!("it takes more than {} s to show that it keeps the rules; `purser plugin test` says where", CONFORMANCE_MAX.as_secs()))
    })?;
    let failed = held.findings.into_iter().find(|finding| finding.verdict == Verdict::Fail);
    match failed {
        None => Ok(()),
        Some(_) if held.ran_late => Err(late()),
        Some(Finding { name, detail, cure, .. }) => {
            let cure = cure.map(|cure| format!("; {cure}")).unwrap_or_default();
            Err(refused(format!("it breaks the rule `{name}`: {detail}{cure}")).with("rule", name))
        }
    }
}
