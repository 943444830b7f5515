//! Making deliveries of placed events.

use diesel::{dsl::exists, prelude::*};
use purser_core::{
    Timestamp,
    ids::{DeliveryId, MerchantId, WebhookId},
    webhook::is_wanted,
};

use super::DeliveryState;
use crate::{
    Connection, Store, StoreError,
    facts::insert_if_new,
    read::row::Row,
    schema::{event, event_placed, webhook, webhook_delivery},
};

/// Endpoints that are looked at in one transaction, and deliveries that are made in it: some milliseconds of the
/// writer's time.
const ENDPOINTS_MAX: i64 = 200;
const EVENTS_MAX: i64 = 500;

/// An endpoint that is behind the stream: its name, merchant, kinds and position.
type Behind = (String, String, String, i64);

impl Store {
    /// Makes deliveries of events that endpoints were not told of yet: those of `merchants`, or of all merchants. Says
    /// which endpoints have new ones; when it says none, there is nothing left for now.
    pub async fn deliveries_make(
        &self,
        merchants: Option<Vec<MerchantId>>,
        at: Timestamp,
    ) -> Result<Vec<WebhookId>, StoreError> {
        let merchants: Option<Vec<String>> =
            merchants.map(|merchants| merchants.iter().map(MerchantId::to_string).collect());
        let looked = self.read(move |conn| behind(conn, merchants.as_deref())).await?;
        if looked.is_empty() {
            return Ok(Vec::new());
        }
        self.write(move |conn| make(conn, looked, at)).await
    }
}

/// Active endpoints whose merchants have events behind their position.
fn behind(conn: &mut Connection, merchants: Option<&[String]>) -> Result<Vec<Behind>, StoreError> {
    let later = event_placed::table.filter(
        event_placed::merchant
            .eq(webhook::merchant)
            .and(event_placed::position.gt(webhook::position)),
    );
    let active = webhook::disabled_at.is_null().and(webhook::deleted.eq(false));
    // In one order, so that two processes that make deliveries at once do not wait for each other.
    macro_rules! first_of {
        ($endpoints:expr) => {
            $endpoints
                .filter(active.and(exists(later)))
                .order(webhook::id)
                .limit(ENDPOINTS_MAX)
                .select((webhook::id, webhook::merchant, webhook::kinds, webhook::position))
                .load(conn)?
        };
    }
    Ok(match merchants {
        Some(some) => first_of!(webhook::table.filter(webhook::merchant.eq_any(some))),
        None => first_of!(webhook::table),
    })
}

fn make(
    conn: &mut Connection,
    endpoints: Vec<Behind>,
    at: Timestamp,
) -> Result<Vec<WebhookId>, StoreError> {
    let (mut told, mut left) = (Vec::new(), EVENTS_MAX);
    for endpoint in endpoints {
        if left <= 0 {
            break;
        }
        let id = Row::new("webhook", &endpoint.0).parse("id", &endpoint.0)?;
        let taken = make_for(conn, id, &endpoint, left, at)?;
        if taken > 0 {
            told.push(id);
        }
        left = left.saturating_sub(taken);
    }
    Ok(told)
}

/// Takes an endpoint some way along the stream. Says by how many events.
fn make_for(
    conn: &mut Connection,
    id: WebhookId,
    (name, merchant, kinds, position): &Behind,
    limit: i64,
    at: Timestamp,
) -> Result<i64, StoreError> {
    let wanted: Vec<String> = Row::new("webhook", name).json("kinds", kinds)?;
    let events: Vec<(String, String, i64)> = event_placed::table
        .inner_join(event::table.on(event::id.eq(event_placed::event)))
        .filter(event_placed::merchant.eq(merchant).and(event_placed::position.gt(position)))
        .order(event_placed::position)
        .limit(limit)
        .select((event::id, event::kind, event_placed::position))
        .load(conn)?;
    let Some((.., last)) = events.last() else { return Ok(0) };
    // Whoever moves the position makes the deliveries: another process, or a merchant who has just disabled the
    // endpoint or changed its kinds, leaves nothing to move here.
    let unmoved = webhook::table
        .find(name)
        .filter(webhook::position.eq(position).and(webhook::kinds.eq(kinds)))
        .filter(webhook::disabled_at.is_null().and(webhook::deleted.eq(false)));
    if diesel::update(unmoved).set(webhook::position.eq(last)).execute(conn)? == 0 {
        return Ok(0);
    }
    for (event, _, _) in events.iter().filter(|(_, kind, _)| is_wanted(&wanted, kind)) {
        let row = (
            webhook_delivery::id.eq({
                let event = Row::new("event", event).parse("id", event)?;
                DeliveryId::of(id, event).to_string()
            }),
            webhook_delivery::webhook.eq(name),
            webhook_delivery::event.eq(event),
            webhook_delivery::created_at.eq(at.as_microsecond()),
            webhook_delivery::state.eq(DeliveryState::Waiting.name()),
            webhook_delivery::next_at.eq(at.as_microsecond()),
            webhook_delivery::failures.eq(0),
            webhook_delivery::part.eq(0),
        );
        insert_if_new!(conn, webhook_delivery::table, row)?;
    }
    Ok(i64::try_from(events.len()).unwrap_or(limit))
}
