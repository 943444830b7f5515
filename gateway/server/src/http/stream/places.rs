//! Who may open a live stream, and how many.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use purser_core::ids::{AccountId, MerchantId};
use tokio::sync::watch;

use crate::{
    gateway::Gateway,
    metrics::StreamOpen,
    problem::{self, Problem},
};

/// Streams of one kind at one time: each holds a connection, and looks into the database now and then. Merchants have
/// as many of their own, so that buyers, of whom anybody can be one, take no merchant's place.
const OPEN_MAX: usize = 1_000;
/// Streams of one buyer: a browser, a telephone, and the stream of each that has hung up without a word.
const OPEN_PER_BUYER: usize = 4;
/// Streams of one merchant: a few servers, and those that they have just replaced.
const OPEN_PER_MERCHANT: usize = 8;
/// When to come again: by then, a stream that hung up without a word is noticed.
const RETRY_AFTER_S: u64 = 30;

/// The streams of a gateway: which are open, and whether they shall end.
#[derive(Debug, Clone)]
pub struct Streams {
    open: Arc<Mutex<Open>>,
    closing: watch::Sender<bool>,
}

/// How many each has open.
#[derive(Debug, Default)]
struct Open {
    buyers: HashMap<AccountId, usize>,
    merchants: HashMap<MerchantId, usize>,
}

/// Whose stream it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Follower {
    Buyer(AccountId),
    Merchant(MerchantId),
}

/// A stream's place among the open ones, given back when it ends.
pub(super) struct Place {
    open: Arc<Mutex<Open>>,
    follower: Follower,
    _counted: StreamOpen,
}

impl Default for Streams {
    fn default() -> Self {
        Self { open: Arc::default(), closing: watch::Sender::new(false) }
    }
}

impl Streams {
    /// Ends all streams, so that the gateway can stop.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Tells when all streams shall end.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// A place for one more stream.
    pub(super) fn enter(&self, gateway: &Gateway, follower: Follower) -> Result<Place, Problem> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).enter(follower)?;
        let name = match follower {
            Follower::Buyer(_) => "transactions",
            Follower::Merchant(_) => "events",
        };
        let counted = gateway.metrics.stream_open(name);
        Ok(Place { open: Arc::clone(&self.open), follower, _counted: counted })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).leave(self.follower);
    }
}

impl Open {
    fn enter(&mut self, follower: Follower) -> Result<(), Problem> {
        match follower {
            Follower::Buyer(account) => enter(&mut self.buyers, account, OPEN_PER_BUYER),
            Follower::Merchant(merchant) => enter(&mut self.merchants, merchant, OPEN_PER_MERCHANT),
        }
    }

    fn leave(&mut self, follower: Follower) {
        match follower {
            Follower::Buyer(account) => leave(&mut self.buyers, account),
            Follower::Merchant(merchant) => leave(&mut self.merchants, merchant),
        }
    }
}

fn enter<Id: Copy + Eq + std::hash::Hash>(
    open: &mut HashMap<Id, usize>,
    id: Id,
    own_max: usize,
) -> Result<(), Problem> {
    if open.get(&id).is_some_and(|own| *own >= own_max) {
        let detail = format!("at most {own_max} live streams at one time; close one first");
        return Err(Problem::new(problem::TOO_MANY_REQUESTS)
            .detail(detail)
            .retry_after(RETRY_AFTER_S));
    }
    if open.values().sum::<usize>() >= OPEN_MAX {
        return Err(Problem::new(problem::OVERLOADED).retry_after(RETRY_AFTER_S));
    }
    let own = open.entry(id).or_insert(0);
    *own = own.saturating_add(1);
    Ok(())
}

fn leave<Id: Eq + std::hash::Hash>(open: &mut HashMap<Id, usize>, id: Id) {
    let Some(own) = open.get_mut(&id) else { return };
    *own = own.saturating_sub(1);
    if *own == 0 {
        open.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buyer(id: u128) -> Follower {
        Follower::Buyer(AccountId::from_random(id))
    }

    fn merchant(id: u128) -> Follower {
        Follower::Merchant(MerchantId::from_random(id))
    }

    #[test]
    fn everybody_has_a_few_streams_and_may_open_another_when_one_ends() {
        let mut open = Open::default();
        for (follower, own_max) in [(buyer(1), 4), (merchant(1), 8)] {
            for _ in 0..own_max {
                open.enter(follower).unwrap();
            }
            assert_eq!(open.enter(follower).unwrap_err().kind, problem::TOO_MANY_REQUESTS);
            open.leave(follower);
            open.enter(follower).unwrap();
        }
        open.enter(buyer(2)).unwrap();
    }

    #[test]
    fn buyers_take_no_merchants_place() {
        let mut open = Open::default();
        for id in 0..1_000 {
            open.enter(buyer(id)).unwrap();
        }
        assert_eq!(open.enter(buyer(1_000)).unwrap_err().kind, problem::OVERLOADED);
        open.enter(merchant(1)).unwrap();
        (0..1_000).for_each(|id| open.leave(buyer(id)));
        assert!(open.buyers.is_empty(), "nothing is left of who is gone");
    }
}
