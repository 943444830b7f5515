//! Loads plugins that another process enabled, takes out of service those that only fail, says of those that another
//! replaced that they are, and tells how old the rates are.

use std::time::Duration;

use purser_store::facts::rate_table::rate_table_list;

use crate::{app::plugin, clock::day, gateway::Gateway, problem::Problem};

pub(super) const EVERY: Duration = Duration::from_secs(10);

pub(super) async fn round(gateway: Gateway) -> Result<(), Problem> {
    // In the sandbox what is used first waits for its plugin, and what is not used costs nothing.
    if !gateway.settings.sandbox {
        plugin::load::warm(&gateway).await?;
    }
    plugin::quarantine(&gateway).await?;
    plugin::retire(&gateway).await?;
    plugin::shadow::refresh(&gateway).await?;
    if let Some(newest) = gateway.store.read(|db| rate_table_list(db, 1)).await?.pop() {
        let age = day(gateway.now()).duration_since(newest.table.as_of);
        gateway.metrics.rates_age(&newest.table.source, age.unsigned_abs());
    }
    Ok(())
}
