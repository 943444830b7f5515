//! Databases on the PostgreSQL of the tests.

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection,
    sql_types::Text,
};

use super::new_key;

fn server_url() -> String {
    std::env::var("PURSER_TEST_POSTGRES").expect("PURSER_TEST_POSTGRES is not set: run `cargo xtask test`, which starts a PostgreSQL for the tests")
}

/// A new database on the PostgreSQL of the tests.
pub fn new_database() -> String {
    let name = format!("purser_{}", new_key());
    on_server(&format!("CREATE DATABASE {name}"));
    with_database(&server_url(), &name)
}

/// Drops it again.
pub fn drop_database(url: &str) {
    let name =
        url.rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
    on_server(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
}

fn on_server(statement: &str) {
    let mut server =
        PgConnection::establish(&server_url()).expect("the PostgreSQL of the tests answers");
    server.batch_execute(statement).expect("a database is made or dropped");
}

fn with_database(server: &str, name: &str) -> String {
    let (path, query) =
        server.split_once('?').map_or((server, None), |(path, query)| (path, Some(query)));
    let base = path.rsplit_once('/').map_or(path, |(base, _)| base);
    match query {
        Some(query) => format!("{base}/{name}?{query}"),
        None => format!("{base}/{name}"),
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

/// Every row of every table as text; bytes are in hexadecimal.
pub fn every_row(url: &str) -> String {
    let mut database = PgConnection::establish(url).expect("the database of the test answers");
    let mut rows = |query: &str| -> Vec<String> {
        let rows: Vec<Row> = diesel::sql_query(query).load(&mut database).expect("rows are read");
        rows.into_iter().map(|row| row.text).collect()
    };
    let tables = rows("SELECT tablename::text AS text FROM pg_tables WHERE schemaname = 'public'");
    tables
        .iter()
        .flat_map(|table| rows(&format!("SELECT t::text AS text FROM {table} t")))
        .collect::<Vec<_>>()
        .join("\n")
}
