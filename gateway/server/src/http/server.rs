//! Starting and stopping: keys, database, plugins, then the socket's first answer.

use std::net::{SocketAddr, TcpListener};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::from_fn,
    web::{Data, PayloadConfig},
};
use anyhow::{Context, Result};
use purser_core::jws;
use purser_host::{CodeCache, Limits, Plugins};
use purser_store::{Store, StoreConfig, read::latest::time_latest};
use tokio::task::JoinHandle;

use super::{request_id, routes, stream::Streams};
use crate::{
    app::{facts::FactsCache, login::Logins, plugin, session::TokenCache},
    background::Background,
    clock::Clock,
    gateway::{Gateway, Parts},
    http::body::JSON_BYTES_MAX,
    keys::Keys,
    metrics::Metrics,
    settings::Settings,
};

/// Connections that wait for a worker: enough that a burst is queued by the kernel and not refused.
const BACKLOG: u32 = 2_048;
/// Threads of each worker that may wait for the database or compute a password: the pool has eight connections and
/// passwords wait at a gate of their own, so more would only be switched between.
const BLOCKING_THREADS_MAX: usize = 8;
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
}

/// Starts a gateway. When this returns, it answers.
pub async fn start(settings: Settings) -> Result<Running> {
    let listener = TcpListener::bind(settings.listen).with_context(|| {
        format!("cannot listen on {}; choose another --listen", settings.listen)
    })?;
    let address = listener.local_addr()?;
    let gateway = open(settings, address).await?;
    plugin::start(&gateway).await.context("cannot load the plugins")?;
    let background = Background::start(&gateway);
    let shared = gateway.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(shared.clone()))
            .app_data(PayloadConfig::new(JSON_BYTES_MAX))
            .wrap(from_fn(request_id::around))
            .configure(routes::configure)
            .default_service(actix_web::web::route().to(routes::not_found))
    })
    .backlog(BACKLOG)
    .worker_max_blocking_threads(BLOCKING_THREADS_MAX)
    .shutdown_timeout(SHUTDOWN_S)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    let server = tokio::spawn(server);
    tracing::info!(gateway.address = %address, gateway.issuer = %gateway.issuer, sandbox = gateway.settings.sandbox, "ready");
    Ok(Running { address, gateway, server, handle, background })
}

/// A gateway without a socket: for the command line.
pub async fn open(settings: Settings, address: SocketAddr) -> Result<Gateway> {
    jws::self_test().context("the cryptography does not work on this machine")?;
    let keys = Keys::open(&settings.data, settings.sandbox)?;
    let database = settings.database.clone();
    let database =
        database.unwrap_or_else(|| settings.data.join("purser.db").display().to_string());
    let store = Store::open(&StoreConfig {
        url: database,
        unit_of_account: settings.unit_of_account,
        key_fingerprint: keys.fingerprint(),
    })?;
    let clock = clock(&settings, &store)?;
    let cache = CodeCache::open(settings.data.join("compiled"), keys.cache).with_context(|| {
        format!("cannot use {} for compiled plugins", settings.data.join("compiled").display())
    })?;
    let issuer = settings.base_url.clone().unwrap_or_else(|| format!("http://{address}"));
    Ok(Gateway::new(Parts {
        issuer: issuer.trim_end_matches('/').to_owned(),
        clock,
        plugins: Plugins::new(Limits::default(), Some(cache))?,
        facts: FactsCache::default(),
        metrics: Metrics::new()?,
        streams: Streams::default(),
        logins: Logins::new(),
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
    let latest = store.read_now(time_latest)?;
    Ok(Clock::starting_at(latest.map_or(start, |latest| latest.max(start))))
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
