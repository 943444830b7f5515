//! Callers that speak HTTP.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;
use ureq::Agent;

/// One caller.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    bearer: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// Seconds to wait.
    pub retry_after: Option<u64>,
    pub body: Value,
}

impl Client {
    pub fn new(base: &str, bearer: Option<&str>) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).build();
        Self { agent: config.into(), base: base.to_owned(), bearer: bearer.map(str::to_owned) }
    }

    pub fn get(&self, path: &str) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        read(request.call().unwrap())
    }

    /// What is no text: its media type, and its bytes.
    pub fn get_file(&self, path: &str) -> (String, Vec<u8>) {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        let mut response = request.call().unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        let media_type = response.headers()["Content-Type"].to_str().unwrap().to_owned();
        (media_type, response.body_mut().read_to_vec().unwrap())
    }

    pub fn delete(&self, path: &str) -> Answer {
        let mut request = self.agent.delete(format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        read(request.call().unwrap())
    }

    /// A DELETE that says more than its address.
    pub fn delete_with(&self, path: &str, key: &str, body: &Value) -> Answer {
        let mut request =
            self.agent.delete(format!("{}{path}", self.base)).header("Idempotency-Key", key);
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        read(request.force_send_body().send_json(body).unwrap())
    }

    pub fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Answer {
        self.send("POST", path, key, body.to_string().as_bytes(), "application/json")
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, None, body.to_string().as_bytes(), "application/json")
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, None, body.to_string().as_bytes(), "application/json")
    }

    pub fn post_bytes(&self, path: &str, bytes: &[u8]) -> Answer {
        self.send("POST", path, None, bytes, "application/octet-stream")
    }

    pub fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: &[u8],
        media_type: &str,
    ) -> Answer {
        let mut request = match method {
            "PUT" => self.agent.put(format!("{}{path}", self.base)),
            "PATCH" => self.agent.patch(format!("{}{path}", self.base)),
            "GET" => self.agent.get(format!("{}{path}", self.base)).force_send_body(),
            "DELETE" => self.agent.delete(format!("{}{path}", self.base)).force_send_body(),
            _ => self.agent.post(format!("{}{path}", self.base)),
        };
        request = request.content_type(media_type);
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        read(request.send(body).unwrap())
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response.headers().get("Retry-After");
    let retry_after = retry_after.map(|seconds| seconds.to_str().unwrap().parse().unwrap());
    let text = response.body_mut().read_to_string().unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, retry_after, body }
}

impl Answer {
    /// The body of an answer with this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// Checks that the answer is this problem.
    #[track_caller]
    pub fn problem(&self, status: u16, name: &str) {
        let found =
            self.body["type"].as_str().and_then(|uri| uri.rsplit('/').next()).unwrap_or("none");
        assert_eq!((self.status, found), (status, name), "{:#}", self.body);
        assert_eq!(self.body["status"], status, "RFC 9457, 3.1.2: {:#}", self.body);
    }
}

/// Sends these bytes, and gives what comes back until the connection ends.
pub fn raw(base: &str, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(base.trim_start_matches("http://")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The gateway may answer and hang up before it has read everything.
    let _ = socket.write_all(request);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}
