//! Where a turn begins and ends.

use diesel::{
    PgConnection, SqliteConnection,
    connection::{AnsiTransactionManager, TransactionManager},
};

use super::batch::Fault;
use crate::{Connection, connection::EitherConnection};

/// SQLite takes the write lock at once, so that what was read cannot change under the turn.
pub(super) fn begin(conn: &mut Connection) -> Result<(), Fault> {
    match conn {
        EitherConnection::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
        EitherConnection::Postgres(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN")
        }
    }
    .map_err(Fault::from)
}

pub(super) fn commit(conn: &mut Connection) -> Result<(), Fault> {
    match conn {
        EitherConnection::Sqlite(conn) => <AnsiTransactionManager as TransactionManager<
            SqliteConnection,
        >>::commit_transaction(conn),
        EitherConnection::Postgres(conn) => {
            <AnsiTransactionManager as TransactionManager<PgConnection>>::commit_transaction(conn)
        }
    }
    .map_err(|error| match Fault::from(error) {
        // The disk is full, or the server is gone: neither is the fault of a command.
        Fault::Broken(why) | Fault::Retry(why) => Fault::Retry(why),
    })
}

/// Whatever goes wrong here, the connection is looked at before it is used again.
pub(super) fn roll_back(conn: &mut Connection) {
    let done = match conn {
        EitherConnection::Sqlite(conn) => <AnsiTransactionManager as TransactionManager<
            SqliteConnection,
        >>::rollback_transaction(conn),
        EitherConnection::Postgres(conn) => {
            <AnsiTransactionManager as TransactionManager<PgConnection>>::rollback_transaction(conn)
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, "roll back");
    }
}
