//! Slow hashes, a few at a time, in memory that is used again.

use std::{
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::available_parallelism,
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use prometheus::IntCounter;
use purser_core::secret::Secret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::{Zeroize, Zeroizing};

use crate::problem::{self, Problem};

/// OWASP's parameters for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
/// Hashes that may wait at a desk. One takes some 30 ms, so the last of them waits two seconds on two cores.
const QUEUE: usize = 64;

/// Where hashes wait, and the lanes they run on.
pub(super) struct Desk {
    memory: Arc<Memory>,
    lanes: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    hashes: IntCounter,
}

/// Memory of earlier hashes, wiped: as many pieces as there are lanes.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Desk {
    /// One lane for each two cores. `hashes` counts what they made.
    pub(super) fn new(hashes: IntCounter) -> Self {
        let lanes = available_parallelism().map_or(1, NonZero::get).div_ceil(2);
        Self {
            memory: Arc::default(),
            lanes: Arc::new(Semaphore::new(lanes)),
            queue: Arc::new(Semaphore::new(QUEUE)),
            hashes,
        }
    }

    /// Argon2id of a secret, when its turn comes; overloaded, if too many wait.
    pub(super) async fn hash(
        &self,
        pepper: &Secret<32>,
        secret: Zeroizing<Vec<u8>>,
        salt: [u8; 32],
    ) -> Result<[u8; 32], Problem> {
        let lane = self.lane().await?;
        self.hashes.inc();
        let (memory, pepper) = (Arc::clone(&self.memory), pepper.clone());
        // Somebody who hangs up does not give the lane back: the hash still runs and holds its memory.
        let done = tokio::task::spawn_blocking(move || {
            let hash = memory.hash(&pepper, &secret, &salt);
            drop(lane);
            hash
        });
        done.await.map_err(Problem::internal)?.map_err(Problem::internal)
    }

    /// A lane, when its turn comes. The place in the queue is free again from then on.
    pub(super) async fn lane(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let overloaded = || Problem::new(problem::OVERLOADED).retry_after(2);
        let _place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| overloaded())?;
        Arc::clone(&self.lanes).acquire_owned().await.map_err(|_| overloaded())
    }
}

impl Memory {
    fn hash(
        &self,
        pepper: &Secret<32>,
        secret: &[u8],
        salt: &[u8],
    ) -> Result<[u8; 32], argon2::Error> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32))?;
        let mut blocks = self.spare().pop().unwrap_or_default();
        blocks.resize(params.block_count(), Block::new());
        let mut hash = [0; 32];
        let argon2 =
            Argon2::new_with_secret(pepper.expose(), Algorithm::Argon2id, Version::V0x13, params)?;
        let done = argon2.hash_password_into_with_memory(secret, salt, &mut hash, &mut blocks);
        blocks.iter_mut().for_each(|block| block.as_mut().zeroize());
        self.spare().push(blocks);
        done.map(|()| hash)
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_flood_is_turned_away_and_memory_stays_bounded() {
        let desk = Desk::new(IntCounter::new("hashes", "made here").unwrap());
        let lanes = Arc::clone(&desk.lanes);
        let all =
            lanes.acquire_many(u32::try_from(lanes.available_permits()).unwrap()).await.unwrap();
        let pepper = Secret::new([3; 32]);
        let hash = || desk.hash(&pepper, Zeroizing::new(b"secret".to_vec()), [9; 32]);
        let mut waiting: Vec<_> = (0..QUEUE).map(|_| Box::pin(hash())).collect();
        for hash in &mut waiting {
            assert!(tokio::time::timeout(Duration::ZERO, hash).await.is_err(), "waits for a lane");
        }
        assert_eq!(hash().await.unwrap_err().kind, problem::OVERLOADED);
        waiting.clear();
        drop(all);
        hash().await.expect("whoever hangs up leaves the queue");
        assert_eq!(desk.memory.spare().len(), 1);
    }

    #[test]
    fn the_pepper_counts_and_memory_that_is_used_again_leaves_no_trace() {
        let memory = Memory::default();
        let hash =
            |pepper: u8| memory.hash(&Secret::new([pepper; 32]), b"secret", &[9; 32]).unwrap();
        let first = hash(3);
        assert_ne!(first, hash(4));
        assert_eq!(first, hash(3));
        assert_eq!(memory.spare().len(), 1);
    }
}
