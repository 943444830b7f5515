//! A configuration is tried before it is bound: what a plugin cannot work under is refused in its own words, and not found
//! out by the first sale.

use jiff::civil::Date;
use purser_host::{Caller, Plugin as Loaded};

use super::{late, refused};
use crate::{
    conformance::{Unusable, configured},
    problem::Problem,
};

/// Where a plugin is to answer, and under which configuration.
pub(super) type Wanted = (String, Option<String>);

/// Asks a plugin for a sample of what it is for, as it would be bound.
pub(super) async fn try_out(loaded: &Loaded, wanted: &[Wanted], day: Date) -> Result<(), Problem> {
    for (place, config) in wanted {
        let sample = configured(loaded, config.as_deref(), place, day);
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
