//! The contract that every plugin is held against.

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};
use wit_parser::{Resolve, SourceMap, WorldId};

use crate::PackError;

/// The only interface with functions that a plugin may import.
pub const LOG: &str = "purser:plugin/log@1.0.0";

/// What a plugin does for the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Taxes of a sale, tax numbers, returns.
    Tax,
    /// Rates of exchange and conversions.
    Currency,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::Tax, Self::Currency];

    /// The name in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tax => "tax",
            Self::Currency => "currency",
        }
    }

    /// The interface that a plugin of this role exports.
    pub const fn interface(self) -> &'static str {
        match self {
            Self::Tax => "purser:plugin/tax@1.0.0",
            Self::Currency => "purser:plugin/currency@1.0.0",
        }
    }

    const fn world(self) -> &'static str {
        match self {
            Self::Tax => "tax-plugin",
            Self::Currency => "currency-plugin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether `component` imports and exports what `role` asks for, down to the types of every function.
pub(crate) fn check(role: Role, component: &[u8]) -> Result<(), PackError> {
    let broken =
        |error: &dyn fmt::Display| PackError::ContractBroken { role, reason: error.to_string() };
    let (resolve, world) = world(role).map_err(|reason| broken(&reason))?;
    // The outer error only says that the check failed; the cause says where.
    wit_component::targets(&resolve, world, component).map_err(|error| broken(&error.root_cause()))
}

fn world(role: Role) -> Result<(Resolve, WorldId), String> {
    let mut sources = SourceMap::new();
    sources.push(Path::new("types.wit"), include_str!("../../wit/types.wit"));
    sources.push(Path::new("tax.wit"), include_str!("../../wit/tax.wit"));
    sources.push(Path::new("currency.wit"), include_str!("../../wit/currency.wit"));
    let group = sources.parse().map_err(|(_, error)| format!("{error:?}"))?;
    let mut resolve = Resolve::new();
    let package = resolve.push_group(group).map_err(|error| format!("{error:?}"))?;
    let world = resolve.select_world(&[package], Some(role.world()));
    Ok((resolve, world.map_err(|error| error.to_string())?))
}
