//! Taking deliveries, so that no other process takes them too.

use std::collections::BTreeSet;

use diesel::{dsl::exists, prelude::*};
use purser_core::{
    Timestamp,
    ids::{AttemptId, DeliveryId, WebhookId},
};

use crate::{
    Connection, Store, StoreError,
    facts::webhook::{Webhook, WebhookRow},
    read::{
        event::{EventRow, StoredEvent, stored},
        row::Row,
    },
    schema::{event, event_placed, webhook, webhook_delivery},
};

/// Endpoints that are found due at a time: a page of names.
const DUE_MAX: i64 = 10_000;

/// Under which name deliveries are taken, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// New for each time.
    pub name: AttemptId,
    /// Now, by the gateway's clock: what is due by it is taken.
    pub now: Timestamp,
    /// Now, by the machine's clock.
    pub machine_now: Timestamp,
    /// Until when nobody else takes them, by the machine's clock.
    pub until: Timestamp,
}

/// For how long deliveries are held that were taken.
#[derive(Debug, Clone, Copy)]
pub enum Hold {
    /// Until then, by the machine's clock.
    Until(Timestamp),
    /// No longer: whoever comes next may take them.
    Released,
}

/// A delivery that was taken.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its name.
    pub id: DeliveryId,
    /// The name it was taken under.
    pub claim: AttemptId,
    /// Where to.
    pub webhook: Webhook,
    /// Of what.
    pub event: StoredEvent,
    /// Failures in a row so far.
    pub failures: u32,
    /// Requests of its plugin that were delivered.
    pub part: usize,
}

/// A delivery's own columns, with its event.
type Found = (String, i64, i64, EventRow, i64);

impl Store {
    /// The active endpoints that something is due for.
    pub async fn webhooks_due(&self, now: Timestamp) -> Result<Vec<WebhookId>, StoreError> {
        let due = webhook_delivery::table.filter(
            webhook_delivery::webhook
                .eq(webhook::id)
                .and(webhook_delivery::next_at.le(now.as_microsecond())),
        );
        let active = webhook::disabled_at.is_null().and(webhook::deleted.eq(false));
        let due = webhook::table.filter(active.and(exists(due))).limit(DUE_MAX).select(webhook::id);
        let names: Vec<String> = self.read(move |conn| Ok(due.load(conn)?)).await?;
        names.iter().map(|name| Row::new("webhook", name).parse("id", name)).collect()
    }

    /// Takes at most so many due deliveries of each endpoint, the longest due first.
    pub async fn deliveries_claim(
        &self,
        wanted: Vec<(WebhookId, usize)>,
        claim: Claim,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.write(move |conn| {
            let mut claimed = Vec::new();
            for (webhook, most) in wanted {
                claimed.extend(take(conn, webhook, most, &claim)?);
            }
            Ok(claimed)
        })
        .await
    }

    /// Holds deliveries for longer, or no longer, that were taken and are still held: each by the name it was taken
    /// under.
    pub async fn deliveries_hold(
        &self,
        held: Vec<(DeliveryId, AttemptId)>,
        hold: Hold,
    ) -> Result<(), StoreError> {
        let (ids, claims): (Vec<String>, BTreeSet<String>) =
            held.iter().map(|(id, claim)| (id.to_string(), claim.to_string())).unzip();
        self.write(move |conn| {
            let held = webhook_delivery::table
                .filter(webhook_delivery::id.eq_any(&ids))
                .filter(webhook_delivery::claim.eq_any(&claims));
            let until = match hold {
                Hold::Until(until) => Some(until.as_microsecond()),
                Hold::Released => None,
            };
            diesel::update(held).set(webhook_delivery::claimed_until.eq(until)).execute(conn)?;
            Ok(())
        })
        .await
    }
}

fn take(
    conn: &mut Connection,
    webhook: WebhookId,
    most: usize,
    claim: &Claim,
) -> Result<Vec<Claimed>, StoreError> {
    let name = webhook.to_string();
    let endpoint: Option<WebhookRow> = webhook::table
        .find(&name)
        .filter(webhook::disabled_at.is_null().and(webhook::deleted.eq(false)))
        .select(WebhookRow::as_select())
        .first(conn)
        .optional()?;
    let Some(endpoint) = endpoint.map(WebhookRow::read).transpose()? else { return Ok(Vec::new()) };
    let machine_now = claim.machine_now.as_microsecond();
    let due: Vec<String> = webhook_delivery::table
        .filter(webhook_delivery::webhook.eq(&name))
        .filter(webhook_delivery::next_at.le(claim.now.as_microsecond()))
        .filter(
            webhook_delivery::claimed_until
                .is_null()
                .or(webhook_delivery::claimed_until.lt(machine_now)),
        )
        .order(webhook_delivery::next_at)
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select(webhook_delivery::id)
        .load(conn)?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    // Asked again in the update itself: of two processes that found the same row, the second waits here for the
    // first, and then finds it taken.
    let free = webhook_delivery::table
        .filter(webhook_delivery::id.eq_any(&due))
        .filter(webhook_delivery::next_at.le(claim.now.as_microsecond()))
        .filter(
            webhook_delivery::claimed_until
                .is_null()
                .or(webhook_delivery::claimed_until.lt(machine_now)),
        );
    let taken = (
        webhook_delivery::claim.eq(claim.name.to_string()),
        webhook_delivery::claimed_until.eq(claim.until.as_microsecond()),
    );
    if diesel::update(free).set(taken).execute(conn)? == 0 {
        return Ok(Vec::new());
    }
    let rows: Vec<Found> = webhook_delivery::table
        .inner_join(event::table.on(event::id.eq(webhook_delivery::event)))
        .inner_join(event_placed::table.on(event_placed::event.eq(webhook_delivery::event)))
        .filter(webhook_delivery::id.eq_any(&due))
        .filter(webhook_delivery::claim.eq(claim.name.to_string()))
        .select((
            webhook_delivery::id,
            webhook_delivery::failures,
            webhook_delivery::part,
            EventRow::as_select(),
            event_placed::position,
        ))
        .load(conn)?;
    let read = |(id, failures, part, event, position): Found| {
        let row = Row::new("webhook_delivery", &id);
        Ok(Claimed {
            id: row.parse("id", &id)?,
            claim: claim.name,
            webhook: endpoint.clone(),
            event: stored((event, position))?,
            failures: row.number("failures", failures)?,
            part: row.number("part", part)?,
        })
    };
    rows.into_iter().map(read).collect()
}
