//! SQLite and PostgreSQL behind one door.
//!
//! [`Store::submit`] is the teller: whatever has queued is decided by the pure core under lock, and committed as
//! one database transaction. [`Store::read`] serves everything that only looks. SQL is nowhere else.

mod check;
mod connection;
mod database;
pub mod delivery;
mod duty;
mod error;
pub mod facts;
mod facts_version;
pub mod filing_claim;
mod idempotency;
mod open_account;
mod outbox;
mod pool;
pub mod read;
mod roll;
mod schema;
mod seal;
mod store;
mod teller;

pub use check::Check;
pub use connection::EitherConnection as Connection;
pub use database::has_books;
pub use error::{OpenError, StoreError};
pub use idempotency::{Answered, idempotency_find, idempotency_insert};
pub use open_account::{open_balance, open_balances};
pub use outbox::event_insert;
pub use seal::{Seal, seal_hash_at, seals_after};
pub use store::{Committed, Store, StoreConfig};
pub use teller::{Reply, SubmitError, TellerCounts};
