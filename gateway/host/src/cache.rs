//! Compiled plugins on disk, so that a start takes milliseconds and not seconds.
//!
//! Compiled code is run as it is, so whoever could write it could run anything in the gateway. Therefore each
//! file carries a MAC under a key that only the gateway has, the MAC covers which plugin and engine the code
//! belongs to, and what was checked is what is loaded: the bytes in memory, not the file a second time.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::{Engine, component::Component};
use zeroize::Zeroizing;

use crate::{engine::ENGINE_VERSION, evidence::Digest};

/// How many files this process has begun.
static UNFINISHED: AtomicU64 = AtomicU64::new(0);

/// Bytes of an HMAC-SHA256.
const MAC_BYTES: usize = 32;

/// A directory of compiled plugins.
pub struct CodeCache {
    directory: PathBuf,
    key: Zeroizing<[u8; 32]>,
}

impl CodeCache {
    /// Uses `directory`, which is made for the gateway alone if need be. The key should come from the gateway's
    /// own keys; with another key everything is compiled anew.
    pub fn open(directory: impl Into<PathBuf>, key: [u8; 32]) -> io::Result<Self> {
        let (directory, key) = (directory.into(), Zeroizing::new(key));
        fs::create_dir_all(&directory)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self { directory, key })
    }

    /// The compiled plugin, if this gateway compiled it with this engine before.
    pub(crate) fn load(&self, engine: &Engine, digest: Digest) -> Option<Component> {
        let file = fs::read(self.path(engine, digest)).ok()?;
        let (tag, code) = file.split_at_checked(MAC_BYTES)?;
        if self.mac(engine, digest, code)?.verify_slice(tag).is_err() {
            tracing::warn!(plugin.digest = %digest, "a compiled plugin on disk is not ours; it is compiled anew");
            return None;
        }
        deserialize(engine, code)
    }

    /// Keeps a compiled plugin. A cache that cannot be written costs time, not correctness.
    pub(crate) fn keep(&self, engine: &Engine, digest: Digest, component: &Component) {
        let kept = component.serialize().map_err(io::Error::other);
        if let Err(error) = kept.and_then(|code| self.write(engine, digest, &code)) {
            tracing::warn!(plugin.digest = %digest, %error, "a compiled plugin could not be kept on disk");
        }
    }

    fn write(&self, engine: &Engine, digest: Digest, code: &[u8]) -> io::Result<()> {
        let mac = self.mac(engine, digest, code).ok_or_else(|| io::Error::other("no MAC"))?;
        let path = self.path(engine, digest);
        // Nobody else writes to it, neither another process nor another thread that compiled the same plugin.
        let number = UNFINISHED.fetch_add(1, Ordering::Relaxed);
        let unfinished = path.with_extension(format!("{}-{number}.unfinished", process::id()));
        fs::write(&unfinished, [&mac.finalize().into_bytes()[..], code].concat())?;
        fs::rename(&unfinished, &path)
    }

    fn mac(&self, engine: &Engine, digest: Digest, code: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.key.as_slice()).ok()?;
        mac.update(b"purser compiled plugin 1\0");
        mac.update(digest.bytes());
        mac.update(&compatibility(engine).to_be_bytes());
        mac.update(code);
        Some(mac)
    }

    fn path(&self, engine: &Engine, digest: Digest) -> PathBuf {
        self.directory
            .join(format!("{digest}-{ENGINE_VERSION}-{:016x}.code", compatibility(engine)))
    }

    /// Where the files are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

/// Changes with everything that compiled code depends on: wasmtime's version, its settings, the processor.
fn compatibility(engine: &Engine) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    ENGINE_VERSION.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

/// The one place that trusts bytes to be machine code.
#[allow(unsafe_code)]
fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `Component::deserialize` must only be given what `Component::serialize` made. The caller has checked
    // a MAC over these very bytes under a key that never leaves the gateway, and only `write` makes such MACs, from
    // the output of `serialize`. wasmtime itself refuses code of another version, setting or processor.
    match unsafe { Component::deserialize(engine, code) } {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::warn!(error = %format!("{error:#}"), "a compiled plugin on disk does not load; it is compiled anew");
            None
        }
    }
}
