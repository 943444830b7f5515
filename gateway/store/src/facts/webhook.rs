//! The endpoints that merchants are told of events at.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{MerchantId, WebhookId},
};

use crate::{
    Connection, StoreError,
    read::{
        event::event_position_last,
        row::{Row, json_text},
    },
    schema::{webhook, webhook_attempt, webhook_delivery},
};

/// Deliveries of a deleted endpoint that are forgotten at a time: a few milliseconds of the writer's.
const FORGOTTEN_MAX: i64 = 200;

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name.
    pub id: WebhookId,
    /// Whose.
    pub merchant: MerchantId,
    /// Where it is.
    pub url: String,
    /// What it is told of.
    pub kinds: Vec<String>,
    /// The plugin that words what it is told.
    pub plugin: String,
    /// The encrypted secret.
    pub secret: Vec<u8>,
    /// The encrypted one before, and until when it signs too.
    pub secret_before: Option<(Vec<u8>, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is told nothing, and why.
    pub disabled: Option<Disabled>,
}

/// Since when an endpoint is told nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disabled {
    /// Since when.
    pub at: Timestamp,
    /// Why, for people.
    pub reason: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook)]
pub(crate) struct WebhookRow {
    id: String,
    merchant: String,
    url: String,
    kinds: String,
    plugin: String,
    secret: Vec<u8>,
    secret_before: Option<Vec<u8>>,
    secret_before_until: Option<i64>,
    created_at: i64,
    disabled_at: Option<i64>,
    disabled_reason: Option<String>,
}

impl WebhookRow {
    pub(crate) fn read(self) -> Result<Webhook, StoreError> {
        let row = Row::new("webhook", &self.id);
        let until = row.time_if("secret_before_until", self.secret_before_until)?;
        let disabled_at = row.time_if("disabled_at", self.disabled_at)?;
        let reason = self.disabled_reason.unwrap_or_default();
        Ok(Webhook {
            id: row.parse("id", &self.id)?,
            merchant: row.parse("merchant", &self.merchant)?,
            kinds: row.json("kinds", &self.kinds)?,
            created_at: row.time("created_at", self.created_at)?,
            secret_before: self.secret_before.zip(until),
            disabled: disabled_at.map(|at| Disabled { at, reason }),
            url: self.url,
            plugin: self.plugin,
            secret: self.secret,
        })
    }
}

/// Keeps a new endpoint. It is told of what happens from now on.
pub fn webhook_insert(conn: &mut Connection, new: &Webhook) -> Result<(), StoreError> {
    let position = event_position_last(conn, new.merchant)?.unwrap_or(0);
    let row = (
        webhook::id.eq(new.id.to_string()),
        webhook::merchant.eq(new.merchant.to_string()),
        webhook::url.eq(&new.url),
        webhook::kinds.eq(json_text(&new.kinds)?),
        webhook::plugin.eq(&new.plugin),
        webhook::secret.eq(&new.secret),
        webhook::first_position.eq(position),
        webhook::position.eq(position),
        webhook::created_at.eq(new.created_at.as_microsecond()),
        webhook::slow.eq(false),
        webhook::deleted.eq(false),
    );
    diesel::insert_into(webhook::table).values(row).execute(conn)?;
    Ok(())
}

/// A merchant's endpoints, newest first.
pub fn webhook_list(
    conn: &mut Connection,
    merchant: MerchantId,
) -> Result<Vec<Webhook>, StoreError> {
    let rows: Vec<WebhookRow> = webhook::table
        .filter(webhook::merchant.eq(merchant.to_string()).and(webhook::deleted.eq(false)))
        .order((webhook::created_at.desc(), webhook::id.desc()))
        .select(WebhookRow::as_select())
        .load(conn)?;
    rows.into_iter().map(WebhookRow::read).collect()
}

/// A merchant's endpoint.
pub fn webhook_get(
    conn: &mut Connection,
    merchant: MerchantId,
    id: WebhookId,
) -> Result<Option<Webhook>, StoreError> {
    let own = webhook::table.find(id.to_string()).filter(webhook::deleted.eq(false));
    let own = own.filter(webhook::merchant.eq(merchant.to_string()));
    let found: Option<WebhookRow> = own.select(WebhookRow::as_select()).first(conn).optional()?;
    found.map(WebhookRow::read).transpose()
}

