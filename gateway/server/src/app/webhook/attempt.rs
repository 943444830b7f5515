//! One try to deliver: worded by the plugin, signed and sent, and what came of it.

use std::time::{Duration, Instant};

use purser_core::{
    ids::{AttemptId, WebhookId},
    outbound as plugins,
    webhook::{Endpoint, Event, Message, Signing, WebhookSecret, retry_at, signature_header},
};
use purser_host::{Caller, Role};
use purser_store::{
    delivery::{Attempt, Claimed, Outcome, Settled, Then},
    facts::webhook::{Disabled, Webhook},
};
use url::Url;

use super::{
    SECRET_PURPOSE,
    answer::{Retry, retry_after, shown},
    stored_url,
};
use crate::{
    app::facts::Answering,
    clock,
    gateway::Gateway,
    outbound::{Answer, Limits, Method, Reply, Request, SendError},
    problem::Problem,
    random::{self, id_bits},
};

/// Whoever has to do more than this does it after answering.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    total: Duration::from_secs(15),
    answer: Answer::First(ANSWER_BYTES_MAX),
};
/// What is kept of an answer: enough for an error's text.
const ANSWER_BYTES_MAX: usize = 1_024;
/// The status that means "never again".
const GONE: u16 = 410;

/// The tries of all messages that an event makes, until one fails.
pub(super) struct Tried {
    pub(super) attempts: Vec<Attempt>,
    /// Messages that were delivered, of earlier times too.
    part: usize,
    /// All of them.
    parts: usize,
    retry: Retry,
}

/// Tries a delivery that was taken.
pub async fn deliver(gateway: &Gateway, claimed: Claimed) -> Settled {
    let Claimed { id, claim, webhook, event, failures, part } = claimed;
    let event = Event { id: event.id, kind: event.kind, created_at: event.at, data: event.data };
    let tried = all(gateway, &webhook, &event, part).await;
    let then = then(gateway, webhook.id, &tried, failures);
    let Tried { attempts, part, .. } = tried;
    Settled { id, claim, attempts, part, then, slow: None }
}

fn then(gateway: &Gateway, webhook: WebhookId, tried: &Tried, failures: u32) -> Then {
    let Some(last) = tried.attempts.last() else { return Then::Skipped };
    if tried.parts > 0 && tried.part >= tried.parts {
        return Then::Delivered;
    }
    let now = gateway.now();
    if last.status == Some(GONE) {
        let reason = "the endpoint answered 410 Gone".to_owned();
        return Then::Gone(webhook, Disabled { at: now, reason });
    }
    // What was delivered in between ends a row of failures.
    let before = if tried.attempts.len() > 1 { 0 } else { failures };
    let failures = before.saturating_add(1);
    let jitter = u32::from_be_bytes(random::bytes());
    match retry_at(failures, now, jitter, tried.retry) {
        Some(at) => Then::Retry { at, failures },
        None => Then::Failed,
    }
}

/// Words an event for an endpoint and sends its messages one after the other, without the first `part`, which were
/// delivered.
pub(super) async fn all(gateway: &Gateway, webhook: &Webhook, event: &Event, part: usize) -> Tried {
    let mut tried = Tried { attempts: Vec::new(), part, parts: 0, retry: None };
    let (at, started) = (gateway.now(), Instant::now());
    let (messages, secrets) = match prepared(gateway, webhook, event).await {
        Ok(prepared) => prepared,
        Err(problem) => {
            // The kind of fault is told as it is to everybody; what the plugin said is the operator's, in the log.
            let fault = problem.with.get("fault").and_then(|fault| fault.as_str());
            let fault = fault.map_or_else(String::new, |fault| format!(" ({fault})"));
            let answer = format!("{}{fault}: {}", problem.kind.name(), problem.kind.meaning());
            let outcome = Outcome::PluginFailed;
            let attempt = Attempt { outcome, answer, ..blank(part, at, started) };
            gateway.metrics.webhook_attempt(outcome, started.elapsed());
            tried.attempts.push(attempt);
            return tried;
        }
    };
    tried.parts = messages.len();
    for (index, message) in messages.iter().enumerate().skip(part) {
        let (at, started) = (gateway.now(), Instant::now());
        let id = if index == 0 { event.id.to_string() } else { format!("{}-{}", event.id, index) };
        let answered = gateway
            .outbound
            .send_for(webhook.merchant, signed(message, &id, &secrets), &LIMITS)
            .await;
        let (attempt, retry) = judged(blank(index, at, started), answered);
        gateway.metrics.webhook_attempt(attempt.outcome, started.elapsed());
        let delivered = attempt.outcome == Outcome::Delivered;
        tried.attempts.push(attempt);
        tried.retry = retry;
        if !delivered {
            break;
        }
        tried.part = index.saturating_add(1);
    }
    tried
}

