//! Names that are looked up, so that one merchant's slow names keep nobody else waiting.
//!
//! The system's resolver cannot be interrupted: a lookup holds its thread until the resolver has given up, also when
//! nobody waits for it any more. So places are bounded for each merchant, for all merchants, and apart from them for
//! what the gateway asks for itself; and a name that led nowhere is not looked up again for a while.

use std::{
    collections::HashMap,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use purser_core::ids::MerchantId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::SendError;

/// Names of merchants' endpoints that are looked up at one time.
const MERCHANTS_MAX: usize = 48;
/// And of those of one merchant.
const MERCHANT_MAX: usize = 4;
/// Names that are looked up at one time for feeds, plugins' vendors and authorities.
const OWN_MAX: usize = 16;
/// For how long a name that led nowhere is not looked up again.
const FAILED_FOR: Duration = Duration::from_secs(30);
/// Whoever stops waiting before this gave up for a reason of its own; the name may be good.
const SLOW: Duration = Duration::from_secs(2);
/// Names that are remembered as leading nowhere.
const FAILED_MAX: usize = 1_024;

/// Who asks for a name, and the name. What one merchant's lookup found is not held against another's.
type Asked = (Option<MerchantId>, String);

/// The lookups of a process.
pub(super) struct Lookups {
    own: Arc<Semaphore>,
    merchants: Arc<Semaphore>,
    /// Of merchants that are looking something up.
    each: Mutex<HashMap<MerchantId, Arc<Semaphore>>>,
    /// Until when a name is not looked up again.
    failed: Mutex<HashMap<Asked, Instant>>,
}

impl Default for Lookups {
    fn default() -> Self {
        Self {
            own: Arc::new(Semaphore::new(OWN_MAX)),
            merchants: Arc::new(Semaphore::new(MERCHANTS_MAX)),
            each: Mutex::default(),
            failed: Mutex::default(),
        }
    }
}

impl Lookups {
    /// What a name leads to.
    pub(super) async fn look_up(
        &self,
        merchant: Option<MerchantId>,
        name: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, SendError> {
        let system = move |name: &str| (name, port).to_socket_addrs().map(Vec::from_iter);
        self.look_up_with(merchant, name, system).await
    }

    async fn look_up_with(
        &self,
        merchant: Option<MerchantId>,
        name: &str,
        resolve: impl FnOnce(&str) -> std::io::Result<Vec<SocketAddr>> + Send + 'static,
    ) -> Result<Vec<SocketAddr>, SendError> {
        let asked = (merchant, name.to_owned());
        let places = self.places(merchant).await?;
        // After the wait for a place: the one before may have found out.
        if self.has_failed(&asked) {
            return Err(SendError::Resolve);
        }
        let mut waiting = Waiting { lookups: self, asked, since: Instant::now(), found: false };
        let name = name.to_owned();
        let resolve = move || {
            let _places = places;
            resolve(&name)
        };
        match spawn_blocking(resolve).await {
            Ok(Ok(found)) => {
                waiting.found = true;
                Ok(found)
            }
            Ok(Err(_)) | Err(_) => {
                self.remember(waiting.asked.clone());
                Err(SendError::Resolve)
            }
        }
    }

    async fn places(
        &self,
        merchant: Option<MerchantId>,
    ) -> Result<Vec<OwnedSemaphorePermit>, SendError> {
        let place =
            async |of: Arc<Semaphore>| of.acquire_owned().await.map_err(|_| SendError::Resolve);
        let Some(merchant) = merchant else { return Ok(vec![place(Arc::clone(&self.own)).await?]) };
        // The merchant's own first: who waits for that takes no place of all.
        let each = place(self.of(merchant)).await?;
        Ok(vec![each, place(Arc::clone(&self.merchants)).await?])
    }

    fn of(&self, merchant: MerchantId) -> Arc<Semaphore> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        // Who holds a place, or waits for one, holds the count of places too.
        each.retain(|known, places| *known == merchant || Arc::strong_count(places) > 1);
        let new = || Arc::new(Semaphore::new(MERCHANT_MAX));
        Arc::clone(each.entry(merchant).or_insert_with(new))
    }

    fn has_failed(&self, asked: &Asked) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(asked).is_some_and(|until| Instant::now() < *until)
    }

    fn remember(&self, asked: Asked) {
        let now = Instant::now();
        let Some(until) = now.checked_add(FAILED_FOR) else { return };
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.retain(|_, until| now < *until);
        if failed.len() < FAILED_MAX {
            failed.insert(asked, until);
        }
    }
}

