//! A small HTTP/1.1 client: one kept-alive connection, blocking.
//!
//! It shares two cores with the gateway that it measures, so it does as little as it can. It never
//! sends a request again by itself: a caller that counts what was acknowledged must see every loss.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

const CONNECT_MAX: Duration = Duration::from_secs(5);
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// A server may close a connection that has been idle for a while; ours is replaced well before.
const IDLE_MAX: Duration = Duration::from_secs(2);
const BODY_BYTES_MAX: usize = 64 << 20;

/// A connection to the gateway, opened when first used.
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    used: Instant,
    head: Vec<u8>,
}

/// What to send.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) idempotency_key: Option<&'a str>,
    pub(crate) media_type: &'a str,
    pub(crate) body: &'a [u8],
}

impl<'a> Request<'a> {
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: "GET", path, token: None, idempotency_key: None, media_type: "", body: &[] }
    }

    pub(crate) fn post(path: &'a str, json: &'a str) -> Self {
        Self::get(path).with_body("POST", "application/json", json.as_bytes())
    }

    pub(crate) fn put(path: &'a str, json: &'a str) -> Self {
        Self::get(path).with_body("PUT", "application/json", json.as_bytes())
    }

    pub(crate) fn with_body(self, method: &'a str, media_type: &'a str, body: &'a [u8]) -> Self {
        Self { method, media_type, body, ..self }
    }

    pub(crate) fn by(self, token: &'a str) -> Self {
        Self { token: Some(token), ..self }
    }

    pub(crate) fn once(self, idempotency_key: &'a str) -> Self {
        Self { idempotency_key: Some(idempotency_key), ..self }
    }
}

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("no JSON in {self}"))
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, used: Instant::now(), head: Vec::new() }
    }

    /// Sends a request and gives the JSON of its answer; any status but `expected` is an error.
    pub(crate) fn expect(&mut self, expected: u16, request: Request<'_>) -> Result<Value> {
        let Request { method, path, .. } = request;
        let answer = self.send(request).with_context(|| format!("no answer to {method} {path}"))?;
        if answer.status != expected {
            bail!("{method} {path} gave {answer} (expected {expected})");
        }
        if answer.body.is_empty() { Ok(Value::Null) } else { answer.json() }
    }

    /// Sends a request once; an error means that its fate is unknown.
    pub(crate) fn send(&mut self, request: Request<'_>) -> io::Result<Answer> {
        if self.used.elapsed() > IDLE_MAX {
            self.stream = None;
        }
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address)?,
        };
        self.head.clear();
        write_head(&mut self.head, self.address, request)?;
        // One write, so that one packet carries a whole request.
        self.head.extend_from_slice(request.body);
        stream.get_mut().write_all(&self.head)?;
        let (answer, keep) = read_answer(&mut stream)?;
        self.used = Instant::now();
        self.stream = keep.then_some(stream);
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, CONNECT_MAX)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    Ok(BufReader::with_capacity(16 << 10, stream))
}

fn write_head(head: &mut Vec<u8>, host: SocketAddr, request: Request<'_>) -> io::Result<()> {
    let Request { method, path, token, idempotency_key, media_type, body } = request;
    write!(head, "{method} {path} HTTP/1.1\r\nHost: {host}\r\n")?;
    if let Some(token) = token {
        write!(head, "Authorization: Bearer {token}\r\n")?;
    }
    if let Some(key) = idempotency_key {
        write!(head, "Idempotency-Key: {key}\r\n")?;
    }
    if !media_type.is_empty() {
        write!(head, "Content-Type: {media_type}\r\nContent-Length: {}\r\n", body.len())?;
    }
    head.write_all(b"\r\n")
}

/// Reads one answer and whether the connection may be used again.
fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let mut line = String::new();
    next_line(stream, &mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| invalid("no status line"))?;
    let (mut length, mut chunked, mut keep) = (0, false, true);
    loop {
        next_line(stream, &mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().map_err(|_| invalid("no content length"))?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("connection") {
            keep = !value.eq_ignore_ascii_case("close");
        }
    }
    let body = if chunked { read_chunks(stream)? } else { read_bytes(stream, length)? };
    Ok((Answer { status, body }, keep))
}

fn read_chunks(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut line = String::new();
    loop {
        next_line(stream, &mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(|_| invalid("no chunk"))?;
        body.extend(read_bytes(stream, length)?);
        next_line(stream, &mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn read_bytes(stream: &mut BufReader<TcpStream>, length: usize) -> io::Result<Vec<u8>> {
    if length > BODY_BYTES_MAX {
        return Err(invalid("a body larger than any of ours"));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads a line without its end; the end of the stream is an error, for an answer is still due.
fn next_line(stream: &mut BufReader<TcpStream>, line: &mut String) -> io::Result<()> {
    line.clear();
    if stream.read_line(line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(())
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not HTTP/1.1: {what}"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    use super::{Client, Request};

    /// A server that gives these answers, one to each request, over one connection.
    fn answering(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in answers {
                let mut request = [0; 4096];
                assert!(stream.read(&mut request).unwrap() > 0);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        address
    }

    #[test]
    fn answers_of_every_framing_are_read_from_one_connection() {
        let mut client = Client::new(answering(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n",
        ]));
        for (status, body) in [(200, "{}"), (204, ""), (201, "[]")] {
            let answer = client.send(Request::get("/")).unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (status, body.as_bytes()));
        }
    }

    #[test]
    fn a_lost_answer_is_an_error_and_is_not_asked_for_again() {
        let mut client =
            Client::new(answering(&["HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{"]));
        assert!(client.send(Request::post("/v1/purchases", "{}").once("k")).is_err());
    }
}
