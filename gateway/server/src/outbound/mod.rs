//! Every request that the gateway makes to somebody else's machine: webhooks, feeds of rates, what plugins ask for.
//!
//! Addresses come from merchants and plugins, so they are not trusted. A request goes only to an address that was
//! checked after the name was resolved, on a connection of its own, so that no second answer of a name server counts
//! (`address`). No redirect is followed and no proxy of the environment is asked, because both lead where nobody
//! checked. Everything has an end: connecting, the whole exchange, and the bytes of the answer.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use purser::outbound::{Answer, Limits, Method, Outbound, Reach, Request};
//!
//! let outbound = Outbound::new(Reach::Public);
//! let url = outbound.check("https://shop.example/hooks")?;
//! let limits = Limits { answer: Answer::AtMost(64 * 1024), ..Limits::default() };
//! let request = Request { method: Method::POST, url, headers: vec![], body: b"{}".to_vec() };
//! let reply = outbound.send(request, &limits).await?;
//! println!("{} with {} bytes", reply.status, reply.body.len());
//! # Ok(())
//! # }
//! ```

mod address;
mod connect;
mod exchange;
mod lookups;

use std::{net::IpAddr, sync::Arc, time::Duration};

pub use hyper::Method;
use purser_core::ids::MerchantId;
use rustls::ClientConfig;
use tokio::{
    sync::OnceCell,
    time::{Instant, timeout, timeout_at},
};
use url::{Host, Url};

pub use self::address::is_public;
use self::lookups::Lookups;

/// Characters of an address: what browsers and proxies pass on.
pub const URL_CHARS_MAX: usize = 2_048;

/// How far requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// https to public addresses.
    Public,
    /// Also to this machine, and there and elsewhere by plain http: what a sandbox is for.
    Sandbox,
}

/// The way out. One for each process.
pub struct Outbound {
    reach: Reach,
    lookups: Lookups,
    /// The trust store of the machine, read when it is first needed.
    tls: OnceCell<Arc<ClientConfig>>,
}

/// A request to somebody else's machine.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to; see [`Outbound::check`].
    pub url: Url,
    /// Names and values, without those that the connection needs: `host`, `content-length`, `connection`,
    /// `transfer-encoding` and `user-agent` are the gateway's.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Vec<u8>,
}

/// What one request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until there is a connection, encrypted where it has to be.
    pub connect: Duration,
    /// Until the answer is read, all included.
    pub total: Duration,
    /// What is read of the answer.
    pub answer: Answer,
}

/// What is read of an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The first bytes, or as many as come in time; what follows is not waited for.
    First(usize),
    /// All of it, and more than this is an error.
    AtMost(usize),
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(20),
            answer: Answer::AtMost(1024 * 1024),
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status; a redirect is an answer like any other.
    pub status: u16,
    /// Names in small letters; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, within its limit.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first value of a header; the name is in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why an address is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefused {
    /// It cannot be read, or has no host.
    #[error("not an address of the form https://host/path, with at most 2048 characters")]
    Malformed,
    /// Not by https.
    #[error("only https is taken")]
    Scheme,
    /// A user name or password.
    #[error("an address with a user name or password in it")]
    Credentials,
    /// It names this machine, a private network, or what is no single public host.
    #[error("{0} is not a public address")]
    NotPublic(String),
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The address itself.
    #[error(transparent)]
    Url(#[from] UrlRefused),
    /// A header that would break the message, or that is the gateway's own.
    #[error("the header {0:?} cannot be sent")]
    Header(String),
    /// The name leads nowhere.
    #[error("the host's name cannot be resolved")]
    Resolve,
    /// The name leads to an address that is not asked.
    #[error("the host's name leads to {0}, which is not a public address")]
    Refused(IpAddr),
    /// Nobody listens there, or the connection broke.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// No encrypted connection, or one to somebody else.
    #[error("no encrypted connection: {0}")]
    Tls(String),
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// What came back is no HTTP.
    #[error("the answer cannot be read: {0}")]
    Protocol(String),
    /// The body is longer than it may be.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

impl SendError {
    /// Whether the other side may have got the request all the same. Connecting has a limit within that of the whole, so
    /// what took too long may have been either.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Url(_)
            | Self::Header(_)
            | Self::Resolve
            | Self::Refused(_)
            | Self::Connect(_)
            | Self::Tls(_) => false,
            Self::Timeout | Self::Protocol(_) | Self::TooLong(_) => true,
        }
    }
}

impl Outbound {
    /// A way out that goes as far as `reach`.
    pub fn new(reach: Reach) -> Self {
        Self { reach, lookups: Lookups::default(), tls: OnceCell::new() }
    }

    /// Reads an address and refuses one that could never be asked. What a name leads to is checked when it is asked.
    pub fn check(&self, address: &str) -> Result<Url, UrlRefused> {
        if address.chars().count() > URL_CHARS_MAX {
            return Err(UrlRefused::Malformed);
        }
        let url = Url::parse(address).map_err(|_| UrlRefused::Malformed)?;
        self.check_url(&url)?;
        Ok(url)
    }

    /// Sends a request of the gateway's own and reads the answer.
    pub async fn send(&self, request: Request, limits: &Limits) -> Result<Reply, SendError> {
        self.send_as(None, request, limits).await
    }

    /// Sends a request to where a merchant says and reads the answer.
    pub async fn send_for(
        &self,
        merchant: MerchantId,
        request: Request,
        limits: &Limits,
    ) -> Result<Reply, SendError> {
        self.send_as(Some(merchant), request, limits).await
    }

    async fn send_as(
        &self,
        merchant: Option<MerchantId>,
        request: Request,
        limits: &Limits,
    ) -> Result<Reply, SendError> {
        self.check_url(&request.url)?;
        let deadline = Instant::now().checked_add(limits.total).ok_or(SendError::Timeout)?;
        let answered = timeout_at(deadline, async {
            let connection = self.connect(merchant, &request.url);
            let stream = timeout(limits.connect, connection).await;
            exchange::ask(stream.map_err(|_| SendError::Timeout)??, request).await
        });
        // A status that came in time counts also where its words do not come.
        answered.await.map_err(|_| SendError::Timeout)??.read(limits.answer, deadline).await
    }

    fn check_url(&self, url: &Url) -> Result<(), UrlRefused> {
        match (url.scheme(), self.reach) {
            ("https", _) | ("http", Reach::Sandbox) => {}
            ("http", Reach::Public) => return Err(UrlRefused::Scheme),
            _ => return Err(UrlRefused::Malformed),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlRefused::Credentials);
        }
        let not_public = |host: &dyn std::fmt::Display| UrlRefused::NotPublic(host.to_string());
        match url.host().ok_or(UrlRefused::Malformed)? {
            Host::Ipv4(literal) if !self.reaches(literal.into()) => Err(not_public(&literal)),
            Host::Ipv6(literal) if !self.reaches(literal.into()) => Err(not_public(&literal)),
            Host::Domain(name) if self.reach == Reach::Public && is_this_machine(name) => {
                Err(not_public(&name))
            }
            Host::Ipv4(_) | Host::Ipv6(_) | Host::Domain(_) => Ok(()),
        }
    }

    /// Whether an address may be connected to.
    fn reaches(&self, address: IpAddr) -> bool {
        match self.reach {
            Reach::Public => is_public(address),
            Reach::Sandbox => is_public(address) || address.is_loopback(),
        }
    }
}

/// Names that RFC 6761, section 6.3, keeps for this machine.
fn is_this_machine(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests;
