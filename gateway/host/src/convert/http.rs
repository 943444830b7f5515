//! Requests that a plugin asks for, and replies.

use purser_core::outbound::{Method, Reply, Request};

use super::Read;
use crate::{fault::CallError, wire::http as wire};

pub(crate) fn read_request(request: wire::Request) -> Read<Request> {
    let wire::Request { method, url, headers, body } = request;
    let method = match method {
        wire::Method::Get => Method::Get,
        wire::Method::Post => Method::Post,
        wire::Method::Put => Method::Put,
        wire::Method::Patch => Method::Patch,
        wire::Method::Delete => Method::Delete,
    };
    let request = Request::new(method, &url, headers, body);
    request.map_err(|error| CallError::bad_output(format!("request: {error}")))
}

pub(crate) fn reply(reply: &Reply) -> wire::Reply {
    let Reply { status, headers, body } = reply.clone();
    wire::Reply { status, headers, body }
}
