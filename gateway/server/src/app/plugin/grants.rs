//! What the operator gives a plugin of what its manifest asks for. Nothing is given by itself: what a plugin may reach
//! is its manifest's wish within the operator's grant.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use purser_core::{ids::PluginId, secret::SecretText};
use purser_host::{Digest, LimitsClass, Manifest};
use purser_store::{
    Connection, StoreError,
    facts::{
        plugin::{
            Plugin, plugin_find_by_digest, plugin_find_by_name, plugin_get, plugin_grants_set,
        },
        plugin_secret::{plugin_secret_list, plugin_secret_set},
    },
};
use serde::{Deserialize, Serialize};

use super::{get, manifest, refused};
use crate::{gateway::Gateway, problem::Problem};

/// An API key, a token or a certificate's key.
const SECRET_BYTES_MAX: usize = 8 * 1024;
/// No manifest asks for more.
const HOSTS_MAX: usize = 16;

/// What a plugin may have sent, secrets included: it can name one as often as it likes.
const FILLED_BYTES_MAX: usize = 512 * 1024;

/// What a plugin was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Hosts that the gateway fetches from for it.
    pub hosts: Vec<String>,
    /// Names of the secrets that the gateway fills in for it.
    pub secrets: Vec<String>,
    /// More instructions, time and memory.
    pub limits: Option<LimitsClass>,
}

/// What an operator gives.
#[derive(Clone, Default)]
pub struct Granting {
    /// Hosts to fetch from.
    pub hosts: Vec<String>,
    /// Secrets by name.
    pub secrets: BTreeMap<String, SecretText>,
    /// More instructions, time and memory.
    pub limits: Option<LimitsClass>,
}

/// Without the secrets.
impl fmt::Debug for Granting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Granting").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl Grants {
    /// What a plugin asks for.
    pub fn asked(manifest: &Manifest) -> Self {
        let Manifest { hosts, secrets, limits, .. } = manifest.clone();
        Self { hosts, secrets, limits }
    }

    /// What an installed plugin was given.
    pub fn of(row: &Plugin) -> Result<Self, StoreError> {
        serde_json::from_str(&row.grants).map_err(|_| StoreError::corrupt("plugin", "its grants"))
    }

    /// The same as people read it.
    pub fn shown(&self) -> Vec<String> {
        let hosts = self.hosts.iter().map(|host| format!("fetch {host}"));
        let secrets = self.secrets.iter().map(|secret| format!("secret {secret}"));
        let limits = self.limits.iter().map(|class| format!("limits {}", class.name()));
        hosts.chain(secrets).chain(limits).collect()
    }

    fn without(self, given: &Self) -> Self {
        Self {
            hosts: self.hosts.into_iter().filter(|host| !given.hosts.contains(host)).collect(),
            secrets: self
                .secrets
                .into_iter()
                .filter(|name| !given.secrets.contains(name))
                .collect(),
            limits: self.limits.filter(|class| given.limits != Some(*class)),
        }
    }

    fn and(self, more: Self) -> Self {
        let all = |one: Vec<String>, other: Vec<String>| {
            let all: BTreeSet<String> = one.into_iter().chain(other).collect();
            all.into_iter().collect()
        };
        Self {
            hosts: all(self.hosts, more.hosts),
            secrets: all(self.secrets, more.secrets),
            limits: self.limits.or(more.limits),
        }
    }

    fn within(self, asked: &Self) -> Self {
        Self {
            hosts: self.hosts.into_iter().filter(|host| asked.hosts.contains(host)).collect(),
            secrets: self.secrets.into_iter().filter(|name| asked.secrets.contains(name)).collect(),
            limits: self.limits.filter(|class| asked.limits == Some(*class)),
        }
    }

    pub(super) fn to_json(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|_| StoreError::corrupt("plugin", "its grants"))
    }
}

/// What is to be written of a decision: beside what else was given since it was made.
pub(super) struct Decided {
    grants: Grants,
    /// What the operator gives now, wrapped: it takes the place of what is there.
    given: Wrapped,
    /// What was given before, wrapped: it stays as it is where it is there.
    inherited: Wrapped,
}

