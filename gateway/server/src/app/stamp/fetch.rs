//! Requests that a stamps plugin asks for while it drafts: the vendor's own online service.

use std::time::Duration;

use purser_core::outbound::{Method, Reply, Request};
use purser_host::Manifest;

use super::complete::Trouble;
use crate::{
    gateway::Gateway,
    outbound::{self, Answer, Limits, SendError},
    problem::{self, Problem},
};

/// A buyer waits for it.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    total: Duration::from_secs(10),
    answer: Answer::AtMost(256 * 1024),
};

/// Makes a request at a host that the manifest names.
pub(super) async fn fetch(
    gateway: &Gateway,
    manifest: &Manifest,
    request: Request,
) -> Result<Reply, Trouble> {
    let failed = |detail: String| Problem::new(problem::PLUGIN_FAILED).detail(detail);
    let url = request.url().clone();
    let host = url.host_str().unwrap_or_default().to_owned();
    if !is_granted(manifest, &request) {
        return Err(Trouble::Never(failed(format!(
            "the plugin asks for {host}, which was not granted"
        ))));
    }
    if request.headers().iter().any(|(_, value)| value.contains("{{secret:")) {
        return Err(Trouble::Never(failed(
            "the plugin asks for a secret that was not given to it".to_owned(),
        )));
    }
    let method = match request.method() {
        Method::Get => outbound::Method::GET,
        Method::Post => outbound::Method::POST,
        Method::Put => outbound::Method::PUT,
        Method::Patch => outbound::Method::PATCH,
        Method::Delete => outbound::Method::DELETE,
    };
    let sent = outbound::Request {
        method,
        url,
        headers: request.headers().to_vec(),
        body: request.body().to_vec(),
    };
    match gateway.outbound.send(sent, &LIMITS).await {
        Ok(outbound::Reply { status, headers, body }) => Ok(Reply { status, headers, body }),
        Err(error @ (SendError::Url(_) | SendError::Header(_) | SendError::Refused(_))) => {
            Err(Trouble::Never(failed(error.to_string())))
        }
        Err(
            error @ (SendError::Resolve
            | SendError::Connect(_)
            | SendError::Tls(_)
            | SendError::Timeout
            | SendError::Protocol(_)
            | SendError::TooLong(_)),
        ) => Err(Trouble::Again(failed(format!("{host}: {error}")))),
    }
}

/// https at a host of the manifest; loopback by plain http only where the way out allows it, in the sandbox.
fn is_granted(manifest: &Manifest, request: &Request) -> bool {
    let url = request.url();
    let host = url.host_str().unwrap_or_default();
    let with_port = url.port().map(|port| format!("{host}:{port}"));
    manifest.hosts.iter().any(|granted| {
        granted == host && url.port().is_none() || Some(granted) == with_port.as_ref()
    })
}
