//! Writing down what came of deliveries.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{AttemptId, DeliveryId, WebhookId},
};

use super::DeliveryState;
use crate::{
    Connection, Store, StoreError,
    facts::webhook::{Disabled, webhook_disable},
    schema::{webhook, webhook_attempt, webhook_delivery},
};

/// One try, with what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its name.
    pub id: AttemptId,
    /// Which of its plugin's requests.
    pub part: usize,
    /// When it began.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// The first bytes of the answer, or why there is none.
    pub answer: String,
    /// How long it took.
    pub duration_ms: u64,
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint took it.
    Delivered,
    /// The endpoint answered something else than 2xx.
    Refused,
    /// The endpoint answered too late, or not to the end.
    TimedOut,
    /// There was no connection, or no HTTP on it.
    Unreachable,
    /// The endpoint's name leads to an address that is not asked.
    NotAllowed,
    /// The endpoint's plugin failed.
    PluginFailed,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 6] = [
        Self::Delivered,
        Self::Refused,
        Self::TimedOut,
        Self::Unreachable,
        Self::NotAllowed,
        Self::PluginFailed,
    ];

    /// The name in the database, in answers and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::Unreachable => "unreachable",
            Self::NotAllowed => "not-allowed",
            Self::PluginFailed => "plugin-failed",
        }
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// A delivery that was tried.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Its name.
    pub id: DeliveryId,
    /// The name it was taken under. Whoever holds it no more changes nothing.
    pub claim: AttemptId,
    /// The tries, oldest first.
    pub attempts: Vec<Attempt>,
    /// Its plugin's requests that were delivered so far.
    pub part: usize,
    /// What is next.
    pub then: Then,
    /// Whether the endpoint was slow, where that has changed.
    pub slow: Option<(WebhookId, bool)>,
}

/// What is next for a delivery.
#[derive(Debug, Clone)]
pub enum Then {
    /// Nothing: the endpoint took it.
    Delivered,
    /// Nothing: there is nothing to say.
    Skipped,
    /// It is tried again after so many failures.
    Retry {
        /// When.
        at: Timestamp,
        /// Failures in a row.
        failures: u32,
    },
    /// Nothing more: it is given up.
    Failed,
    /// Nothing more, and the endpoint wants no other either.
    Gone(WebhookId, Disabled),
}

impl Store {
    /// Writes down what came of deliveries, all in one transaction.
    pub async fn deliveries_settle(&self, settled: Vec<Settled>) -> Result<(), StoreError> {
        self.write(move |conn| settled.iter().try_for_each(|one| settle(conn, one))).await
    }
}

fn settle(conn: &mut Connection, settled: &Settled) -> Result<(), StoreError> {
    let id = settled.id.to_string();
    for attempt in &settled.attempts {
        let row = (
            webhook_attempt::id.eq(attempt.id.to_string()),
            webhook_attempt::delivery.eq(&id),
            webhook_attempt::part.eq(number(attempt.part)),
            webhook_attempt::at.eq(attempt.at.as_microsecond()),
            webhook_attempt::outcome.eq(attempt.outcome.name()),
            webhook_attempt::status.eq(attempt.status.map(i64::from)),
            webhook_attempt::answer.eq(&attempt.answer),
            webhook_attempt::duration_ms.eq(i64::try_from(attempt.duration_ms).unwrap_or(i64::MAX)),
        );
        diesel::insert_into(webhook_attempt::table).values(row).execute(conn)?;
    }
    if let Some((id, slow)) = settled.slow {
        let endpoint = webhook::table.find(id.to_string());
        diesel::update(endpoint).set(webhook::slow.eq(slow)).execute(conn)?;
    }
    let (state, next_at, failures) = match &settled.then {
        Then::Delivered => (DeliveryState::Delivered, None, 0),
        Then::Skipped => (DeliveryState::Skipped, None, 0),
        Then::Retry { at, failures } => {
            (DeliveryState::Waiting, Some(at.as_microsecond()), i64::from(*failures))
        }
        Then::Failed => (DeliveryState::Failed, None, 0),
        Then::Gone(webhook, disabled) => {
            webhook_disable(conn, *webhook, disabled)?;
            (DeliveryState::Failed, None, 0)
        }
    };
    let held = webhook_delivery::table.find(&id);
    let held = held.filter(webhook_delivery::claim.eq(settled.claim.to_string()));
    let row = (
        webhook_delivery::state.eq(state.name()),
        webhook_delivery::next_at.eq(next_at),
        webhook_delivery::failures.eq(failures),
        webhook_delivery::part.eq(number(settled.part)),
        webhook_delivery::claim.eq(None::<String>),
        webhook_delivery::claimed_until.eq(None::<i64>),
    );
    diesel::update(held).set(row).execute(conn)?;
    Ok(())
}

fn number(part: usize) -> i64 {
    i64::try_from(part).unwrap_or(i64::MAX)
}
