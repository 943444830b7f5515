//! The latest time in the database, behind which the sandbox's clock never falls: books
//! in which a refund is older than its purchase would make no sense to anybody.

use diesel::prelude::*;
use purser_core::Timestamp;

use super::row::Row;
use crate::{
    Connection, StoreError,
    schema::{
        api_key, card_batch, entry, identity, log_line, merchant, plugin, plugin_binding,
        rate_table, refund_policy, session,
    },
};

/// The latest time of anything that was done. `None` when nothing was.
pub fn time_latest(conn: &mut Connection) -> Result<Option<Timestamp>, StoreError> {
    let mut latest: Option<i64> = None;
    macro_rules! at {
        ($($table:ident.$column:ident),*) => {$(
            let newest: Option<i64> =
                $table::table.select(diesel::dsl::max($table::$column)).first(conn)?;
            latest = latest.max(newest);
        )*};
    }
    at!(
        identity.created_at,
        session.created_at,
        merchant.created_at,
        api_key.created_at,
        card_batch.created_at,
        refund_policy.at,
        plugin.installed_at,
        plugin_binding.at,
        rate_table.fetched_at
    );
    // These grow with every purchase, so they have no index of times; but their ids begin with one.
    macro_rules! last {
        ($($table:ident),*) => {$(
            let newest = $table::table.order($table::id.desc()).select($table::at);
            latest = latest.max(newest.first(conn).optional()?);
        )*};
    }
    last!(entry, log_line);
    latest.map(|at| Row::new("gateway", "the latest row").time("at", at)).transpose()
}
