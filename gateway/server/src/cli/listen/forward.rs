//! Sending an event to the developer's endpoint, as the gateway would, and showing what came back.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use purser_core::{
    outbound::Method,
    webhook::{Endpoint, Event, Message, Signing, WebhookSecret, signature_header},
};
use purser_host::{Plugin, WebhookPlugin};
use serde_json::json;
use ureq::{Agent, http};

use super::{
    chaos::{Chaos, lateness, one_in},
    stream::agent,
};
use crate::{cli::place::block_on, clock, random};

/// As the gateway has it.
const TOTAL: Duration = Duration::from_secs(15);
/// From one try to the next: short, since somebody sits and waits.
const WAIT: Duration = Duration::from_secs(2);
/// What is shown of an answer that is no yes.
const SHOWN_CHARS_MAX: usize = 120;

/// What sends events to an endpoint.
pub(super) struct Forward {
    plugin: WebhookPlugin,
    endpoint: Endpoint,
    secret: WebhookSecret,
    attempts: u32,
    chaos: Vec<Chaos>,
    json: bool,
    agent: Agent,
}

/// One message on its way.
struct Sent<'a> {
    event: &'a Event,
    id: &'a str,
    /// How long it was held back.
    late: Duration,
    /// What is odd about it, for people.
    note: &'static str,
}

impl Forward {
    pub(super) fn new(
        plugin: Plugin,
        endpoint: Endpoint,
        secret: WebhookSecret,
        attempts: u32,
        chaos: Vec<Chaos>,
        json: bool,
    ) -> anyhow::Result<Self> {
        let plugin = plugin.webhook();
        let plugin = plugin.ok_or_else(|| anyhow::anyhow!("that is no plugin for webhooks"))?;
        Ok(Self { plugin, endpoint, secret, attempts, chaos, json, agent: agent(Some(TOTAL)) })
    }

    /// Sends an event, with whatever goes wrong on the way.
    pub(super) fn event(&mut self, event: &Event) -> anyhow::Result<()> {
        let rendered = block_on(async { Ok(self.plugin.render(event, &self.endpoint).await?) });
        let messages = match rendered {
            Ok(called) => called.value,
            Err(error) => {
                eprintln!("{} {}: the plugin failed: {error:#}", event.kind, event.id);
                return Ok(());
            }
        };
        let late = if self.chaos.contains(&Chaos::Delay) { lateness() } else { Duration::ZERO };
        sleep(late);
        for (index, message) in messages.iter().enumerate() {
            let id =
                if index == 0 { event.id.to_string() } else { format!("{}-{index}", event.id) };
            let sent = |note| Sent { event, id: &id, late, note };
            if self.chaos.contains(&Chaos::BadSignature) {
                self.forged(message, &sent(" forged"));
            }
            self.message(message, &sent(""));
            if self.chaos.contains(&Chaos::Duplicate) && one_in(2) {
                self.message(message, &sent(" again"));
            }
        }
        Ok(())
    }

    fn message(&self, message: &Message, sent: &Sent<'_>) {
        for attempt in 1..=self.attempts {
            let started = Instant::now();
            let answer = self.send(message, sent.id, &self.secret);
            let taken = matches!(answer, Ok((200..300, _)));
            self.show(sent, attempt, &answer, started.elapsed());
            if taken {
                return;
            }
            if attempt < self.attempts {
                sleep(WAIT);
            }
        }
    }

    /// A message that somebody else has signed. An endpoint that takes it does not verify.
    fn forged(&self, message: &Message, sent: &Sent<'_>) {
        match message.signing() {
            Signing::StandardWebhooks => {}
            // There is no signature that could be wrong.
            Signing::None => return,
        }
        let started = Instant::now();
        let other = WebhookSecret::from_random(random::bytes());
        let answer = self.send(message, sent.id, &other);
        self.show(sent, 1, &answer, started.elapsed());
        if matches!(answer, Ok((200..300, _))) {
            eprintln!(
                "  Your endpoint took a message with a wrong signature: it must verify them."
            );
        }
    }

    /// The status and the answer's first characters, or why there is none.
    fn send(
        &self,
        message: &Message,
        id: &str,
        secret: &WebhookSecret,
    ) -> Result<(u16, String), String> {
        let request = message.request();
        let method = match request.method() {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
            Method::Put => http::Method::PUT,
            Method::Patch => http::Method::PATCH,
            Method::Delete => http::Method::DELETE,
        };
        let mut builder = http::Request::builder().method(method).uri(request.url().as_str());
        for (name, value) in request.headers() {
            builder = builder.header(name, value);
        }
        match message.signing() {
            Signing::StandardWebhooks => {
                let timestamp_s = clock::machine_now().as_second();
                let secrets = std::slice::from_ref(secret);
                let signature = signature_header(secrets, id, timestamp_s, request.body());
                builder = builder
                    .header("webhook-id", id)
                    .header("webhook-timestamp", timestamp_s.to_string())
                    .header("webhook-signature", signature);
            }
            Signing::None => {}
        }
        let built = builder.body(request.body().to_vec()).map_err(|error| error.to_string())?;
        let mut answer = self.agent.run(built).map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(64 * 1024).read_to_string();
        let text = text.unwrap_or_default();
        let shown = text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS_MAX).collect();
        Ok((status, shown))
    }

    fn show(
        &self,
        Sent { event, id, late, note }: &Sent<'_>,
        attempt: u32,
        answer: &Result<(u16, String), String>,
        took: Duration,
    ) {
        let ms = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (took_ms, late_ms) = (ms(&took), ms(late));
        if self.json {
            let (status, text) = match answer {
                Ok((status, text)) => (Some(status), text),
                Err(error) => (None, error),
            };
            println!(
                "{}",
                json!({
                    "id": id, "type": event.kind, "attempt": attempt, "status": status, "answer": text,
                    "duration_ms": took_ms, "forged": note.contains("forged"), "late_ms": late_ms,
                })
            );
            return;
        }
        let what = match answer {
            Ok((status @ 200..300, _)) => format!("{status}"),
            Ok((status, text)) => format!("{status} {text}"),
            Err(error) => format!("no answer: {error}"),
        };
        let again = if attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
        let late = if late_ms > 0 { format!(" {late_ms} ms late") } else { String::new() };
        println!(
            "{:<18} {id}{note}{late} -> {} in {took_ms} ms{again}",
            event.kind,
            what.trim_end()
        );
    }
}
