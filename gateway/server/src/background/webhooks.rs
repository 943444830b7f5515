//! Delivers events to merchants' endpoints.
//!
//! A turn writes down what was tried, makes deliveries of new events, takes what is due and sends it. Endpoints do not
//! wait for each other: each has a few places of its own ([`Lanes`]), and those that are slow share a lane of theirs.
//! Everything is in the database: a gateway that stops, or dies, leaves the rest to the next one, which may deliver
//! again what was under way.

mod lanes;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::{AttemptId, DeliveryId, MerchantId, WebhookId},
};
use purser_store::{
    Committed,
    delivery::{Claim, Claimed, Hold, Settled},
    facts::webhook::webhooks_slow,
    read::delivery::deliveries_waiting,
};
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        watch,
    },
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use self::lanes::{Lanes, Place};
use super::failed;
use crate::{app::webhook, clock, gateway::Gateway, problem::Problem, random::id_bits};

/// How often it looks by itself: for what is to be tried again, and for what other processes left.
const LOOK: Duration = Duration::from_secs(1);
/// From one turn to the next, so that a burst is done together.
const PAUSE: Duration = Duration::from_millis(20);
/// How long deliveries under way may take to end when the gateway stops.
const GRACE: Duration = Duration::from_secs(2);
/// For how long a delivery is taken: so long does it lie when a gateway has died with it.
const CLAIM: SignedDuration = SignedDuration::from_secs(30);
/// How often deliveries that are still under way are taken for longer.
const RENEW: Duration = Duration::from_secs(8);
/// How often the queue is measured.
const MEASURE: Duration = Duration::from_secs(15);
/// Endpoints that deliveries are taken for in one transaction.
const ENDPOINTS_MAX: usize = 64;
/// Turns of making deliveries before others are taken: many thousands of events.
const MAKES_MAX: usize = 20;

/// What is under way.
struct Desk {
    gateway: Gateway,
    commits: Receiver<Committed>,
    under_way: JoinSet<(Place, Tried)>,
    /// What is under way, with the names it was taken under.
    held: HashMap<DeliveryId, AttemptId>,
    lanes: Lanes,
    /// Tried, and not written down yet.
    tried: Vec<Settled>,
    /// Endpoints that may have something due.
    awake: BTreeSet<WebhookId>,
    /// Merchants with news; `None`: any may have some.
    news: Option<BTreeSet<MerchantId>>,
    looked_at: Instant,
    renewed_at: Instant,
    measured_at: Instant,
}

/// A delivery that was tried, and how long that took.
struct Tried {
    settled: Settled,
    took: Duration,
}

pub(super) async fn run(gateway: Gateway, mut stopped: watch::Receiver<bool>) {
    let now = Instant::now();
    let mut desk = Desk {
        commits: gateway.store.committed(),
        under_way: JoinSet::new(),
        held: HashMap::new(),
        lanes: Lanes::default(),
        tried: Vec::new(),
        awake: BTreeSet::new(),
        news: None,
        looked_at: now.checked_sub(LOOK).unwrap_or(now),
        renewed_at: now,
        measured_at: now.checked_sub(MEASURE).unwrap_or(now),
        gateway,
    };
    match desk.gateway.store.read(webhooks_slow).await {
        Ok(slow) => desk.lanes.remember(slow),
        // They are found out anew.
        Err(error) => failed(&desk.gateway, "webhooks", &error.into()),
    }
    loop {
        if let Err(problem) = desk.turn().await {
            failed(&desk.gateway, "webhooks", &problem);
            if super::wait(&mut stopped, LOOK).await {
                break;
            }
        }
        let soon = Instant::now() + PAUSE;
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => break,
            go_on = desk.wait() => if !go_on { break },
        }
        sleep_until(soon).await;
        desk.hear();
    }
    desk.stop().await;
}

impl Desk {
    /// Waits until there is something to do. False when the store is closed.
    async fn wait(&mut self) -> bool {
        let look_at = self.looked_at + LOOK;
        let gateway = self.gateway.clone();
        tokio::select! {
            Some(joined) = self.under_way.join_next() => if let Ok((place, tried)) = joined { self.ended(place, tried) },
            heard = self.commits.recv() => match heard {
                Ok(committed) => self.news_of(committed),
                Err(RecvError::Lagged(_)) => self.news = None,
                Err(RecvError::Closed) => return false,
            },
            () = gateway.deliveries.notified() => self.look_now(),
            () = sleep_until(look_at) => {}
        }
        true
    }

    /// Takes in what has happened meanwhile.
    fn hear(&mut self) {
        while let Some(joined) = self.under_way.try_join_next() {
            if let Ok((place, tried)) = joined {
                self.ended(place, tried);
            }
        }
        while let Ok(committed) = self.commits.try_recv() {
            self.news_of(committed);
        }
    }

