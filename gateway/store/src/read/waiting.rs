//! What waits to be done behind the teller: what an operator looks at to see whether the gateway keeps up.

use diesel::{dsl::count_star, prelude::*};
use purser_core::{Timestamp, ids::EventId};

use super::{
    delivery::deliveries_waiting,
    untold::{Untold, is_told},
};
use crate::{
    Connection, StoreError,
    schema::{entry_unsealed, event_unplaced, stamp},
};

/// What waits, as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Entries of the journal that no seal covers yet.
    pub entries: i64,
    /// Events without a place in the stream, that should have one.
    pub events: i64,
    /// Deliveries to endpoints that are not done.
    pub deliveries: i64,
    /// Those of them that are due.
    pub deliveries_due: i64,
    /// Stamps that are being issued or whose void is held back.
    pub stamps: i64,
    /// Those of them that are due.
    pub stamps_due: i64,
}

/// What waits now.
pub fn waiting(conn: &mut Connection, now: Timestamp) -> Result<Waiting, StoreError> {
    let (deliveries, deliveries_due) = deliveries_waiting(conn, now)?;
    let stamps = stamp::table.filter(stamp::due_at.is_not_null()).select(count_star());
    let untold = Untold::now().ids(EventId::from_random);
    let events = event_unplaced::table.filter(is_told!(event_unplaced::event, untold));
    let stamps_due = stamp::table.filter(stamp::due_at.le(now.as_microsecond()));
    Ok(Waiting {
        entries: entry_unsealed::table.select(count_star()).first(conn)?,
        events: events.select(count_star()).first(conn)?,
        deliveries,
        deliveries_due,
        stamps: stamps.first(conn)?,
        stamps_due: stamps_due.select(count_star()).first(conn)?,
    })
}
