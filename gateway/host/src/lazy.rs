//! Plugins are loaded when somebody needs them, once, and dropped when others were needed since.
//!
//! A gateway may have hundreds installed and use a dozen. So the components stay in the database, the compiled code
//! in files, and only what is in use is in memory, up to [`Limits::loaded_code_bytes`](crate::Limits).

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak, atomic::Ordering},
};

use purser_pack::Manifest;
use tokio::task;

use crate::{
    evidence::Digest,
    load::{self, Compiled, LoadError},
    registry::{Plugin, Plugins},
};

/// Who loads what: one at a time for each plugin, while all who need it wait without holding a thread.
#[derive(Default)]
pub(crate) struct Turns(Mutex<BTreeMap<Digest, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    fn of(&self, digest: Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&digest).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        turns.insert(digest, Arc::downgrade(&turn));
        turn
    }
}

impl Plugins {
    /// A plugin that was verified when it was installed: from memory, from the code cache, or compiled of its
    /// `bytes`, which are only asked for in the last case.
    pub async fn load<E: From<LoadError>>(
        &self,
        digest: Digest,
        manifest: &Manifest,
        bytes: impl Future<Output = Result<Cow<'static, [u8]>, E>>,
    ) -> Result<Plugin, E> {
        if let Some(plugin) = self.get(&digest) {
            return Ok(plugin);
        }
        let turn = self.0.turns.of(digest);
        let _turn = turn.lock().await;
        if let Some(plugin) = self.get(&digest) {
            return Ok(plugin);
        }
        let plugin = match self.compiled_before(digest, manifest.clone()).await {
            Some(compiled) => load::examine(&self.0.sandbox, compiled).await?,
            // Whether a large one may be installed was asked when it was.
            None => self.verify(bytes.await?, self.limits().large_component_bytes).await?,
        };
        if plugin.digest() != digest {
            return Err(LoadError::OtherFile.into());
        }
        self.add(plugin.clone());
        Ok(plugin)
    }

    async fn compiled_before(&self, digest: Digest, manifest: Manifest) -> Option<Compiled> {
        let registry = self.0.clone();
        let find = move || {
            load::compiled_before(&registry.sandbox, registry.cache.as_ref(), digest, manifest)
        };
        task::spawn_blocking(find).await.ok().flatten()
    }

    /// Puts a plugin into the set. Those that were not used for longest make room; calls that run finish.
    pub(crate) fn add(&self, plugin: Plugin) {
        let digest = plugin.digest();
        let bytes_max = self.0.sandbox.limits.loaded_code_bytes;
        self.0.loaded.rcu(|loaded| {
            let mut loaded = BTreeMap::clone(loaded);
            loaded.insert(digest, plugin.clone());
            make_room(&mut loaded, digest, bytes_max);
            loaded
        });
        // Counts as a use, or the next one to come would push it out again.
        let _ = self.get(&digest);
    }

    /// Whether more can be loaded without dropping another.
    pub fn has_room(&self) -> bool {
        code_bytes(&self.0.loaded.load()) < self.0.sandbox.limits.loaded_code_bytes / 2
    }
}

fn code_bytes(loaded: &BTreeMap<Digest, Plugin>) -> usize {
    loaded.values().map(|plugin| plugin.0.code_bytes).fold(0, usize::saturating_add)
}

fn make_room(loaded: &mut BTreeMap<Digest, Plugin>, newest: Digest, bytes_max: usize) {
    while code_bytes(loaded) > bytes_max {
        let others = loaded.iter().filter(|(digest, _)| **digest != newest);
        let oldest = others.min_by_key(|(_, plugin)| plugin.0.used.load(Ordering::Relaxed));
        let Some(oldest) = oldest.map(|(digest, _)| *digest) else { return };
        loaded.remove(&oldest);
    }
}
