//! Postage and its marks: `sdk/wit/stamps.wit`.

use serde::Serialize;
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{Attributes, Money, http::Request};
use crate::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower, Serialize)]
#[component(enum)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub(crate) enum Symbol {
    #[component(name = "full")]
    Full,
    #[component(name = "lite")]
    Lite,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower, Serialize)]
#[component(record)]
pub(crate) struct Address {
    pub(crate) country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) postcode: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) title: String,
    #[component(name = "weight-g-max")]
    pub(crate) weight_g_max: u32,
    pub(crate) destinations: Vec<String>,
    #[component(name = "valid-days")]
    pub(crate) valid_days: u32,
    pub(crate) symbol: Symbol,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Mailpiece {
    pub(crate) date: String,
    #[component(name = "mailing-on")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mailing_on: Option<String>,
    pub(crate) origin: Address,
    pub(crate) destination: Address,
    #[component(name = "weight-g")]
    pub(crate) weight_g: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Product {
    pub(crate) service: String,
    pub(crate) title: String,
    pub(crate) price: Money,
    #[component(name = "weight-step-g")]
    pub(crate) weight_step_g: u32,
    #[component(name = "valid-days")]
    pub(crate) valid_days: u32,
    pub(crate) symbol: Symbol,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Registers {
    #[component(name = "piece-counter")]
    pub(crate) piece_counter: u64,
    pub(crate) ascending: u64,
    pub(crate) descending: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Order {
    pub(crate) issuer: String,
    #[component(name = "key-id")]
    pub(crate) key_id: u32,
    pub(crate) vendor: u32,
    pub(crate) product: Product,
    pub(crate) mailpiece: Mailpiece,
    #[component(name = "expires-on")]
    pub(crate) expires_on: String,
    #[component(name = "item-serial")]
    pub(crate) item_serial: u32,
    #[serde(serialize_with = "json::bytes")]
    pub(crate) nonce: Vec<u8>,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Unsigned {
    #[component(name = "to-sign")]
    #[serde(serialize_with = "json::bytes")]
    pub(crate) to_sign: Vec<u8>,
    pub(crate) symbol: Symbol,
    pub(crate) serial: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) s10: Option<String>,
    pub(crate) printed: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(variant)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    #[component(name = "done")]
    Done(Unsigned),
    #[component(name = "fetch")]
    Fetch(Request),
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
pub(crate) struct Indicium {
    #[serde(serialize_with = "json::bytes")]
    pub(crate) bytes: Vec<u8>,
    pub(crate) symbol: Symbol,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Claims {
    pub(crate) format: String,
    pub(crate) issuer: String,
    #[component(name = "key-id")]
    pub(crate) key_id: u32,
    pub(crate) vendor: u32,
    #[component(name = "piece-counter")]
    pub(crate) piece_counter: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ascending: Option<u64>,
    pub(crate) value: u64,
    pub(crate) currency: String,
    pub(crate) service: String,
    #[component(name = "weight-step-g")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weight_step_g: Option<u32>,
    #[component(name = "issued-on")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued_on: Option<String>,
    #[component(name = "mailing-on")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mailing_on: Option<String>,
    #[component(name = "expires-on")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destination: Option<Address>,
    pub(crate) serial: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) s10: Option<String>,
    pub(crate) symbol: Symbol,
    #[serde(serialize_with = "json::bytes")]
    pub(crate) signed: Vec<u8>,
    #[serde(serialize_with = "json::bytes")]
    pub(crate) signature: Vec<u8>,
    pub(crate) attributes: Attributes,
}