    fn news_of(&mut self, committed: Committed) {
        if let Some(news) = &mut self.news {
            news.extend(committed.merchants);
        }
    }

    fn look_now(&mut self) {
        self.looked_at = self.looked_at.checked_sub(LOOK).unwrap_or(self.looked_at);
    }

    fn ended(&mut self, place: Place, tried: Tried) {
        self.held.remove(&tried.settled.id);
        let mut settled = tried.settled;
        settled.slow = self.lanes.leave(place, &settled, tried.took);
        self.tried.push(settled);
    }

    async fn turn(&mut self) -> Result<(), Problem> {
        self.write_down().await?;
        if self.renewed_at.elapsed() >= RENEW && !self.held.is_empty() {
            self.renewed_at = Instant::now();
            let held = self.held.iter().map(|(id, claim)| (*id, *claim)).collect();
            self.gateway.store.deliveries_hold(held, Hold::Until(claimed_until()?)).await?;
        }
        if self.looked_at.elapsed() >= LOOK {
            self.looked_at = Instant::now();
            self.news = None;
            self.awake.extend(self.gateway.store.webhooks_due(self.gateway.now()).await?);
        }
        self.make().await?;
        self.take().await?;
        if self.measured_at.elapsed() >= MEASURE {
            self.measured_at = Instant::now();
            let now = self.gateway.now();
            let (waiting, due) =
                self.gateway.store.read(move |db| deliveries_waiting(db, now)).await?;
            self.gateway.metrics.webhooks_waiting(waiting, due);
        }
        Ok(())
    }

    async fn write_down(&mut self) -> Result<(), Problem> {
        if self.tried.is_empty() {
            return Ok(());
        }
        // Kept until they are written: what is not written down is delivered again.
        self.gateway.store.deliveries_settle(self.tried.clone()).await?;
        self.tried.clear();
        Ok(())
    }

    /// Makes deliveries of events that are new.
    async fn make(&mut self) -> Result<(), Problem> {
        let merchants = self.news.as_ref().map(|news| news.iter().copied().collect::<Vec<_>>());
        if merchants.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        for _ in 0..MAKES_MAX {
            let told =
                self.gateway.store.deliveries_make(merchants.clone(), self.gateway.now()).await?;
            if told.is_empty() {
                break;
            }
            self.awake.extend(told);
        }
        self.news = Some(BTreeSet::new());
        Ok(())
    }

    /// Takes what is due, as far as there are places, and sends it.
    async fn take(&mut self) -> Result<(), Problem> {
        let wanted = self.lanes.wanted(&self.awake);
        for some in wanted.chunks(ENDPOINTS_MAX) {
            let claim = Claim {
                name: AttemptId::from_random(id_bits()),
                now: self.gateway.now(),
                machine_now: clock::machine_now(),
                until: claimed_until()?,
            };
            let claimed = self.gateway.store.deliveries_claim(some.to_vec(), claim).await?;
            for (webhook, most) in some {
                let found = claimed.iter().filter(|taken| taken.webhook.id == *webhook).count();
                if found < *most {
                    self.awake.remove(webhook);
                }
            }
            for taken in claimed {
                self.send(taken);
            }
        }
        Ok(())
    }

    fn send(&mut self, claimed: Claimed) {
        let place = self.lanes.enter(claimed.webhook.id);
        self.held.insert(claimed.id, claimed.claim);
        let gateway = self.gateway.clone();
        self.under_way.spawn(async move {
            let started = Instant::now();
            let settled = webhook::deliver(&gateway, claimed).await;
            (place, Tried { settled, took: started.elapsed() })
        });
    }

    /// Ends what is under way, or gives it up after a while: the next gateway delivers it.
    async fn stop(mut self) {
        let ended = timeout(GRACE, async {
            while let Some(joined) = self.under_way.join_next().await {
                if let Ok((place, tried)) = joined {
                    self.ended(place, tried);
                }
            }
        });
        if ended.await.is_err() {
            self.under_way.abort_all();
        }
        if let Err(problem) = self.leave().await {
            failed(&self.gateway, "webhooks", &problem);
        }
    }

    async fn leave(&mut self) -> Result<(), Problem> {
        self.write_down().await?;
        let held: Vec<_> = self.held.drain().collect();
        if !held.is_empty() {
            self.gateway.store.deliveries_hold(held, Hold::Released).await?;
        }
        Ok(())
    }
}

fn claimed_until() -> Result<Timestamp, Problem> {
    clock::machine_now().checked_add(CLAIM).map_err(Problem::internal)
}
