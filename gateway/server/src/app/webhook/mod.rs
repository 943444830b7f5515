//! Merchants' endpoints: making, changing and testing them, and deliveries to them.

mod answer;
mod attempt;

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::{DeliveryId, EventId, MerchantId, WebhookId},
    outbound::{Method, Request as Asked},
    webhook::{EVENT_KINDS, EVERY_KIND, Event, TEST_KIND, WebhookSecret, is_wanted},
};
use purser_host::Role;
use purser_store::{
    delivery::Attempt,
    facts::webhook::{
        Disabled, Webhook, webhook_get, webhook_insert, webhook_list, webhook_secret_set,
        webhook_update,
    },
    read::delivery::{StoredDelivery, delivery_get, delivery_replay},
};
use url::Url;

pub use self::attempt::deliver;
use super::throttle::{Budget, attempt as budgeted};
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random::{self, id_bits},
};

/// The plugin that words what an endpoint is told, when the merchant names none.
pub const STANDARD: &str = "webhook-standard";
/// Endpoints of one merchant: each of a few systems, in a few versions.
const ENDPOINTS_MAX: usize = 16;
/// What the wrapping of a webhook's secret is for.
const SECRET_PURPOSE: &str = "webhook";
/// How long the secret before a rotation signs too, when nothing is said: a day to bring the new one to every machine.
pub const BEFORE_S: i64 = 86_400;
/// And at most: a week.
pub const BEFORE_S_MAX: i64 = 604_800;
/// Why an endpoint is disabled whose merchant wants it so.
const BY_THE_MERCHANT: &str = "disabled by the merchant";

/// What a merchant says of an endpoint.
#[derive(Debug, Default)]
pub struct Wish {
    /// Where it is.
    pub url: Option<String>,
    /// What it is told of.
    pub kinds: Option<Vec<String>>,
    /// The plugin that words it.
    pub plugin: Option<String>,
    /// Whether it is told anything.
    pub enabled: Option<bool>,
}

/// A wish whose parts can be.
struct Checked {
    url: Option<String>,
    kinds: Option<Vec<String>>,
    plugin: Option<String>,
    enabled: Option<bool>,
}

/// The scopes that a key needs besides to have an endpoint told of these kinds of events: those that read them. An
/// endpoint goes on being told when the key is long deleted.
pub fn scopes_for<'a>(kinds: impl Iterator<Item = &'a String>) -> &'static [&'static str] {
    let is_payout = |kind: &String| kind == EVERY_KIND || kind.starts_with("payout.");
    let payouts: Vec<bool> = kinds.map(is_payout).collect();
    match payouts.as_slice() {
        [] => &[],
        some if some.contains(&true) => &["sales:read", "payouts:read"],
        _ => &["sales:read"],
    }
}

/// The scopes that a change of an endpoint needs besides. Being told of less, at the same place, reveals nothing.
pub fn scopes_for_change(
    told: &Webhook,
    url: Option<&str>,
    kinds: Option<&[String]>,
) -> &'static [&'static str] {
    let moved = url.is_some_and(|url| url != told.url);
    let kinds = kinds.unwrap_or(&told.kinds).iter();
    scopes_for(kinds.filter(|kind| moved || !is_wanted(&told.kinds, kind)))
}

/// Makes an endpoint, which is told of what happens from now on. Its secret is shown this once.
pub async fn create(
    gateway: &Gateway,
    merchant: MerchantId,
    wish: Wish,
) -> Result<(Webhook, WebhookSecret), Problem> {
    let Checked { url, kinds, plugin, enabled } = checked(gateway, wish).await?;
    let url = url.ok_or_else(|| Problem::malformed("url", "this field is needed"))?;
    let kinds = kinds.ok_or_else(|| Problem::malformed("events", "this field is needed"))?;
    let plugin = match plugin {
        Some(plugin) => plugin,
        None => known_plugin(gateway, STANDARD.to_owned()).await?,
    };
    let secret = WebhookSecret::from_random(random::bytes());
    let now = gateway.now();
    let new = Webhook {
        id: WebhookId::from_random(id_bits()),
        merchant,
        url,
        kinds,
        plugin,
        secret: gateway.keys.wrap(SECRET_PURPOSE, secret.expose()),
        secret_before: None,
        created_at: now,
        disabled: (enabled == Some(false)).then(|| by_the_merchant(now)),
    };
    let row = new.clone();
    let (changes, now) = (Budget::key_changes_of(gateway, merchant), gateway.now());
    let _attempt = budgeted(gateway, vec![changes]).await?;
    let stored = gateway.store.write(move |db| {
        // First, so that of two at once the second waits here, and sees the endpoint of the first.
        changes.count(db, now)?;
        if webhook_list(db, merchant)?.len() >= ENDPOINTS_MAX {
            return Ok(false);
        }
        webhook_insert(db, &row)?;
        webhook_update(db, &row)?;
        Ok(true)
    });
    if stored.await? {
        return Ok((new, secret));
    }
    let detail = format!("a merchant has at most {ENDPOINTS_MAX} endpoints; delete one first");
    Err(Problem::malformed("", detail))
}

