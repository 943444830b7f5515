//! What the gateway keeps of a decision that moved money, so that it can be proved and replayed.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use purser_core::record::EvidenceRecord;
use purser_pack::Role;
use sha2::{Digest as _, Sha256};

/// SHA-256 of a plugin's file: its identity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a file.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// A digest that was kept as bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes themselves.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The functions of a role's interface, `describe` first.
pub(crate) const fn functions(role: Role) -> &'static [&'static str] {
    match role {
        Role::Tax => &["describe", "assess", "check-tax-id", "file-return"],
        Role::Currency => &["describe", "feeds", "read-feed", "convert"],
        Role::Stamps => &["describe", "services", "quote", "draft", "assemble", "read"],
        Role::Webhook => &["describe", "render"],
    }
}

/// Everything needed to make the same call again and to compare. The same digest, engine version and input give
/// the same output and the same fuel, to the unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The plugin's file.
    pub digest: Digest,
    /// The version of wasmtime that ran it.
    pub engine_version: &'static str,
    /// As what it was asked.
    pub role: Role,
    /// The function in the contract.
    pub function: &'static str,
    /// Its arguments by name, as the contract's JSON.
    pub input: String,
    /// Its answer, as the contract's JSON.
    pub output: String,
    /// Instructions used, instantiation included.
    pub fuel: u64,
}

impl From<Evidence> for EvidenceRecord {
    fn from(evidence: Evidence) -> Self {
        let Evidence { digest, engine_version, role, function, input, output, fuel } = evidence;
        let function = format!("{role}.{function}");
        Self::new(digest.0, engine_version.to_owned(), function, input, output, fuel)
    }
}

/// An answer and its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called<T> {
    /// The answer, checked.
    pub value: T,
    /// How it came about.
    pub evidence: Evidence,
}
