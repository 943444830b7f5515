//! Asking a webhook plugin.

use std::sync::Arc;

use purser_core::webhook::{Endpoint, Event, Message};
use serde::Serialize;

use crate::{
    convert::webhook as convert,
    evidence::{Called, Digest},
    fault::CallError,
    registry::Loaded,
    tax::{question, written},
    wire::{Error, webhook as wire},
};

/// A plugin that words what an endpoint is told.
#[derive(Clone)]
pub struct WebhookPlugin(pub(crate) Arc<Loaded>);

#[derive(Serialize)]
struct RenderInput<'a> {
    event: &'a wire::Event,
    endpoint: &'a wire::Endpoint,
}

impl WebhookPlugin {
    /// The SHA-256 of its component.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The messages of an event to an endpoint, in the order in which they are sent; none, where the plugin has
    /// nothing to say of it.
    pub async fn render(
        &self,
        event: &Event,
        endpoint: &Endpoint,
    ) -> Result<Called<Vec<Message>>, CallError> {
        let (facts, place) = (convert::event(event), convert::endpoint(endpoint));
        let input = RenderInput { event: &facts, endpoint: &place };
        let question = question("render", &input, (&facts, &place))?;
        let read = |(answer,): (Result<Vec<wire::Delivery>, Error>,)| {
            let deliveries = answer.map_err(CallError::refused)?;
            let output = written(&deliveries)?;
            Ok((convert::read_messages(deliveries, endpoint)?, output))
        };
        self.0.ask(question, read).await
    }
}
