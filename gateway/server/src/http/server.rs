//! Starting and stopping: keys, database, plugins, then the socket's first answer.

mod timely;

use std::{
    fs::{DirBuilder, File, OpenOptions},
    net::{SocketAddr, TcpListener},
    num::NonZero,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::from_fn,
    web::{Data, PayloadConfig},
};
use anyhow::{Context, Result, bail};
use purser_core::jws;
use purser_host::{CodeCache, Limits, Plugins};
use purser_store::{Store, StoreConfig, has_books, read::latest::time_latest};
use rustix::{
    fs::{FlockOperation, Mode, flock},
    io::Errno,
    process::{Resource, Rlimit, getrlimit, setrlimit, umask},
};
use tokio::task::JoinHandle;

use super::{request_id, routes, stream::Streams};
use crate::{
    app::{
        check::Checks,
        facts::FactsCache,
        login::Logins,
        oidc::key::LoginKeys,
        passkey::Passkeys,
        plugin::{self, shadow::Shadows},
        session::TokenCache,
        stock::printing::Printings,
    },
    background::Background,
    clock::Clock,
    gateway::{Gateway, Parts},
    http::body::JSON_BYTES_MAX,
    keys::Keys,
    metrics::Metrics,
    outbound::{Outbound, Reach},
    pages,
    settings::Settings,
};

/// Connections that wait for a worker: enough that a burst is queued by the kernel and not refused.
const BACKLOG: u32 = 2_048;
/// Threads of each worker that may wait for the database or compute a password: the pool has eight connections and
/// passwords wait at a gate of their own, so more would only be switched between.
const BLOCKING_THREADS_MAX: usize = 8;
/// Each costs some kilobytes, more only while its request is under way.
const CONNECTIONS_MAX: usize = 10_000;
/// Files, pipes, connections to the database, and to the endpoints of webhooks.
const FILES_KEPT_FREE: usize = 512;
/// Seconds that requests under way may take when the gateway stops.
const SHUTDOWN_S: u64 = 20;

/// A gateway that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// What it works with.
    pub gateway: Gateway,
    server: JoinHandle<std::io::Result<()>>,
    handle: ServerHandle,
    background: Background,
    _serving: Option<File>,
}

/// Starts a gateway. When this returns, it answers.
pub async fn start(settings: Settings) -> Result<Running> {
    let listener = TcpListener::bind(settings.listen).with_context(|| {
        format!("cannot listen on {}; choose another --listen", settings.listen)
    })?;
    let address = listener.local_addr()?;
    let serving = serve_alone(&settings)?;
    let gateway = open(settings, address).await?;
    plugin::start(&gateway).await.context("cannot load the plugins")?;
    let background = Background::start(&gateway);
    let shared = gateway.clone();
    let connections_max = connections_max();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(shared.clone()))
            .app_data(PayloadConfig::new(JSON_BYTES_MAX))
            .wrap(from_fn(timely::around))
            .wrap(from_fn(request_id::around))
            .configure(routes::configure)
            .configure(pages::routes::configure)
            .default_service(actix_web::web::route().to(routes::not_found))
    })
    .backlog(BACKLOG)
    .max_connections(connections_max)
    .worker_max_blocking_threads(BLOCKING_THREADS_MAX)
    .shutdown_timeout(SHUTDOWN_S)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    let server = tokio::spawn(server);
    tracing::info!(gateway.address = %address, gateway.issuer = %gateway.issuer, sandbox = gateway.settings.sandbox, "ready");
    Ok(Running { address, gateway, server, handle, background, _serving: serving })
}

/// Two gateways on one SQLite file would only wait for each other, and issue receipts in two names. The lock ends with
/// the process, however that ends. Gateways that share a PostgreSQL may be many.
fn serve_alone(settings: &Settings) -> Result<Option<File>> {
    if settings.database.as_deref().is_some_and(|url| url.starts_with("postgres")) {
        return Ok(None);
    }
    let (data, shown) = (&settings.data, settings.data.display());
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("cannot make {shown}; name another directory with --data"))?;
    let mut options = OpenOptions::new();
    let lock = options.write(true).create(true).truncate(false).mode(0o600);
    let lock = lock.open(data.join("serving")).with_context(|| format!("cannot use {shown}"))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(lock)),
        Err(Errno::WOULDBLOCK) => bail!(
            "a gateway serves {shown} already; stop that one, name another directory with --data, or share a PostgreSQL with --database"
        ),
        // A file system without locks holds nobody back.
        Err(_) => Ok(None),
    }
}

