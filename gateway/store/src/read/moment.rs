//! One moment of the database for several statements.

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use crate::{Connection, StoreError};

/// Whatever `look` asks is answered as of one moment, however much is written meanwhile. Not within a transaction.
pub(crate) fn at_one_moment<T>(
    conn: &mut Connection,
    look: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    begin(conn)?;
    let seen = look(conn);
    end(conn);
    seen
}

fn begin(conn: &mut Connection) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN")?,
        Connection::Postgres(conn) => {
            let sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            AnsiTransactionManager::begin_transaction_sql(conn, sql)?;
        }
    }
    Ok(())
}

/// Nothing was changed, so a failure loses nothing; a connection that does not end it is not lent again.
fn end(conn: &mut Connection) {
    type Manager = <Connection as diesel::Connection>::TransactionManager;
    if let Err(error) = <Manager as TransactionManager<Connection>>::rollback_transaction(conn) {
        tracing::debug!(%error, "end of a look");
    }
}
