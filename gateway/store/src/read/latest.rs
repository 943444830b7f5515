//! The latest time in the database, behind which the sandbox's clock never falls: books
//! in which a refund is older than its purchase would make no sense to anybody.

use diesel::{dsl::max, prelude::*};
use purser_core::Timestamp;

use super::row::Row;
use crate::{
    Connection, StoreError,
    schema::{
        api_key, card_batch, entry, entry_unsealed, identity, log_line, merchant, refund_policy,
        seal, session,
    },
};

/// The latest time of anything that was done. `None` when nothing was.
pub fn time_latest(conn: &mut Connection) -> Result<Option<Timestamp>, StoreError> {
    let mut latest: Option<i64> = None;
    macro_rules! at {
        ($($table:ident.$column:ident),*) => {$(
            let newest: Option<i64> =
                $table::table.select(max($table::$column)).first(conn)?;
            latest = latest.max(newest);
        )*};
    }
    at!(
        identity.created_at,
        session.created_at,
        merchant.created_at,
        api_key.created_at,
        card_batch.created_at,
        refund_policy.at
    );
    // Plugins and rates do not count: the command line, which knows a sandbox's clock only if it is told, brings them as
    // well.
    // Entries grow with every purchase, so they have no index of times. Ids do not tell: they begin with the machine's
    // time, which may have been set back. But a seal is younger than all that it covers, and what waits for one is little.
    let sealed = seal::table.order(seal::first_position.desc()).select(seal::at).first(conn);
    latest = latest.max(sealed.optional()?);
    let waiting = entry_unsealed::table.select(entry_unsealed::entry);
    let unsealed = entry::table.filter(entry::id.eq_any(waiting)).select(max(entry::at));
    latest = latest.max(unsealed.first(conn)?);
    // A refusal leaves nothing but a line in a log, and for a moment the newest id is near enough.
    let line = log_line::table.order(log_line::id.desc()).select(log_line::at).first(conn);
    latest = latest.max(line.optional()?);
    latest.map(|at| Row::new("gateway", "the latest row").time("at", at)).transpose()
}
