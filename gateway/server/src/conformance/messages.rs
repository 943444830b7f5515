//! The rule of webhook plugins: what they word can be sent.

use jiff::Timestamp;
use purser_core::{
    ids::{EventId, WebhookId},
    webhook::{EVENT_KINDS, Endpoint, Event, TEST_KIND},
};
use purser_host::{CallError, WebhookPlugin};
use serde_json::json;
use url::Url;

use super::patience::Patience;
use crate::cli::report::Finding;

/// Messages are within their bounds and go to the endpoint's own origin, whatever happened.
pub(super) async fn run(plugin: &WebhookPlugin, patience: &Patience) -> Finding {
    let Some(url) = url() else {
        return Finding::fail("messages", "no address to try", "report this defect of purser");
    };
    let endpoint = Endpoint { id: WebhookId::from_random(1), url, config: None };
    let mut worded = 0_usize;
    for kind in EVENT_KINDS.into_iter().chain([TEST_KIND]) {
        for items in [0, 1, 50] {
            let event = event(kind, items);
            match patience.ask(async || plugin.render(&event, &endpoint).await).await {
                Ok(called) => worded = worded.saturating_add(called.value.len()),
                Err(CallError::Refused(_)) => {}
                Err(error) => {
                    return Finding::fail(
                        "messages",
                        format!("{kind} with {items} items: {error}"),
                        "at most 8 messages, to the endpoint's own url, with headers in small letters that are not the gateway's",
                    );
                }
            }
        }
    }
    match worded {
        0 => Finding::warn(
            "messages",
            "no event of the gateway was worded",
            "render at least one kind of event",
        ),
        _ => Finding::ok("messages", format!("{worded} messages can be sent")),
    }
}

/// An endpoint's address.
pub(super) fn url() -> Option<Url> {
    Url::parse("https://shop.example:8443/hooks?shop=1").ok()
}

/// Something that happened to so many items, with whatever an event of any kind holds.
pub(super) fn event(kind: &str, items: usize) -> Event {
    let amount = json!({ "amount": "11.90", "currency": "EUR" });
    let item = json!({ "id": "item_1", "offer_id": "o-1", "title": "A notebook", "price": amount, "gross": amount, "taxes": [] });
    let data = json!({
        "sale": "sale_1", "items": vec![&item; items], "receipt": "a.b.c", "gross": amount,
        "offer_id": "o-1", "refund": "ref_1", "goodwill": false,
    });
    Event {
        id: EventId::from_random(1),
        kind: kind.to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        data: data.to_string(),
    }
}
