//! What a plugin says of itself before it is run.

use std::path::Path;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::Role;

/// The manifest inside a plugin file. Once parsed it is within all limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `[a-z][a-z0-9-]{1,39}`.
    pub name: String,
    /// The plugin's own version.
    pub version: Version,
    /// What it does.
    pub role: Role,
    /// Countries that a tax plugin answers for, ISO 3166-1; empty: it decides call by call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Currencies that a currency plugin answers for, ISO 4217; empty: it decides call by call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub currencies: Vec<String>,
    /// The first day that its rates are good for, `2024-01-01`: a plugin that comes with the gateway is bound from
    /// then on, and nothing has to be run to know it.
    #[serde(default, rename = "valid-from", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    /// Hosts that it asks the gateway to fetch from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Names of the secrets that the gateway fills into its requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// More instructions, time and memory for each call than a compiled language needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsClass>,
}

/// The limits that a plugin asks for, where the usual ones are too tight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitsClass {
    /// Those of a language that brings its runtime along: JavaScript, Python.
    Interpreter,
}

impl LimitsClass {
    /// The name in manifests and grants.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interpreter => "interpreter",
        }
    }
}

/// `plugin.toml`, beside a plugin's `Cargo.toml`, which has the version; a plugin in another language has it here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginToml {
    name: String,
    version: Option<Version>,
    role: Role,
    #[serde(default)]
    countries: Vec<String>,
    #[serde(default)]
    currencies: Vec<String>,
    #[serde(default, rename = "valid-from")]
    valid_from: Option<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    secrets: Vec<String>,
    limits: Option<LimitsClass>,
}

/// Why a manifest is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The file has none.
    #[error("the file has no manifest; make it with `purser plugin build`")]
    Missing,
    /// The file has several.
    #[error("the file has more than one manifest")]
    Repeated,
    /// It is no JSON, or TOML, of the right shape.
    #[error("the manifest cannot be read: {0}")]
    Unreadable(String),
    /// A field that breaks its rule.
    #[error("`{field}` of the manifest: {rule}")]
    Field {
        /// The field.
        field: &'static str,
        /// Its rule.
        rule: &'static str,
    },
}

/// A manifest of a few kilobytes holds every country, currency and host there could be reason for.
pub(crate) const SIZE_MAX: usize = 16 * 1024;
/// There are 249 countries and 180 currencies.
const CODES_MAX: usize = 256;
/// A vendor has a few hosts and keys.
const HOSTS_MAX: usize = 16;
/// Versions are shown and kept with each decision.
const VERSION_LEN_MAX: usize = 64;

impl Manifest {
    /// Reads and checks the JSON inside a plugin file.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > SIZE_MAX {
            return Err(ManifestError::Unreadable(format!("it is over {SIZE_MAX} bytes")));
        }
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|error| ManifestError::Unreadable(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The JSON that goes into a plugin file.
    pub fn to_json(&self) -> Result<Vec<u8>, ManifestError> {
        self.check()?;
        serde_json::to_vec(self).map_err(|error| ManifestError::Unreadable(error.to_string()))
    }

    fn check(&self) -> Result<(), ManifestError> {
        let rule = |holds: bool, field, rule| {
            if holds { Ok(()) } else { Err(ManifestError::Field { field, rule }) }
        };
        rule(
            slug(&self.name, 40) && self.name.len() >= 2,
            "name",
            "2 to 40 small letters, digits and hyphens, a letter first",
        )?;
        rule(
            self.version.to_string().len() <= VERSION_LEN_MAX,
            "version",
            "at most 64 characters",
        )?;
        rule(
            codes(&self.countries, 2),
            "countries",
            "at most 256 different codes of two capital letters",
        )?;
        rule(
            codes(&self.currencies, 3),
            "currencies",
            "at most 256 different codes of three capital letters",
        )?;
        rule(self.valid_from.as_deref().is_none_or(is_day), "valid-from", "a day, as 2026-01-31")?;
        rule(
            self.hosts.len() <= HOSTS_MAX && self.hosts.iter().all(|host| is_host(host)),
            "hosts",
            "at most 16 host names in small letters, without port or path",
        )?;
        rule(
            self.secrets.len() <= HOSTS_MAX && self.secrets.iter().all(|name| slug(name, 40)),
            "secrets",
            "at most 16 names of small letters, digits and hyphens",
        )
    }
}

