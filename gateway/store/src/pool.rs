//! Connections that are lent to whoever looks.

use std::time::Duration;

use diesel::r2d2::{ManageConnection, Pool, PooledConnection, R2D2Connection};

use crate::{
    Connection, OpenError, StoreError,
    database::{Database, Purpose},
};

/// A look takes well under a millisecond; more connections than this only wait for the same cores.
const CONNECTIONS_MAX: u32 = 8;
/// Longer than this, and whoever waits is better told to come back.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Opens connections for the pool.
#[derive(Debug)]
pub(crate) struct Readers(Database);

impl ManageConnection for Readers {
    type Connection = Connection;
    type Error = OpenError;

    fn connect(&self) -> Result<Connection, OpenError> {
        self.0.connect(Purpose::Read)
    }

    fn is_valid(&self, conn: &mut Connection) -> Result<(), OpenError> {
        conn.ping().map_err(|error| OpenError::Store(error.into()))
    }

    fn has_broken(&self, conn: &mut Connection) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

/// A pool that opens connections as they are needed.
pub(crate) fn pool(database: Database) -> Pool<Readers> {
    Pool::builder()
        .max_size(CONNECTIONS_MAX)
        .min_idle(Some(0))
        .connection_timeout(WAIT_MAX)
        .test_on_check_out(false)
        .build_unchecked(Readers(database))
}

/// Lends a connection.
pub(crate) fn lend(pool: &Pool<Readers>) -> Result<PooledConnection<Readers>, StoreError> {
    pool.get().map_err(|error| {
        tracing::warn!(%error, "no database connection");
        StoreError::Unavailable
    })
}