type Wrapped = BTreeMap<String, Vec<u8>>;

impl Decided {
    pub(super) fn write(self, db: &mut Connection, id: PluginId) -> Result<(), StoreError> {
        let there = match plugin_get(db, id)? {
            Some(row) => Grants::of(&row)?,
            None => Grants::default(),
        };
        plugin_grants_set(db, id, &self.grants.and(there).to_json()?)?;
        let kept = plugin_secret_list(db, id)?;
        let lacks = |name: &String| !kept.iter().any(|(known, _)| known == name);
        let inherited = self.inherited.into_iter().filter(|(name, _)| lacks(name));
        // The last word is the operator's.
        for (name, wrapped) in inherited.chain(self.given) {
            plugin_secret_set(db, id, &name, &wrapped)?;
        }
        Ok(())
    }
}

/// Gives a plugin what the operator says, beside what it has; what it asks for and still lacks stays so.
pub async fn grant(gateway: &Gateway, id: PluginId, granting: Granting) -> Result<Plugin, Problem> {
    let row = get(gateway, id).await?;
    let (_, decided) = weigh(gateway, &row, granting).await?;
    gateway.store.change_facts(move |db| decided.write(db, id)).await?;
    get(gateway, id).await
}

/// What a plugin has when it answers: what the operator gives now, what it was given before, and what the version before
/// it was given. It answers with all that it asks for, or not at all.
pub(super) async fn decide(
    gateway: &Gateway,
    row: &Plugin,
    granting: Granting,
) -> Result<Decided, Problem> {
    let (missing, decided) = weigh(gateway, row, granting).await.map_err(within_grants)?;
    match missing.shown().as_slice() {
        [] => Ok(decided),
        missing => Err(refused(format!(
            "it asks for more than it was granted: {}; grant that, or do not enable it",
            missing.join(", ")
        ))),
    }
}

/// The same problem, where what is given is a part of something else.
fn within_grants(problem: Problem) -> Problem {
    match problem.field.clone() {
        Some(field) => problem.field(format!("grants.{field}")),
        None => problem,
    }
}

async fn weigh(
    gateway: &Gateway,
    row: &Plugin,
    granting: Granting,
) -> Result<(Grants, Decided), Problem> {
    let asked = Grants::asked(&manifest(row)?);
    checked(&asked, &granting)?;
    let (id, before) = (row.id, inherited(gateway, row).await?);
    let wrap = |(name, secret): (String, SecretText)| {
        let wrapped = gateway.keys.wrap(&about(id, &name), secret.expose().as_bytes());
        (name, wrapped)
    };
    let given: Wrapped = granting.secrets.into_iter().map(wrap).collect();
    let mut inherited = before.secrets;
    let secrets = inherited.keys().chain(given.keys()).cloned().collect();
    let now = Grants { hosts: granting.hosts, secrets, limits: granting.limits };
    let grants = now.and(before.grants).within(&asked);
    inherited.retain(|name, _| grants.secrets.contains(name));
    let missing = asked.without(&grants);
    Ok((missing, Decided { grants, given, inherited }))
}

/// What it was given before; where it was given nothing yet, what the version before it was, wrapped anew.
struct Inherited {
    grants: Grants,
    secrets: Wrapped,
}

