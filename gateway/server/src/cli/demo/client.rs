//! The demo's HTTP client: everything goes over the wire, as a shop's or a buyer's would.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;

/// One caller's way to the gateway.
pub(super) struct Client {
    agent: Agent,
    base: String,
    bearer: Option<String>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Client {
    pub(super) fn new(base: &str, bearer: Option<&str>) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).build();
        Self { agent: config.into(), base: base.to_owned(), bearer: bearer.map(str::to_owned) }
    }

    pub(super) fn get(&self, path: &str) -> Result<Value> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        read(request.call().with_context(|| format!("GET {path}"))?)?.done(path)
    }

    /// A file that is no JSON.
    pub(super) fn download(&self, path: &str) -> Result<String> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        let mut response = request.call().with_context(|| format!("GET {path}"))?;
        let (status, text) = (response.status(), response.body_mut().read_to_string()?);
        if !status.is_success() {
            bail!("{path} answered {status}: {text}");
        }
        Ok(text)
    }

    /// A call that must succeed.
    pub(super) fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Result<Value> {
        self.try_post(path, key, body)?.done(path)
    }

    /// A call that may be refused.
    pub(super) fn try_post(&self, path: &str, key: Option<&str>, body: &Value) -> Result<Answer> {
        self.send(self.agent.post(format!("{}{path}", self.base)), path, key, body)
    }

    pub(super) fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(self.agent.put(format!("{}{path}", self.base)), path, None, body)?.done(path)
    }

    /// Bytes that are not JSON: a feed of rates.
    pub(super) fn post_bytes(&self, path: &str, bytes: &[u8]) -> Result<Value> {
        let request =
            self.agent.post(format!("{}{path}", self.base)).content_type("application/xml");
        let request = match &self.bearer {
            Some(bearer) => request.header("Authorization", format!("Bearer {bearer}")),
            None => request,
        };
        read(request.send(bytes).with_context(|| format!("POST {path}"))?)?.done(path)
    }

    fn send(
        &self,
        mut request: ureq::RequestBuilder<ureq::typestate::WithBody>,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Result<Answer> {
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        read(request.send_json(body).with_context(|| format!("calling {path}"))?)
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer> {
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string()?;
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };
    Ok(Answer { status, body })
}

impl Answer {
    fn done(self, path: &str) -> Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        bail!("{path} answered {}: {}", self.status, self.body)
    }

    /// The name of the problem.
    pub(super) fn problem(&self) -> &str {
        self.body
            .get("type")
            .and_then(Value::as_str)
            .and_then(|uri| uri.rsplit('/').next())
            .unwrap_or("none")
    }
}
