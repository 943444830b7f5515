//! Requests that a stamps plugin asks for while it drafts: the vendor's own online service.

use std::time::Duration;

use purser_core::outbound::{Method, Reply, Request};
use purser_host::{Manifest, StampsPlugin};

use super::complete::Trouble;
use crate::{
    app::plugin::grants,
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
    plugin: &StampsPlugin,
    request: Request,
) -> Result<Reply, Trouble> {
    let failed = |detail: String| Problem::new(problem::PLUGIN_FAILED).detail(detail);
    let url = request.url().clone();
    let host = url.host_str().unwrap_or_default().to_owned();
    if !is_granted(plugin.manifest(), &request) {
        return Err(Trouble::Never(failed(format!(
            "the plugin asks for {host}, which was not granted"
        ))));
    }
    let (headers, body) = filled(gateway, plugin, &request).await?;
    let method = match request.method() {
        Method::Get => outbound::Method::GET,
        Method::Post => outbound::Method::POST,
        Method::Put => outbound::Method::PUT,
        Method::Patch => outbound::Method::PATCH,
        Method::Delete => outbound::Method::DELETE,
    };
    let sent = outbound::Request { method, url, headers, body };
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

/// The headers and the body with the secrets that the plugin was granted. A body that is no text has none.
async fn filled(
    gateway: &Gateway,
    plugin: &StampsPlugin,
    request: &Request,
) -> Result<(Vec<(String, String)>, Vec<u8>), Trouble> {
    let fill = async |text: &str| {
        let filled = grants::fill(gateway, plugin.digest(), text).await;
        let filled = filled.map(|secret| secret.expose().to_owned());
        filled.map_err(|problem| match problem.kind == problem::PLUGIN_REFUSED {
            true => Trouble::Never(problem),
            false => Trouble::Later(problem),
        })
    };
    let mut headers = Vec::with_capacity(request.headers().len());
    for (name, value) in request.headers() {
        headers.push((name.clone(), fill(value).await?));
    }
    let body = match std::str::from_utf8(request.body()) {
        Ok(text) => fill(text).await?.into_bytes(),
        Err(_) => request.body().to_vec(),
    };
    Ok((headers, body))
}

/// https at a host of the manifest, which has names only, and at the port that everybody knows.
fn is_granted(manifest: &Manifest, request: &Request) -> bool {
    let url = request.url();
    let host = url.host_str().unwrap_or_default();
    let named = manifest.hosts.iter().any(|granted| granted == host);
    named && url.scheme() == "https" && url.port().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_the_manifest_are_asked() {
        let manifest = br#"{"name":"stamps-x","version":"1.0.0","role":"stamps","hosts":["api.post.example"]}"#;
        let manifest = Manifest::from_json(manifest).unwrap();
        let granted = |url: &str| {
            let request = Request::new(Method::Post, url, Vec::new(), Vec::new()).unwrap();
            is_granted(&manifest, &request)
        };
        assert!(granted("https://api.post.example/orders?x=1"));
        for url in [
            "http://api.post.example/",
            "https://post.example/",
            "https://api.post.example.evil.example/",
            "https://evil.example/api.post.example",
            "https://api.post.example:8443/",
            "https://127.0.0.1/",
            "https://[::1]/",
        ] {
            assert!(!granted(url), "{url}");
        }
    }
}
