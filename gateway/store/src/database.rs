//! Where a database is, and how it is opened: connected, configured, migrated, and known to be ours.

use std::{collections::HashSet, env, net::IpAddr, path::Path};

use diesel::{Connection as _, connection::SimpleConnection, prelude::*};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use purser_core::money::Currency;
use url::Url;

use crate::{Connection, OpenError, StoreError, connection::EitherConnection, schema::gateway};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// The first SQLite whose write-ahead log is not reset under a reader.
const SQLITE_VERSION_MIN: [u32; 3] = [3, 51, 3];

/// What notices a server that is gone without a word, as a half-open connection leaves it: else the one writer would
/// wait for it for many minutes. Together well below the patience of a caller; whoever names one in the URL knows
/// better. Statements have no limit of their own: migrations and `check` look at everything, and whoever waits
/// for another's lock is bounded by `lock_timeout`.
const POSTGRES_PATIENCE: [(&str, &str); 6] = [
    ("connect_timeout", "5"),
    ("tcp_user_timeout", "10000"),
    ("keepalives", "1"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
];

/// Two processes that start at once migrate at once: one of them is told so, and looks again.
const MIGRATE_ATTEMPTS: u32 = 5;

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Database {
    /// A file.
    Sqlite(String),
    /// A server.
    Postgres(String),
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The teller, and small changes.
    Write,
    /// Only looking. PostgreSQL serves small changes from here too, because it has many writers.
    Read,
}

impl Database {
    /// Reads `postgres://...`, `sqlite:PATH` or a path.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(postgres_url(url)?));
        }
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        if path.is_empty() || path.contains("://") || path.contains(":memory:") {
            let advice = "the database is a path, `sqlite:PATH` or `postgres://...`";
            return Err(OpenError::Url(advice.to_owned()));
        }
        Ok(Self::Sqlite(path.to_owned()))
    }

    /// A configured connection.
    pub(crate) fn connect(&self, purpose: Purpose) -> Result<Connection, OpenError> {
        match self {
            Self::Sqlite(path) => {
                let refused = |error: &dyn std::error::Error| OpenError::File {
                    path: path.clone(),
                    error: error.to_string(),
                };
                let mut conn =
                    SqliteConnection::establish(path).map_err(|error| refused(&error))?;
                sqlite_configure(&mut conn, purpose).map_err(|error| refused(&error))?;
                Ok(EitherConnection::Sqlite(conn))
            }
            Self::Postgres(url) => {
                let refused = |error: &dyn std::error::Error| OpenError::Connect(error.to_string());
                let mut conn = PgConnection::establish(url).map_err(|error| refused(&error))?;
                postgres_configure(&mut conn).map_err(|error| refused(&error))?;
                Ok(EitherConnection::Postgres(conn))
            }
        }
    }

    /// Opens for the first time: the right library, the newest tables, our own keys.
    pub(crate) fn open(&self, unit: Currency, fingerprint: &str) -> Result<Connection, OpenError> {
        if let Self::Sqlite(path) = self
            && let Some(folder) = Path::new(path).parent().filter(|folder| !folder.exists())
            && !folder.as_os_str().is_empty()
        {
            let advice = format!("there is no folder {}; make it first", folder.display());
            return Err(OpenError::Url(advice));
        }
        let mut conn = self.connect(Purpose::Write)?;
        match &mut conn {
            EitherConnection::Sqlite(conn) => check_sqlite_version(conn)?,
            EitherConnection::Postgres(_) => {}
        }
        migrate(&mut conn)?;
        check_gateway(&mut conn, unit, fingerprint)?;
        Ok(conn)
    }
}

/// The write-ahead log lets readers look while the teller writes; FULL makes a commit survive a power cut. The
/// settings are the connection's own, so every connection needs them.
fn sqlite_configure(conn: &mut SqliteConnection, purpose: Purpose) -> QueryResult<()> {
    conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA trusted_schema = OFF;")?;
    match purpose {
        Purpose::Write => conn.batch_execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; \
             PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;",
        ),
        Purpose::Read => conn.batch_execute("PRAGMA query_only = ON; PRAGMA cache_size = -2048;"),
    }
}

