//! What became of an endpoint's deliveries.

use std::{
    collections::{HashMap, hash_map::Entry},
    slice,
};

use diesel::{dsl::count_star, prelude::*};
use purser_core::{
    Timestamp,
    ids::{DeliveryId, EventId, WebhookId},
};

use super::{
    page::{Page, Paged},
    row::Row,
};
use crate::{
    Connection, StoreError,
    delivery::{Attempt, DeliveryState, Outcome},
    schema::{event, webhook, webhook_attempt, webhook_delivery},
};

/// A delivery with all its tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDelivery {
    /// Its name.
    pub id: DeliveryId,
    /// Of which event.
    pub event: EventId,
    /// What happened.
    pub kind: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// Its tries, oldest first.
    pub attempts: Vec<Attempt>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_delivery)]
struct DeliveryRow {
    id: String,
    event: String,
    created_at: i64,
    state: String,
    next_at: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_attempt)]
struct AttemptRow {
    id: String,
    part: i64,
    at: i64,
    outcome: String,
    status: Option<i64>,
    answer: String,
    duration_ms: i64,
}

impl AttemptRow {
    fn read(self) -> Result<Attempt, StoreError> {
        let row = Row::new("webhook_attempt", &self.id);
        Ok(Attempt {
            id: row.parse("id", &self.id)?,
            part: row.number("part", self.part)?,
            at: row.time("at", self.at)?,
            outcome: Outcome::parse(&self.outcome).ok_or_else(|| row.fault("outcome"))?,
            status: self.status.map(|status| row.number("status", status)).transpose()?,
            answer: self.answer,
            duration_ms: row.number("duration_ms", self.duration_ms)?,
        })
    }
}

/// An endpoint's deliveries, newest first.
pub fn deliveries_page(
    conn: &mut Connection,
    webhook: WebhookId,
    page: &Page,
) -> Result<Paged<StoredDelivery>, StoreError> {
    let of_webhook = webhook_delivery::table
        .inner_join(event::table.on(event::id.eq(webhook_delivery::event)))
        .filter(webhook_delivery::webhook.eq(webhook.to_string()));
    let seen = |id: &str| {
        let own = webhook_delivery::table.find(id);
        let own = own.filter(webhook_delivery::webhook.eq(webhook.to_string()));
        own.select(webhook_delivery::created_at).first(conn).optional()
    };
    let Some((at, id)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let behind = webhook_delivery::created_at
        .lt(at)
        .or(webhook_delivery::created_at.eq(at).and(webhook_delivery::id.lt(id)));
    let ids: Vec<String> = of_webhook
        .filter(behind)
        .order((webhook_delivery::created_at.desc(), webhook_delivery::id.desc()))
        .limit(page.fetch())
        .select(webhook_delivery::id)
        .load(conn)?;
    let paged = page.of(ids, String::clone);
    let mut found = with_attempts(conn, webhook, &paged.rows)?;
    Ok(Paged {
        rows: paged.rows.iter().filter_map(|id| found.remove(id)).collect(),
        next: paged.next,
    })
}

/// One delivery of an endpoint.
pub fn delivery_get(
    conn: &mut Connection,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Option<StoredDelivery>, StoreError> {
    let id = id.to_string();
    Ok(with_attempts(conn, webhook, slice::from_ref(&id))?.remove(&id))
}

/// Some deliveries of an endpoint by their ids, each with its tries, oldest first. One statement: a delivery that is
/// tried meanwhile would else be shown waiting for the try that is in its list already.
fn with_attempts(
    conn: &mut Connection,
    webhook: WebhookId,
    ids: &[String],
) -> Result<HashMap<String, StoredDelivery>, StoreError> {
    let tries = webhook_attempt::delivery.eq(webhook_delivery::id);
    let rows: Vec<(DeliveryRow, String, Option<AttemptRow>)> = webhook_delivery::table
        .inner_join(event::table.on(event::id.eq(webhook_delivery::event)))
        .left_join(webhook_attempt::table.on(tries))
        .filter(webhook_delivery::id.eq_any(ids))
        .filter(webhook_delivery::webhook.eq(webhook.to_string()))
        .order(webhook_attempt::id)
        .select((DeliveryRow::as_select(), event::kind, Option::<AttemptRow>::as_select()))
        .load(conn)?;
    let mut found = HashMap::new();
    for (row, kind, attempt) in rows {
        let delivery = match found.entry(row.id.clone()) {
            Entry::Occupied(seen) => seen.into_mut(),
            Entry::Vacant(new) => new.insert(delivery(row, kind)?),
        };
        delivery.attempts.extend(attempt.map(AttemptRow::read).transpose()?);
    }
    Ok(found)
}

fn delivery(found: DeliveryRow, kind: String) -> Result<StoredDelivery, StoreError> {
    let row = Row::new("webhook_delivery", &found.id);
    Ok(StoredDelivery {
        id: row.parse("id", &found.id)?,
        event: row.parse("event", &found.event)?,
        kind,
        created_at: row.time("created_at", found.created_at)?,
        state: DeliveryState::read(row, &found.state)?,
        next_at: row.time_if("next_at", found.next_at)?,
        attempts: Vec::new(),
    })
}

/// Puts a delivery to the head of the queue, whatever became of it before; false if the endpoint has no such delivery.
pub fn delivery_replay(
    conn: &mut Connection,
    webhook: WebhookId,
    id: DeliveryId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let own = webhook_delivery::table.find(id.to_string());
    let own = own.filter(webhook_delivery::webhook.eq(webhook.to_string()));
    let row = (
        webhook_delivery::state.eq(DeliveryState::Waiting.name()),
        webhook_delivery::next_at.eq(now.as_microsecond()),
        webhook_delivery::failures.eq(0),
        webhook_delivery::part.eq(0),
        webhook_delivery::claim.eq(None::<String>),
        webhook_delivery::claimed_until.eq(None::<i64>),
    );
    Ok(diesel::update(own).set(row).execute(conn)? > 0)
}

/// Deliveries to active endpoints that wait to be tried, and how many of them are due.
pub fn deliveries_waiting(conn: &mut Connection, now: Timestamp) -> Result<(i64, i64), StoreError> {
    let waiting = || {
        let active = webhook::disabled_at.is_null().and(webhook::deleted.eq(false));
        webhook::table
            .inner_join(webhook_delivery::table.on(webhook_delivery::webhook.eq(webhook::id)))
            .filter(active.and(webhook_delivery::next_at.is_not_null()))
    };
    let all = waiting().select(count_star()).first(conn)?;
    let due = waiting().filter(webhook_delivery::next_at.le(now.as_microsecond()));
    Ok((all, due.select(count_star()).first(conn)?))
}
