//! Events and messages: `sdk/wit/webhook.wit`.

use serde::Serialize;
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{Attributes, http::Method};
use crate::json;

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    #[component(name = "created-at")]
    pub(crate) created_at: String,
    pub(crate) data: String,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(enum)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub(crate) enum Signing {
    #[component(name = "standard-webhooks")]
    StandardWebhooks,
    #[component(name = "none")]
    None,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
pub(crate) struct Delivery {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    #[serde(serialize_with = "json::bytes")]
    pub(crate) body: Vec<u8>,
    pub(crate) signing: Signing,
}
