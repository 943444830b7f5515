//! The webhook role across the border.

use std::marker::PhantomData;

use super::{Delivery, Endpoint, Event, Signing, Webhook};
use crate::{
    bindings::{webhook::exports::purser::plugin::webhook as raw, wire},
    log,
};

/// `T` as the contract sees it.
pub struct Exported<T>(PhantomData<T>);

impl<T: Webhook> raw::Guest for Exported<T> {
    fn describe() -> wire::Description {
        log::panics();
        T::describe().into()
    }

    fn render(
        event: raw::Event,
        endpoint: raw::Endpoint,
    ) -> Result<Vec<raw::Delivery>, wire::Error> {
        log::panics();
        let raw::Event { id, kind, created_at, data, attributes } = event;
        let event = Event { id, kind, created_at, data, attributes };
        let raw::Endpoint { id, url, attributes } = endpoint;
        let endpoint = Endpoint { id, url, attributes };
        Ok(T::render(&event, &endpoint)?.into_iter().map(raw::Delivery::from).collect())
    }
}

impl From<Delivery> for raw::Delivery {
    fn from(delivery: Delivery) -> Self {
        let Delivery { method, url, headers, body, signing } = delivery;
        let signing = match signing {
            Signing::StandardWebhooks => raw::Signing::StandardWebhooks,
            Signing::None => raw::Signing::None,
        };
        Self { method, url, headers, body, signing }
    }
}
