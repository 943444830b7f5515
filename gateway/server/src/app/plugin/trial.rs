//! A configuration is tried before it is bound: what a plugin cannot work under is refused in its own words, and not found
//! out by the first sale.

use jiff::civil::Date;
use purser_host::{Caller, Plugin as Loaded};
use purser_store::facts::plugin_binding::Binding;

use super::{late, refused};
use crate::{
    conformance::{Unusable, configured},
    problem::Problem,
};

/// Asks a plugin for a sample of each binding, on the first day that it is to answer.
pub(super) async fn try_out(
    loaded: &Loaded,
    bindings: &[Binding],
    today: Date,
) -> Result<(), Problem> {
    for Binding { place, config, from, .. } in bindings {
        let sample = configured(loaded, config.as_deref(), place, today.max(*from));
        match Caller::Trial.scope(sample).await {
            Ok(()) => {}
            Err(Unusable::Late) => return Err(late()),
            Err(Unusable::Says(why)) => {
                let detail = format!("it cannot answer for {place} as it is configured: {why}");
                return Err(refused(detail).field("config"));
            }
        }
    }
    Ok(())
}
