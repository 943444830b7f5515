//! The outbox: events get their position in the stream behind the teller, one process at a time, so that whoever
//! reads on from a position never skips an event that was committed late. What a shop is to be told later waits here.

use std::time::Duration;

use diesel::{
    dsl::{max, min},
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::{Array, BigInt, Text},
};
use purser_core::{
    ids::{EventId, MerchantId},
    record::EventRecord,
};

use crate::{
    Committed, Connection, Store, StoreError,
    duty::Duty,
    read::{
        row::Row,
        untold::{Untold, is_told},
    },
    schema::{event, event_placed, event_unplaced},
};

/// When, which, and who is told.
type Waiting = (i64, String, String);

/// A few milliseconds of the writer's time.
const EVENTS_MAX: i64 = 500;

/// Keeps an event of a change that no command makes. It is told of like any other once it has its position.
pub fn event_insert(conn: &mut Connection, new: &EventRecord) -> Result<(), StoreError> {
    let id = new.id.to_string();
    let row = (
        event::id.eq(&id),
        event::merchant.eq(new.merchant.to_string()),
        event::kind.eq(new.kind),
        event::at.eq(new.at.as_microsecond()),
        event::data.eq(&new.data),
    );
    diesel::insert_into(event::table).values(row).execute(conn)?;
    diesel::insert_into(event_unplaced::table)
        .values(event_unplaced::event.eq(&id))
        .execute(conn)?;
    Ok(())
}

impl Store {
    /// Has events that were just written placed now, and not at the next look for them.
    pub fn events_written(&self) {
        self.tell(Committed::default());
    }

    /// How long until there is another event to be told of, of those that wait for their time.
    pub async fn untold_for(&self) -> Result<Option<Duration>, StoreError> {
        let untold = Untold::now();
        let (after, until) = untold.ids(EventId::from_random);
        let waiting = event_unplaced::table
            .filter(event_unplaced::event.gt(after).and(event_unplaced::event.le(until)))
            .select(min(event_unplaced::event));
        let first: Option<String> = self.read(move |conn| Ok(waiting.first(conn)?)).await?;
        let Some(first) = first else { return Ok(None) };
        let id: EventId = Row::new("event_unplaced", &first).parse("event", &first)?;
        Ok(untold.wait(id.bits()))
    }

    /// Gives positions to at most 500 events and tells who listens for their merchants. Says how many; when it
    /// says none, there is nothing left for now.
    pub async fn place_events(&self) -> Result<usize, StoreError> {
        let untold = Untold::now().ids(EventId::from_random);
        let waiting = event_unplaced::table
            .filter(is_told!(event_unplaced::event, untold))
            .select(event_unplaced::event);
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
    let untold = Untold::now().ids(EventId::from_random);
    let mut waiting: Vec<Waiting> = event_unplaced::table
        .inner_join(event::table.on(event::id.eq(event_unplaced::event)))
        .filter(is_told!(event_unplaced::event, untold))
        .order(event_unplaced::event)
        .limit(EVENTS_MAX)
        .select((event::at, event::id, event::merchant))
        .load(conn)?;
    waiting.sort();
    let last: Option<i64> = event_placed::table.select(max(event_placed::position)).first(conn)?;
    let first = last.unwrap_or(0).saturating_add(1);
    positions_insert(conn, &waiting, first)?;
    let ids = waiting.iter().map(|(_, id, _)| id);
    diesel::delete(event_unplaced::table.filter(event_unplaced::event.eq_any(ids)))
        .execute(conn)?;
    let mut merchants: Vec<MerchantId> = Vec::new();
    for (_, id, merchant) in &waiting {
        merchants.push(Row::new("event", id).parse("merchant", merchant)?);
    }
    merchants.sort_unstable();
    merchants.dedup();
    Ok((waiting.len(), merchants))
}

fn positions_insert(conn: &mut Connection, events: &[Waiting], first: i64) -> QueryResult<()> {
    match conn {
        Connection::Sqlite(conn) => {
            for (position, (_, event, merchant)) in (first..).zip(events) {
                let row = (
                    event_placed::position.eq(position),
                    event_placed::event.eq(event),
                    event_placed::merchant.eq(merchant),
                );
                diesel::insert_into(event_placed::table).values(row).execute(conn)?;
            }
        }
        Connection::Postgres(conn) => {
            let positions = (first..).take(events.len()).collect();
            let names = events.iter().map(|(_, event, _)| event.as_str()).collect();
            let merchants = events.iter().map(|(_, _, merchant)| merchant.as_str()).collect();
            Place { positions, events: names, merchants }.execute(conn)?;
        }
    }
    Ok(())
}

/// One statement for all of them.
struct Place<'a> {
    positions: Vec<i64>,
    events: Vec<&'a str>,
    merchants: Vec<&'a str>,
}

impl QueryFragment<Pg> for Place<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO event_placed (position, event, merchant) SELECT * FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.positions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.events)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.merchants)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for Place<'_> {
    type QueryId = Place<'static>;
}

impl RunQueryDsl<PgConnection> for Place<'_> {}
