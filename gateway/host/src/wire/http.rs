//! Requests that a plugin asks for, and replies: `sdk/wit/http.wit`.

use serde::Serialize;
use wasmtime::component::{ComponentType, Lift, Lower};

use crate::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(enum)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub(crate) enum Method {
    #[component(name = "get")]
    Get,
    #[component(name = "post")]
    Post,
    #[component(name = "put")]
    Put,
    #[component(name = "patch")]
    Patch,
    #[component(name = "delete")]
    Delete,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    #[serde(serialize_with = "json::bytes")]
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    #[serde(serialize_with = "json::bytes")]
    pub(crate) body: Vec<u8>,
}
