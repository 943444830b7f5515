//! Whether an indicium is good: read by the plugins, checked with the vendor's key, and compared with what was sold.

use purser_core::{
    Timestamp,
    ids::MerchantId,
    jws::PublicKey,
    stamp::{
        Seen, Stamp, StampState,
        keys::is_genuine,
        piece::{Claims, Symbol},
        scan::Verdict,
    },
};
use purser_host::{CallError, Role, StampsPlugin};
use purser_store::{
    facts::{plugin_binding::binding_list, stamp_key::stamp_key_get},
    read::stamp::stamp_by_piece,
};

use super::{key, plugin_named};
use crate::{clock::day, gateway::Gateway, problem::Problem};

/// Bytes of the larger symbol, and of what somebody may show instead.
pub const INDICIUM_BYTES_MAX: usize = 2_048;
/// Stamps plugins that an indicium is shown to: an operator has a few posts.
const PLUGINS_MAX: usize = 16;

/// What was found of an indicium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Nothing, if it is forged.
    pub verdict: Option<Verdict>,
    /// The stamp that it is.
    pub stamp: Option<Stamp>,
    /// The scan that used it.
    pub first: Option<Seen>,
}

impl Finding {
    /// A mark that this gateway did not make.
    pub const FORGED: Self = Self { verdict: None, stamp: None, first: None };
}

/// Tells what an indicium is, and changes nothing.
pub async fn verify(gateway: &Gateway, indicium: &[u8], at: Timestamp) -> Result<Finding, Problem> {
    let readers = readers(gateway).await?;
    let Some(stamp) = genuine(gateway, &readers, indicium).await? else {
        return Ok(Finding::FORGED);
    };
    let Some((verdict, first)) = stamp.verdict(at) else { return Ok(Finding::FORGED) };
    let first = first.cloned();
    Ok(Finding { verdict: Some(verdict), stamp: Some(stamp), first })
}

/// The plugins that can read an indicium: every stamps plugin that answers today.
pub(super) async fn readers(gateway: &Gateway) -> Result<Vec<StampsPlugin>, Problem> {
    let facts = gateway.facts.at(gateway.store.facts_version_recent().await?);
    let bindings = gateway.store.read(binding_list).await?;
    let mut names: Vec<String> = bindings
        .into_iter()
        .filter(|binding| binding.role == Role::Stamps.name())
        .map(|binding| binding.place)
        .collect();
    names.dedup();
    let mut readers = Vec::new();
    for name in names.iter().take(PLUGINS_MAX) {
        // One that is disabled or broken reads nothing; the others do.
        if let Ok(plugin) = plugin_named(gateway, &facts, name, day(gateway.now())).await {
            readers.push(plugin);
        }
    }
    Ok(readers)
}

/// The stamp whose very indicium this is.
pub(super) async fn genuine(
    gateway: &Gateway,
    readers: &[StampsPlugin],
    indicium: &[u8],
) -> Result<Option<Stamp>, Problem> {
    if indicium.is_empty() || indicium.len() > INDICIUM_BYTES_MAX {
        return Ok(None);
    }
    for plugin in readers {
        let started = std::time::Instant::now();
        let called = plugin.read(indicium).await;
        let failed = matches!(called, Err(CallError::Fault(..)));
        gateway.metrics.plugin_called("stamps.read", started.elapsed(), failed);
        let claims = match called {
            Ok(called) => called.value,
            Err(error @ CallError::Overloaded) => return Err(error.into()),
            // It is not of this plugin's making.
            Err(CallError::Fault(..) | CallError::Refused(_) | CallError::InputTooLarge { .. }) => {
                continue;
            }
        };
        if let Some(stamp) = stamp_of(gateway, &claims, indicium).await? {
            return Ok(Some(stamp));
        }
    }
    Ok(None)
}

/// The stamp that the claims name, if the vendor's key marked them and they were sold as this indicium.
async fn stamp_of(
    gateway: &Gateway,
    claims: &Claims,
    indicium: &[u8],
) -> Result<Option<Stamp>, Problem> {
    let id = claims.key_id.0;
    let row = gateway.store.read(move |db| stamp_key_get(db, id)).await?;
    let Some(row) = row.filter(|row| row.vendor_number == claims.vendor.0) else {
        return Ok(None);
    };
    let is_genuine = match claims.symbol {
        Symbol::Full => {
            is_genuine(&PublicKey::from_bytes(row.public), &claims.signed, &claims.signature)
        }
        Symbol::Lite => {
            key::secret(gateway, &row)?.is_lite_genuine(&claims.signed, &claims.signature)
        }
    };
    if !is_genuine {
        return Ok(None);
    }
    let (vendor, currency, piece): (MerchantId, _, _) =
        (row.vendor, claims.face.currency, claims.piece_counter);
    let stamp = gateway.store.read(move |db| stamp_by_piece(db, vendor, currency, piece)).await?;
    Ok(stamp.filter(|stamp| is_printed_as(stamp, indicium)))
}

fn is_printed_as(stamp: &Stamp, indicium: &[u8]) -> bool {
    match &stamp.state {
        StampState::Issued(issue, _) => issue.indicium == indicium,
        StampState::Issuing | StampState::Failed(_) => false,
    }
}
