//! The door.

use std::{collections::HashSet, sync::Arc, time::Instant};

use diesel::{Connection as _, ExpressionMethods, QueryDsl, RunQueryDsl, r2d2::Pool};
use purser_core::{
    command::Prepared,
    ids::{AccountId, MerchantId},
    money::Currency,
};
use tokio::{sync::broadcast, task::spawn_blocking};

use crate::{
    Connection, OpenError, Reply, StoreError, SubmitError,
    database::Database,
    facts_version::FactsVersion,
    pool::{self, Readers},
    schema::gateway,
    teller::{Counting, Teller, TellerCounts, Writer},
};

/// A listener that falls further behind than this is told so, and reads from the database again.
const NOTES_KEPT: usize = 1_024;

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// A path, `sqlite:PATH` or `postgres://...`.
    pub url: String,
    /// The currency that vaults are held in. Kept with the database for ever.
    pub unit_of_account: Currency,
    /// Names the gateway's keys. Kept with the database, so that it is never opened with others.
    pub key_fingerprint: String,
}

/// Both databases behind one door. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    unit: Currency,
    readers: Pool<Readers>,
    teller: Teller,
    facts_version: Arc<FactsVersion>,
    committed: broadcast::Sender<Committed>,
}

/// Whose logs and events grew by a commit of this process. Other processes' commits are not heard of here, so a
/// listener also looks by itself now and then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Buyers with new lines in their transaction logs.
    pub accounts: Vec<AccountId>,
    /// Merchants with new events. They have no position yet when they are committed, and this is sent again when
    /// they have.
    pub merchants: Vec<MerchantId>,
}

impl Store {
    /// Opens a database: migrates it, makes sure that it is ours, and starts the writer thread.
    pub fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        let database = Database::parse(&config.url)?;
        let unit = config.unit_of_account;
        let mut conn = database.open(unit, &config.key_fingerprint)?;
        let now = Instant::now();
        let facts_version = Arc::new(FactsVersion::new(facts_version_get(&mut conn)?, now));
        let (committed, _) = broadcast::channel(NOTES_KEPT);
        let writer = Writer {
            database: database.clone(),
            conn: Some(conn),
            unit,
            facts_version: Arc::clone(&facts_version),
            committed: committed.clone(),
            evidence: HashSet::new(),
            counting: Arc::new(Counting::default()),
        };
        let teller = Teller::start(writer)?;
        let readers = pool::pool(database.clone());
        Ok(Self(Arc::new(Inner { database, unit, readers, teller, facts_version, committed })))
    }

    /// The currency that vaults are held in.
    pub fn unit_of_account(&self) -> Currency {
        self.0.unit
    }

    /// Has the teller decide a command, together with whatever else is waiting.
    pub async fn submit(&self, prepared: impl Into<Arc<Prepared>>) -> Result<Reply, SubmitError> {
        self.0.teller.submit(prepared.into()).await
    }

    /// What the teller of this process has done, and what waits for it.
    pub fn teller_counts(&self) -> TellerCounts {
        self.0.teller.counts()
    }

    /// Looks, on a thread that may block.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        spawn_blocking(move || store.read_now(look)).await.map_err(|_| StoreError::Unavailable)?
    }

    /// Looks, on this thread.
    pub fn read_now<T>(
        &self,
        look: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        pool::lend(&self.0.readers, look)
    }

    /// Makes a small change in a transaction of its own: sessions, cards in stock, whatever is not money. When it
    /// fails, nothing of it is kept.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match self.0.database {
            // SQLite has one writer.
            Database::Sqlite(_) => {
                let answered = self.0.teller.change(change)?;
                answered.await.map_err(|_| StoreError::Unavailable)?
            }
            Database::Postgres(_) => {
                let store = self.clone();
                let change = move || store.read_now(|conn| conn.transaction(change));
                spawn_blocking(change).await.map_err(|_| StoreError::Unavailable)?
            }
        }
    }

    /// Changes what commands are prepared with. In the same transaction the version of the facts grows, so that
    /// every command that was prepared with the old ones is prepared again.
    pub async fn change_facts<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let now = Instant::now();
        let changed = self.write(move |conn| {
            // The version first: two changes at once wait for each other here, and not half way.
            let grown = gateway::facts_version.eq(gateway::facts_version + 1);
            diesel::update(gateway::table.find(1_i64)).set(grown).execute(conn)?;
            let version = facts_version_get(conn)?;
            Ok((change(conn)?, version))
        });
        let (done, version) = changed.await?;
        self.0.facts_version.hear(version, now);
        Ok(done)
    }

    /// The version of the facts, as far as this process has heard of it. A command prepared with an older one comes
    /// back as [`SubmitError::Stale`], and then this is newer.
    pub fn facts_version(&self) -> i64 {
        self.0.facts_version.newest()
    }

    /// The version of the facts a quarter of a second ago or later, for whoever only looks: another process may have
    /// changed them. Asks the database only if no turn of the teller has lately.
    pub async fn facts_version_recent(&self) -> Result<i64, StoreError> {
        let now = Instant::now();
        if !self.0.facts_version.is_recent(now) {
            let version = self.read(facts_version_get).await?;
            self.0.facts_version.hear(version, now);
        }
        Ok(self.facts_version())
    }

    /// Hears of every commit of this process.
    pub fn committed(&self) -> broadcast::Receiver<Committed> {
        self.0.committed.subscribe()
    }

    /// Tells who listens.
    pub(crate) fn tell(&self, note: Committed) {
        // Nobody may be listening.
        let _ = self.0.committed.send(note);
    }

    /// Answers what has queued and ends the writer thread; what comes later is refused as unavailable.
    pub fn shutdown(self) {
        self.0.teller.stop();
    }
}

fn facts_version_get(conn: &mut Connection) -> Result<i64, StoreError> {
    Ok(gateway::table.select(gateway::facts_version).first(conn)?)
}