/// Connections that each worker holds at once; the kernel queues the rest. Together they leave room for files and
/// databases among what the process may have open, which is first raised to what the system allows.
fn connections_max() -> usize {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    let current =
        if setrlimit(Resource::Nofile, raised).is_ok() { limits.maximum } else { limits.current };
    // No limit is as good as the highest that makes sense.
    let open_max = current.and_then(|open| usize::try_from(open).ok()).unwrap_or(usize::MAX);
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    (open_max.saturating_sub(FILES_KEPT_FREE) / workers).clamp(1, CONNECTIONS_MAX)
}

/// A gateway without a socket: for the command line.
pub async fn open(settings: Settings, address: SocketAddr) -> Result<Gateway> {
    // The database and its log beside it are the gateway's own.
    umask(Mode::RWXG | Mode::RWXO);
    jws::self_test().context("the cryptography does not work on this machine")?;
    let url = settings.database_url();
    let has_books = has_books(&url)?;
    if !has_books && settings.data.join("master.key").exists() {
        tracing::warn!(
            "new books are begun under keys that were there before; if there were books, stop this and restore them from a backup"
        );
    }
    let keys = Keys::open(&settings.data, settings.sandbox, has_books)?;
    let store = Store::open(&StoreConfig {
        url,
        unit_of_account: settings.unit_of_account,
        key_fingerprint: keys.fingerprint(),
    })?;
    let clock = clock(&settings, &store)?;
    let cache = CodeCache::open(settings.data.join("compiled"), keys.cache).with_context(|| {
        format!("cannot use {} for compiled plugins", settings.data.join("compiled").display())
    })?;
    let metrics = Metrics::new()?;
    let issuer = settings.base_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let issuer = issuer.trim_end_matches('/').to_owned();
    Ok(Gateway::new(Parts {
        passkeys: Passkeys::of_issuer(&issuer),
        issuer,
        clock,
        plugins: Plugins::new(Limits::default(), Some(cache))?,
        outbound: Outbound::new(if settings.sandbox { Reach::Sandbox } else { Reach::Public }),
        shadows: Shadows::default(),
        printings: Printings::default(),
        checks: Checks::default(),
        facts: FactsCache::default(),
        deliveries: tokio::sync::Notify::new(),
        streams: Streams::default(),
        logins: Logins::new(&metrics),
        metrics,
        login_keys: LoginKeys::default(),
        tokens: TokenCache::default(),
        keys,
        store,
        settings,
    }))
}

/// The sandbox clock goes on where the database ends, so that a restart never turns it back.
fn clock(settings: &Settings, store: &Store) -> Result<Clock> {
    let Some(start) = settings.clock else {
        let latest = if settings.sandbox { store.read_now(time_latest)? } else { None };
        let ahead = latest.filter(|latest| *latest > jiff::Timestamp::now());
        return Ok(ahead.map_or_else(Clock::default, Clock::starting_at));
    };
    let latest = store.read_now(time_latest)?.filter(|latest| *latest > start);
    if let Some(latest) = latest {
        tracing::warn!(
            "the database goes on until {latest}; the clock starts there, not at {start}"
        );
    }
    Ok(Clock::starting_at(latest.unwrap_or(start)))
}

impl Running {
    /// Stops: no new requests, those under way are finished, what is queued is committed.
    pub async fn stop(self) -> Result<()> {
        // Live streams would hold their connections open until they time out.
        self.gateway.streams.close();
        self.handle.stop(true).await;
        self.background.stop().await;
        self.server.await??;
        self.gateway.store.clone().shutdown();
        tracing::info!("stopped");
        Ok(())
    }
}
