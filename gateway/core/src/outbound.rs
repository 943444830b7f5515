//! Requests that a plugin asks the gateway to make for it, and what came back. Whether one is made at all (its host, its
//! scheme, its secrets) is for the gateway to say; here is only what can be one.

use serde::{Deserialize, Serialize};
use url::Url;

/// A vendor's order or an event is a few kilobytes.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// Authorization, content type, a handful of the vendor's own.
const HEADERS_MAX: usize = 32;
/// A signed token is a kilobyte or two.
const HEADER_BYTES_MAX: usize = 8 * 1024;
/// Browsers and proxies stop here.
const URL_BYTES_MAX: usize = 2_000;

/// What the gateway says itself. Whoever could set these could end one message and begin another.
pub const OWN_HEADERS: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
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

impl Method {
    /// As HTTP writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a plugin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    method: Method,
    url: Url,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Why something is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Where to.
    #[error(
        "url: http or https, with a host, without user, password and fragment, at most 2,000 bytes"
    )]
    Url,
    /// A header.
    #[error(
        "headers: at most 32, names in small letters, of visible characters, 8 KiB each, none that frames the message"
    )]
    Headers,
    /// What is sent.
    #[error("body: at most 256 KiB")]
    Body,
}

impl Request {
    /// A request that can be made.
    pub fn new(
        method: Method,
        url: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<Self, RequestError> {
        let parsed = Url::parse(url).ok().filter(|_| url.len() <= URL_BYTES_MAX);
        let url = parsed.filter(is_plain).ok_or(RequestError::Url)?;
        if headers.len() > HEADERS_MAX || !headers.iter().all(is_header) {
            return Err(RequestError::Headers);
        }
        if body.len() > BODY_BYTES_MAX {
            return Err(RequestError::Body);
        }
        Ok(Self { method, url, headers, body })
    }

    /// How.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Where to.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Names in small letters, values as the plugin wrote them: `{{secret:name}}` is not filled in.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// What is sent.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

fn is_plain(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

fn is_header((name, value): &(String, String)) -> bool {
    let token = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    !name.is_empty()
        && name.len().saturating_add(value.len()) <= HEADER_BYTES_MAX
        && name.bytes().all(token)
        && !OWN_HEADERS.contains(&name.as_str())
        && value.bytes().all(visible)
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status of HTTP.
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// What was sent back, cut to what the gateway takes.
    pub body: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, header: (&str, &str)) -> Result<Request, RequestError> {
        let headers = vec![(header.0.to_owned(), header.1.to_owned())];
        Request::new(Method::Post, url, headers, b"{}".to_vec())
    }

    #[test]
    fn only_what_http_can_carry_is_a_request() {
        let json = ("content-type", "application/json");
        assert!(request("https://api.post.example/v1/labels?x=1", json).is_ok());
        for url in ["", "/v1", "file:///etc/passwd", "https://u:p@post.example/", "https://a.b/#c"]
        {
            assert_eq!(request(url, json), Err(RequestError::Url), "{url}");
        }
        for header in [
            ("", "x"),
            ("Content-Type", "x"),
            ("x", "a\r\nhost: b"),
            ("x:y", "z"),
            ("host", "b"),
            ("transfer-encoding", "chunked"),
        ] {
            let refused = request("https://post.example/", header);
            assert_eq!(refused, Err(RequestError::Headers), "{header:?}");
        }
    }
}