/// Changes what a merchant says of an endpoint. One that is enabled again goes on where it stopped: nothing that happened
/// meanwhile is left out.
pub async fn change(
    gateway: &Gateway,
    merchant: MerchantId,
    id: WebhookId,
    wish: Wish,
) -> Result<Webhook, Problem> {
    let Checked { url, kinds, plugin, enabled } = checked(gateway, wish).await?;
    let now = gateway.now();
    let changed = gateway.store.write(move |db| {
        let Some(mut row) = webhook_get(db, merchant, id)? else { return Ok(None) };
        row.url = url.unwrap_or(row.url);
        row.kinds = kinds.unwrap_or(row.kinds);
        row.plugin = plugin.unwrap_or(row.plugin);
        row.disabled = match enabled {
            Some(true) => None,
            Some(false) => row.disabled.or_else(|| Some(by_the_merchant(now))),
            None => row.disabled,
        };
        webhook_update(db, &row)?;
        Ok(Some(row))
    });
    let changed = changed.await?.ok_or_else(Problem::not_found)?;
    gateway.deliveries.notify_one();
    Ok(changed)
}

/// Gives an endpoint another secret. For `before_s` seconds messages are signed with the one before too.
pub async fn rotate(
    gateway: &Gateway,
    merchant: MerchantId,
    id: WebhookId,
    before_s: i64,
) -> Result<(Webhook, WebhookSecret), Problem> {
    let secret = WebhookSecret::from_random(random::bytes());
    let wrapped = gateway.keys.wrap(SECRET_PURPOSE, secret.expose());
    let (changes, now) = (Budget::key_changes_of(gateway, merchant), gateway.now());
    let until = now.saturating_add(SignedDuration::from_secs(before_s)).unwrap_or(now);
    let _attempt = budgeted(gateway, vec![changes]).await?;
    let rotated = gateway.store.write(move |db| {
        changes.count(db, now)?;
        if webhook_get(db, merchant, id)?.is_none() {
            return Ok(None);
        }
        webhook_secret_set(db, id, &wrapped, until)?;
        webhook_get(db, merchant, id)
    });
    Ok((rotated.await?.ok_or_else(Problem::not_found)?, secret))
}

/// A merchant's endpoint.
pub async fn get(
    gateway: &Gateway,
    merchant: MerchantId,
    id: WebhookId,
) -> Result<Webhook, Problem> {
    let found = gateway.store.read(move |db| webhook_get(db, merchant, id)).await?;
    found.ok_or_else(Problem::not_found)
}

/// Delivers something again, whatever became of it before: under the same id, with a schedule of its own.
pub async fn replay(
    gateway: &Gateway,
    merchant: MerchantId,
    id: WebhookId,
    delivery: DeliveryId,
) -> Result<StoredDelivery, Problem> {
    if let Some(disabled) = get(gateway, merchant, id).await?.disabled {
        let detail = format!("the endpoint is disabled: {}; enable it first", disabled.reason);
        return Err(Problem::new(problem::WEBHOOK_DISABLED).detail(detail));
    }
    let (replays, now) = (Budget::webhook_replays_of(gateway, merchant), gateway.now());
    let _attempt = budgeted(gateway, vec![replays]).await?;
    let replayed = gateway.store.write(move |db| {
        replays.count(db, now)?;
        if !delivery_replay(db, id, delivery, now)? {
            return Ok(None);
        }
        delivery_get(db, id, delivery)
    });
    let replayed = replayed.await?.ok_or_else(Problem::not_found)?;
    gateway.deliveries.notify_one();
    Ok(replayed)
}

