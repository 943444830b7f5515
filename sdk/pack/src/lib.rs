//! Plugin files: made of a compiled crate, and read again before anything in them runs.
//!
//! A plugin is one WebAssembly component with its manifest inside, so that one file is all there is to ship.
//! [`build`] compiles crates and [`componentize`]s each; [`inspect`] says what a file is, and refuses
//! one that could reach more than the gateway's log. With the feature `signature`, which brings the cryptography
//! along, `sign` says who made a file and `verify` tells.
//!
//! Nothing here runs WebAssembly: that is the host's work.

mod compile;
mod component;
mod contract;
mod manifest;
mod paths;
mod shared;
#[cfg(feature = "signature")]
mod signature;

pub use compile::{BuildOptions, Built, Lockfile, build};
pub use component::{
    Inspection, LIMIT_DEFAULT, LIMIT_LARGE, componentize, inspect, inspect_within, pack_within,
};
pub use contract::{LOG, Role};
pub use manifest::{LimitsClass, Manifest, ManifestError, PluginToml};
#[cfg(feature = "signature")]
pub use signature::{PublisherKey, SignatureError, SigningKey, sign, verify};

/// Why a plugin could not be made or was refused.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The manifest is missing, unreadable, or promises what the file is not.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Too many bytes.
    #[error("the component is {size} bytes; at most {limit} are allowed")]
    TooLarge {
        /// How many there are.
        size: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The bytes are no component.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// It asks for something that plugins are not given.
    #[error("it imports `{0}`; a plugin may import nothing but `{LOG}`")]
    ImportRefused(String),
    /// It has no role, several, or another than its manifest says.
    #[error("the manifest says it plays `{manifest}`, but what it exports is {exports:?}")]
    RoleMissing {
        /// The role that the manifest names.
        manifest: Role,
        /// What the component exports.
        exports: Vec<String>,
    },
    /// Its functions have other types than the contract's.
    #[error("it does not fit the contract of `{role}`: {reason}")]
    ContractBroken {
        /// The role that it was held against.
        role: Role,
        /// What the validator found.
        reason: String,
    },
    /// A core module that cannot be made a component.
    #[error("the module cannot become a component: {0}")]
    NotComponentizable(String),
    /// The signature is not good, or cannot be made.
    #[cfg(feature = "signature")]
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A file that could not be read or a program that could not be run.
    #[error("{action}: {error}")]
    Io {
        /// What was tried.
        action: String,
        /// What went wrong.
        error: std::io::Error,
    },
    /// The compiler has no WebAssembly target, and it could not be added.
    #[error("the compiler cannot build for {target} yet; run `{remedy}` and try again")]
    TargetMissing {
        /// The target.
        target: &'static str,
        /// The command to run.
        remedy: String,
    },
    /// Cargo failed; what it said is on standard error.
    #[error("building {0} failed; what the compiler said is above")]
    BuildFailed(String),
    /// A crate that is compiled to nothing that could become a plugin.
    #[error("{0} needs `crate-type = [\"cdylib\", \"rlib\"]` under [lib]")]
    NoLibrary(String),
    /// Cargo answered something that this release does not understand.
    #[error("cargo's answer is not understood: {0}")]
    CargoAnswer(String),
}
