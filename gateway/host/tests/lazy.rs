//! A plugin is loaded when it is needed: once, of what is nearest, and dropped when others were needed since.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use purser_bundled::BUNDLED;
use purser_host::{CodeCache, Digest, Limits, LoadError, Manifest, Plugin, Plugins};

fn known(index: usize) -> (Digest, Manifest, &'static [u8]) {
    let bundled = BUNDLED.get(index).unwrap();
    let manifest = Manifest::from_json(bundled.manifest.as_bytes()).unwrap();
    (Digest::parse(bundled.digest).unwrap(), manifest, bundled.bytes)
}

async fn load(plugins: &Plugins, index: usize, asked: &AtomicU32) -> Result<Plugin, LoadError> {
    let (digest, manifest, bytes) = known(index);
    let component = async {
        asked.fetch_add(1, Ordering::SeqCst);
        Ok(Cow::from(bytes))
    };
    plugins.load(digest, &manifest, component).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_need_it_one_loads_it() {
    let (plugins, asked) =
        (Plugins::new(Limits::default(), None).unwrap(), Arc::new(AtomicU32::new(0)));
    let callers = (0..20).map(|_| {
        let (plugins, asked) = (plugins.clone(), asked.clone());
        tokio::spawn(async move { load(&plugins, 0, &asked).await.unwrap().digest() })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap(), known(0).0);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(plugins.all().len(), 1);
}

#[tokio::test]
async fn what_was_compiled_before_needs_no_component() {
    let directory = tempfile::tempdir().unwrap();
    let asked = AtomicU32::new(0);
    for _ in 0..2 {
        let cache = CodeCache::open(directory.path(), [7; 32]).unwrap();
        let plugins = Plugins::new(Limits::default(), Some(cache)).unwrap();
        let plugin = load(&plugins, 0, &asked).await.unwrap();
        assert_eq!(plugin.manifest(), &known(0).1);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn another_file_than_the_one_that_was_installed_is_not_run() {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let (digest, manifest, _) = known(0);
    let other = async { Ok(Cow::from(known(1).2)) };
    let error = plugins.load::<LoadError>(digest, &manifest, other).await.unwrap_err();
    assert!(matches!(error, LoadError::OtherFile), "{error}");
    assert!(plugins.all().is_empty());
}

#[tokio::test]
async fn the_plugin_that_was_not_used_for_longest_makes_room() {
    let limits = Limits { loaded_code_bytes: 1, ..Limits::default() };
    let (plugins, asked) = (Plugins::new(limits, None).unwrap(), AtomicU32::new(0));
    let first = load(&plugins, 0, &asked).await.unwrap();
    load(&plugins, 1, &asked).await.unwrap();
    let digests: Vec<Digest> = plugins.all().iter().map(Plugin::digest).collect();
    assert_eq!(digests, [known(1).0], "the newest stays, whatever its size");
    assert!(first.tax().is_some() || first.currency().is_some(), "who holds one may go on");
    load(&plugins, 0, &asked).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn verifying_keeps_nothing_in_memory() {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    plugins.verify(known(0).2, plugins.limits().component_bytes).await.unwrap();
    assert!(plugins.all().is_empty());
}
