//! Requests that a plugin asks the gateway to make for it, and what came back. A plugin reaches nobody by itself.

use crate::bindings::stamps::purser::plugin::http as raw;

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends.
    Post,
    /// Puts in place.
    Put,
    /// Changes.
    Patch,
    /// Takes away.
    Delete,
}

/// What the gateway is to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// https, at a host that the plugin's manifest asks for and the operator granted.
    pub url: String,
    /// Names in small letters. `{{secret:name}}` in a value is filled in by the gateway, where the plugin cannot see it.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Vec<u8>,
}

/// What came back. It is somebody else's: trust nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status of HTTP.
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// What was sent back.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of that name, in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl From<Request> for raw::Request {
    fn from(request: Request) -> Self {
        let Request { method, url, headers, body } = request;
        let method = match method {
            Method::Get => raw::Method::Get,
            Method::Post => raw::Method::Post,
            Method::Put => raw::Method::Put,
            Method::Patch => raw::Method::Patch,
            Method::Delete => raw::Method::Delete,
        };
        Self { method, url, headers, body }
    }
}

impl From<raw::Reply> for Reply {
    fn from(reply: raw::Reply) -> Self {
        let raw::Reply { status, headers, body } = reply;
        Self { status, headers, body }
    }
}