/// A process that hangs in a transaction, or waits for another's, must not stop the others for ever.
fn postgres_configure(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute(
        "SET client_min_messages = warning; SET default_transaction_isolation = 'read committed'; \
         SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'; \
         SET synchronous_commit = on;",
    )?;
    speak_english(conn);
    // A plan that was made while a table was small is kept, and would read the whole of it when it has grown.
    // Every statement of ours has an index; without one a table is still read. Costs that are only there to
    // forbid must not start a compiler. What speaks PostgreSQL's protocol may know none of this.
    if let Err(error) = conn.batch_execute("SET enable_seqscan = off; SET jit = off;") {
        tracing::debug!(%error, "this database plans by itself");
    }
    Ok(())
}

/// Deadlocks are told by their text (see `error.rs`), so the server is to speak English. Where it does not and we may
/// not tell it to, a command that meets a deadlock fails where it would have been tried again.
fn speak_english(conn: &mut PgConnection) {
    let Err(error) = conn.batch_execute("SET lc_messages = 'C'") else { return };
    let spoken = diesel::sql_query("SELECT current_setting('lc_messages') AS value");
    let spoken =
        spoken.get_result::<Setting>(conn).map(|setting| setting.value).unwrap_or_default();
    if !is_english(&spoken) {
        tracing::warn!(
            %error,
            lc_messages = spoken,
            "the database server does not speak English: set its `lc_messages` to C, or grant this role to set it"
        );
    }
}

fn is_english(locale: &str) -> bool {
    matches!(locale, "" | "C" | "POSIX") || locale.starts_with("C.") || locale.starts_with("en")
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

fn check_sqlite_version(conn: &mut SqliteConnection) -> Result<(), OpenError> {
    let asked = diesel::sql_query("SELECT sqlite_version() AS value").get_result::<Setting>(conn);
    let version = asked.map_err(StoreError::from)?.value;
    if is_sqlite_new_enough(&version) { Ok(()) } else { Err(OpenError::SqliteTooOld(version)) }
}

fn is_sqlite_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse);
    let mut next = || parts.next().and_then(Result::ok).unwrap_or(0);
    let version: [u32; 3] = [next(), next(), next()];
    version >= SQLITE_VERSION_MIN
}

/// Whether a gateway keeps its books in a database. Writes nothing.
pub fn has_books(url: &str) -> Result<bool, OpenError> {
    let database = Database::parse(url)?;
    if let Database::Sqlite(path) = &database
        && !Path::new(path).exists()
    {
        return Ok(false);
    }
    let mut conn = database.connect(Purpose::Read)?;
    let row = gateway::table.select(gateway::key_fingerprint).first::<String>(&mut conn);
    Ok(row.is_ok())
}

fn migrate(conn: &mut Connection) -> Result<(), OpenError> {
    let mut attempt = 1;
    loop {
        let done = match conn {
            EitherConnection::Sqlite(conn) => conn.run_pending_migrations(SQLITE).map(drop),
            EitherConnection::Postgres(conn) => conn.run_pending_migrations(POSTGRES).map(drop),
        };
        match done {
            Ok(()) => return Ok(()),
            Err(error) if attempt == MIGRATE_ATTEMPTS => {
                return Err(OpenError::Migrate(error.to_string()));
            }
            Err(_) => attempt += 1,
        }
    }
}

fn check_gateway(conn: &mut Connection, unit: Currency, ours: &str) -> Result<(), OpenError> {
    let row = (
        gateway::id.eq(1_i64),
        gateway::unit_of_account.eq(unit.code()),
        gateway::key_fingerprint.eq(ours),
        gateway::facts_version.eq(1_i64),
    );
    // Two processes may be the first at once; one row is enough.
    match conn {
        EitherConnection::Sqlite(conn) => {
            diesel::insert_into(gateway::table).values(row).on_conflict_do_nothing().execute(conn)
        }
        EitherConnection::Postgres(conn) => {
            diesel::insert_into(gateway::table).values(row).on_conflict_do_nothing().execute(conn)
        }
    }
    .map_err(StoreError::from)?;
    let (database, theirs): (String, String) = gateway::table
        .select((gateway::unit_of_account, gateway::key_fingerprint))
        .first(conn)
        .map_err(StoreError::from)?;
    if database != unit.code() {
        return Err(OpenError::UnitOfAccount { database, asked: unit.code().to_owned() });
    }
    if theirs != ours { Err(OpenError::Keys) } else { Ok(()) }
}

/// The URL, with our patience where it names none.
fn postgres_url(url: &str) -> Result<String, OpenError> {
    let mut parsed =
        Url::parse(url).map_err(|error| OpenError::Url(format!("database URL: {error}")))?;
    check_host(&parsed)?;
    let named: HashSet<String> = parsed.query_pairs().map(|(key, _)| key.into_owned()).collect();
    let absent = POSTGRES_PATIENCE.iter().filter(|(key, _)| !named.contains(*key));
    parsed.query_pairs_mut().extend_pairs(absent);
    Ok(parsed.into())
}

