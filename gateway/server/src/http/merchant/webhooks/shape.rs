//! What merchants are answered about their webhooks.

use purser_core::{
    Timestamp,
    ids::{DeliveryId, EventId, WebhookId},
    webhook::WebhookSecret,
};
use purser_store::{
    delivery::{Attempt, Outcome},
    facts::webhook::Webhook,
    read::delivery::StoredDelivery,
};
use serde::Serialize;
use utoipa::ToSchema;

/// An endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookOut {
    /// Its name.
    #[schema(value_type = String)]
    pub id: WebhookId,
    /// Where it is.
    #[schema(format = "uri")]
    pub url: String,
    /// What it is told of.
    pub events: Vec<String>,
    /// The plugin that words it.
    pub plugin: String,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Since when it is told nothing.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
    /// Why it is told nothing.
    #[schema(required = true)]
    pub disabled_reason: Option<String>,
    /// Until when deliveries are signed with the secret before, too.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub old_secret_expires_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<Webhook> for WebhookOut {
    fn from(row: Webhook) -> Self {
        let (at, reason) = row.disabled.map(|disabled| (disabled.at, disabled.reason)).unzip();
        Self {
            id: row.id,
            url: row.url,
            events: row.kinds,
            plugin: row.plugin,
            enabled: at.is_none(),
            disabled_at: at,
            disabled_reason: reason,
            old_secret_expires_at: row.secret_before.map(|(_, until)| until),
            created_at: row.created_at,
        }
    }
}

/// An endpoint with its new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookMade {
    /// The endpoint.
    #[serde(flatten)]
    pub webhook: WebhookOut,
    /// The secret that its deliveries are signed with. Shown this once.
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]+=*$")]
    pub secret: String,
}

impl WebhookMade {
    /// An endpoint and its secret.
    pub fn of(row: Webhook, secret: &WebhookSecret) -> Self {
        Self { webhook: row.into(), secret: secret.text().expose().to_owned() }
    }
}

/// One try.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub struct AttemptOut {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What came of it.
    #[schema(pattern = "^(delivered|refused|timed-out|unreachable|not-allowed|plugin-failed)$")]
    pub outcome: &'static str,
    /// The status of the answer; null where there was none.
    #[schema(required = true, value_type = Option<u16>)]
    pub status: Option<u16>,
    /// The first characters of the answer, or why there was none.
    pub answer: String,
    /// How long it took.
    pub duration_ms: u64,
    /// Which of several messages, where the plugin makes more than one of an event.
    pub part: usize,
}

impl From<Attempt> for AttemptOut {
    fn from(attempt: Attempt) -> Self {
        Self {
            at: attempt.at,
            outcome: attempt.outcome.name(),
            status: attempt.status,
            answer: attempt.answer,
            duration_ms: attempt.duration_ms,
            part: attempt.part,
        }
    }
}

/// An event on its way to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryOut {
    /// Its name.
    #[schema(value_type = String)]
    pub id: DeliveryId,
    /// The event, and the `webhook-id` of every try.
    #[schema(value_type = String)]
    pub event: EventId,
    /// What happened.
    pub r#type: String,
    /// Where it stands.
    #[schema(pattern = "^(waiting|delivered|skipped|failed)$")]
    pub status: &'static str,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it is tried next.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Timestamp>,
    /// Its tries, oldest first.
    pub attempts: Vec<AttemptOut>,
}

impl From<StoredDelivery> for DeliveryOut {
    fn from(row: StoredDelivery) -> Self {
        Self {
            id: row.id,
            event: row.event,
            r#type: row.kind,
            status: row.state.name(),
            created_at: row.created_at,
            next_attempt_at: row.next_at,
            attempts: row.attempts.into_iter().map(AttemptOut::from).collect(),
        }
    }
}

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTest)]
pub struct Tested {
    /// The `webhook-id` that it was sent under.
    #[schema(value_type = String)]
    pub event: EventId,
    /// Whether the endpoint took it.
    pub delivered: bool,
    /// What was sent, as a rule once.
    pub attempts: Vec<AttemptOut>,
}

impl Tested {
    /// What came of the tries.
    pub fn of(event: EventId, attempts: Vec<Attempt>) -> Self {
        let delivered = attempts.last().is_some_and(|last| last.outcome == Outcome::Delivered);
        Self { event, delivered, attempts: attempts.into_iter().map(AttemptOut::from).collect() }
    }
}
