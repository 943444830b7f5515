//! SQLite and PostgreSQL behind one door.
//!
//! [`Store::submit`] is the teller: whatever has queued is decided by the pure core under lock, and committed as
//! one database transaction. [`Store::read`] serves everything that only looks. SQL is nowhere else.

mod connection;
mod database;
mod error;
pub mod facts;
mod idempotency;
mod pool;
pub mod read;
mod schema;
mod store;
mod teller;

pub use connection::EitherConnection as Connection;
pub use error::{OpenError, StoreError};
pub use idempotency::{Answered, idempotency_find};
pub use store::{Committed, Store, StoreConfig};
pub use teller::{Reply, SubmitError};