/// Without TLS a password and every payment would be readable on the way.
fn check_host(parsed: &Url) -> Result<(), OpenError> {
    let query = |name: &str| {
        parsed
            .query_pairs()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .last()
    };
    let named = query("hostaddr").or_else(|| query("host"));
    let host =
        named.or_else(|| parsed.host_str().filter(|host| !host.is_empty()).map(str::to_owned));
    let host = host.or_else(|| env::var("PGHOSTADDR").or_else(|_| env::var("PGHOST")).ok());
    if query("service").is_some() || query("servicefile").is_some() {
        return Err(OpenError::Url("a database URL names its host, not a service".to_owned()));
    }
    if host.as_deref().is_none_or(is_this_machine) {
        return Ok(());
    }
    let encrypted =
        matches!(query("sslmode").as_deref(), Some("require" | "verify-ca" | "verify-full"));
    match (cfg!(feature = "postgres-tls"), encrypted) {
        (true, true) => Ok(()),
        (true, false) => Err(OpenError::Url(
            "a PostgreSQL on another machine needs `sslmode=verify-full` in its URL".to_owned(),
        )),
        (false, _) => Err(OpenError::Url(
            "a PostgreSQL on another machine needs TLS: build with `--features postgres-tls`"
                .to_owned(),
        )),
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let socket = bare.starts_with('/') || bare.to_ascii_lowercase().starts_with("%2f");
    socket || bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_another_machine_is_refused_without_tls() {
        let accepted = |url: &str| Database::parse(url).is_ok();
        assert!(accepted("postgres://purser@127.0.0.1:5432/purser"));
        assert!(accepted("postgresql://[::1]/purser"));
        assert!(accepted("postgres://localhost/purser"));
        assert!(accepted("postgres:///purser?host=/run/postgresql"));
        assert!(accepted("postgres://%2Frun%2Fpostgresql/purser"));
        assert!(!accepted("postgres://db.example/purser"));
        assert!(!accepted("postgres://db.example/purser?sslmode=require"));
        assert!(!accepted("postgres://localhost/purser?host=db.example"));
        assert!(!accepted("postgres://localhost/purser?hostaddr=192.0.2.1"));
        assert!(!accepted("postgres:///purser?service=elsewhere"));
    }

    #[test]
    fn a_server_that_is_gone_without_a_word_is_noticed() {
        let Database::Postgres(url) = Database::parse("postgres://localhost/purser").unwrap()
        else {
            panic!("PostgreSQL")
        };
        assert_eq!(
            url,
            "postgres://localhost/purser?connect_timeout=5&tcp_user_timeout=10000&keepalives=1&keepalives_idle=5\
             &keepalives_interval=2&keepalives_count=3"
        );
        let own = "postgres:///purser?host=/run/postgresql&connect_timeout=60";
        let Database::Postgres(url) = Database::parse(own).unwrap() else { panic!("PostgreSQL") };
        assert!(url.starts_with(own) && url.matches("connect_timeout").count() == 1, "{url}");
    }

    #[test]
    fn a_sqlite_that_loses_its_log_is_too_old() {
        for (version, new) in [
            ("3.51.3", true),
            ("3.52.0", true),
            ("4.0", true),
            ("3.51.2", false),
            ("3.9.20", false),
            ("", false),
        ] {
            assert_eq!(is_sqlite_new_enough(version), new, "{version}");
        }
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        assert!(check_sqlite_version(&mut conn).is_ok());
    }

    #[test]
    fn a_language_in_which_a_deadlock_is_not_told_is_noticed() {
        for (locale, english) in
            [("C", true), ("C.UTF-8", true), ("en_GB.UTF-8", true), ("de_DE.UTF-8", false)]
        {
            assert_eq!(is_english(locale), english, "{locale}");
        }
    }

    #[test]
    fn what_is_no_path_and_no_server_is_refused() {
        assert_eq!(Database::parse("sqlite:a.db").unwrap(), Database::Sqlite("a.db".into()));
        assert_eq!(Database::parse("a/b.db").unwrap(), Database::Sqlite("a/b.db".into()));
        for url in ["", "sqlite:", ":memory:", "mysql://localhost/x"] {
            assert!(Database::parse(url).is_err(), "{url}");
        }
    }
}