async fn inherited(gateway: &Gateway, row: &Plugin) -> Result<Inherited, Problem> {
    let (id, name, publisher) = (row.id, row.name.clone(), row.publisher.clone());
    let own = Grants::of(row)?;
    let given = gateway.store.read(move |db| {
        let kept = plugin_secret_list(db, id)?;
        if own != Grants::default() || !kept.is_empty() {
            return Ok((id, own, kept));
        }
        // Somebody else's plugin of that name inherits nothing, and who wrote an unsigned one nobody knows.
        let versions = plugin_find_by_name(db, &name)?;
        let mut others = versions
            .iter()
            .filter(|other| other.id != id && publisher.is_some() && other.publisher == publisher);
        let before = others.find_map(|other| {
            let grants = Grants::of(other).ok()?;
            (grants != Grants::default()).then_some((other.id, grants))
        });
        match before {
            None => Ok((id, own, kept)),
            Some((other, grants)) => Ok((other, grants, plugin_secret_list(db, other)?)),
        }
    });
    let (owner, grants, kept) = given.await?;
    let mut secrets = Wrapped::new();
    for (name, wrapped) in kept {
        let plain =
            gateway.keys.unwrap(&about(owner, &name), &wrapped).map_err(Problem::internal)?;
        let plain = zeroize::Zeroizing::new(plain);
        secrets.insert(name.clone(), gateway.keys.wrap(&about(id, &name), &plain));
    }
    Ok(Inherited { grants, secrets })
}

/// Only what a plugin asks for can be given.
fn checked(asked: &Grants, granting: &Granting) -> Result<(), Problem> {
    let unasked = |field: String, what: &str| {
        Problem::malformed(field, format!("the plugin does not ask for {what}"))
    };
    if granting.hosts.len() > HOSTS_MAX {
        return Err(Problem::malformed("hosts", format!("at most {HOSTS_MAX}")));
    }
    for (index, host) in granting.hosts.iter().enumerate() {
        if !asked.hosts.contains(host) {
            return Err(unasked(format!("hosts[{index}]"), "this host"));
        }
    }
    for (name, secret) in &granting.secrets {
        if !asked.secrets.contains(name) {
            return Err(unasked(format!("secrets.{name}"), "this secret"));
        }
        if secret.expose().is_empty() || secret.expose().len() > SECRET_BYTES_MAX {
            let detail = format!("1 to {SECRET_BYTES_MAX} bytes");
            return Err(Problem::malformed(format!("secrets.{name}"), detail));
        }
    }
    match granting.limits {
        Some(class) if asked.limits != Some(class) => {
            Err(unasked("limits".to_owned(), "other limits"))
        }
        _ => Ok(()),
    }
}

/// What a wrapped secret is for.
fn about(plugin: PluginId, name: &str) -> String {
    format!("secret {name} of plugin {plugin}")
}

/// A text that a plugin wrote for a request, with each `{{secret:NAME}}` replaced by the secret of that name, outside the
/// sandbox. A secret that the plugin was not granted is refused.
pub async fn fill(gateway: &Gateway, plugin: Digest, text: &str) -> Result<SecretText, Problem> {
    if !text.contains(OPEN) {
        return Ok(SecretText::new(text.to_owned()));
    }
    let kept = gateway.store.read(move |db| {
        let Some(row) = plugin_find_by_digest(db, plugin.bytes())? else { return Ok(None) };
        Ok(Some((row.id, plugin_secret_list(db, row.id)?)))
    });
    let (plugin, kept) = kept.await?.ok_or_else(Problem::not_found)?;
    let secret = |name: &str| {
        let wrapped = kept.iter().find(|(known, _)| known == name);
        // What it wrote there is not repeated: it may be anything, and its buyer is told of this.
        let (_, wrapped) =
            wrapped.ok_or_else(|| refused("its request names a secret that it was not granted"))?;
        let plain =
            gateway.keys.unwrap(&about(plugin, name), wrapped).map_err(Problem::internal)?;
        String::from_utf8(plain).map_err(Problem::internal)
    };
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (name, after) = after
            .split_once("}}")
            .ok_or_else(|| refused("a `{{secret:` in its request never ends"))?;
        if filled.len().saturating_add(before.len()) > FILLED_BYTES_MAX {
            let detail =
                format!("its request is longer than {FILLED_BYTES_MAX} bytes with its secrets");
            return Err(refused(detail));
        }
        filled.push_str(before);
        filled.push_str(&zeroize::Zeroizing::new(secret(name)?));
        rest = after;
    }
    filled.push_str(rest);
    Ok(SecretText::new(filled))
}

const OPEN: &str = "{{secret:";
