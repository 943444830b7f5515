//! `purser listen`: brings a merchant's events to a developer's machine, as real deliveries.

mod chaos;
mod forward;
mod stream;

use std::{path::PathBuf, thread::sleep, time::Duration};

use anyhow::{Context, bail};
use purser_core::{
    ids::{EventId, WebhookId},
    webhook::{EVENT_KINDS, EVERY_KIND, Endpoint, Event, WebhookSecret, is_wanted},
};
use purser_host::{Limits, Plugin, Plugins};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use self::{
    chaos::{Chaos, Disorder},
    forward::Forward,
    stream::{Ended, Stream},
};
use super::place::block_on;
use crate::{app::webhook::STANDARD, random};

/// How long it waits before it asks for the stream again.
const AGAIN: Duration = Duration::from_secs(2);

/// Bring a merchant's events to this machine, signed as real deliveries are.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  purser listen --forward-to http://localhost:3000/hooks --key sk_...
  PURSER_KEY=sk_... purser listen --forward-to http://localhost:3000/hooks --events purchase.paid,refund.made
  purser listen --forward-to http://localhost:3000/hooks --chaos duplicate,reorder,delay,bad-signature
  purser listen --forward-to http://localhost:3000/hooks --plugin my-webhook-1.0.0.wasm

Give the secret that is printed to your endpoint: deliveries are verified with any library of Standard Webhooks.")]
pub struct ListenFlags {
    /// Your endpoint
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// The gateway
    #[arg(long, env = "PURSER_URL", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// A merchant's key with the scope `sales:read`
    #[arg(long, env = "PURSER_KEY", value_name = "KEY", hide_env_values = true)]
    key: Option<String>,
    /// Only these kinds of events
    #[arg(long, value_delimiter = ',', default_value = EVERY_KIND, value_name = "KINDS")]
    events: Vec<String>,
    /// What may go wrong on the way, as it does in real life
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KINDS")]
    chaos: Vec<Chaos>,
    /// The webhook plugin that words events: one that comes with Purser, or a file
    #[arg(long, default_value = STANDARD, value_name = "NAME|FILE")]
    plugin: String,
    /// Sign with this secret instead of a new one
    #[arg(long, env = "PURSER_WEBHOOK_SECRET", value_name = "whsec_...", hide_env_values = true)]
    secret: Option<String>,
    /// Go on behind this event
    #[arg(long, value_name = "EVENT")]
    after: Option<String>,
    /// How often an event is sent that your endpoint does not take
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10))]
    attempts: u32,
    /// End after so many events
    #[arg(long, value_name = "COUNT")]
    count: Option<usize>,
    /// Print each attempt as a line of JSON
    #[arg(long)]
    json: bool,
}

/// An event as the stream has it.
#[derive(Deserialize)]
struct Told {
    id: EventId,
    r#type: String,
    created_at: purser_core::Timestamp,
    data: Box<RawValue>,
}

/// Brings events until it is interrupted.
pub fn run(flags: ListenFlags) -> anyhow::Result<()> {
    let key = flags.key.clone().context(
        "a merchant's key is needed: --key sk_..., or PURSER_KEY; a merchant makes one with POST /v1/api-keys",
    )?;
    if let Some(kind) = flags
        .events
        .iter()
        .find(|kind| *kind != EVERY_KIND && !EVENT_KINDS.contains(&kind.as_str()))
    {
        bail!("there is no event {kind:?}; there are {}", EVENT_KINDS.join(", "));
    }
    let url = Url::parse(&flags.forward_to).ok().filter(|url| url.has_host());
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.with_context(|| {
        format!(
            "{} is no address of an endpoint; write http://localhost:3000/hooks",
            flags.forward_to
        )
    })?;
    let secret = match &flags.secret {
        Some(text) => WebhookSecret::parse(text)?,
        None => WebhookSecret::from_random(random::bytes()),
    };
    // Loaded once, before anything is promised.
    let (plugins, plugin) = block_on(plugin(&flags.plugin))?;
    let _plugins = plugins;
    let endpoint = Endpoint { id: WebhookId::from_random(random::id_bits()), url, config: None };
    if !flags.json {
        println!("Events of {} go to {}", flags.url, endpoint.url);
        println!("Secret: {}", secret.text().expose());
    }
    let mut forward =
        Forward::new(plugin, endpoint, secret, flags.attempts, flags.chaos.clone(), flags.json)?;
    let mut disorder = Disorder::new(flags.chaos.clone());
    listen(&flags, &key, |event| {
        for event in disorder.next(event) {
            forward.event(&event)?;
        }
        Ok(())
    })?;
    disorder.rest().iter().try_for_each(|event| forward.event(event))
}

/// Follows the stream, and takes it up again where it ended.
fn listen(
    flags: &ListenFlags,
    key: &str,
    mut take: impl FnMut(Event) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut after, mut taken, mut heard) = (flags.after.clone(), 0_usize, false);
    loop {
        match Stream::open(&flags.url, key, after.as_deref()) {
            Ok(stream) => {
                if !heard && !flags.json {
                    println!("Listening. End with Ctrl-C.");
                }
                heard = true;
                for message in stream {
                    let told: Told = serde_json::from_str(&message)
                        .context("the gateway tells of something that is no event; is this purser its version?")?;
                    after = Some(told.id.to_string());
                    if !is_wanted(&flags.events, &told.r#type) {
                        continue;
                    }
                    taken = taken.saturating_add(1);
                    take(Event {
                        id: told.id,
                        kind: told.r#type,
                        created_at: told.created_at,
                        data: told.data.get().to_owned(),
                    })?;
                    if flags.count.is_some_and(|count| taken >= count) {
                        return Ok(());
                    }
                }
            }
            Err(Ended::Refused(why)) => bail!("{why}"),
            Err(Ended::Unreachable(why)) if !heard => bail!(
                "{} cannot be reached: {why}; name the gateway with --url, and see that it runs",
                flags.url
            ),
            Err(Ended::Unreachable(why)) => {
                eprintln!("The gateway does not answer: {why}. Trying again.");
            }
        }
        sleep(AGAIN);
    }
}

/// A plugin that comes with Purser, or one in a file. The set is kept as long as the plugin is used.
async fn plugin(name: &str) -> anyhow::Result<(Plugins, Plugin)> {
    let plugins = Plugins::new(Limits::default(), None).context("the sandbox cannot start")?;
    let bundled = purser_bundled::BUNDLED.iter().find(|bundled| bundled.name == name);
    let loaded = match bundled {
        Some(bundled) => plugins.install(bundled.bytes).await?,
        None => {
            let file = PathBuf::from(name);
            let bytes = std::fs::read(&file)
                .with_context(|| format!("{name} is no plugin of Purser and no file"))?;
            plugins.install(bytes).await?
        }
    };
    if loaded.webhook().is_none() {
        bail!("{name} is a plugin for {}, not for webhooks", loaded.role());
    }
    Ok((plugins, loaded))
}