/// A lookup that somebody waits for. If that ends without an answer, the name is slow.
struct Waiting<'a> {
    lookups: &'a Lookups,
    asked: Asked,
    since: Instant,
    found: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.found && self.since.elapsed() >= SLOW {
            self.lookups.remember(self.asked.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, mpsc};

    use tokio::{task::JoinSet, time::timeout};

    use super::*;

    const ADDRESS: &str = "192.0.2.1:443";

    fn found() -> std::io::Result<Vec<SocketAddr>> {
        Ok(vec![ADDRESS.parse().unwrap()])
    }

    #[test]
    fn one_merchants_slow_names_keep_nobody_else_waiting() {
        actix_web::rt::System::new().block_on(async {
            let lookups = Arc::new(Lookups::default());
            let (evil, good) = (MerchantId::from_random(1), MerchantId::from_random(2));
            let (mut slow, (begun, begins)) = (JoinSet::new(), mpsc::channel());
            // All that hold a place, and this test, which lets them go.
            let end = Arc::new(Barrier::new(MERCHANT_MAX + 1));
            for number in 0..MERCHANTS_MAX + OWN_MAX {
                let (lookups, end, begun) = (Arc::clone(&lookups), Arc::clone(&end), begun.clone());
                slow.spawn_local(async move {
                    let resolve = move |_: &str| {
                        begun.send(()).unwrap();
                        end.wait();
                        found()
                    };
                    let name = format!("x{number}.slow.example");
                    lookups.look_up_with(Some(evil), &name, resolve).await
                });
            }
            while lookups.of(evil).available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            for merchant in [Some(good), None] {
                let asked = lookups.look_up_with(merchant, "shop.example", |_| found());
                timeout(Duration::from_secs(20), asked).await.unwrap().unwrap();
            }
            assert_eq!(begins.iter().take(MERCHANT_MAX).count(), MERCHANT_MAX);
            assert!(begins.try_recv().is_err(), "no more of one merchant than its places");
            slow.abort_all();
            while slow.join_next().await.is_some() {}
            end.wait();
        });
    }

    #[test]
    fn a_name_that_led_nowhere_is_not_asked_again_at_once_by_the_same() {
        actix_web::rt::System::new().block_on(async {
            let lookups = Lookups::default();
            let merchant = Some(MerchantId::from_random(1));
            let nowhere = || Err(std::io::Error::from(std::io::ErrorKind::NotFound));
            let failed = lookups.look_up_with(merchant, "a.example", move |_| nowhere()).await;
            assert_eq!(failed, Err(SendError::Resolve));
            let again = lookups.look_up_with(merchant, "a.example", |_| found()).await;
            assert_eq!(again, Err(SendError::Resolve), "nobody was asked");
            for (merchant, name) in [(merchant, "b.example"), (None, "a.example")] {
                assert!(lookups.look_up_with(merchant, name, |_| found()).await.is_ok());
            }
            let asked = (merchant, "slow.example".to_owned());
            let since = Instant::now().checked_sub(SLOW).unwrap();
            drop(Waiting { lookups: &lookups, asked: asked.clone(), since, found: false });
            assert!(lookups.has_failed(&asked), "one that was waited for in vain");
            for number in 0..2 * FAILED_MAX {
                lookups.remember((None, number.to_string()));
            }
            assert_eq!(lookups.failed.lock().unwrap().len(), FAILED_MAX);
        });
    }
}
