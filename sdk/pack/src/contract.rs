//! The contract that every plugin is held against.

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};
use wit_parser::{Resolve, SourceMap, WorldId};

use crate::PackError;

/// The only interface with functions that a plugin may import.
pub const LOG: &str = "purser:plugin/log@1.0.0";

/// The files of the contract.
const WIT: [(&str, &str); 6] = [
    ("types.wit", include_str!("../../wit/types.wit")),
    ("http.wit", include_str!("../../wit/http.wit")),
    ("tax.wit", include_str!("../../wit/tax.wit")),
    ("currency.wit", include_str!("../../wit/currency.wit")),
    ("stamps.wit", include_str!("../../wit/stamps.wit")),
    ("webhook.wit", include_str!("../../wit/webhook.wit")),
];

/// What a plugin does for the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Taxes of a sale, tax numbers, returns.
    Tax,
    /// Rates of exchange and conversions.
    Currency,
    /// Postage: services, prices and the marks that are printed.
    Stamps,
    /// What a merchant's endpoint is told of an event.
    Webhook,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Tax, Self::Currency, Self::Stamps, Self::Webhook];

    /// The name in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tax => "tax",
            Self::Currency => "currency",
            Self::Stamps => "stamps",
            Self::Webhook => "webhook",
        }
    }

    /// The interface that a plugin of this role exports.
    pub const fn interface(self) -> &'static str {
        match self {
            Self::Tax => "purser:plugin/tax@1.0.0",
            Self::Currency => "purser:plugin/currency@1.0.0",
            Self::Stamps => "purser:plugin/stamps@1.0.0",
            Self::Webhook => "purser:plugin/webhook@1.0.0",
        }
    }

    const fn world(self) -> &'static str {
        match self {
            Self::Tax => "tax-plugin",
            Self::Currency => "currency-plugin",
            Self::Stamps => "stamps-plugin",
            Self::Webhook => "webhook-plugin",
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
    for (name, text) in WIT {
        sources.push(Path::new(name), text);
    }
    let group = sources.parse().map_err(|(_, error)| format!("{error:?}"))?;
    let mut resolve = Resolve::new();
    let package = resolve.push_group(group).map_err(|error| format!("{error:?}"))?;
    let world = resolve.select_world(&[package], Some(role.world()));
    Ok((resolve, world.map_err(|error| error.to_string())?))
}
