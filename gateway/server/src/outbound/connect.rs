//! A connection to an address that was checked.

use std::{
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};

use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    io::{self, AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    task::spawn_blocking,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::{Host, Url};

use purser_core::ids::MerchantId;

use super::{Outbound, SendError, UrlRefused};

/// Addresses of one name that are tried: those of both kinds, and one that is down.
const ADDRESSES_MAX: usize = 4;

/// A connection, encrypted where the address says https.
pub(super) enum Stream {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Outbound {
    pub(super) async fn connect(
        &self,
        merchant: Option<MerchantId>,
        url: &Url,
    ) -> Result<Stream, SendError> {
        let stream = first_that_connects(self.addresses(merchant, url).await?).await?;
        if url.scheme() != "https" {
            return Ok(Stream::Plain(stream));
        }
        let name = match url.host().ok_or(UrlRefused::Malformed)? {
            Host::Domain(name) => ServerName::try_from(name.to_owned())
                .map_err(|_| SendError::Tls("the host's name is none".to_owned()))?,
            Host::Ipv4(literal) => ServerName::from(IpAddr::V4(literal)),
            Host::Ipv6(literal) => ServerName::from(IpAddr::V6(literal)),
        };
        let connector = TlsConnector::from(self.tls().await?);
        let encrypted = connector.connect(name, stream).await;
        let encrypted = encrypted.map_err(|error| SendError::Tls(reason(&error)))?;
        Ok(Stream::Encrypted(Box::new(encrypted)))
    }

    /// Where to connect to: what stands in the address, or what its name leads to, checked either way. What is returned
    /// is connected to and nothing else is, whatever a name server says a moment later.
    async fn addresses(
        &self,
        merchant: Option<MerchantId>,
        url: &Url,
    ) -> Result<Vec<SocketAddr>, SendError> {
        let port = url.port_or_known_default().ok_or(UrlRefused::Malformed)?;
        let found = match url.host().ok_or(UrlRefused::Malformed)? {
            Host::Ipv4(literal) => vec![SocketAddr::from((literal, port))],
            Host::Ipv6(literal) => vec![SocketAddr::from((literal, port))],
            Host::Domain(name) => self.lookups.look_up(merchant, name, port).await?,
        };
        let refused = found.iter().find(|address| !self.reaches(address.ip()));
        let first_refused = refused.map(|address| SendError::Refused(address.ip()));
        let mut open: Vec<SocketAddr> =
            found.into_iter().filter(|address| self.reaches(address.ip())).collect();
        open.truncate(ADDRESSES_MAX);
        if open.is_empty() { Err(first_refused.unwrap_or(SendError::Resolve)) } else { Ok(open) }
    }

    async fn tls(&self) -> Result<Arc<ClientConfig>, SendError> {
        let made = self.tls.get_or_try_init(|| async {
            // Reading the machine's certificates takes a tenth of a second.
            let made = spawn_blocking(tls).await;
            made.map_err(|_| SendError::Tls("interrupted".to_owned()))?
                .map_err(|error| SendError::Tls(error.to_string()))
        });
        made.await.cloned()
    }
}

/// Why there is no encrypted connection, for whoever chose the address.
fn reason(error: &io::Error) -> String {
    use rustls::{CertificateError, Error};
    let known = error.get_ref().and_then(|error| error.downcast_ref());
    let Some(Error::InvalidCertificate(certificate)) = known else { return error.to_string() };
    let said = match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::UnknownIssuer => "nobody whom this machine trusts signed its certificate",
        CertificateError::Revoked => "its certificate was revoked",
        _ => return error.to_string(),
    };
    said.to_owned()
}

/// The cryptography that everything here uses, and whom the machine trusts.
fn tls() -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(Arc::new(config))
}

async fn first_that_connects(addresses: Vec<SocketAddr>) -> Result<TcpStream, SendError> {
    let mut failed = SendError::Resolve;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failed = SendError::Connect(error.kind().to_string()),
        }
    }
    Err(failed)
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Encrypted(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Encrypted(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Encrypted(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Encrypted(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
