//! One request and its answer, by HTTP/1.1 on a connection that is closed afterwards.

use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{CONNECTION, HOST, HeaderName, HeaderValue, USER_AGENT},
    http::response::Parts,
};
use hyper_util::rt::TokioIo;
use purser_core::outbound::OWN_HEADERS;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};
use url::{Position, Url};

use super::{Answer, Reply, Request, SendError, UrlRefused, connect::Stream};

/// Headers of an answer, and their bytes: more than any server sends that means well.
const HEADERS_MAX: usize = 100;
const HEADERS_BYTES_MAX: usize = 64 * 1024;

/// An answer whose words are still to come.
pub(super) struct Answered {
    head: Parts,
    body: Incoming,
    /// Dropped at the end, and with it the connection.
    _driver: JoinSet<hyper::Result<()>>,
}

/// Sends a request, and waits until the status and the headers of its answer are there.
pub(super) async fn ask(stream: Stream, request: Request) -> Result<Answered, SendError> {
    let request = message(request)?;
    let mut builder = http1::Builder::new();
    builder.max_headers(HEADERS_MAX).max_buf_size(HEADERS_BYTES_MAX);
    let (mut sender, connection) =
        builder.handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.map_err(unreadable)?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request).await.map_err(unreadable)?;
    let (head, body) = answer.into_parts();
    Ok(Answered { head, body, _driver: driver })
}

impl Answered {
    /// Reads the words, until `deadline`.
    pub(super) async fn read(self, limit: Answer, deadline: Instant) -> Result<Reply, SendError> {
        let Self { head, body, _driver } = self;
        let body = read(body, limit, deadline).await?;
        Ok(Reply { status: head.status.as_u16(), headers: texts(&head.headers), body })
    }
}

fn message(request: Request) -> Result<hyper::Request<Full<Bytes>>, SendError> {
    let Request { method, url, headers, body } = request;
    let target = url[Position::BeforePath..Position::AfterQuery].to_owned();
    let mut message = hyper::Request::new(Full::new(Bytes::from(body)));
    *message.method_mut() = method;
    *message.uri_mut() = target.parse().map_err(|_| UrlRefused::Malformed)?;
    let to = message.headers_mut();
    let agent = concat!("purser/", env!("CARGO_PKG_VERSION"));
    to.insert(HOST, host(&url)?);
    to.insert(USER_AGENT, HeaderValue::from_static(agent));
    to.insert(CONNECTION, HeaderValue::from_static("close"));
    for (name, value) in headers {
        let own = OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own));
        let pair = HeaderName::try_from(&name).ok().zip(HeaderValue::try_from(value).ok());
        match pair {
            Some((name, value)) if !own => to.append(name, value),
            _ => return Err(SendError::Header(name)),
        };
    }
    Ok(message)
}

fn host(url: &Url) -> Result<HeaderValue, SendError> {
    let host = &url[Position::BeforeHost..Position::AfterPort];
    Ok(HeaderValue::try_from(host).map_err(|_| UrlRefused::Malformed)?)
}

async fn read(mut body: Incoming, limit: Answer, deadline: Instant) -> Result<Vec<u8>, SendError> {
    let (Answer::First(bytes_max) | Answer::AtMost(bytes_max)) = limit;
    let mut bytes = Vec::new();
    loop {
        let frame = match (timeout_at(deadline, body.frame()).await, limit) {
            (Ok(None), _) => break,
            (Ok(Some(Ok(frame))), _) => frame,
            // What was asked is answered by the status; of the words there is what came.
            (Ok(Some(Err(_))) | Err(_), Answer::First(_)) => break,
            (Ok(Some(Err(error))), Answer::AtMost(_)) => return Err(unreadable(error)),
            (Err(_), Answer::AtMost(_)) => return Err(SendError::Timeout),
        };
        let Ok(data) = frame.into_data() else { continue };
        bytes.extend_from_slice(&data);
        match limit {
            Answer::First(_) if bytes.len() >= bytes_max => break,
            Answer::AtMost(_) if bytes.len() > bytes_max => {
                return Err(SendError::TooLong(bytes_max));
            }
            Answer::First(_) | Answer::AtMost(_) => {}
        }
    }
    bytes.truncate(bytes_max);
    Ok(bytes)
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}

fn unreadable(error: hyper::Error) -> SendError {
    SendError::Protocol(error.to_string())
}