impl PluginToml {
    /// Reads a `plugin.toml`.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let named = |error| ManifestError::Unreadable(format!("plugin.toml: {error}"));
        toml::from_str(text).map_err(named)
    }

    /// The manifest of a plugin whose version is written elsewhere: in `Cargo.toml`.
    pub fn manifest(self, version: Version) -> Result<Manifest, ManifestError> {
        if self.version.as_ref().is_some_and(|own| *own != version) {
            let rule = "write it in one place; the crate's is in Cargo.toml";
            return Err(ManifestError::Field { field: "version", rule });
        }
        self.complete(version)
    }

    /// The manifest of a plugin that has its version here.
    pub fn manifest_with_version(mut self) -> Result<Manifest, ManifestError> {
        let rule = "plugin.toml says it where there is no Cargo.toml, like version = \"1.0.0\"";
        let missing = ManifestError::Field { field: "version", rule };
        let version = self.version.take().ok_or(missing)?;
        self.complete(version)
    }

    fn complete(self, version: Version) -> Result<Manifest, ManifestError> {
        let Self {
            name,
            version: _,
            role,
            countries,
            currencies,
            valid_from,
            hosts,
            secrets,
            limits,
        } = self;
        let manifest = Manifest {
            name,
            version,
            role,
            countries,
            currencies,
            valid_from,
            hosts,
            secrets,
            limits,
        };
        manifest.check()?;
        Ok(manifest)
    }

    pub(crate) fn path(crate_dir: &Path) -> std::path::PathBuf {
        crate_dir.join("plugin.toml")
    }
}

fn slug(text: &str, len_max: usize) -> bool {
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= len_max
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && text.bytes().all(rest)
}

/// Whether it has the form of a day; the gateway reads it as one.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn codes(codes: &[String], len: usize) -> bool {
    let mut sorted: Vec<&String> = codes.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() == codes.len()
        && codes.len() <= CODES_MAX
        && codes
            .iter()
            .all(|code| code.len() == len && code.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// A DNS name, which has at least one dot and is no address: the last label starts with a letter.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(label)
        && last.starts_with(|first: char| first.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(change: impl FnOnce(&mut Manifest)) -> Result<Vec<u8>, ManifestError> {
        let mut manifest = Manifest {
            name: "tax-eu".into(),
            version: Version::new(1, 2, 3),
            role: Role::Tax,
            countries: vec!["DE".into()],
            currencies: vec![],
            valid_from: Some("2024-01-01".into()),
            hosts: vec!["www.ecb.europa.eu".into()],
            secrets: vec!["api-key".into()],
            limits: Some(LimitsClass::Interpreter),
        };
        change(&mut manifest);
        manifest.to_json()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let json = manifest(|_| ()).unwrap();
        assert_eq!(Manifest::from_json(&json).unwrap().to_json().unwrap(), json);
    }

    #[test]
    fn fields_are_bounded() {
        let refused = |field, change: fn(&mut Manifest)| match manifest(change) {
            Err(ManifestError::Field { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{field}: {other:?}"),
        };
        refused("name", |it| it.name = "Tax".into());
        refused("name", |it| it.name = "t".into());
        refused("name", |it| it.name = "t".repeat(41));
        refused("name", |it| it.name = "../x".into());
        refused("countries", |it| it.countries = vec!["DE".into(), "DE".into()]);
        refused("countries", |it| it.countries = vec!["de".into()]);
        refused("currencies", |it| it.currencies = vec!["EU".into()]);
        for host in ["localhost", "127.0.0.1", "a..b", "ecb.eu:80", "ecb.eu/x", "-a.eu", "A.eu"] {
            assert!(!is_host(host), "{host}");
        }
        refused("hosts", |it| it.hosts = vec!["127.0.0.1".into()]);
        refused("valid-from", |it| it.valid_from = Some("2024-1-1".into()));
        refused("secrets", |it| it.secrets = vec!["a b".into()]);
    }

    #[test]
    fn unknown_fields_are_refused() {
        let json = br#"{"name":"tax-eu","version":"1.0.0","role":"tax","sockets":["*"]}"#;
        assert!(matches!(Manifest::from_json(json), Err(ManifestError::Unreadable(_))));
    }
}
