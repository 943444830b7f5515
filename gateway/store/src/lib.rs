//! SQLite and PostgreSQL behind one door.
//!
//! [`Store::submit`] is the teller: whatever has queued is decided by the pure core under lock, and committed as
//! one database transaction. [`Store::read`] serves everything that only looks. SQL is nowhere else.

mod connection;
mod error;
pub mod facts;
pub mod read;
mod schema;

pub use connection::EitherConnection as Connection;
pub use error::{OpenError, StoreError};
