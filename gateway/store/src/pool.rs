//! Connections that are lent to whoever looks.

use std::time::Duration;

use diesel::r2d2::{ManageConnection, Pool, R2D2Connection};

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

/// A connection that is lent, and whether it is lost: then it is not lent again.
pub(crate) struct Reader {
    conn: Connection,
    lost: bool,
}

impl ManageConnection for Readers {
    type Connection = Reader;
    type Error = OpenError;

    fn connect(&self) -> Result<Reader, OpenError> {
        Ok(Reader { conn: self.0.connect(Purpose::Read)?, lost: false })
    }

    fn is_valid(&self, reader: &mut Reader) -> Result<(), OpenError> {
        reader.conn.ping().map_err(|error| OpenError::Store(error.into()))
    }

    fn has_broken(&self, reader: &mut Reader) -> bool {
        reader.lost || std::thread::panicking() || reader.conn.is_broken()
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

/// Lends a connection to a look. One that failed is tried before anybody else gets it: diesel does not notice by
/// itself that a server is gone.
pub(crate) fn lend<T>(
    pool: &Pool<Readers>,
    look: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut reader = pool.get().map_err(|error| {
        tracing::warn!(%error, "no database connection");
        StoreError::Unavailable
    })?;
    let seen = look(&mut reader.conn);
    if seen.is_err() {
        reader.lost = reader.conn.ping().is_err();
    }
    seen
}