async fn prepared(
    gateway: &Gateway,
    webhook: &Webhook,
    event: &Event,
) -> Result<(Vec<Message>, Vec<WebhookSecret>), Problem> {
    let facts = gateway.facts.at(gateway.store.facts_version_recent().await?);
    let today = gateway.clock.today();
    let answering = facts.plugin(gateway, Role::Webhook, &webhook.plugin, today).await?;
    let answering = answering
        .and_then(|Answering { plugin, config }| plugin.webhook().map(|plugin| (plugin, config)));
    let failed = || Problem::new(crate::problem::PLUGIN_FAILED);
    let (plugin, config) = answering.ok_or_else(failed)?;
    let config = config.map(|config| config.to_string());
    let endpoint = Endpoint { id: webhook.id, url: stored_url(webhook)?, config };
    let started = Instant::now();
    // What an endpoint is, and how it is configured, its merchant chose.
    let merchant = Caller::known(webhook.merchant);
    let called = merchant.scope(plugin.render(event, &endpoint)).await;
    gateway.metrics.plugin_called("webhook.render", started.elapsed(), called.is_err());
    Ok((called?.value, secrets(gateway, webhook)?))
}

/// The secrets that are good now, the newest first.
fn secrets(gateway: &Gateway, webhook: &Webhook) -> Result<Vec<WebhookSecret>, Problem> {
    let before = webhook.secret_before.as_ref().filter(|(_, until)| gateway.now() < *until);
    let wrapped = [Some(&webhook.secret), before.map(|(wrapped, _)| wrapped)];
    let secret = |wrapped: &Vec<u8>| {
        let bytes = gateway.keys.unwrap(SECRET_PURPOSE, wrapped).map_err(Problem::internal)?;
        WebhookSecret::from_bytes(bytes).map_err(Problem::internal)
    };
    wrapped.into_iter().flatten().map(secret).collect()
}

/// The request, signed for this moment by the machine's clock: whoever verifies it compares with its own.
fn signed(message: &Message, id: &str, secrets: &[WebhookSecret]) -> Request {
    let request = message.request();
    let mut headers = request.headers().to_vec();
    match message.signing() {
        Signing::StandardWebhooks => {
            let timestamp_s = clock::machine_now().as_second();
            let signature = signature_header(secrets, id, timestamp_s, request.body());
            headers.push(("webhook-id".to_owned(), id.to_owned()));
            headers.push(("webhook-timestamp".to_owned(), timestamp_s.to_string()));
            headers.push(("webhook-signature".to_owned(), signature));
        }
        Signing::None => {}
    }
    let method = match request.method() {
        plugins::Method::Get => Method::GET,
        plugins::Method::Post => Method::POST,
        plugins::Method::Put => Method::PUT,
        plugins::Method::Patch => Method::PATCH,
        plugins::Method::Delete => Method::DELETE,
    };
    Request { method, url: Url::clone(request.url()), headers, body: request.body().to_vec() }
}

fn blank(part: usize, at: purser_core::Timestamp, started: Instant) -> Attempt {
    Attempt {
        id: AttemptId::from_random(id_bits()),
        part,
        at,
        outcome: Outcome::Refused,
        status: None,
        answer: String::new(),
        duration_ms: ms_since(started),
    }
}

/// The time since then.
fn ms_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// What came of a request. Only 2xx is a yes: a redirect leads to where nobody checked.
fn judged(blank: Attempt, answered: Result<Reply, SendError>) -> (Attempt, Retry) {
    match answered {
        Ok(reply) => {
            let taken = (200..300).contains(&reply.status);
            let outcome = if taken { Outcome::Delivered } else { Outcome::Refused };
            let retry = reply.header("retry-after").and_then(retry_after);
            let (status, answer) = (Some(reply.status), shown(&reply.body));
            (Attempt { outcome, status, answer, ..blank }, retry)
        }
        Err(error) => {
            let outcome = match &error {
                SendError::Url(_) | SendError::Refused(_) => Outcome::NotAllowed,
                SendError::Timeout => Outcome::TimedOut,
                SendError::Header(_) => Outcome::PluginFailed,
                SendError::Resolve
                | SendError::Connect(_)
                | SendError::Tls(_)
                | SendError::Protocol(_)
                | SendError::TooLong(_) => Outcome::Unreachable,
            };
            // Where a name of the operator's network leads is not the merchant's to know.
            let answer = if let SendError::Refused(address) = &error {
                tracing::info!(%address, "an endpoint's name leads to what is no public address");
                "the host's name does not lead to a public address".to_owned()
            } else {
                shown(error.to_string().as_bytes())
            };
            (Attempt { outcome, answer, ..blank }, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merchant_is_not_told_which_address_an_internal_name_leads_to() {
        let blank = blank(0, purser_core::Timestamp::UNIX_EPOCH, Instant::now());
        let refused = SendError::Refused(std::net::Ipv4Addr::new(10, 1, 2, 3).into());
        let (attempt, _) = judged(blank, Err(refused));
        assert_eq!(attempt.outcome, Outcome::NotAllowed);
        assert_eq!(attempt.answer, "the host's name does not lead to a public address");
    }
}
