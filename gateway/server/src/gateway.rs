//! The gateway itself: what every request works with.

use std::sync::Arc;

use purser_core::Timestamp;
use purser_host::Plugins;
use purser_store::Store;

use crate::{
    app::{
        check::Checks, facts::FactsCache, passkey::Passkeys, plugin::shadow::Shadows,
        stock::printing::Printings,
    },
    clock::Clock,
    http::stream::Streams,
    keys::Keys,
    metrics::Metrics,
    outbound::Outbound,
    settings::Settings,
};

/// Cheap to clone; one for each process.
#[derive(Clone)]
pub struct Gateway(Arc<Parts>);

/// The parts of a gateway.
pub struct Parts {
    /// What the operator set.
    pub settings: Settings,
    /// The address under which clients reach it, without trailing slash.
    pub issuer: String,
    /// The one clock.
    pub clock: Clock,
    /// Its secrets.
    pub keys: Keys,
    /// The database, and the teller in front of it.
    pub store: Store,
    /// The plugins that are loaded.
    pub plugins: Plugins,
    /// The way to other machines.
    pub outbound: Outbound,
    /// The plugins that run beside those that answer.
    pub shadows: Shadows,
    /// Batches of cards that are printed for somebody who watches.
    pub printings: Printings,
    /// The check of the books that runs behind an answer.
    pub checks: Checks,
    /// What operators and merchants set, by version.
    pub facts: FactsCache,
    /// Wakes whoever delivers to webhooks, when there is something that no event tells of.
    pub deliveries: tokio::sync::Notify,
    /// What it counts.
    pub metrics: Metrics,
    /// The live streams that are open.
    pub streams: Streams,
    /// Password hashing, bounded.
    pub logins: crate::app::login::Logins,
    /// What authenticators are asked with.
    pub passkeys: Passkeys,
    /// The key of RSA that ID tokens are signed with, once it was needed.
    pub login_keys: crate::app::oidc::key::LoginKeys,
    /// Access tokens that were verified.
    pub tokens: crate::app::session::TokenCache,
}

impl Gateway {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The gateway's time.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl std::ops::Deref for Gateway {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