/// Writes what a merchant changed of its endpoint. What was told so far was told under the kinds of then; one that is
/// disabled goes on where it stopped when it is enabled again.
pub fn webhook_update(conn: &mut Connection, changed: &Webhook) -> Result<(), StoreError> {
    let (id, kinds) = (changed.id.to_string(), json_text(&changed.kinds)?);
    let other_kinds = webhook::table.find(&id).filter(webhook::kinds.ne(&kinds));
    diesel::update(other_kinds)
        .set((webhook::kinds.eq(&kinds), webhook::first_position.eq(webhook::position)))
        .execute(conn)?;
    let disabled = changed.disabled.as_ref();
    let row = (
        webhook::url.eq(&changed.url),
        webhook::plugin.eq(&changed.plugin),
        webhook::disabled_at.eq(disabled.map(|disabled| disabled.at.as_microsecond())),
        webhook::disabled_reason.eq(disabled.map(|disabled| disabled.reason.as_str())),
    );
    diesel::update(webhook::table.find(&id)).set(row).execute(conn)?;
    Ok(())
}

/// Gives an endpoint another secret; the present one signs too until `before_until`.
pub fn webhook_secret_set(
    conn: &mut Connection,
    id: WebhookId,
    secret: &[u8],
    before_until: Timestamp,
) -> Result<(), StoreError> {
    let row = (
        webhook::secret_before.eq(webhook::secret.nullable()),
        webhook::secret_before_until.eq(before_until.as_microsecond()),
        webhook::secret.eq(secret),
    );
    diesel::update(webhook::table.find(id.to_string())).set(row).execute(conn)?;
    Ok(())
}

/// Stops telling an endpoint anything, because of what it answered. One that is disabled already stays as it is.
pub fn webhook_disable(
    conn: &mut Connection,
    id: WebhookId,
    disabled: &Disabled,
) -> Result<(), StoreError> {
    let enabled = webhook::table.find(id.to_string()).filter(webhook::disabled_at.is_null());
    let row = (
        webhook::disabled_at.eq(disabled.at.as_microsecond()),
        webhook::disabled_reason.eq(&disabled.reason),
    );
    diesel::update(enabled).set(row).execute(conn)?;
    Ok(())
}

/// The endpoints that were slow the last time.
pub fn webhooks_slow(conn: &mut Connection) -> Result<Vec<WebhookId>, StoreError> {
    let slow = webhook::table.filter(webhook::slow.eq(true).and(webhook::deleted.eq(false)));
    let names: Vec<String> = slow.select(webhook::id).load(conn)?;
    names.iter().map(|name| Row::new("webhook", name).parse("id", name)).collect()
}

/// Deletes a merchant's endpoint; false if the merchant has no such endpoint. Its secrets are gone at once, its deliveries
/// with [`webhook_deleted_forget`].
pub fn webhook_delete(
    conn: &mut Connection,
    merchant: MerchantId,
    id: WebhookId,
) -> Result<bool, StoreError> {
    let own = webhook::table.find(id.to_string()).filter(webhook::deleted.eq(false));
    let own = own.filter(webhook::merchant.eq(merchant.to_string()));
    let row = (
        webhook::deleted.eq(true),
        webhook::secret.eq(Vec::new()),
        webhook::secret_before.eq(None::<Vec<u8>>),
    );
    Ok(diesel::update(own).set(row).execute(conn)? > 0)
}

/// Forgets some deliveries of endpoints that were deleted, and an endpoint that has none any more. Says whether there may be
/// more to do.
pub fn webhook_deleted_forget(conn: &mut Connection) -> Result<bool, StoreError> {
    let deleted = webhook::table.filter(webhook::deleted.eq(true)).select(webhook::id);
    let Some(id) = deleted.first::<String>(conn).optional()? else { return Ok(false) };
    let some: Vec<String> = webhook_delivery::table
        .filter(webhook_delivery::webhook.eq(&id))
        .order((webhook_delivery::created_at, webhook_delivery::id))
        .limit(FORGOTTEN_MAX)
        .select(webhook_delivery::id)
        .load(conn)?;
    if some.is_empty() {
        diesel::delete(webhook::table.find(&id)).execute(conn)?;
        return Ok(true);
    }
    diesel::delete(webhook_attempt::table.filter(webhook_attempt::delivery.eq_any(&some)))
        .execute(conn)?;
    diesel::delete(webhook_delivery::table.filter(webhook_delivery::id.eq_any(&some)))
        .execute(conn)?;
    Ok(true)
}
