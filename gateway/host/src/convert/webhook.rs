//! Events to the contract's records, and messages back.

use purser_core::webhook::{Endpoint, Event, MESSAGES_MAX, Message, Signing};

use super::{Read, http, stamps::attributes, within};
use crate::{
    fault::CallError,
    wire::{http::Request, webhook as wire},
};

pub(crate) fn event(event: &Event) -> wire::Event {
    wire::Event {
        id: event.id.to_string(),
        kind: event.kind.clone(),
        created_at: event.created_at.to_string(),
        data: event.data.clone(),
        attributes: Vec::new(),
    }
}

pub(crate) fn endpoint(endpoint: &Endpoint) -> wire::Endpoint {
    wire::Endpoint {
        id: endpoint.id.to_string(),
        url: endpoint.url.to_string(),
        attributes: attributes(endpoint.config.as_deref()),
    }
}

/// The messages, each to the endpoint's own origin and without headers that are the gateway's.
pub(crate) fn read_messages(
    deliveries: Vec<wire::Delivery>,
    endpoint: &Endpoint,
) -> Read<Vec<Message>> {
    within("deliveries", deliveries.len(), MESSAGES_MAX)?;
    let message = |delivery: wire::Delivery| {
        let wire::Delivery { method, url, headers, body, signing } = delivery;
        let request = http::read_request(Request { method, url, headers, body })?;
        let signing = match signing {
            wire::Signing::StandardWebhooks => Signing::StandardWebhooks,
            wire::Signing::None => Signing::None,
        };
        Message::new(request, signing, endpoint)
            .map_err(|error| CallError::bad_output(error.to_string()))
    };
    deliveries.into_iter().map(message).collect()
}
