//! What is taken as a plugin, what is refused and why, and that compiled code on disk is not trusted blindly.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::{fs, path::Path, time::Instant};

use purser_host::{CodeCache, Digest, Limits, LoadError, PackError, Plugins, Role};

async fn refused(bytes: Vec<u8>) -> LoadError {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let error = plugins.install(bytes).await.unwrap_err();
    assert!(plugins.all().is_empty());
    error
}

#[tokio::test]
async fn a_plugin_is_known_by_what_it_says_of_itself() {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let plugin = plugins.install(purser_hostile::component()).await.unwrap();
    assert_eq!((plugin.name(), plugin.role()), ("hostile", Role::Tax));
    assert_eq!(plugin.version(), env!("CARGO_PKG_VERSION"));
    assert_eq!(plugin.description().covers, ["XX"]);
    assert_eq!(plugin.digest(), Digest::of(purser_hostile::component()));
    assert_eq!(Digest::parse(&plugin.digest().to_string()), Some(plugin.digest()));
    assert!(plugins.tax(&plugin.digest()).is_some());
    assert!(plugins.currency(&plugin.digest()).is_none());

    plugins.install(purser_hostile::component()).await.unwrap();
    assert_eq!(plugins.all().len(), 1, "installing again changes nothing");
    plugins.remove(&plugin.digest());
    assert!(plugins.get(&plugin.digest()).is_none());
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    for bytes in [
        Vec::new(),
        b"not wasm at all".to_vec(),
        b"\0asm\x01\0\0\0".to_vec(),
        purser_hostile::component()[..10_000].to_vec(),
    ] {
        let error = refused(bytes).await;
        assert!(matches!(error, LoadError::Refused(PackError::NotAComponent(_))), "{error:?}");
    }
}

#[tokio::test]
async fn every_bit_flip_in_the_first_kilobyte_is_refused_or_harmless() {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    for at in (0..1024).step_by(37) {
        let mut bytes = purser_hostile::component().to_vec();
        bytes[at] ^= 0x10;
        let _ = plugins.install(bytes).await;
    }
}

#[tokio::test]
async fn fifty_megabytes_are_refused_by_size_alone() {
    let started = Instant::now();
    let error = refused(vec![0; 50 * 1024 * 1024]).await;
    assert!(matches!(error, LoadError::Refused(PackError::TooLarge { .. })), "{error:?}");
    assert!(started.elapsed().as_millis() < 2000);
}

#[tokio::test]
async fn an_unknown_import_is_refused_by_name() {
    let wat =
        r#"(component (import "wasi:sockets/tcp@0.2.0" (instance (export "connect" (func)))))"#;
    let error = refused(wat::parse_str(wat).unwrap()).await;
    assert!(matches!(error, LoadError::Refused(PackError::ImportRefused(_))), "{error:?}");
    assert!(error.to_string().contains("wasi:sockets/tcp@0.2.0"), "{error}");
}

#[tokio::test]
async fn a_component_without_a_role_is_refused() {
    let error = refused(wat::parse_str("(component)").unwrap()).await;
    assert!(matches!(error, LoadError::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn compiled_code_is_kept_and_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let install = || async {
        let cache = CodeCache::open(directory.path().join("code"), [7; 32]).unwrap();
        let plugins = Plugins::new(Limits::default(), Some(cache)).unwrap();
        let started = Instant::now();
        plugins.install(purser_hostile::component()).await.unwrap();
        started.elapsed()
    };
    let compiling = install().await;
    let kept = only_file(&directory.path().join("code"));
    let written = fs::metadata(&kept).unwrap().modified().unwrap();
    let loading = install().await;
    assert_eq!(
        fs::metadata(&kept).unwrap().modified().unwrap(),
        written,
        "it was not compiled again"
    );
    assert!(loading < compiling, "{loading:?} against {compiling:?}");
}

#[tokio::test]
async fn compiled_code_that_was_changed_is_not_run() {
    let directory = tempfile::tempdir().unwrap();
    let install = |key| {
        let cache = CodeCache::open(directory.path(), key).unwrap();
        let plugins = Plugins::new(Limits::default(), Some(cache)).unwrap();
        async move { plugins.install(purser_hostile::component()).await.unwrap() }
    };
    install([7; 32]).await;
    let kept = only_file(directory.path());
    let ours = fs::read(&kept).unwrap();

    let mut forged = ours.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    for bad in [&forged[..], &ours[..20], &ours[..1000], &[]] {
        fs::write(&kept, bad).unwrap();
        install([7; 32]).await;
        assert_eq!(fs::read(&kept).unwrap().len(), ours.len(), "compiled anew and replaced");
    }
    install([8; 32]).await;
    assert_ne!(fs::read(&kept).unwrap(), ours, "another key trusts nothing of this one");
}

#[cfg(unix)]
#[tokio::test]
async fn the_directory_of_compiled_code_is_the_gateways_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    CodeCache::open(directory.path(), [7; 32]).unwrap();
    assert_eq!(fs::metadata(directory.path()).unwrap().permissions().mode() & 0o777, 0o700);
}

fn only_file(directory: &Path) -> std::path::PathBuf {
    let files =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}
