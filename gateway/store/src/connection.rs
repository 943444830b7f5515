//! One connection type for both databases.

/// A connection to either database. Reads and small changes are written once, against this; the teller's
/// batch is written for each. (The derive does not work for an enum called `Connection`, which it is outside.)
#[derive(diesel::MultiConnection)]
pub enum EitherConnection {
    /// SQLite.
    Sqlite(diesel::SqliteConnection),
    /// PostgreSQL.
    Postgres(diesel::PgConnection),
}