/// Sends an endpoint an event that is in no stream, once, also while it is disabled. Says under which id, and what came
/// back.
pub async fn test(
    gateway: &Gateway,
    merchant: MerchantId,
    id: WebhookId,
) -> Result<(EventId, Vec<Attempt>), Problem> {
    let webhook = get(gateway, merchant, id).await?;
    let (tests, now) = (Budget::webhook_tests_of(gateway, merchant), gateway.now());
    let _attempt = budgeted(gateway, vec![tests]).await?;
    gateway.store.write(move |db| tests.count(db, now)).await?;
    let event = Event {
        id: EventId::from_random(id_bits()),
        kind: TEST_KIND.to_owned(),
        created_at: now,
        data: serde_json::json!({ "webhook": id }).to_string(),
    };
    Ok((event.id, attempt::all(gateway, &webhook, &event, 0).await.attempts))
}

async fn checked(gateway: &Gateway, wish: Wish) -> Result<Checked, Problem> {
    let Wish { url, kinds, plugin, enabled } = wish;
    Ok(Checked {
        url: url.map(|url| known_url(gateway, &url)).transpose()?,
        kinds: kinds.map(|kinds| known_kinds(&kinds)).transpose()?,
        plugin: match plugin {
            Some(plugin) => Some(known_plugin(gateway, plugin).await?),
            None => None,
        },
        enabled,
    })
}

/// An address that could be asked, without the part that is never sent.
fn known_url(gateway: &Gateway, url: &str) -> Result<String, Problem> {
    let refused =
        |detail: String| Problem::new(problem::WEBHOOK_URL_REFUSED).field("url").detail(detail);
    let mut url = gateway.outbound.check(url).map_err(|error| refused(error.to_string()))?;
    url.set_fragment(None);
    // What a plugin gives back as it is must be a request: else a long address would look like a failure of the plugin.
    Asked::new(Method::Post, url.as_str(), Vec::new(), Vec::new())
        .map_err(|error| refused(error.to_string()))?;
    Ok(url.into())
}

/// Kinds that there are, each once, in the order of the list.
fn known_kinds(asked: &[String]) -> Result<Vec<String>, Problem> {
    let known = |kind: &str| kind == EVERY_KIND || EVENT_KINDS.contains(&kind);
    if asked.is_empty() || asked.len() > EVENT_KINDS.len().saturating_add(1) {
        return Err(Problem::malformed("events", "[\"*\"], or some of the kinds of events"));
    }
    if let Some(index) = asked.iter().position(|kind| !known(kind)) {
        let detail = format!("\"*\", or one of {}", EVENT_KINDS.join(", "));
        return Err(Problem::malformed(format!("events[{index}]"), detail));
    }
    if asked.iter().any(|kind| kind == EVERY_KIND) {
        return Ok(vec![EVERY_KIND.to_owned()]);
    }
    let kinds = EVENT_KINDS.iter().filter(|kind| asked.iter().any(|asked| asked == *kind));
    Ok(kinds.map(|kind| (*kind).to_owned()).collect())
}

/// A plugin that words events today.
async fn known_plugin(gateway: &Gateway, name: String) -> Result<String, Problem> {
    // No database is asked for what cannot be a name.
    if !name.chars().any(char::is_control) {
        let facts = gateway.facts.at(gateway.store.facts_version_recent().await?);
        let found = facts.plugin(gateway, Role::Webhook, &name, gateway.clock.today()).await?;
        if found.is_some_and(|found| found.plugin.webhook().is_some()) {
            return Ok(name);
        }
    }
    let detail = "no webhook plugin of that name is enabled; the operator knows which are";
    Err(Problem::malformed("plugin", detail))
}

fn by_the_merchant(at: Timestamp) -> Disabled {
    Disabled { at, reason: BY_THE_MERCHANT.to_owned() }
}

/// The address that an endpoint was stored with.
fn stored_url(webhook: &Webhook) -> Result<Url, Problem> {
    Url::parse(&webhook.url).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_and_named_once() {
        let kinds = |asked: &[&str]| {
            known_kinds(&asked.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(kinds(&["*"]).unwrap(), ["*"]);
        assert_eq!(kinds(&["refund.made", "*"]).unwrap(), ["*"]);
        let named = kinds(&["refund.made", "purchase.paid", "refund.made"]).unwrap();
        assert_eq!(named, ["purchase.paid", "refund.made"]);
        for (asked, field) in [
            (&[] as &[&str], "events"),
            (&["*", "x"], "events[1]"),
            (&["webhook.test"], "events[0]"),
        ] {
            assert_eq!(kinds(asked).unwrap_err().field.as_deref(), Some(field));
        }
    }
}
