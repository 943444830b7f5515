//! Each test runs on a fresh SQLite file and on a fresh PostgreSQL database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    dead_code,
    reason = "a test fails loudly, and each uses its part"
)]

use diesel::{Connection as _, PgConnection, SqliteConnection, connection::SimpleConnection};
use purser_core::money::Currency;
use purser_store::{Connection, Store, StoreConfig};

/// Names the PostgreSQL server, whose user must be able to create databases. `cargo xtask test` sets it.
const POSTGRES: &str = "PURSER_TEST_POSTGRES";

/// A fresh database of dollars, which is gone when this is dropped.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) conn: Connection,
    /// What another process would open it with.
    pub(crate) url: String,
    _place: Place,
}

enum Place {
    Folder { _folder: tempfile::TempDir },
    Server { server: String, name: String },
}

/// Runs a test on a fresh database of each kind.
pub(crate) fn on_both(test: impl Fn(&mut Database)) {
    for (name, open) in [("SQLite", sqlite as fn() -> Database), ("PostgreSQL", postgres)] {
        eprintln!("on {name}");
        test(&mut open());
    }
}

/// Waits for what the store does on its own threads.
pub(crate) fn block_on<T>(done: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.unwrap().block_on(done)
}

/// On SQLite only.
pub(crate) fn sqlite() -> Database {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("purser.db").to_str().unwrap().to_owned();
    let store = open(&path);
    let mut conn = SqliteConnection::establish(&path).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
    Database {
        store,
        conn: Connection::Sqlite(conn),
        url: path,
        _place: Place::Folder { _folder: folder },
    }
}

/// On PostgreSQL only.
pub(crate) fn postgres() -> Database {
    let server =
        std::env::var(POSTGRES).expect("set PURSER_TEST_POSTGRES, or run `cargo xtask test`");
    let name = format!("purser_{:032x}", u128::from(getrandom::u64().unwrap()));
    let mut conn = PgConnection::establish(&server).unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let (front, _) = server.rsplit_once('/').unwrap();
    let url = format!("{front}/{name}");
    let store = open(&url);
    let conn = Connection::Postgres(PgConnection::establish(&url).unwrap());
    Database { store, conn, url, _place: Place::Server { server, name } }
}

/// Another connection to it.
pub(crate) fn connect(url: &str) -> Connection {
    PgConnection::establish(url).map(Connection::Postgres).unwrap()
}

/// Opens it as another process would.
pub(crate) fn open(url: &str) -> Store {
    let unit_of_account = Currency::parse("USD").unwrap();
    let key_fingerprint = "keys".to_owned();
    Store::open(&StoreConfig { url: url.to_owned(), unit_of_account, key_fingerprint }).unwrap()
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Server { server, name } = self {
            let dropped = PgConnection::establish(server)
                .map(|mut conn| conn.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")));
            drop(dropped);
        }
    }
}
