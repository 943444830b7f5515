//! Deliveries by https: to an endpoint whose certificate is for its name, in force, and of an authority that the
//! machine trusts. To no other goes a byte.

use std::{net::TcpListener, sync::Arc};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::*;
use crate::support::Process;

/// Who signs certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// Whom a certificate is for, and whether it is in force.
struct Leaf {
    name: &'static str,
    expires_in: i32,
}

/// In force for as long as this test is of use to anybody.
const GOOD: Leaf = Leaf { name: "localhost", expires_in: 4096 };

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// What a server shows.
    fn certify(&self, leaf: &Leaf) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![leaf.name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(leaf.expires_in, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let chain = vec![certificate.der().clone()];
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .unwrap()
    }
}

/// An endpoint that is reached by https only.
struct Encrypted {
    port: u16,
    /// Requests that were read on an encrypted connection.
    got: mpsc::UnboundedReceiver<String>,
}

impl Encrypted {
    fn start(config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let (told, got) = mpsc::unbounded_channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(serve(listener, config, told));
        });
        Self { port, got }
    }
}

async fn serve(listener: TcpListener, config: ServerConfig, told: mpsc::UnboundedSender<String>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        // A caller that does not like the certificate goes away here.
        let Ok(mut stream) = acceptor.accept(stream).await else { continue };
        let mut request = Vec::new();
        while !is_whole(&request) {
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                break;
            }
        }
        if request.is_empty() {
            continue;
        }
        told.send(String::from_utf8(request).unwrap()).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
    }
}

/// Whether head and body of a request are there.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let lengths = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths
        .map(|(_, length)| length.parse().unwrap())
        .next()
        .is_some_and(|length: usize| body.len() >= length)
}

/// A gateway that trusts one authority, and a merchant of it.
struct Trusting {
    merchant: Client,
    _process: Process,
    _folder: TempDir,
}

impl Trusting {
    fn start(authority: &Authority) -> Self {
        let folder = TempDir::new().unwrap();
        let (file, none) = (folder.path().join("ca.pem"), folder.path().join("none"));
        std::fs::write(&file, authority.certificate.pem()).unwrap();
        std::fs::create_dir(&none).unwrap();
        let trusts = [("SSL_CERT_FILE", file.as_path()), ("SSL_CERT_DIR", none.as_path())];
        let process = Process::start_with(folder.path(), &["--sandbox"], &trusts);
        let key = std::fs::read_to_string(folder.path().join("purser-data/operator.key")).unwrap();
        let made = json!({ "name": "Shop", "country": "DE", "fee_percent": "1" });
        let made = process.client(key.trim()).post("/v1/merchants", None, &made).ok(201);
        let merchant = process.client(&text(&made, "/secret_key"));
        Self { merchant, _process: process, _folder: folder }
    }

    /// Tells an endpoint of a test, and says what came of it.
    fn told(&self, endpoint: &Encrypted) -> Value {
        let url = format!("https://localhost:{}/hooks?shop=1", endpoint.port);
        let wish = json!({ "url": url, "events": ["*"] });
        let made = self.merchant.post("/v1/webhooks", None, &wish).ok(201);
        let path = format!("/v1/webhooks/{}/test", text(&made, "/id"));
        let tested = self.merchant.post(&path, None, &json!({})).ok(200);
        assert_eq!(tested["attempts"].as_array().unwrap().len(), 1, "{tested:#}");
        tested["attempts"][0].clone()
    }
}

#[test]
fn an_endpoint_is_told_by_https_if_its_certificate_is_good_and_else_not_a_byte() {
    let (known, unknown) = (Authority::new("Known"), Authority::new("Unknown"));
    let gateway = Trusting::start(&known);
    let mut good = Encrypted::start(known.certify(&GOOD));
    let attempt = gateway.told(&good);
    assert_eq!(
        (&attempt["outcome"], &attempt["status"]),
        (&json!("delivered"), &json!(204)),
        "{attempt:#}"
    );
    let request = good.got.try_recv().unwrap();
    assert!(request.starts_with("POST /hooks?shop=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nwebhook-signature: v1,"), "{request}");
    assert!(request.contains(&format!("\r\nhost: localhost:{}\r\n", good.port)), "{request}");

    for (config, why) in [
        (
            known.certify(&Leaf { name: "elsewhere.example", ..GOOD }),
            "its certificate is for another name",
        ),
        (known.certify(&Leaf { expires_in: 2021, ..GOOD }), "its certificate has expired"),
        (unknown.certify(&GOOD), "nobody whom this machine trusts signed its certificate"),
    ] {
        let mut endpoint = Encrypted::start(config);
        let attempt = gateway.told(&endpoint);
        assert_eq!(
            (&attempt["outcome"], &attempt["status"]),
            (&json!("unreachable"), &Value::Null),
            "{attempt:#}"
        );
        assert_eq!(text(&attempt, "/answer"), format!("no encrypted connection: {why}"));
        assert!(endpoint.got.try_recv().is_err(), "nothing is told: {why}");
    }
    assert_eq!(gateway.told(&good)["outcome"], "delivered", "the others are told on");
}
