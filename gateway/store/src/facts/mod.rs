//! What operators, merchants and logins write: plain functions on the connection of a transaction.
//!
//! What commands are prepared with (merchants, offer keys, policies, plugins, bindings, rates) is changed through
//! `Store::change_facts`, so that a command prepared before is prepared again; accounts, sessions, API keys and
//! throttles through `Store::write`, and so is a new offer key: no offer named it before.

pub mod api_key;
pub mod browser;
pub mod card;
pub mod identity;
pub mod login_client;
pub mod login_consent;
pub mod login_grant;
pub mod login_key;
pub mod merchant;
pub mod offer_key;
pub mod passkey;
pub mod plugin;
pub mod plugin_binding;
pub mod plugin_key;
pub mod plugin_secret;
pub mod plugin_shadow;
pub mod rate_table;
pub mod refund_policy;
pub mod session;
pub mod stamp_key;
pub mod throttle;
pub mod webhook;

/// Inserts a row unless its key is taken, and tells how many rows that made. Both databases write it alike, but
/// diesel has it for each alone.
macro_rules! insert_if_new {
    ($conn:expr, $table:expr, $row:expr) => {
        match $conn {
            crate::Connection::Sqlite(conn) => {
                diesel::insert_into($table).values($row).on_conflict_do_nothing().execute(conn)
            }
            crate::Connection::Postgres(conn) => {
                diesel::insert_into($table).values($row).on_conflict_do_nothing().execute(conn)
            }
        }
    };
}
pub(crate) use insert_if_new;
