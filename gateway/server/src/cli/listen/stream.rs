//! The live stream of a merchant's events, as server-sent events.

use std::{
    io::{BufRead, BufReader},
    sync::Arc,
    time::Duration,
};

use ureq::{
    Agent, Body,
    http::Response,
    tls::{RootCerts, TlsConfig},
};

/// The longest line of a stream: a basket of fifty items with its receipt is 60 kB.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Why a stream cannot be opened.
pub(super) enum Ended {
    /// The gateway says no: asking again changes nothing.
    Refused(String),
    /// There is no gateway there now.
    Unreachable(String),
}

/// An open stream: the data of each event.
pub(super) struct Stream(BufReader<ureq::BodyReader<'static>>);

/// A caller that takes every status as an answer and is sent nowhere else.
pub(super) fn agent(total: Option<Duration>) -> Agent {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_global(total)
        .user_agent(concat!("purser/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build()
        .into()
}

impl Stream {
    pub(super) fn open(url: &str, key: &str, after: Option<&str>) -> Result<Self, Ended> {
        let address = format!("{}/v1/events/stream", url.trim_end_matches('/'));
        let mut request = agent(None)
            .get(&address)
            .header("Authorization", format!("Bearer {key}"))
            .header("Accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        let response = request.call().map_err(|error| Ended::Unreachable(error.to_string()))?;
        match response.status().as_u16() {
            200 => Ok(Self(BufReader::new(response.into_body().into_reader()))),
            429 | 500..=599 => Err(Ended::Unreachable(detail(response))),
            401 => Err(Ended::Refused(
                "the gateway does not know this key; give a merchant's key (sk_...) with --key or PURSER_KEY"
                    .to_owned(),
            )),
            _ => Err(Ended::Refused(detail(response))),
        }
    }
}

/// What a gateway says of a problem.
fn detail(mut response: Response<Body>) -> String {
    let status = response.status();
    let told: Option<serde_json::Value> = response.body_mut().read_json().ok();
    let detail = told.as_ref().and_then(|told| told.get("detail")).and_then(|text| text.as_str());
    detail.map_or_else(|| format!("the gateway answers {status}"), str::to_owned)
}

impl Iterator for Stream {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        use std::io::Read;
        let mut data = String::new();
        loop {
            let mut line = String::new();
            // A stream that breaks is taken up again by whoever reads it.
            let read = (&mut self.0).take(LINE_BYTES_MAX).read_line(&mut line).ok()?;
            if read == 0 {
                return None;
            }
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() && !data.is_empty() {
                return Some(data);
            }
            if let Some(part) = line.strip_prefix("data:") {
                data.push_str(part.strip_prefix(' ').unwrap_or(part));
            }
        }
    }
}
