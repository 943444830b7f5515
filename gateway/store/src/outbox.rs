//! The outbox: events get their position in the stream behind the teller, one process at a time, so that whoever
//! reads on from a position never skips an event that was committed late.

use diesel::{
    dsl::max,
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::{Array, BigInt, Text},
};
use purser_core::ids::MerchantId;

use crate::{Committed, Connection, Store, StoreError, duty::Duty, read::row::Row, schema::event};

/// A few milliseconds of the writer's time.
const EVENTS_MAX: i64 = 500;

impl Store {
    /// Gives positions to at most 500 events and tells who listens for their merchants. Says how many; when it
    /// says none, there is nothing left for now.
    pub async fn place_events(&self) -> Result<usize, StoreError> {
        let waiting = event::table.filter(event::position.is_null()).select(event::id);
        if self.read(move |conn| Ok(waiting.first::<String>(conn).optional()?)).await?.is_none() {
            return Ok(0);
        }
        let (placed, merchants) = self.write(place).await?;
        if placed > 0 {
            self.tell(Committed { accounts: Vec::new(), merchants });
        }
        Ok(placed)
    }
}

fn place(conn: &mut Connection) -> Result<(usize, Vec<MerchantId>), StoreError> {
    Duty::Outbox.take(conn)?;
    let mut waiting: Vec<(i64, String, String)> = event::table
        .filter(event::position.is_null())
        .order(event::id)
        .limit(EVENTS_MAX)
        .select((event::at, event::id, event::merchant))
        .load(conn)?;
    waiting.sort();
    let last: Option<i64> = event::table.select(max(event::position)).first(conn)?;
    let first = last.unwrap_or(0).saturating_add(1);
    let ids: Vec<&str> = waiting.iter().map(|(_, id, _)| id.as_str()).collect();
    positions_set(conn, &ids, first)?;
    let mut merchants: Vec<MerchantId> = Vec::new();
    for (_, id, merchant) in &waiting {
        merchants.push(Row::new("event", id).parse("merchant", merchant)?);
    }
    merchants.sort_unstable();
    merchants.dedup();
    Ok((waiting.len(), merchants))
}

fn positions_set(conn: &mut Connection, ids: &[&str], first: i64) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(conn) => {
            for (position, id) in (first..).zip(ids) {
                diesel::update(event::table.find(id))
                    .set(event::position.eq(position))
                    .execute(conn)?;
            }
        }
        Connection::Postgres(conn) => {
            let positions = (first..).take(ids.len()).collect();
            Place { ids, positions }.execute(conn)?;
        }
    }
    Ok(())
}

/// One statement for all of them.
struct Place<'a> {
    ids: &'a [&'a str],
    positions: Vec<i64>,
}

impl QueryFragment<Pg> for Place<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE event SET position = new.position FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.positions)?;
        out.push_sql(") AS new (id, position) WHERE event.id = new.id");
        Ok(())
    }
}

impl QueryId for Place<'_> {
    type QueryId = Place<'static>;
}

impl RunQueryDsl<PgConnection> for Place<'_> {}
