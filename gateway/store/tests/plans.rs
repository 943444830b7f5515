//! What is asked of tables that grow without end finds its rows by an index.
#![allow(clippy::unwrap_used, reason = "a test fails loudly")]

mod databases;

use std::sync::{Arc, Mutex};

use databases::sqlite;
use diesel::{Connection as _, RunQueryDsl, connection::InstrumentationEvent, sql_types::Text};
use purser_core::Timestamp;
use purser_store::{
    Connection,
    facts::{
        login_grant::login_grants_expired_delete, session::sessions_expired_delete,
        throttle::throttles_expired_delete,
    },
    read::latest::time_latest,
};

#[derive(diesel::QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The statements that `look` sends, with how SQLite finds their rows.
fn plans(conn: &mut Connection, look: impl FnOnce(&mut Connection)) -> Vec<(String, Vec<String>)> {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&sent);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            heard.lock().unwrap().push(query.to_string());
        }
    });
    look(conn);
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    let sent = std::mem::take(&mut *sent.lock().unwrap());
    let plan = |query: String| {
        let sql = query.split(" -- binds:").next().unwrap().to_owned();
        let steps = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load::<Step>(conn);
        (sql, steps.unwrap().into_iter().map(|step| step.detail).collect())
    };
    sent.into_iter().map(plan).collect()
}

#[test]
fn what_has_expired_and_what_came_last_are_found_by_an_index() {
    let database = &mut sqlite();
    let now = Timestamp::UNIX_EPOCH;
    let plans = plans(&mut database.conn, |conn| {
        time_latest(conn).unwrap();
        sessions_expired_delete(conn, now).unwrap();
        throttles_expired_delete(conn, now).unwrap();
        login_grants_expired_delete(conn, now).unwrap();
    });
    assert!(plans.len() > 10, "{plans:#?}");
    for (sql, steps) in plans {
        // SQLite says SEARCH of a highest value even where it looks at every row, and SCAN even where it stops at the
        // first, which is so unless it sorts.
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        let limited = sql.contains(" DESC  LIMIT ") || sql.contains(" DESC LIMIT ");
        let slow = |step: &String| {
            // What waits for its seal is little, and is looked at as a whole.
            let little = step.contains("entry_unsealed") || (limited && !sorts);
            step.starts_with("SCAN") && !little
                || step.starts_with("SEARCH") && !step.contains(" USING ")
        };
        assert!(!steps.iter().any(slow), "{sql}\n{steps:#?}");
    }
}
